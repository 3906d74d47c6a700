//! Which definitions do the added lines of a file refer to?
//!
//! In: the added lines of one authored state and the snapshot of the base.
//! Out: the places where a developer would look up what those lines name. A
//! name is looked up in the file itself, in the files it imports, and, for a
//! file that is new, among the names it imports. What a class holds is looked up
//! only behind a dot, and a variable inside a class of another file never. What a
//! comment names is not looked up, nor is the line that declares a module. A name
//! with more than [`AMBIGUOUS`] definitions in reach refers to none of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use backstory_model::{
    FileStructure, LineRange, RepoPath, RepoSnapshot, SnapshotFile, Symbol, SymbolKind,
};

use crate::plan::Added;
use crate::reconstruct::ParseFile;
use crate::text::is_word_byte;

/// More definitions of one name than this are not looked up.
const AMBIGUOUS: usize = 3;
/// So many lines of a definition are read: its head and what follows.
const HEAD_LINES: u32 = 40;
/// Shorter names are too common to be looked up.
const SHORTEST_NAME: usize = 3;

/// A definition that added lines refer to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Looked {
    /// The file of the base that holds it.
    pub path: RepoPath,
    /// The line that holds the name.
    pub name_line: u32,
    /// The lines to read.
    pub lines: LineRange,
    /// The name.
    pub name: String,
}

type InReach<'a> = BTreeMap<&'a str, Vec<(&'a RepoPath, &'a Symbol)>>;

/// Lists the definitions that the added lines refer to, each once: file by file
/// of the added lines, then in path and line order.
pub fn looked_up<'a>(
    added: impl IntoIterator<Item = &'a Added>,
    snapshot: &RepoSnapshot,
    parse: ParseFile<'_>,
) -> Vec<Looked> {
    let mut known = BTreeSet::new();
    let mut listed = Vec::new();
    for part in added {
        let mut found = BTreeSet::new();
        let home = part.from.as_ref().and_then(|path| snapshot.file(path));
        let imported;
        let reach = match home {
            Some(file) => reach_of(file, snapshot),
            None => match parse(&part.path, &part.blob, part.text.bytes()) {
                Some(structure) => {
                    imported = structure;
                    imported_names(&imported, snapshot)
                }
                None => continue,
            },
        };
        refer(part, &reach, &mut found);
        listed.extend(found.into_iter().filter(|place| known.insert(place.clone())));
    }
    listed
}

fn refer(part: &Added, reach: &InReach<'_>, found: &mut BTreeSet<Looked>) {
    let lines = part.text.lines();
    let mut met: BTreeSet<(&str, bool)> = BTreeSet::new();
    for range in &part.ranges {
        let range = &lines[range.start as usize..range.end as usize];
        for line in range.iter().filter(|line| !is_comment(line)) {
            met.extend(uses(line));
        }
    }
    let home = part.from.as_ref();
    for (word, dotted) in met {
        let places = reach.get(word).into_iter().flatten();
        let fits = |(path, symbol): &&(&RepoPath, &Symbol)| {
            let module = symbol.kind == SymbolKind::Module;
            let inner = symbol.qualified.len() > symbol.name.len();
            let foreign_field = symbol.kind == SymbolKind::Variable && Some(*path) != home;
            !module && (!inner || (dotted && !foreign_field))
        };
        let places: Vec<_> = places.filter(fits).collect();
        if places.len() <= AMBIGUOUS {
            found.extend(places.into_iter().map(|(path, symbol)| looked(path, symbol)));
        }
    }
}

/// Returns true for a line that is nothing but a comment, by how it starts.
fn is_comment(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    [&b"//"[..], b"# ", b"/*", b"* ", b"*/"].iter().any(|start| line.starts_with(start))
}

/// Lists the names of a line, each with whether a dot stands before it.
fn uses(line: &[u8]) -> impl Iterator<Item = (&str, bool)> {
    let mut at = 0;
    line.split(|byte| !is_word_byte(*byte)).filter_map(move |word| {
        let dotted = at > 0 && line[at - 1] == b'.';
        at += word.len() + 1;
        let word = std::str::from_utf8(word).ok()?;
        (word.len() >= SHORTEST_NAME).then_some((word, dotted))
    })
}

fn looked(path: &RepoPath, symbol: &Symbol) -> Looked {
    let start = symbol.lines.start.min(symbol.name_line);
    let end = symbol.lines.end.min(symbol.name_line + HEAD_LINES - 1);
    Looked {
        path: path.clone(),
        name_line: symbol.name_line,
        lines: LineRange { start, end },
        name: symbol.name.clone(),
    }
}

fn symbols_of(file: &SnapshotFile) -> impl Iterator<Item = (&RepoPath, &Symbol)> {
    let symbols = file.structure.iter().flat_map(|structure| &structure.symbols);
    symbols.map(|symbol| (&file.path, symbol))
}

fn reach_of<'a>(home: &'a SnapshotFile, snapshot: &'a RepoSnapshot) -> InReach<'a> {
    let imports = snapshot.graph.imports.get(&home.path);
    let imported = imports.into_iter().flatten().filter_map(|path| snapshot.file(path));
    let mut reach = InReach::new();
    for (path, symbol) in std::iter::once(home).chain(imported).flat_map(symbols_of) {
        reach.entry(symbol.name.as_str()).or_default().push((path, symbol));
    }
    reach
}

fn imported_names<'a>(structure: &Arc<FileStructure>, snapshot: &'a RepoSnapshot) -> InReach<'a> {
    let names: BTreeSet<&str> =
        structure.imports.iter().flat_map(|import| &import.names).map(String::as_str).collect();
    let mut reach = InReach::new();
    if names.is_empty() {
        return reach;
    }
    for (path, symbol) in snapshot.files.iter().flat_map(symbols_of) {
        if names.contains(symbol.name.as_str()) {
            reach.entry(symbol.name.as_str()).or_default().push((path, symbol));
        }
    }
    reach
}
