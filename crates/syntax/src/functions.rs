//! Which functions of a Python file does a change touch?
//!
//! In: both versions of a file. Out: the functions whose own lines were changed, by the
//! qualified name that Python gives them (`outer.<locals>.inner`). A change of blank lines
//! and comments touches nothing; one outside of all functions is counted.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::diff;
use crate::tree::{Part, python_tree};

/// One function of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonFunction {
    /// Its qualified name.
    pub name: String,
    /// Its lines from 1, decorators included.
    pub lines: RangeInclusive<u32>,
}

/// What a change of a file touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedFunctions {
    /// The functions, by name; each exists in one version at least.
    pub names: BTreeSet<String>,
    /// How many changed lines lie in no function.
    pub outside: usize,
}

/// Returns the functions of a file, outer ones before those in them; `None` where the
/// text is no Python.
pub fn python_functions(source: &str) -> Option<Vec<PythonFunction>> {
    let tree = python_tree(source)?;
    let starts: Vec<usize> = std::iter::once(0)
        .chain(memchr::memchr_iter(b'\n', source.as_bytes()).map(|at| at + 1))
        .collect();
    let mut found = Vec::new();
    collect(&tree, source, "", &starts, &mut found);
    Some(found)
}

/// Returns the innermost function around a line.
pub fn function_around(functions: &[PythonFunction], line: u32) -> Option<&PythonFunction> {
    functions.iter().rfind(|function| function.lines.contains(&line))
}

/// Returns what a change touches; `None` where neither version is Python.
pub fn changed_functions(old: &str, new: &str) -> Option<ChangedFunctions> {
    let versions = [(old, python_functions(old)), (new, python_functions(new))];
    if versions.iter().all(|(_, functions)| functions.is_none()) {
        return None;
    }
    let mut changed = ChangedFunctions::default();
    let hunks = diff::hunks(old.as_bytes(), new.as_bytes());
    for (side, (text, functions)) in versions.iter().enumerate() {
        let lines: Vec<&str> = text.lines().collect();
        for at in hunks
            .iter()
            .flat_map(|hunk| if side == 0 { hunk.before.clone() } else { hunk.after.clone() })
        {
            let line = usize::try_from(at)
                .ok()
                .and_then(|at| lines.get(at))
                .map_or("", |line| line.trim());
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match function_around(functions.as_deref().unwrap_or_default(), at + 1) {
                Some(function) => {
                    changed.names.insert(function.name.clone());
                }
                None => changed.outside += 1,
            }
        }
    }
    Some(changed)
}

fn collect(
    part: &Part,
    source: &str,
    around: &str,
    starts: &[usize],
    found: &mut Vec<PythonFunction>,
) {
    for inner in &part.parts {
        let definition = match inner.kind {
            "decorated_definition" => inner.field("definition").unwrap_or(inner),
            _ => inner,
        };
        let name = definition.field("name").map_or("", |name| name.text(source));
        match definition.kind {
            "function_definition" => {
                let name = format!("{around}{name}");
                let line = |at: usize| {
                    u32::try_from(starts.partition_point(|start| *start <= at)).unwrap_or(u32::MAX)
                };
                let lines = line(inner.range.start)..=line(inner.range.end.saturating_sub(1));
                found.push(PythonFunction { name: name.clone(), lines });
                collect(definition, source, &format!("{name}.<locals>."), starts, found);
            }
            "class_definition" => {
                collect(definition, source, &format!("{around}{name}."), starts, found);
            }
            _ => collect(inner, source, around, starts, found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{changed_functions, python_functions};

    const BEFORE: &str = "\
import a

class C:
    x = 1

    @a.b
    def f(self):
        def g(y):
            return y
        return g(1)

def h():
    pass
";

    fn touched(from: &str, to: &str) -> (Vec<String>, usize) {
        let changed = changed_functions(BEFORE, &BEFORE.replace(from, to)).unwrap();
        (changed.names.into_iter().collect(), changed.outside)
    }

    #[test]
    fn functions_have_the_names_that_python_gives_them() {
        let functions = python_functions(BEFORE).unwrap();
        let named = functions.into_iter().map(|one| (one.name, one.lines)).collect::<Vec<_>>();
        let wanted = [("C.f", 6..=10), ("C.f.<locals>.g", 8..=9), ("h", 12..=13)];
        assert_eq!(named, wanted.map(|(name, lines)| (name.to_owned(), lines)));
        assert_eq!(python_functions("def f(:\n"), None);
    }

    #[test]
    fn a_change_touches_the_innermost_function_around_it() {
        let one = |name: &str| (vec![name.to_owned()], 0);
        assert_eq!(touched("return y", "return y + 1"), one("C.f.<locals>.g"));
        assert_eq!(touched("return g(1)", "return g(2)"), one("C.f"));
        assert_eq!(touched("@a.b", "@a.c"), one("C.f"));
        assert_eq!(touched("def h():\n    pass\n", ""), one("h"));
        assert_eq!(touched("x = 1", "x = 2"), (Vec::new(), 2));
        assert_eq!(touched("    pass", "    # no\n\n    pass"), (Vec::new(), 0));
    }
}
