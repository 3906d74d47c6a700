//! Which functions of a Python file does a change touch?
//!
//! In: both versions of a file. Out: the functions whose own lines were changed, by the
//! qualified name that Python gives them (`outer.<locals>.inner`). A change of blank lines
//! and comments touches nothing; one outside of all functions is counted.

use std::collections::BTreeSet;

use crate::diff;
use crate::python_functions::{function_around, python_functions};

/// What a change of a file touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedFunctions {
    /// The functions, by name; each exists in one version at least.
    pub names: BTreeSet<String>,
    /// How many changed lines lie in no function.
    pub outside: usize,
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

#[cfg(test)]
mod tests {
    use super::changed_functions;

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
