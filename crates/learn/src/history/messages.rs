//! How well do the messages that changed a file answer a query?
//!
//! In: the past and the words of a query. Out: BM25 of the query against, for each
//! candidate, the messages of the last 60 commits that changed it.

use super::cache::Cache;
use super::places::Places;
use super::walk::History;
use crate::text::{Bag, Term, bm25};

/// How many messages of a file are read.
const MESSAGES: u32 = 60;

/// The messages of one file.
#[derive(Clone, Default)]
struct Messages {
    count: u32,
    words: u64,
    /// Places in the query, with counts.
    shared: Vec<(Term, u32)>,
}

/// Returns the score of each candidate.
pub(super) fn messages(history: &History, places: &Places, query: &Bag, cache: &Cache) -> Vec<f32> {
    let asked = asked(query, cache);
    let mut files = vec![Messages::default(); places.count];
    let mut shared = Vec::new();
    for (commit, changed) in history.small() {
        shared.clear();
        shared.extend(commit.terms.iter().filter_map(|(term, count)| {
            Some((asked.get(*term as usize).copied().flatten()?, *count))
        }));
        for at in places.among(changed) {
            let file = &mut files[at];
            if file.count < MESSAGES {
                file.count += 1;
                file.words += commit.length;
                file.shared.extend_from_slice(&shared);
            }
        }
    }
    let bags: Vec<Bag> = files.into_iter().map(|file| bag(file, query)).collect();
    bm25(query, &bags.iter().collect::<Vec<_>>())
}

/// Returns the terms of the query by their number.
fn asked(query: &Bag, cache: &Cache) -> Vec<Option<Term>> {
    let mut asked = vec![None; cache.terms()];
    for word in cache.numbered(query) {
        // Another thread may have numbered more terms since.
        if let Some(slot) = asked.get_mut(word.number as usize) {
            *slot = Some(word.term);
        }
    }
    asked
}

/// Returns the bag of a file: the words of the query that its messages hold, and all
/// other words as one that the query does not ask for, which gives the same score as
/// the words themselves.
fn bag(file: Messages, query: &Bag) -> Bag {
    let held: u64 = file.shared.iter().map(|(_, count)| u64::from(*count)).sum();
    let mut counts = file.shared;
    let rest = u32::try_from(file.words - held).unwrap_or(u32::MAX);
    counts.push((unasked(query), rest));
    Bag::from_counts(counts)
}

/// Returns a term that the query does not hold.
fn unasked(query: &Bag) -> Term {
    let terms = query.counts().len() as u64;
    let free = (0..=terms).map(Term::from_bits).find(|term| query.count(*term) == 0);
    free.expect("one of n + 1 terms is none of n")
}
