//! Do types, modules and files have names someone can point at?
//!
//! A name built from one of the words below says nothing about what the thing
//! is; name the thing.

use syn::visit::{self, Visit};

use super::Finding;
use crate::workspace::Workspace;

const RULE: &str = "names";
const EMPTY_WORDS: [&str; 10] = [
    "manager",
    "handler",
    "processor",
    "helper",
    "helpers",
    "util",
    "utils",
    "data",
    "info",
    "common",
];

/// Reports types, modules and files with an empty word in their name.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in workspace.rust("crates/") {
        let stem = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".rs");
        findings.extend(word_in(stem).map(|word| finding(path, stem, word)));
        // A source that does not parse is a finding of the size rule.
        let Ok(file) = syn::parse_file(text) else { continue };
        let mut names = Names::default();
        names.visit_file(&file);
        for ident in names.found {
            let (name, line) = (ident.to_string(), ident.span().start().line);
            let place = format!("{path}:{line}");
            findings.extend(word_in(&name).map(|word| finding(&place, &name, word)));
        }
    }
    findings
}

fn finding(place: &str, name: &str, word: &str) -> Finding {
    Finding::broken(RULE, place, format!("`{name}` holds the empty word `{word}`"))
}

fn word_in(name: &str) -> Option<&'static str> {
    let words = words(name);
    EMPTY_WORDS.into_iter().find(|empty| words.iter().any(|word| word == empty))
}

/// Splits `CamelCase` and `snake_case` into lowercase words.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter == '-' || letter.is_uppercase() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_alphanumeric(), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

#[derive(Default)]
struct Names {
    found: Vec<proc_macro2::Ident>,
}

impl Visit<'_> for Names {
    fn visit_item(&mut self, item: &syn::Item) {
        let ident = match item {
            syn::Item::Struct(item) => Some(&item.ident),
            syn::Item::Enum(item) => Some(&item.ident),
            syn::Item::Trait(item) => Some(&item.ident),
            syn::Item::Type(item) => Some(&item.ident),
            // A module with a body; the others are files, whose names are checked.
            syn::Item::Mod(item) if item.content.is_some() => Some(&item.ident),
            _ => None,
        };
        self.found.extend(ident.cloned());
        visit::visit_item(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{lines, planted};

    #[test]
    fn empty_words_are_found() {
        let workspace = planted([
            ("crates/mine/src/utils.rs", "//! q\n"),
            ("crates/mine/src/unit.rs", "struct Metadata;\nenum LinkInfo {}\nmod data {}\n"),
        ]);
        insta::assert_snapshot!(lines(&check(&workspace)), @"
        broken [names] crates/mine/src/unit.rs:2: `LinkInfo` holds the empty word `info`
        broken [names] crates/mine/src/unit.rs:3: `data` holds the empty word `data`
        broken [names] crates/mine/src/utils.rs: `utils` holds the empty word `utils`
        ");
    }
}
