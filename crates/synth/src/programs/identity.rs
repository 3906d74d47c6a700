//! When are two programs the same, and when are they one family?
//!
//! A program is its bytes. A family is what is left when names and literals are
//! forgotten: a program and its mutants are one, and so are two that differ in words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use backstory_syntax::{Part, python_tree};

use crate::short_id::short_id;

/// Returns the identity of a program: the first 16 hex digits of its digest.
pub fn program_id(source: &str) -> String {
    short_id(source)
}

/// Returns the identity of its family; `None` for what is no Python.
///
/// The functions count, each name as the number of its first place in its function,
/// each literal as its kind, attributes as they are written. What is printed does not.
pub fn family_id(source: &str) -> Option<String> {
    let tree = python_tree(source)?;
    let functions = tree.parts.iter().filter(|part| part.kind == "function_definition");
    let mut forms: Vec<String> = functions
        .map(|function| {
            let mut form = String::new();
            write_form(function, source, &mut BTreeMap::new(), &mut form);
            form
        })
        .collect();
    // Which function stands first says nothing.
    forms.sort();
    Some(short_id(&forms.join("\n")))
}

fn write_form<'s>(
    part: &Part,
    source: &'s str,
    names: &mut BTreeMap<&'s str, usize>,
    form: &mut String,
) {
    match (part.kind, part.field) {
        ("identifier", field) if field != Some("attribute") => {
            let next = names.len();
            let number = names.entry(part.text(source)).or_insert(next);
            let _ = write!(form, "n{number}");
        }
        ("identifier", _) => form.push_str(part.text(source)),
        (kind @ ("integer" | "float" | "string" | "true" | "false"), _) => form.push_str(kind),
        (kind, _) => {
            let _ = write!(form, "({kind}{}", operator(part, source));
            for inner in &part.parts {
                form.push(' ');
                write_form(inner, source, names, form);
            }
            form.push(')');
        }
    }
}

/// Returns what stands between the parts of an operation.
fn operator(part: &Part, source: &str) -> String {
    if !part.kind.ends_with("operator") && part.kind != "augmented_assignment" {
        return String::new();
    }
    let gaps = part.parts.windows(2).map(|two| source.get(two[0].range.end..two[1].range.start));
    gaps.flatten().map(str::trim).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::{family_id, program_id};

    const PROGRAM: &str =
        "def f(a, b):\n    c = a + 1\n    return c - b.count(\"x\")\n\n\nprint(f(1, \"xx\"))\n";

    #[test]
    fn names_literals_and_arguments_make_no_family() {
        let other =
            "def g(x, y):\n    z = x + 7\n    return z - y.count(\"abc\")\n\n\nprint(g(5, \"\"))\n";
        assert_eq!(family_id(PROGRAM), family_id(other));
        assert_ne!(program_id(PROGRAM), program_id(other));
    }

    #[test]
    fn operators_methods_and_the_flow_of_names_do() {
        for (part, other) in [("a + 1", "a - 1"), ("b.count", "b.find"), ("c - b", "a - b")] {
            assert_ne!(family_id(PROGRAM), family_id(&PROGRAM.replace(part, other)), "{other}");
        }
    }
}
