//! Is every rule published, and every published rule alive?
//!
//! A trajectory names the rule behind each derived part; `docs/rules.md` holds
//! one postcondition per rule and one line per reason for rejection. A rule the
//! author uses and the page lacks could not be audited by a stranger, and one
//! the audit never names is a promise nobody keeps.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};

use super::Finding;
use crate::workspace::Workspace;

const RULE: &str = "rules";
const PAGE: &str = "docs/rules.md";
const AUTHOR: &str = "crates/synth/src/";
const AUDIT: &str = "crates/dataset/src/audit/";
const REJECTING: [&str; 3] = [AUTHOR, "crates/cli/src/", "crates/mine/src/"];
const REASONS: &str = "## Reasons for rejection";

/// Reports rules and reasons that stand only in the code or only on the page.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let page = workspace.text(PAGE);
    let (rules, reasons) = page.split_once(REASONS).unwrap_or((page, ""));
    let mut findings = rule_findings(workspace, &first_cells(rules, is_rule));
    findings.extend(reason_findings(workspace, &first_cells(reasons, is_reason)));
    findings
}

fn rule_findings(workspace: &Workspace, published: &BTreeSet<String>) -> Vec<Finding> {
    let used = Literals::read(workspace, &[AUTHOR]).strings(is_rule);
    let audited = Literals::read(workspace, &[AUDIT]).strings(is_rule);
    let secret = used.difference(published).map(|id| ("rule", id, "used and not published"));
    let unproven =
        published.difference(&audited).map(|id| ("rule", id, "published and never audited"));
    secret.chain(unproven).map(finding).collect()
}

fn reason_findings(workspace: &Workspace, published: &BTreeSet<String>) -> Vec<Finding> {
    let literals = Literals::read(workspace, &REJECTING);
    let said = literals.strings(is_reason);
    let dead = published.difference(&said).map(|id| ("reason", id, "published and never given"));
    let given = literals.reasons;
    let secret = given.difference(published).map(|id| ("reason", id, "given and not published"));
    dead.chain(secret).map(finding).collect()
}

fn finding((what, id, fault): (&str, &String, &str)) -> Finding {
    Finding::broken(RULE, PAGE, format!("the {what} `{id}` is {fault}"))
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

/// Returns the text of `"…"` and of `"…".into()`.
fn literal(expression: &syn::Expr) -> Option<String> {
    match expression {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        syn::Expr::MethodCall(call) => literal(&call.receiver),
        _ => None,
    }
}

/// The string literals of some sources, tests left out.
#[derive(Default)]
struct Literals {
    all: BTreeSet<String>,
    /// Those given to a field called `reason`.
    reasons: BTreeSet<String>,
}

impl Literals {
    fn read(workspace: &Workspace, places: &[&str]) -> Self {
        let mut literals = Self::default();
        for (_, text) in places.iter().flat_map(|place| workspace.rust(place)) {
            // A source that does not parse is a finding of the size rule.
            if let Ok(file) = syn::parse_file(text) {
                literals.visit_file(&file);
            }
        }
        literals
    }

    fn strings(&self, wanted: fn(&str) -> bool) -> BTreeSet<String> {
        self.all.iter().filter(|text| wanted(text)).cloned().collect()
    }
}

impl Visit<'_> for Literals {
    fn visit_lit_str(&mut self, literal: &syn::LitStr) {
        self.all.insert(literal.value());
    }

    fn visit_field_value(&mut self, field: &syn::FieldValue) {
        let is_reason = matches!(&field.member, syn::Member::Named(name) if name == "reason");
        if let (true, Some(literal)) = (is_reason, literal(&field.expr)) {
            self.reasons.insert(literal);
        }
        visit::visit_field_value(self, field);
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
    fn rules_that_are_secret_or_never_audited_are_found() {
        let page = "| `read/here` | x |\n| `read/gone` | y |\n";
        let code = "fn f() { go(\"read/here\"); go(\"read/secret\"); }\n\
                    #[cfg(test)] mod tests { fn t() { go(\"only/tests\"); } }\n";
        let audit = "fn f() { go(\"read/here\"); }";
        let workspace = planted([
            ("docs/rules.md", page),
            ("crates/synth/src/a.rs", code),
            ("crates/dataset/src/audit/a.rs", audit),
        ]);
        insta::assert_snapshot!(lines(&check(&workspace)), @"
        broken [rules] docs/rules.md: the rule `read/secret` is used and not published
        broken [rules] docs/rules.md: the rule `read/gone` is published and never audited
        ");
    }

    #[test]
    fn reasons_that_are_secret_or_never_given_are_found() {
        let page = "## Reasons for rejection\n\n| `no_change` | z |\n| `too_old` | w |\n";
        let code = "fn f() { r(Rejection { reason: \"no_change\", detail }); \
                    r(Rejection { reason: \"bad_mood\".into(), detail }) }";
        let workspace = planted([("docs/rules.md", page), ("crates/synth/src/a.rs", code)]);
        insta::assert_snapshot!(lines(&check(&workspace)), @"
        broken [rules] docs/rules.md: the reason `too_old` is published and never given
        broken [rules] docs/rules.md: the reason `bad_mood` is given and not published
        ");
    }
}
