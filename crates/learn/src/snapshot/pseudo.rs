//! Which queries can be made of a snapshot alone?
//!
//! The documentation of a definition asks for the file that holds it. Its words are
//! taken out of that file first ([`super::Query::without`]); else the file would be
//! found by its own copy.

use std::collections::BTreeMap;

use super::tree::Snapshot;
use crate::seed::Seed;

/// A query whose answer is known from the snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PseudoQuery {
    /// The place of the file that holds it.
    pub gold: usize,
    /// The documentation.
    pub text: String,
}

/// Returns every pseudo-query of a snapshot, by candidate and line; a text that
/// several files hold asks for none of them.
pub fn pseudo_queries(snapshot: &Snapshot) -> Vec<PseudoQuery> {
    let mut holders: BTreeMap<&str, usize> = BTreeMap::new();
    for text in snapshot.files.iter().flat_map(|file| &file.documentation) {
        *holders.entry(text).or_default() += 1;
    }
    let of_file = |(gold, file): (usize, &std::sync::Arc<super::FileTerms>)| {
        let texts = file.documentation.iter().filter(|text| holders[text.as_str()] == 1);
        texts.map(|text| PseudoQuery { gold, text: text.clone() }).collect::<Vec<_>>()
    };
    snapshot.files.iter().enumerate().flat_map(of_file).collect()
}

/// Draws some of the pseudo-queries of a snapshot; the id of the instance whose base
/// it is says which.
pub fn sampled(snapshot: &Snapshot, instance: &str, count: usize) -> Vec<PseudoQuery> {
    let all = pseudo_queries(snapshot);
    let drawn = Seed::of(&["pseudo-query", instance]).generator().sample(all.len(), count);
    drawn.into_iter().map(|at| all[at].clone()).collect()
}
