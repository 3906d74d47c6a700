//! Is every file and function small enough to read?
//!
//! Files are worth a thought at 600 lines and broken above 1,000; functions at
//! 60 and above 100, unless a long one is a single flat `match`. A test may be a
//! long list of cases: above the limit it is only noted.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::Finding;
use crate::workspace::Workspace;

const RULE: &str = "size";
const FILE_NOTE: usize = 600;
const FILE_CAP: usize = 1_000;
const FUNCTION_NOTE: usize = 60;
const FUNCTION_CAP: usize = 100;

/// Reports files and functions above their limits.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in workspace.rust("crates/") {
        let lines = text.lines().count();
        let sentence = format!("has {lines} lines; split it");
        if lines > FILE_CAP {
            findings.push(Finding::broken(RULE, path, sentence));
        } else if lines > FILE_NOTE {
            findings.push(Finding::note(RULE, path, sentence));
        }
        match syn::parse_file(text) {
            Ok(file) => findings.extend(function_findings(path, &file)),
            Err(error) => {
                findings.push(Finding::broken(RULE, path, format!("does not parse: {error}")));
            }
        }
    }
    findings
}

fn function_findings(path: &str, file: &syn::File) -> Vec<Finding> {
    let mut functions = Functions::default();
    functions.visit_file(file);
    let long = functions.found.iter().filter(|function| function.lines > FUNCTION_NOTE);
    long.map(|function| {
        let place = format!("{path}:{}", function.line);
        let sentence = format!("`{}` has {} lines; split it", function.name, function.lines);
        if function.lines > FUNCTION_CAP && !function.is_flat_match && !path.contains("/tests/") {
            Finding::broken(RULE, place, sentence)
        } else {
            Finding::note(RULE, place, sentence)
        }
    })
    .collect()
}

struct Function {
    name: String,
    line: usize,
    lines: usize,
    is_flat_match: bool,
}

#[derive(Default)]
struct Functions {
    found: Vec<Function>,
}

impl Functions {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let line = signature.span().start().line;
        self.found.push(Function {
            name: signature.ident.to_string(),
            line,
            lines: block.span().end().line + 1 - line,
            is_flat_match: matches!(
                block.stmts.as_slice(),
                [.., syn::Stmt::Expr(syn::Expr::Match(_), None)] if block.stmts.len() <= 2
            ),
        });
    }
}

impl Visit<'_> for Functions {
    fn visit_item_fn(&mut self, function: &syn::ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.add(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{lines, planted};

    fn function(name: &str, body_lines: usize) -> String {
        format!("fn {name}() {{\n{}}}\n", "    go();\n".repeat(body_lines - 2))
    }

    #[test]
    fn long_functions_are_found() {
        let text = function("fine", 60) + &function("long", 61) + &function("huge", 101);
        insta::assert_snapshot!(lines(&check(&planted([("crates/mine/src/a.rs", &text)]))), @"
        note [size] crates/mine/src/a.rs:61: `long` has 61 lines; split it
        broken [size] crates/mine/src/a.rs:122: `huge` has 101 lines; split it
        ");
    }

    #[test]
    fn a_long_test_is_only_noted() {
        let text = function("cases", 101);
        insta::assert_snapshot!(
            lines(&check(&planted([("crates/mine/tests/it/a.rs", &text)]))),
            @"note [size] crates/mine/tests/it/a.rs:1: `cases` has 101 lines; split it"
        );
    }

    #[test]
    fn a_long_flat_match_is_only_noted() {
        let arms = "        0 => 0,\n".repeat(120);
        let text = format!("fn pick(n: u8) -> u8 {{\n    match n {{\n{arms}    }}\n}}\n");
        insta::assert_snapshot!(
            lines(&check(&planted([("crates/mine/src/a.rs", &text)]))),
            @"note [size] crates/mine/src/a.rs:1: `pick` has 124 lines; split it"
        );
    }

    #[test]
    fn long_files_and_broken_ones_are_found() {
        let (long, huge) = ("//\n".repeat(601), "//\n".repeat(1_001));
        let workspace = planted([
            ("crates/mine/src/huge.rs", &huge),
            ("crates/mine/src/long.rs", &long),
            ("crates/mine/src/torn.rs", "fn one() {}\nfn 1\n"),
        ]);
        insta::assert_snapshot!(lines(&check(&workspace)), @"
        broken [size] crates/mine/src/huge.rs: has 1001 lines; split it
        note [size] crates/mine/src/long.rs: has 601 lines; split it
        broken [size] crates/mine/src/torn.rs: does not parse: expected identifier
        ");
    }
}
