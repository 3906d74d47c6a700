//! What is there to rank at one base commit?

use std::sync::Arc;

use backstory_model::{BlobId, CommitId, RepoPath, Repository};
use backstory_syntax::language_of;
use rayon::prelude::*;

use super::candidates::Candidates;
use super::file::FileTerms;
use super::imports::ImportGraph;
use super::index::{Index, IndexError};
use super::mention::Names;
use crate::text::Bag;

/// The candidates of one tree with everything that snapshot features read.
#[derive(Debug)]
pub struct Snapshot {
    /// Which files there are.
    pub candidates: Candidates,
    /// What they hold; an absent blob counts as an empty file.
    pub files: Vec<Arc<FileTerms>>,
    /// The words of their paths.
    pub paths: Vec<Bag>,
    /// Which file imports which.
    pub imports: ImportGraph,
    /// How many blobs the repository does not have.
    pub absent: usize,
    pub(super) names: Names,
}

impl Snapshot {
    /// Reads the tree of one commit, and nothing else.
    pub fn read(
        repository: &dyn Repository,
        base: &CommitId,
        index: &Index,
    ) -> Result<Self, IndexError> {
        Self::of(repository, Candidates::at(repository, base)?, index, &|| {})
    }

    /// Reads these candidates; `told` is called after each file, from any thread.
    pub fn of(
        repository: &dyn Repository,
        candidates: Candidates,
        index: &Index,
        told: &(dyn Fn() + Sync),
    ) -> Result<Self, IndexError> {
        let read = |(path, blob): (&RepoPath, &BlobId)| {
            let file = match language_of(path) {
                Some(language) => index.file(repository, blob, language)?,
                None => None,
            };
            told();
            Ok::<_, IndexError>(file)
        };
        let files: Vec<Option<Arc<FileTerms>>> = candidates
            .paths
            .par_iter()
            .zip(&candidates.blobs)
            .map(read)
            .collect::<Result<_, _>>()?;
        let absent = files.iter().filter(|file| file.is_none()).count();
        let files: Vec<Arc<FileTerms>> = files.into_iter().map(Option::unwrap_or_default).collect();
        let paths = candidates.paths.iter().map(path_words).collect();
        let imports = ImportGraph::of(&candidates, &files);
        let names = Names::of(&candidates);
        Ok(Self { candidates, files, paths, imports, absent, names })
    }
}

/// Returns the words of a path without its suffix, which nearly all share.
fn path_words(path: &RepoPath) -> Bag {
    let text = path.to_string();
    let dot = text.rfind('.').filter(|dot| *dot > text.rfind('/').map_or(0, |slash| slash + 1));
    Bag::of(&text[..dot.unwrap_or(text.len())])
}

#[cfg(test)]
mod tests {
    use super::path_words;
    use crate::text::Bag;

    #[test]
    fn the_suffix_is_no_word_of_a_path() {
        assert_eq!(path_words(&"src/line_reader.py".into()), Bag::of("src line_reader"));
        assert_eq!(path_words(&"a.b/reader".into()), Bag::of("a.b reader"));
    }
}
