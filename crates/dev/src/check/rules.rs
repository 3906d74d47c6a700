//! Is every rule published, and every published rule alive?
//!
//! A trajectory names the rule behind each derived part; `docs/rules.md` holds
//! one postcondition per rule and one line per reason for rejection. A rule the
//! author uses and the page lacks could not be audited; the reverse is a dead
//! promise.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};

use super::Finding;
use crate::workspace::Workspace;

const RULE: &str = "rules";
const PAGE: &str = "docs/rules.md";
const AUTHOR: &str = "crates/synth/src/";
const REASONS: &str = "## Reasons for rejection";

/// Reports rules and reasons that stand only in the code or only on the page.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let page = workspace.text(PAGE);
    let (rules, reasons) = page.split_once(REASONS).unwrap_or((page, ""));
    let published = first_cells(rules, is_rule);
    let used = strings(workspace, &[AUTHOR], is_rule);
    let mut findings = compare("rule", &published, &used);

    let published = first_cells(reasons, is_reason);
    let said = strings(workspace, &[AUTHOR, "crates/cli/src/", "crates/mine/src/"], is_reason);
    let dead = published.difference(&said);
    findings.extend(dead.map(|reason| only_on_page("reason", reason)));
    let given = reasons_given(workspace);
    let unknown = given.difference(&published);
    findings.extend(unknown.map(|reason| only_in_code("reason", reason)));
    findings
}

fn compare(what: &str, published: &BTreeSet<String>, used: &BTreeSet<String>) -> Vec<Finding> {
    let dead = published.difference(used).map(|id| only_on_page(what, id));
    let secret = used.difference(published).map(|id| only_in_code(what, id));
    dead.chain(secret).collect()
}

fn only_on_page(what: &str, id: &str) -> Finding {
    Finding::broken(RULE, PAGE, format!("the {what} `{id}` is published and never used"))
}

fn only_in_code(what: &str, id: &str) -> Finding {
    Finding::broken(RULE, PAGE, format!("the {what} `{id}` is used and not published"))
}

/// Returns the code spans that open a table row and look as wanted.
fn first_cells(text: &str, wanted: fn(&str) -> bool) -> BTreeSet<String> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split_once('`')).map(|(cell, _)| cell);
    cells.filter(|cell| wanted(cell)).map(str::to_owned).collect()
}

/// Returns true for `family/name` in lowercase words joined by `-`.
fn is_rule(text: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    text.split_once('/').is_some_and(|(family, name)| word(family) && word(name))
}

/// Returns true for lowercase words joined by `_`.
fn is_reason(text: &str) -> bool {
    text.contains('_')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        && !text.starts_with('_')
}

fn strings(workspace: &Workspace, places: &[&str], wanted: fn(&str) -> bool) -> BTreeSet<String> {
    let mut strings = Strings::default();
    for (_, text) in places.iter().flat_map(|place| workspace.rust(place)) {
        if let Ok(file) = syn::parse_file(text) {
            strings.visit_file(&file);
        }
    }
    strings.found.into_iter().filter(|text| wanted(text)).collect()
}

/// Returns the reasons that rejections are built with.
fn reasons_given(workspace: &Workspace) -> BTreeSet<String> {
    let mut given = BTreeSet::new();
    for (_, text) in workspace.rust(AUTHOR) {
        for piece in text.split("Rejection::new(").skip(1) {
            let literal =
                piece.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
            given.extend(literal.map(|(reason, _)| reason.to_owned()));
        }
    }
    given
}

#[derive(Default)]
struct Strings {
    found: BTreeSet<String>,
}

impl Visit<'_> for Strings {
    fn visit_lit_str(&mut self, literal: &syn::LitStr) {
        self.found.insert(literal.value());
    }

    fn visit_item_mod(&mut self, module: &syn::ItemMod) {
        let is_test = module.attrs.iter().any(|attribute| attribute.path().is_ident("cfg"));
        if !is_test {
            visit::visit_item_mod(self, module);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{lines, planted};

    #[test]
    fn secret_and_dead_rules_are_found() {
        let page = "| `read/here` | x |\n| `read/gone` | y |\n\n## Reasons for rejection\n\n\
                    | `no_change` | z |\n| `too_old` | w |\n";
        let code = "fn f() { go(\"read/here\"); go(\"read/secret\"); Rejection::new(\"no_change\"); \
                    Rejection::new(\"bad_mood\"); }\n\
                    #[cfg(test)] mod tests { fn t() { go(\"only/tests\"); } }\n";
        let workspace = planted([("docs/rules.md", page), ("crates/synth/src/a.rs", code)]);
        insta::assert_snapshot!(lines(&check(&workspace)), @"
        broken [rules] docs/rules.md: the rule `read/gone` is published and never used
        broken [rules] docs/rules.md: the rule `read/secret` is used and not published
        broken [rules] docs/rules.md: the reason `too_old` is published and never used
        broken [rules] docs/rules.md: the reason `bad_mood` is used and not published
        ");
    }
}
