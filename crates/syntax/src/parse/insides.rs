//! Which lines of a source file stand inside a function, so that its signature stands
//! without them?
//!
//! In: a language and bytes. Out: line ranges in order and apart from each other, one for
//! each outermost function whose body has lines of its own. A body between braces leaves
//! the lines of its braces.

use backstory_model::{Language, LineRange};
use tree_sitter::Node;

use super::grammar::{Grammar, Rule};
use super::{SIZE_LIMIT, grammar_tree};

/// Returns the lines inside of functions; `None` where some of the text cannot be read.
pub fn function_insides(language: Language, bytes: &[u8]) -> Option<Vec<LineRange>> {
    if bytes.len() > SIZE_LIMIT {
        return None;
    }
    let grammar = Grammar::of(language);
    let tree = grammar_tree(grammar, bytes).filter(|tree| !tree.root_node().has_error())?;
    let mut found = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let inside = inside(grammar, cursor.node(), bytes);
        found.extend(inside);
        if inside.is_none() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return Some(found);
            }
        }
    }
}

/// Returns the lines inside of a function, where they hold nothing else.
fn inside(grammar: &Grammar, node: Node<'_>, bytes: &[u8]) -> Option<LineRange> {
    match grammar.rule(node.kind_id()) {
        Rule::Function | Rule::GoMethod | Rule::DeclaredFunction => {}
        Rule::Closure if grammar.kind != Language::Python => {}
        _ => return None,
    }
    let body = node.child_by_field_id(grammar.fields.body)?;
    let (first, last) = (body.start_position().row, body.end_position().row);
    let range = match (grammar.kind, bytes.get(body.start_byte())) {
        (Language::Python, _) if stands_alone(bytes, body.start_byte()) => (first + 1, last + 1),
        (Language::Python, _) => return None,
        (_, Some(b'{')) => (first + 2, last),
        _ => return None,
    };
    let (start, end) = (u32::try_from(range.0).ok()?, u32::try_from(range.1).ok()?);
    (start <= end).then_some(LineRange { start, end })
}

/// Returns true when only white space precedes a byte on its line.
fn stands_alone(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(..at).unwrap_or_default().iter().rev();
    before.take_while(|byte| **byte != b'\n').all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(language: Language, text: &str) -> String {
        let insides = function_insides(language, text.as_bytes()).expect("it is readable");
        let is_left = |at: u32| !insides.iter().any(|range| range.contains(at));
        let lines = (1..).zip(text.lines()).filter(|(at, _)| is_left(*at));
        lines.map(|(_, line)| line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn signatures_of_python_stay() {
        let text = "\
LIMIT = 3

class C:
    x = 1

    @cached
    def f(
        self,
    ) -> int:
        \"\"\"Says.\"\"\"
        def g():
            return 1

        return g()

    def one(self): return 1

def h(): # why
    # a comment
    return LIMIT
";
        insta::assert_snapshot!(left(Language::Python, text), @r"
        LIMIT = 3

        class C:
            x = 1

            @cached
            def f(
                self,
            ) -> int:

            def one(self): return 1

        def h(): # why
            # a comment
        ");
    }

    #[test]
    fn signatures_between_braces_keep_their_braces() {
        let rust = "impl A {\n    fn a(&self) -> u8 {\n        1\n    }\n\n    fn b() {}\n}\n";
        assert_eq!(
            left(Language::Rust, rust),
            "impl A {\n    fn a(&self) -> u8 {\n    }\n\n    fn b() {}\n}"
        );
        let go = "package a\n\nfunc (x T) A() int {\n\treturn 1\n}\n";
        assert_eq!(left(Language::Go, go), "package a\n\nfunc (x T) A() int {\n}");
        let script = "const a = (x) => {\n  return x;\n};\nclass B {\n  c() {\n    a();\n  }\n}\n";
        assert_eq!(
            left(Language::JavaScript, script),
            "const a = (x) => {\n};\nclass B {\n  c() {\n  }\n}"
        );
        let java = "class A {\n  int a() {\n    return 1;\n  }\n}\n";
        assert_eq!(left(Language::Java, java), "class A {\n  int a() {\n  }\n}");
        let c = "int a(void)\n{\n  return 1;\n}\n";
        assert_eq!(left(Language::C, c), "int a(void)\n{\n}");
    }

    #[test]
    fn what_cannot_be_read_has_no_insides() {
        assert_eq!(function_insides(Language::Python, b"def f(:\n    pass\n"), None);
        assert_eq!(function_insides(Language::Python, b""), Some(Vec::new()));
    }
}
