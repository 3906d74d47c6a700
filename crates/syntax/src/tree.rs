//! How is a Python text built, part by part?
//!
//! In: a text. Out: its tree of named parts with their kinds, or nothing where the text
//! is no Python. Kinds and fields are those of the `tree-sitter` grammar. The tree is
//! bounded in size and depth, so that whoever walks it may recurse.

use std::ops::Range;

use backstory_model::Language;
use tree_sitter::TreeCursor;

use crate::parse::{SIZE_LIMIT, syntax_tree};

/// Deeper texts are not read.
pub const DEEPEST: usize = 200;

/// One part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is, e.g., `call`.
    pub kind: &'static str,
    /// What it is to the part around it, e.g., `function`.
    pub field: Option<&'static str>,
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// The named parts in it, in order.
    pub parts: Vec<Part>,
}

impl Part {
    /// Returns its text.
    pub fn text<'t>(&self, source: &'t str) -> &'t str {
        source.get(self.range.clone()).unwrap_or_default()
    }

    /// Returns the part that stands in a field.
    pub fn field(&self, field: &str) -> Option<&Self> {
        self.parts.iter().find(|part| part.field == Some(field))
    }

    /// Visits it and everything in it, outer parts first.
    pub fn visit<'p>(&'p self, see: &mut impl FnMut(&'p Self)) {
        see(self);
        for part in &self.parts {
            part.visit(see);
        }
    }

    /// Returns it and everything in it that is of a kind, outer parts first.
    pub fn all(&self, kind: &str) -> Vec<&Self> {
        let mut found = Vec::new();
        self.visit(&mut |part| {
            if part.kind == kind {
                found.push(part);
            }
        });
        found
    }
}

/// Reads a text; `None` where some of it is no Python, or where it is too large or deep.
pub fn python_tree(source: &str) -> Option<Part> {
    if source.len() > SIZE_LIMIT {
        return None;
    }
    let (tree, names) = syntax_tree(Language::Python, source.as_bytes())?;
    if tree.root_node().has_error() {
        return None;
    }
    part(&mut tree.walk(), names, DEEPEST)
}

fn part(
    cursor: &mut TreeCursor<'_>,
    names: &'static tree_sitter::Language,
    depth: usize,
) -> Option<Part> {
    let node = cursor.node();
    let mut read = Part {
        kind: names.node_kind_for_id(node.kind_id()).unwrap_or_default(),
        field: cursor.field_id().and_then(|id| names.field_name_for_id(id.get())),
        range: node.byte_range(),
        parts: Vec::new(),
    };
    let depth = depth.checked_sub(1)?;
    if !cursor.goto_first_child() {
        return Some(read);
    }
    loop {
        if cursor.node().is_named() {
            read.parts.push(part(cursor, names, depth)?);
        }
        if !cursor.goto_next_sibling() {
            break;
        }
    }
    cursor.goto_parent();
    Some(read)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::python_tree;

    #[test]
    fn parts_have_kinds_fields_and_texts() {
        let source = "def f(a):\n    return a.upper()\n";
        let tree = python_tree(source).unwrap();
        let call = tree.all("call")[0];
        assert_eq!(call.text(source), "a.upper()");
        let function = call.field("function").unwrap();
        assert_eq!((function.kind, function.text(source)), ("attribute", "a.upper"));
    }

    #[test]
    fn what_is_no_python_and_what_is_too_deep_is_not_read() {
        assert!(python_tree("def f(:\n").is_none());
        assert!(python_tree(&"(".repeat(100_000)).is_none());
        let deep = format!("{}1{}\n", "(".repeat(1_000), ")".repeat(1_000));
        assert!(python_tree(&deep).is_none());
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(def f\\(a\\):|\n|    |return |[a-z]\\(|\\)|\\[|\\]|:|é){0,40}") {
            let _ = python_tree(&text);
        }
    }
}
