//! What is read off the text of a failing test, once for all candidates?
//!
//! Of the added lines the first 600 tokens count: the lines up to the one that holds
//! the last of them, for names and imports, and exactly those tokens for BM25.

use std::collections::BTreeMap;

use backstory_model::{
    BlobId, CommitId, FileMode, Import, RepoPath, Repository, RepositoryError, TestText, TreeId,
    git_object_id,
};
use backstory_syntax::{language_of, parse};

use crate::snapshot::{Index, IndexError};
use crate::text::{Bag, Term, for_each_token};

/// How many tokens of the added lines are read.
pub const MOST_TOKENS: usize = 600;

/// A failing test, ready to be compared with files.
#[derive(Clone, Debug)]
pub struct TestQuery {
    /// The words of the text.
    pub(super) words: Bag,
    /// The identifiers of the text, each once, sorted by term.
    pub(super) names: Vec<Term>,
    /// The test files.
    pub(super) paths: Vec<RepoPath>,
    /// What each test file that is code imports.
    pub(super) imports: BTreeMap<RepoPath, Vec<Import>>,
    /// Stands for the content of the test files, which is not compared.
    pub(super) blob: BlobId,
}

impl TestQuery {
    /// Reads a test text, and the imports that its files had at the base.
    pub fn read(
        repo: &dyn Repository,
        base: &CommitId,
        text: &TestText,
        index: &Index,
    ) -> Result<Self, IndexError> {
        let tree = repo.commit(base)?.tree;
        let lines = first_lines(&text.added);
        let mut imports = BTreeMap::new();
        for path in &text.paths {
            let Some(language) = language_of(path) else { continue };
            let mut found = parse(language, lines.as_bytes()).imports;
            if let Some(blob) = blob_at(repo, &tree, path)?
                && let Some(file) = index.file(repo, &blob, language)?
            {
                found.extend(file.imports.iter().cloned());
            }
            imports.insert(path.clone(), found);
        }
        Ok(Self {
            words: first_words(&text.added),
            names: identifiers(lines),
            paths: text.paths.clone(),
            imports,
            blob: git_object_id("blob", b""),
        })
    }
}

fn first_words(text: &str) -> Bag {
    let mut terms = Vec::new();
    for line in text.lines() {
        for_each_token(line, |token| terms.push(Term::of(token)));
        if terms.len() >= MOST_TOKENS {
            break;
        }
    }
    terms.truncate(MOST_TOKENS);
    Bag::from_terms(terms)
}

/// Returns the lines up to the one that holds the last token that counts.
fn first_lines(text: &str) -> &str {
    let (mut tokens, mut end) = (0, 0);
    for line in text.split_inclusive('\n') {
        for_each_token(line, |_| tokens += 1);
        end += line.len();
        if tokens >= MOST_TOKENS {
            break;
        }
    }
    &text[..end]
}

fn identifiers(text: &str) -> Vec<Term> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let mut names: Vec<Term> = words.filter(|word| !word.is_empty()).map(Term::of).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Finds a file of a tree without listing the tree; `None` when it is not there.
pub(crate) fn blob_at(
    repo: &dyn Repository,
    root: &TreeId,
    path: &RepoPath,
) -> Result<Option<BlobId>, RepositoryError> {
    let mut tree = root.clone();
    let mut parts = path.as_bytes().split(|byte| *byte == b'/').peekable();
    while let Some(part) = parts.next() {
        let entries = repo.tree(&tree)?;
        let Some(entry) = entries.iter().find(|entry| entry.name == part) else { return Ok(None) };
        if parts.peek().is_none() {
            return Ok(entry.mode.is_file().then(|| entry.id.clone()));
        }
        if entry.mode != FileMode::Directory {
            return Ok(None);
        }
        let Ok(inner) = TreeId::new(entry.id.as_str()) else { return Ok(None) };
        tree = inner;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::{MOST_TOKENS, first_lines, first_words, identifiers};
    use crate::text::Term;

    #[test]
    fn the_text_is_cut_after_six_hundred_tokens() {
        let text = "alpha beta gamma\n".repeat(199) + "alpha beta gamma delta\nlast\n";
        assert_eq!(first_words(&text).length(), MOST_TOKENS as u64);
        assert_eq!(first_words(&text).count(Term::of("delta")), 0);
        assert!(first_lines(&text).ends_with("delta\n"));
        assert_eq!(first_words("alpha\n").length(), 1);
        assert_eq!(first_lines("alpha"), "alpha");
    }

    #[test]
    fn names_keep_their_case() {
        let names = identifiers("assert LineReader(x).next_line() == 1");
        assert!(names.contains(&Term::of("LineReader")));
        assert!(!names.contains(&Term::of("linereader")));
    }
}
