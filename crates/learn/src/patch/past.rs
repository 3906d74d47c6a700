//! What did the commits before the base do to lines?
//!
//! In: the newest ancestors of the base, merges left out. Out: for each the source lines
//! that it removed and added. Read once a repository, whatever base asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use backstory_model::{BlobId, CommitId, FileRole, RepoPath, Repository, RepositoryError, TreeId};
use backstory_syntax::diff::{hunks, lines};
use backstory_syntax::{language_of, role_of};

use super::diff::Run;
use super::surprisal::Language;
use crate::history::{History, MOST_FILES};
use crate::number::{ratio, real};
use crate::text::Bag;

/// How many ancestors are looked at.
const MOST_COMMITS: usize = 250;

/// The largest file whose lines are compared.
const LARGEST: usize = 400_000;

/// Lines with fewer characters stand everywhere.
const SHORT_LINE: usize = 8;

/// What one commit did to source lines.
#[derive(Clone, Debug, Default)]
pub(super) struct PastLines {
    removed: Vec<String>,
    added: Vec<String>,
}

/// What is known of the commits of one repository.
#[derive(Debug, Default)]
pub struct PastCache {
    known: Mutex<BTreeMap<CommitId, Arc<PastLines>>>,
}

/// The lines of the past of one base.
pub(super) struct Past {
    /// Lines that commits added, without indent.
    added: BTreeSet<String>,
    /// Lines that commits removed, without indent.
    removed: BTreeSet<String>,
    /// The words that each past fix changed.
    fixes: Vec<Bag>,
    /// The mean log size of past fixes.
    size: f64,
    language: Language,
}

impl PastCache {
    fn lines(
        &self,
        repository: &dyn Repository,
        id: &CommitId,
    ) -> Result<Arc<PastLines>, RepositoryError> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(id) {
            return Ok(Arc::clone(known));
        }
        let read = Arc::new(read(repository, id)?);
        lock().insert(id.clone(), Arc::clone(&read));
        Ok(read)
    }
}

/// Reads what one commit did; nothing where contents are missing.
fn read(repository: &dyn Repository, id: &CommitId) -> Result<PastLines, RepositoryError> {
    let commit = repository.commit(id)?;
    let mut told = PastLines::default();
    let before = match commit.parents.first() {
        Some(parent) => match repository.commit(parent) {
            Ok(parent) => parent.tree,
            Err(RepositoryError::Missing { .. }) => return Ok(told),
            Err(error) => return Err(error),
        },
        None => TreeId::empty(),
    };
    let changes = match repository.changes(&before, &commit.tree) {
        Ok(changes) if changes.len() <= MOST_FILES => changes,
        Ok(_) | Err(RepositoryError::Missing { .. }) => return Ok(told),
        Err(error) => return Err(error),
    };
    for change in changes.iter().filter(|change| is_source(&change.path)) {
        let (Some((_, old)), Some((_, new))) = (&change.before, &change.after) else { continue };
        let (Some(old), Some(new)) = (text(repository, old)?, text(repository, new)?) else {
            continue;
        };
        let (before, after) = (lines(&old), lines(&new));
        let words = |line: &&[u8]| String::from_utf8_lossy(line).trim_end().to_owned();
        for hunk in hunks(&old, &new) {
            let range = hunk.before.start as usize..hunk.before.end as usize;
            told.removed.extend(before[range].iter().map(words));
            let range = hunk.after.start as usize..hunk.after.end as usize;
            told.added.extend(after[range].iter().map(words));
        }
    }
    Ok(told)
}

pub(super) fn is_source(path: &RepoPath) -> bool {
    language_of(path).is_some() && role_of(path) == FileRole::Source
}

fn text(repository: &dyn Repository, id: &BlobId) -> Result<Option<Arc<[u8]>>, RepositoryError> {
    let found = repository.blob(id)?;
    Ok(found.filter(|bytes| bytes.len() <= LARGEST && !bytes.contains(&0)))
}

impl Past {
    /// Reads the newest commits of a past.
    pub(super) fn read(
        repository: &dyn Repository,
        history: &History,
        cache: &PastCache,
    ) -> Result<Self, RepositoryError> {
        let mut past = Self {
            added: BTreeSet::new(),
            removed: BTreeSet::new(),
            fixes: Vec::new(),
            size: 0.0,
            language: Language::default(),
        };
        let mut sizes = Vec::new();
        for commit in history.commits().take(MOST_COMMITS) {
            let told = cache.lines(repository, &commit.id)?;
            for line in &told.added {
                past.language.learn(line);
            }
            past.added.extend(told.added.iter().filter_map(|line| telling(line)));
            past.removed.extend(told.removed.iter().filter_map(|line| telling(line)));
            if commit.is_fix && !(told.added.is_empty() && told.removed.is_empty()) {
                sizes.push(real(told.added.len() + told.removed.len()).ln_1p());
                let text = [told.added.join("\n"), told.removed.join("\n")].join("\n");
                past.fixes.push(Bag::of(&text));
            }
        }
        past.size = sizes.iter().sum::<f64>() / real(sizes.len().max(1));
        Ok(past)
    }

    /// Returns the bits of the tokens of a line, by what commits added.
    pub(super) fn bits(&self, line: &str) -> Vec<f64> {
        self.language.bits(line)
    }

    /// Returns which part of the lines that a patch shows of the base recent commits added.
    pub(super) fn freshness(&self, run: &Run) -> f64 {
        let lines = run.removed.iter().chain(&run.around);
        let telling: Vec<String> = lines.filter_map(|line| telling(line)).collect();
        ratio(telling.iter().filter(|line| self.added.contains(*line)).count(), telling.len())
    }

    /// Returns which part of lines an earlier commit removed.
    pub(super) fn goes_back<'l>(&self, lines: impl Iterator<Item = &'l String>) -> f64 {
        let telling: Vec<String> = lines.filter_map(|line| telling(line)).collect();
        ratio(telling.iter().filter(|line| self.removed.contains(*line)).count(), telling.len())
    }

    /// Returns how near changed words come to those of a past fix.
    pub(super) fn like_fixes(&self, changed: &Bag) -> f64 {
        self.fixes.iter().map(|fix| cosine(fix, changed)).fold(0.0, f64::max)
    }

    /// Returns how far a number of changed lines is from that of past fixes.
    pub(super) fn unlike_size(&self, lines: usize) -> f64 {
        if self.fixes.is_empty() { 0.0 } else { (real(lines).ln_1p() - self.size).abs() }
    }
}

fn telling(line: &str) -> Option<String> {
    let line = line.trim();
    (line.len() >= SHORT_LINE).then(|| line.to_owned())
}

fn cosine(one: &Bag, other: &Bag) -> f64 {
    let length = |bag: &Bag| {
        let squares = bag.counts().iter().map(|(_, count)| f64::from(*count).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let mut product = 0.0;
    one.for_each_shared(other, |_, left, right| product += f64::from(left) * f64::from(right));
    let lengths = length(one) * length(other);
    if lengths > 0.0 { product / lengths } else { 0.0 }
}
