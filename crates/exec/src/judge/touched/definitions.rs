//! Which definitions of a test file does a change touch?
//!
//! In: both versions. Out: the qualified names of the definitions that hold a
//! changed line, and of those that name such a definition.

use std::collections::BTreeSet;

use backstory_model::{FileStructure, Language, Symbol, SymbolKind};
use backstory_syntax::{diff, parse};

/// Names that runners call for every test of a file or class.
const CALLED_FOR_EACH: [&str; 11] = [
    "asyncSetUp",
    "setUp",
    "setUpClass",
    "setUpModule",
    "setup",
    "setup_class",
    "setup_function",
    "setup_method",
    "setup_module",
    "tearDown",
    "teardown_method",
];

/// Returns the qualified names of touched definitions.
pub(super) fn touched_definitions(
    language: Language,
    before: &[u8],
    after: &[u8],
) -> BTreeSet<String> {
    let (old, new) = (Version::of(language, before), Version::of(language, after));
    let mut names = BTreeSet::new();
    for hunk in diff::hunks(before, after) {
        names.extend(hunk.before.filter_map(|at| old.innermost(at)));
        names.extend(hunk.after.filter_map(|at| new.innermost(at)));
    }
    while new.spread(&mut names) {}
    names
}

struct Version<'a> {
    lines: Vec<&'a [u8]>,
    structure: FileStructure,
}

impl<'a> Version<'a> {
    fn of(language: Language, bytes: &'a [u8]) -> Self {
        Self { lines: diff::lines(bytes), structure: parse(language, bytes) }
    }

    /// Returns the smallest definition that holds a line (0-based), unless the line is blank.
    fn innermost(&self, at: u32) -> Option<String> {
        if self.lines[at as usize].trim_ascii().is_empty() {
            return None;
        }
        let holds = |symbol: &&Symbol| symbol.lines.contains(at + 1);
        let size = |symbol: &&Symbol| symbol.lines.end - symbol.lines.start;
        let inner = self.structure.symbols.iter().filter(holds).min_by_key(size)?;
        (inner.kind != SymbolKind::Module).then(|| inner.qualified.clone())
    }

    /// Adds the definitions that touched ones reach; returns false when none is left.
    fn spread(&self, names: &mut BTreeSet<String>) -> bool {
        let symbols = self.structure.symbols.iter();
        let reached: Vec<String> = symbols
            .filter(|symbol| !names.contains(&symbol.qualified))
            .filter(|symbol| names.iter().any(|name| self.reaches(name, symbol)))
            .map(|symbol| symbol.qualified.clone())
            .collect();
        names.extend(reached.iter().cloned());
        !reached.is_empty()
    }

    /// Returns true when a touched definition is part of what this one does.
    fn reaches(&self, name: &str, symbol: &Symbol) -> bool {
        let (class, last) = name.rsplit_once('.').unwrap_or(("", name));
        let within = |outer: &str| {
            outer.is_empty()
                || symbol.qualified.strip_prefix(outer).is_some_and(|r| r.starts_with('.'))
        };
        if CALLED_FOR_EACH.contains(&last) || self.is_for_each(name) {
            return within(class);
        }
        if self.is_type(name) && within(name) {
            return true;
        }
        // A test names no other test; what it names is a fixture, a constant or a function.
        !last.starts_with("test") && within(class) && self.mentions(symbol, last)
    }

    fn is_type(&self, name: &str) -> bool {
        let named = |symbol: &&Symbol| symbol.qualified == name;
        self.structure.symbols.iter().find(named).is_some_and(|s| s.kind == SymbolKind::Type)
    }

    fn is_for_each(&self, name: &str) -> bool {
        let named = |symbol: &&Symbol| symbol.qualified == name;
        let found = self.structure.symbols.iter().find(named);
        found.is_some_and(|symbol| self.text(symbol).contains("autouse=True"))
    }

    fn mentions(&self, symbol: &Symbol, word: &str) -> bool {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        self.text(symbol).split(|c: char| !is_part(c)).any(|part| part == word)
    }

    fn text(&self, symbol: &Symbol) -> String {
        let (start, end) = (symbol.lines.start as usize, symbol.lines.end as usize);
        let lines = self.lines.get(start.saturating_sub(1)..end.min(self.lines.len()));
        String::from_utf8_lossy(&lines.unwrap_or_default().concat()).into_owned()
    }
}
