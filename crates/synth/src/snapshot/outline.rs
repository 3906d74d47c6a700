//! What does a file define, and which of its definitions need which others?
//!
//! In: the structure of a file. Out: its definitions at the top level, in the
//! order of the file, and what each uses of the others. A file that defines
//! nothing and imports names passes these on, and they stand for definitions.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{FileStructure, Import, LineRange, Symbol};

/// The definitions of one file at its top level.
#[derive(Debug, Default)]
pub(super) struct Outline<'a> {
    /// The definitions, in order; a name that is defined twice stands twice.
    pub(super) definitions: Vec<&'a Symbol>,
    structure: Option<&'a FileStructure>,
}

impl<'a> Outline<'a> {
    /// Reads the outline of a file; empty where it was not parsed.
    pub(super) fn of(structure: Option<&'a FileStructure>) -> Self {
        let symbols = structure.map_or(&[][..], |structure| &structure.symbols);
        let definitions = symbols.iter().filter(|symbol| !symbol.qualified.contains('.')).collect();
        Self { definitions, structure }
    }

    /// Returns the names, each once, in the order of the file.
    pub(super) fn names(&self) -> Vec<&'a str> {
        let mut seen = BTreeSet::new();
        let defined = self.definitions.iter().map(|symbol| symbol.name.as_str());
        let passed_on = self.passed_on().flat_map(|import| &import.names).map(String::as_str);
        // Neither stands for a name that the file itself holds.
        let named = passed_on.filter(|name| !["*", "default"].contains(name));
        let names = defined.chain(named);
        names.filter(|name| seen.insert(*name)).collect()
    }

    /// Returns the lines that name the definitions and their members.
    pub(super) fn lines(&self) -> Vec<u32> {
        let symbols = self.structure.map_or(&[][..], |structure| &structure.symbols);
        let defined = symbols.iter().map(|symbol| symbol.name_line);
        let lines: BTreeSet<u32> =
            defined.chain(self.passed_on().map(|import| import.line)).collect();
        lines.into_iter().collect()
    }

    /// Returns the imports of a file that defines nothing.
    fn passed_on(&self) -> impl Iterator<Item = &'a Import> {
        let structure = self.structure.filter(|_| self.definitions.is_empty());
        structure.into_iter().flat_map(|structure| &structure.imports)
    }

    /// Returns every name the file speaks of that others define.
    pub(super) fn spoken(&self) -> BTreeSet<&'a str> {
        let Some(structure) = self.structure else { return BTreeSet::new() };
        let references = structure.references.iter().map(|reference| reference.name.as_str());
        let imported = structure.imports.iter().flat_map(|import| &import.names);
        references.chain(imported.map(String::as_str)).collect()
    }

    /// Returns the definitions of some lines, each with the earlier and later
    /// definitions of the file that it uses, in the order of the file.
    pub(super) fn uses_in(&self, lines: LineRange) -> Vec<(&'a str, Vec<&'a str>)> {
        let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
        let names: BTreeMap<&str, usize> =
            self.names().into_iter().enumerate().map(|(at, name)| (name, at)).collect();
        for symbol in self.definitions.iter().filter(|symbol| lines.contains(symbol.name_line)) {
            if found.iter().any(|(name, _)| *name == symbol.name) {
                continue;
            }
            let mut used: Vec<&str> = self
                .references_in(symbol.lines)
                .filter(|name| *name != symbol.name && names.contains_key(name))
                .collect::<BTreeSet<&str>>()
                .into_iter()
                .collect();
            used.sort_by_key(|name| names.get(name));
            found.push((&symbol.name, used));
        }
        found
    }

    fn references_in(&self, lines: LineRange) -> impl Iterator<Item = &'a str> {
        let references = self.structure.map_or(&[][..], |structure| &structure.references);
        let from = references.partition_point(|reference| reference.line < lines.start);
        let inside = references[from..].iter().take_while(move |r| r.line <= lines.end);
        inside.map(|reference| reference.name.as_str())
    }
}
