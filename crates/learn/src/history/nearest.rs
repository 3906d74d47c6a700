//! Which commits of the past had messages like this query?
//!
//! In: the past and the words of a query. Out: the nearest commits by the cosine of
//! tf-idf vectors. A word weighs (1 + ln count) · ln(1 + N / n), N being the commits of the past
//! whose files are known and few and n those of them whose message holds it. Words
//! of the query that no message holds are left out of both lengths.

use super::cache::Cache;
use super::past::PastCommit;
use super::walk::History;
use crate::text::Bag;

/// How many neighbors are looked at.
const NEIGHBORS: usize = 50;

/// A commit of the past and how close its message is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbor<'a> {
    /// The commit.
    pub(super) commit: &'a PastCommit,
    /// Its files.
    pub(super) files: &'a [u32],
    /// From 0 (not given out) to 1.
    pub(super) cosine: f64,
}

/// Lists every commit whose message shares a word with the query, nearest first;
/// equally near ones newest first.
pub(super) fn by_nearness<'a>(
    history: &'a History,
    query: &Bag,
    cache: &Cache,
) -> Vec<Neighbor<'a>> {
    let rarity = rarity(history, cache.terms());
    let mut of_query = vec![0.0; rarity.len()];
    let mut square = 0.0;
    for word in cache.numbered(query) {
        // A term of other pasts only has no rarity here, whether it has a number or not.
        let Some(rarity) = rarity.get(word.number as usize) else { continue };
        let weight = weight(word.count, *rarity);
        of_query[word.number as usize] = weight;
        square += weight * weight;
    }
    let mut near: Vec<Neighbor<'_>> = history
        .small()
        .filter_map(|(commit, files)| {
            let cosine = cosine(commit, &rarity, &of_query, square)?;
            Some(Neighbor { commit, files, cosine })
        })
        .collect();
    near.sort_by(|one, two| two.cosine.total_cmp(&one.cosine));
    near
}

/// Takes the nearest.
pub(super) fn nearest<'n, 'a: 'n>(
    near: impl Iterator<Item = &'n Neighbor<'a>>,
) -> Vec<Neighbor<'a>> {
    near.take(NEIGHBORS).copied().collect()
}

/// Returns what each term tells by how few messages hold it; 0 for a term of none.
fn rarity(history: &History, terms: usize) -> Vec<f64> {
    let mut holders = vec![0_u32; terms];
    let mut commits = 0;
    for (commit, _) in history.small() {
        commits += 1;
        for (term, _) in &commit.terms {
            holders[*term as usize] += 1;
        }
    }
    let rarity = |holders: u32| match holders {
        0 => 0.0,
        holders => (1.0 + f64::from(commits) / f64::from(holders)).ln(),
    };
    holders.into_iter().map(rarity).collect()
}

fn weight(count: u32, rarity: f64) -> f64 {
    (1.0 + f64::from(count).ln()) * rarity
}

/// Returns the cosine of two vectors; `None` when they share nothing.
fn cosine(commit: &PastCommit, rarity: &[f64], of_query: &[f64], square: f64) -> Option<f64> {
    let (mut product, mut own) = (0.0, 0.0);
    for (term, count) in &commit.terms {
        let at = *term as usize;
        let weight = weight(*count, rarity[at]);
        product += weight * of_query[at];
        own += weight * weight;
    }
    (product > 0.0).then(|| product / (own.sqrt() * square.sqrt()))
}
