//! What does the text of a Python file say of its statements and functions?
//!
//! In: the text of a file. Out: where its statements stand by their numbers, what its
//! functions are, and which names it binds itself.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use backstory_model::TracedFile;
use backstory_syntax::{Part, python_tree};

use super::builtins::{CLASSES, FUNCTIONS};

/// Kinds of parts that are statements, as far as one may be executed.
const STATEMENTS: &[&str] = &[
    "assert_statement",
    "break_statement",
    "class_definition",
    "continue_statement",
    "decorated_definition",
    "delete_statement",
    "elif_clause",
    "except_clause",
    "expression_statement",
    "for_statement",
    "function_definition",
    "future_import_statement",
    "global_statement",
    "if_statement",
    "import_from_statement",
    "import_statement",
    "match_statement",
    "nonlocal_statement",
    "pass_statement",
    "raise_statement",
    "return_statement",
    "try_statement",
    "while_statement",
    "with_statement",
];

/// A file as its reader has it.
pub(super) struct Reading {
    tree: Part,
    /// Its text.
    pub(super) text: String,
    starts: Vec<usize>,
    /// Names that the file itself binds.
    pub(super) bound: BTreeSet<String>,
}

/// A statement of a file.
#[derive(Clone, Copy)]
pub(super) struct Place<'r> {
    /// The statement.
    pub(super) part: &'r Part,
    /// It stands in a `finally`, from which control may leave in ways that are not shown.
    pub(super) in_finally: bool,
}

/// A function of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function {
    /// Its lines from 1, decorators included.
    pub(super) lines: RangeInclusive<u32>,
    /// Whether a call of it does not run its body at once.
    pub(super) suspends: bool,
}

impl Reading {
    /// Reads a file; `None` where it is no Python.
    pub(super) fn of(text: &str) -> Option<Self> {
        let tree = python_tree(text)?;
        let starts = std::iter::once(0);
        let starts = starts.chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        let starts = starts.collect();
        let mut bound = BTreeSet::new();
        bind(&tree, text, &mut bound);
        Some(Self { tree, text: text.to_owned(), starts, bound })
    }

    /// Returns the parts of the statements of a file, by their numbers.
    pub(super) fn places(&self, file: &TracedFile) -> BTreeMap<u32, Place<'_>> {
        let mut by_start: BTreeMap<usize, Place<'_>> = BTreeMap::new();
        index(&self.tree, false, &mut by_start);
        let offset = |line: u32, column: u32| {
            let line = self.starts.get(usize::try_from(line).ok()?.checked_sub(1)?)?;
            Some(line + usize::try_from(column).ok()?)
        };
        (1..)
            .zip(&file.statements)
            .filter_map(|(number, one)| {
                Some((number, *by_start.get(&offset(one.line, one.column)?)?))
            })
            .collect()
    }

    /// Returns the function that starts on a line, with its decorators if it has some.
    pub(super) fn function(&self, first: u32) -> Option<Function> {
        let line = |at: usize| {
            u32::try_from(self.starts.partition_point(|start| *start <= at)).unwrap_or(u32::MAX)
        };
        let mut found = None;
        self.tree.visit(&mut |part| {
            let definition = match part.kind {
                "decorated_definition" => part.field("definition").unwrap_or(part),
                _ => part,
            };
            if definition.kind == "function_definition" && line(part.range.start) == first {
                found.get_or_insert_with(|| Function {
                    lines: first..=line(part.range.end.saturating_sub(1)),
                    suspends: suspends(definition, &self.text),
                });
            }
        });
        found
    }

    /// Returns the names that stand in some lines: of variables, and of attributes.
    pub(super) fn names(&self, first: u32, last: u32) -> BTreeSet<&str> {
        let line = |at: usize| self.starts.partition_point(|start| *start <= at);
        let lines = usize::try_from(first).unwrap_or(0)..=usize::try_from(last).unwrap_or(0);
        let mut names = BTreeSet::new();
        self.tree.visit(&mut |part| {
            if part.kind == "identifier" && lines.contains(&line(part.range.start)) {
                names.insert(part.text(&self.text));
            }
        });
        names
    }
}

/// Says whether a function is a generator or a coroutine, whose call does not run its body.
fn suspends(definition: &Part, text: &str) -> bool {
    definition.text(text).starts_with("async") || definition.parts.iter().any(gives)
}

/// Says whether a `yield` stands in a part, but in no function of its own.
fn gives(part: &Part) -> bool {
    match part.kind {
        "yield" => true,
        "function_definition" | "lambda" | "class_definition" => false,
        _ => part.parts.iter().any(gives),
    }
}

fn index<'r>(part: &'r Part, in_finally: bool, found: &mut BTreeMap<usize, Place<'r>>) {
    if STATEMENTS.contains(&part.kind) {
        found.entry(part.range.start).or_insert(Place { part, in_finally });
    }
    let in_finally = in_finally || part.kind == "finally_clause";
    for inner in &part.parts {
        index(inner, in_finally, found);
    }
}

/// Collects what a file binds outside of its functions, and whatever it imports.
fn bind(part: &Part, text: &str, bound: &mut BTreeSet<String>) {
    match part.kind {
        "function_definition" | "class_definition" => {
            bound.extend(part.field("name").map(|name| name.text(text).to_owned()));
            if part.kind == "function_definition" {
                return;
            }
        }
        "import_statement" | "import_from_statement" | "assignment" | "for_statement" => {
            part.visit(&mut |inner| {
                if inner.kind == "identifier" {
                    bound.insert(inner.text(text).to_owned());
                }
            });
        }
        "wildcard_import" => {
            bound.extend(FUNCTIONS.iter().chain(CLASSES).map(|name| (*name).to_owned()));
        }
        _ => {}
    }
    for inner in &part.parts {
        bind(inner, text, bound);
    }
}
