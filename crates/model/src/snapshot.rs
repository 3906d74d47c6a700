//! What does a repository hold at one commit?

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BlobId, FileMode, FileRole, Language, RepoPath, TreeId};

/// A range of lines, 1-based, both ends included.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct LineRange {
    /// The first line.
    pub start: u32,
    /// The last line.
    pub end: u32,
}

impl LineRange {
    /// Returns true when the line lies inside.
    pub fn contains(self, line: u32) -> bool {
        self.start <= line && line <= self.end
    }

    /// Returns true when the two share a line.
    pub fn overlaps(self, other: Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }
}

/// What kind of thing a symbol is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SymbolKind {
    /// A function that belongs to no type.
    Function,
    /// A function that belongs to a class, an `impl` or a trait.
    Method,
    /// A class, struct, enum, union, interface, trait or type alias.
    Type,
    /// A module, namespace or package declared in the file.
    Module,
    /// A constant or variable at the top level of the file or of a class.
    Variable,
    /// A macro.
    Macro,
}

/// One definition in one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Symbol {
    /// The name as written.
    pub name: String,
    /// The name with what encloses it, joined by `.`, e.g., `Class.method`.
    pub qualified: String,
    /// What it is.
    pub kind: SymbolKind,
    /// All its lines, decorators and attributes included.
    pub lines: LineRange,
    /// The line that holds the name.
    pub name_line: u32,
}

/// One use of a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reference {
    /// The name as written, without what qualifies it.
    pub name: String,
    /// The line.
    pub line: u32,
}

/// One import, as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Import {
    /// The module text: `a.b`, `..c` (Python), `./x` (JavaScript), `crate::a::b`
    /// or `mod:x` (Rust), `example.com/m/pkg` (Go), `a.b.C` (Java), `x.h` (C).
    pub module: String,
    /// The names taken from it; empty when the module itself is imported.
    pub names: Vec<String>,
    /// The line.
    pub line: u32,
    /// It stands inside something: a function, a condition, a block for types only.
    #[serde(default)]
    pub nested: bool,
}

/// What parsing one file tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileStructure {
    /// The definitions, in order of their first line.
    pub symbols: Vec<Symbol>,
    /// The uses, in order; identifiers that are called, read or named as types.
    pub references: Vec<Reference>,
    /// The imports, in order.
    pub imports: Vec<Import>,
    /// Lines that are test code inside a source file; sorted, not overlapping.
    pub test_lines: Vec<LineRange>,
    /// The parser met something it could not read; what it could is here.
    pub partial: bool,
}

/// One file of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFile {
    /// Where it lies.
    pub path: RepoPath,
    /// What it is to git.
    pub mode: FileMode,
    /// Its blob.
    pub blob: BlobId,
    /// Its language, if Backstory parses it.
    pub language: Option<Language>,
    /// What it is for.
    pub role: FileRole,
    /// What parsing it told; `None` when it was not parsed.
    pub structure: Option<Arc<FileStructure>>,
}

/// A repository at one tree.
#[derive(Clone, Debug, Default)]
pub struct RepoSnapshot {
    /// The tree; `None` only for the empty default.
    pub tree: Option<TreeId>,
    /// The files, sorted by path bytes.
    pub files: Vec<SnapshotFile>,
    /// Which file depends on which.
    pub graph: DependencyGraph,
}

impl RepoSnapshot {
    /// Finds a file by its path.
    pub fn file(&self, path: &RepoPath) -> Option<&SnapshotFile> {
        self.files.binary_search_by(|file| file.path.cmp(path)).ok().map(|at| &self.files[at])
    }
}

/// Which file of a snapshot depends on which other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DependencyGraph {
    /// For each file with resolved imports, the files it imports; sorted, without itself.
    pub imports: BTreeMap<RepoPath, Vec<RepoPath>>,
    /// Of `imports`, what a file imports nowhere but inside something (a function, a
    /// condition): loading the file does not need it. Sorted.
    #[serde(default)]
    pub soft: BTreeMap<RepoPath, Vec<RepoPath>>,
    /// The strongly connected components, dependencies first; every file of
    /// `imports` (as key or value) is in exactly one; sorted inside.
    pub components: Vec<Vec<RepoPath>>,
    /// Imports that name nothing in the repository, counted.
    pub external: u32,
}
