//! Which functions does a Python text have, and on which lines?
//!
//! In: a text or its tree. Out: every function with the qualified name that Python gives it
//! (`outer.<locals>.inner`), outer ones before those in them.

use std::ops::{Range, RangeInclusive};

use crate::tree::{Part, python_tree};

/// One function of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonFunction {
    /// Its qualified name.
    pub name: String,
    /// Its lines from 1, decorators included.
    pub lines: RangeInclusive<u32>,
}

/// One function of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionPart<'t> {
    /// Its qualified name.
    pub name: String,
    /// Its lines from 1, decorators included.
    pub lines: RangeInclusive<u32>,
    /// Its definition, without decorators.
    pub definition: &'t Part,
}

/// Where the lines of a text begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineStarts(Vec<usize>);

impl LineStarts {
    /// Reads a text.
    pub fn of(text: &str) -> Self {
        let more = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Self(std::iter::once(0).chain(more).collect())
    }

    /// Returns the line of a byte, from 1.
    pub fn line(&self, at: usize) -> u32 {
        u32::try_from(self.0.partition_point(|start| *start <= at)).unwrap_or(u32::MAX)
    }

    /// Returns the lines that a part of the text stands on.
    pub fn lines(&self, range: &Range<usize>) -> RangeInclusive<u32> {
        self.line(range.start)..=self.line(range.end.saturating_sub(1))
    }
}

/// Returns the functions of a file, outer ones before those in them; `None` where the
/// text is no Python.
pub fn python_functions(source: &str) -> Option<Vec<PythonFunction>> {
    let tree = python_tree(source)?;
    let mut found = Vec::new();
    visit_functions(&tree, source, &LineStarts::of(source), &mut |function| {
        found.push(PythonFunction { name: function.name, lines: function.lines });
    });
    Some(found)
}

/// Returns the innermost function around a line.
pub fn function_around(functions: &[PythonFunction], line: u32) -> Option<&PythonFunction> {
    functions.iter().rfind(|function| function.lines.contains(&line))
}

/// Shows every function of a tree, outer ones before those in them.
pub fn visit_functions<'t>(
    tree: &'t Part,
    source: &str,
    starts: &LineStarts,
    see: &mut impl FnMut(FunctionPart<'t>),
) {
    visit(tree, "", (source, starts), see);
}

fn visit<'t>(
    part: &'t Part,
    around: &str,
    (source, starts): (&str, &LineStarts),
    see: &mut impl FnMut(FunctionPart<'t>),
) {
    for outer in &part.parts {
        let definition = match outer.kind {
            "decorated_definition" => outer.field("definition").unwrap_or(outer),
            _ => outer,
        };
        let name = definition.field("name").map_or("", |name| name.text(source));
        let name = format!("{around}{name}");
        match definition.kind {
            "function_definition" => {
                let inside = format!("{name}.<locals>.");
                see(FunctionPart { name, lines: starts.lines(&outer.range), definition });
                visit(definition, &inside, (source, starts), see);
            }
            "class_definition" => visit(definition, &format!("{name}."), (source, starts), see),
            _ => visit(outer, around, (source, starts), see),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
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

    #[test]
    fn functions_have_the_names_that_python_gives_them() {
        let functions = python_functions(SOURCE).unwrap();
        let named = functions.into_iter().map(|one| (one.name, one.lines)).collect::<Vec<_>>();
        let wanted = [("C.f", 6..=10), ("C.f.<locals>.g", 8..=9), ("h", 12..=13)];
        assert_eq!(named, wanted.map(|(name, lines)| (name.to_owned(), lines)));
        assert_eq!(python_functions("def f(:\n"), None);
    }

    #[test]
    fn a_byte_stands_on_the_line_that_its_line_end_closes() {
        let starts = LineStarts::of("a\nbc\n\nd");
        let lines: Vec<u32> = (0..7).map(|at| starts.line(at)).collect();
        assert_eq!(lines, [1, 1, 2, 2, 2, 3, 4]);
        assert_eq!(starts.lines(&(0..5)), 1..=2);
        assert_eq!(starts.lines(&(0..0)), 1..=1);
    }
}
