//! Which parsed files are worth keeping?
//!
//! In: structures by blob and language. Out: the same, while they are in use.
//! Two generations: what was not asked for while the younger one filled up is
//! dropped, so memory follows the trees in use and not the history.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{BlobId, FileStructure, Language};

/// The least weight of a generation, in bytes.
const LEAST: usize = 32 << 20;

type Generation = BTreeMap<(BlobId, Language), Arc<FileStructure>>;

/// Structures by blob and language, in two generations.
#[derive(Default)]
pub(super) struct KeptStructures {
    young: Generation,
    old: Generation,
    /// What the younger generation weighs, in bytes.
    weight: usize,
    /// What it may weigh.
    limit: usize,
}

impl KeptStructures {
    /// Returns what is kept for a blob.
    pub(super) fn get(&mut self, blob: &BlobId, language: Language) -> Option<Arc<FileStructure>> {
        let key = (blob.clone(), language);
        if let Some(found) = self.young.get(&key) {
            return Some(Arc::clone(found));
        }
        let found = self.old.remove(&key)?;
        self.keep(key.0, language, Arc::clone(&found));
        Some(found)
    }

    /// Lets a generation hold a tree with these structures.
    pub(super) fn make_room_for<'a>(&mut self, tree: impl Iterator<Item = &'a FileStructure>) {
        self.limit = self.limit.max(LEAST).max(tree.map(weight).sum());
    }

    /// Keeps a structure.
    pub(super) fn keep(&mut self, blob: BlobId, language: Language, kept: Arc<FileStructure>) {
        let added = weight(&kept);
        if self.weight + added > self.limit {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        if self.young.insert((blob, language), kept).is_none() {
            self.weight += added;
        }
    }
}

/// Estimates what a structure takes in memory; an allocation is 16 bytes at least.
fn weight(structure: &FileStructure) -> usize {
    let symbols = structure.symbols.len() * 144;
    let references = structure.references.len() * 56;
    let imports: usize = structure.imports.iter().map(|import| 96 + 48 * import.names.len()).sum();
    256 + symbols + references + imports
}

#[cfg(test)]
mod tests {
    use super::*;

    fn structure(references: usize) -> Arc<FileStructure> {
        let one = backstory_model::Reference { name: "x".to_owned(), line: 1 };
        Arc::new(FileStructure { references: vec![one; references], ..FileStructure::default() })
    }

    fn blob(number: usize) -> BlobId {
        BlobId::new(format!("{number:040x}")).unwrap()
    }

    #[test]
    fn what_is_asked_for_again_outlives_what_is_not() {
        let mut kept = KeptStructures { limit: 100_000, ..KeptStructures::default() };
        kept.keep(blob(0), Language::Go, structure(1_000));
        for number in 1..20 {
            assert!(kept.get(&blob(0), Language::Go).is_some(), "before {number}");
            kept.keep(blob(number), Language::Go, structure(1_000));
        }
        assert!(kept.get(&blob(1), Language::Go).is_none());
        assert!(kept.young.len() + kept.old.len() <= 4);
    }
}
