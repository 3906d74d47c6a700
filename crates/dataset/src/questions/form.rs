//! What is left of code when names, literals and words are forgotten, and which tokens has
//! it?
//!
//! In: Python source. Out: one text for each function, equal for functions that differ in
//! names, literals, comments, docstrings and annotations alone; the names of the functions;
//! and the tokens in their order. What is no Python has tokens only.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use backstory_syntax::{Part, python_tree};

/// The functions of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Functions {
    pub(super) names: Vec<String>,
    pub(super) forms: Vec<String>,
}

impl Functions {
    /// Reads the functions, those in classes and functions too.
    pub(super) fn of(source: &str) -> Self {
        let source = dedented(source);
        let mut functions = Self::default();
        if let Some(tree) = python_tree(&source) {
            functions.add(&tree, &source);
        }
        functions
    }

    fn add(&mut self, part: &Part, source: &str) {
        if part.kind == "function_definition" {
            let name = part.parts.iter().find(|inner| inner.field == Some("name"));
            self.names.extend(name.map(|name| name.text(source).to_owned()));
            let mut form = String::new();
            write_form(part, source, &mut BTreeMap::new(), &mut form);
            self.forms.push(form);
        }
        for inner in &part.parts {
            self.add(inner, source);
        }
    }
}

/// Moves the first line, and all others with it, to the left margin.
fn dedented(source: &str) -> String {
    let first = source.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let width = first.len() - first.trim_start().len();
    let line = |line: &str| line.get(width..).unwrap_or(line.trim_start()).to_owned() + "\n";
    if width == 0 { source.to_owned() } else { source.lines().map(line).collect() }
}

fn write_form<'s>(
    part: &Part,
    source: &'s str,
    names: &mut BTreeMap<&'s str, usize>,
    form: &mut String,
) {
    match (part.kind, part.field) {
        ("identifier", Some("attribute")) => form.push_str(part.text(source)),
        ("identifier", _) => {
            let next = names.len();
            let number = names.entry(part.text(source)).or_insert(next);
            let _ = write!(form, "n{number}");
        }
        (kind @ ("integer" | "float" | "string" | "true" | "false" | "none"), _) => {
            form.push_str(kind);
        }
        ("concatenated_string", _) => form.push_str("string"),
        // A parameter with an annotation is one without.
        ("typed_parameter", _) => {
            if let Some(own) = part.parts.iter().find(|inner| !is_word(inner)) {
                write_form(own, source, names, form);
            }
        }
        ("parenthesized_expression", _) if part.parts.len() == 1 => {
            write_form(&part.parts[0], source, names, form);
        }
        (kind, _) => {
            let kind = plain(kind);
            let _ = write!(form, "({kind}{}", operator(part, source));
            inner(part, source, names, form);
            form.push(')');
        }
    }
}

/// Returns what a part is called that can be written in two ways.
fn plain(kind: &str) -> &str {
    match kind {
        "typed_default_parameter" => "default_parameter",
        "expression_list" => "tuple",
        "pattern_list" => "tuple_pattern",
        _ => kind,
    }
}

fn inner<'s>(
    part: &Part,
    source: &'s str,
    names: &mut BTreeMap<&'s str, usize>,
    form: &mut String,
) {
    for inner in part.parts.iter().filter(|inner| !is_word(inner)) {
        form.push(' ');
        write_form(inner, source, names, form);
    }
}

/// Says whether a part says nothing about what is done.
fn is_word(part: &Part) -> bool {
    let is_text = |part: &Part| matches!(part.kind, "string" | "concatenated_string");
    part.kind == "comment"
        || matches!(part.field, Some("type" | "return_type"))
        || (part.kind == "expression_statement" && matches!(&part.parts[..], [one] if is_text(one)))
}

/// Returns what stands between the parts of an operation.
fn operator(part: &Part, source: &str) -> String {
    if !part.kind.ends_with("operator") && part.kind != "augmented_assignment" {
        return String::new();
    }
    let gaps = part.parts.windows(2).map(|two| source.get(two[0].range.end..two[1].range.start));
    gaps.flatten().map(str::trim).collect::<Vec<_>>().join(",")
}

/// Returns the words and signs of a text.
pub(super) fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut letters = text.char_indices().peekable();
    while let Some((start, letter)) = letters.next() {
        let mut end = start + letter.len_utf8();
        if is_letter(letter) {
            while let Some((at, next)) = letters.next_if(|(_, next)| is_letter(*next)) {
                end = at + next.len_utf8();
            }
        } else if letter.is_whitespace() {
            continue;
        }
        tokens.extend(text.get(start..end));
    }
    tokens
}

fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_make_no_form_and_operators_do() {
        let plain = "def f(a, b=1):\n    c, d = a, b\n    return a.find('x') + b\n";
        let told = "    def look_up(text: str, start: int = 0) -> int:\n        \"\"\"Looks.\"\"\"\n        \
                    # A comment.\n        (one, two) = (text, start)\n        return (text.find('a' 'b') + start)\n";
        let (one, other) = (Functions::of(plain), Functions::of(told));
        assert_eq!((&one.names[0][..], &other.names[0][..]), ("f", "look_up"));
        assert_eq!(one.forms, other.forms);
        for (part, other) in [("+ b", "- b"), ("find", "rfind"), ("+ b", "+ a")] {
            assert_ne!(one.forms, Functions::of(&plain.replacen(part, other, 1)).forms, "{other}");
        }
    }

    #[test]
    fn methods_are_functions_and_what_is_no_python_has_none() {
        let class = "class Solution:\n    def twoSum(self, a):\n        return a\n";
        assert_eq!(Functions::of(class).names, ["twoSum"]);
        assert_eq!(Functions::of("def ("), Functions::default());
    }

    #[test]
    fn tokens_are_words_and_single_signs() {
        assert_eq!(tokens("é_1 += f(x)\n"), ["é_1", "+", "=", "f", "(", "x", ")"]);
    }
}
