//! Which functions do the best files define?
//!
//! In: files in the order of their ranking, with a repository. Out: every function and
//! method that is not inside another one, under the name that gold has:
//! `Class.method`. Definitions of one name (a property and its setter, overloads) are
//! one function.

use std::collections::BTreeMap;

use backstory_model::{
    BlobId, FileStructure, Language, LineRange, RepoPath, Repository, RepositoryError, Symbol,
    SymbolKind,
};
use backstory_syntax::{language_of, parse};

use crate::text::Bag;

/// How many files of a ranking are looked into.
pub const MOST_FILES: usize = 20;

/// A file of a ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedFile {
    /// Where it lies.
    pub path: RepoPath,
    /// What it holds.
    pub blob: BlobId,
    /// Its score; higher comes first.
    pub score: f64,
}

/// A function that may be named.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The place of its file in the ranking, from 0.
    pub file: usize,
    /// Its name with what encloses it, e.g., `Class.method`.
    pub name: String,
    /// The lines of its first definition.
    pub lines: LineRange,
    /// The words of all its lines.
    pub body: Bag,
    /// How many lines it has.
    pub length: u32,
}

impl Function {
    /// Returns its own name.
    pub fn own_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }

    /// Returns the name of what encloses it; empty where nothing does.
    pub fn class(&self) -> &str {
        let (class, _) = self.name.rsplit_once('.').unwrap_or_default();
        class.rsplit('.').next().unwrap_or(class)
    }
}

/// Lists the functions of the first [`MOST_FILES`] files, by file and line; a file
/// that the repository does not hold has none.
pub fn definitions(
    repository: &dyn Repository,
    files: &[RankedFile],
) -> Result<Vec<Function>, RepositoryError> {
    let mut found = Vec::new();
    for (place, file) in files.iter().take(MOST_FILES).enumerate() {
        let Some(language) = language_of(&file.path) else { continue };
        if let Some(bytes) = repository.blob(&file.blob)? {
            found.extend(of_file(place, language, &bytes));
        }
    }
    Ok(found)
}

fn of_file(file: usize, language: Language, bytes: &[u8]) -> Vec<Function> {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found: Vec<Function> = Vec::new();
    let structure = parse(language, bytes);
    for symbol in outermost(&structure) {
        let LineRange { start, end } = symbol.lines;
        let from = (start as usize).saturating_sub(1).min(lines.len());
        let to = (end as usize).clamp(from, lines.len());
        let body = Bag::of(&lines[from..to].join("\n"));
        let length = (end + 1).saturating_sub(start);
        if let Some(at) = known.get(symbol.qualified.as_str()) {
            let twin = &mut found[*at];
            twin.body = twin.body.plus(&body);
            twin.length += length;
            continue;
        }
        known.insert(&symbol.qualified, found.len());
        let name = symbol.qualified.clone();
        found.push(Function { file, name, lines: symbol.lines, body, length });
    }
    found
}

/// Returns the functions that no other function holds and that are no tests.
fn outermost(structure: &FileStructure) -> Vec<&Symbol> {
    let mut found: Vec<&Symbol> = Vec::new();
    let is_function =
        |symbol: &&Symbol| matches!(symbol.kind, SymbolKind::Function | SymbolKind::Method);
    for symbol in structure.symbols.iter().filter(is_function) {
        // Symbols stand in the order of their first line, so what holds it was there.
        let inside = found.last().is_some_and(|outer| {
            symbol.lines.start > outer.lines.start && symbol.lines.end <= outer.lines.end
        });
        let is_test = structure.test_lines.iter().any(|test| test.overlaps(symbol.lines));
        if !inside && !is_test {
            found.push(symbol);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use backstory_model::Language;

    use super::of_file;

    #[test]
    fn functions_go_by_the_name_that_gold_has() {
        let source = b"def top():\n    def inner():\n        pass\n    return inner\n\n\
            class Reader:\n    def read(self):\n        def step():\n            pass\n\n    \
            class Line:\n        def end(self):\n            pass\n\n    @property\n    def size(self):\n        \
            return 1\n\n    @size.setter\n    def size(self, value):\n        pass\n";
        let found = of_file(3, Language::Python, source);
        let told: Vec<String> = found
            .iter()
            .map(|one| format!("{} {}-{} {}", one.name, one.lines.start, one.lines.end, one.length))
            .collect();
        insta::assert_snapshot!(told.join("\n"), @"
        top 1-4 4
        Reader.read 7-9 3
        Reader.Line.end 12-13 2
        Reader.size 15-17 6
        ");
        assert!(found.iter().all(|one| one.file == 3));
        assert_eq!((found[2].own_name(), found[2].class()), ("end", "Line"));
        assert_eq!((found[0].own_name(), found[0].class()), ("top", ""));
    }

    #[test]
    fn tests_inside_source_are_no_candidates() {
        let source =
            b"fn read() {}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn reads() {}\n}\n";
        let names: Vec<String> =
            of_file(0, Language::Rust, source).into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["read"]);
    }
}
