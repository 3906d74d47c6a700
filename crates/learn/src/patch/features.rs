//! Which numbers describe a patch, and what does each of them read?
//!
//! Every number is of one patch alone: nothing is divided by or ranked among the other
//! patches of its group, so that how many of which kind stand beside it says nothing.

use crate::feature::{Family, Feature, Kind};

/// Which arms see a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// How much is changed.
    Size,
    /// How it is written.
    Style,
    /// The statement and the tree at the base.
    Snapshot,
    /// The ancestors of the base.
    Past,
    /// What failing tests execute at the base.
    Execution,
}

const fn of(group: Group, name: &'static str, meaning: &'static str) -> (Group, Feature) {
    let family = match group {
        Group::Size | Group::Style | Group::Snapshot => Family::Snapshot,
        Group::Past => Family::Process,
        Group::Execution => Family::Execution,
    };
    (group, Feature { name, family, kind: Kind::Scalar, meaning })
}

/// The features of a patch, in the order of the columns.
pub const FEATURES: [(Group, Feature); 30] = [
    of(Group::Size, "lines_added", "log of one plus the added lines"),
    of(Group::Size, "lines_removed", "log of one plus the removed lines"),
    of(Group::Size, "hunks", "log of one plus the runs of changed lines"),
    of(Group::Size, "files", "log of one plus the source files"),
    of(Group::Style, "line_length", "mean length of added lines"),
    of(Group::Style, "blank_lines", "share of added lines that are blank"),
    of(Group::Style, "comment_lines", "share of added lines that begin as a comment"),
    of(Group::Style, "double_quotes", "share of quotes in added lines that are double"),
    of(Group::Snapshot, "surprisal", "bits a token of the added lines, by the code of the base"),
    of(Group::Snapshot, "surprisal_worst", "bits a token of the most surprising added line"),
    of(Group::Snapshot, "surprisal_gain", "bits a token of added lines less those of removed ones"),
    of(Group::Snapshot, "statement_added", "BM25 of the statement against the added lines"),
    of(Group::Snapshot, "statement_near", "BM25 of the statement against all lines it shows"),
    of(Group::Snapshot, "located", "1/(1 + rank) of its best file in the untrained fusion"),
    of(Group::Snapshot, "located_worst", "1/(1 + rank) of its worst file in the untrained fusion"),
    of(Group::Snapshot, "known_words", "share of words of added lines that the base holds"),
    of(Group::Snapshot, "lonely_words", "log of one plus new words that stand there only once"),
    of(Group::Past, "near_messages", "past messages near the statement, of its best file"),
    of(Group::Past, "near_messages_worst", "past messages near the statement, of its worst file"),
    of(Group::Past, "churn_worst", "commits of one year of its least changed file, over the most"),
    of(Group::Past, "partner_left", "strongest co-change with a file that it leaves alone"),
    of(Group::Past, "test_partner_worst", "co-change of its worst file with the failing tests"),
    of(Group::Past, "fresh_lines", "share of lines it shows that recent commits added"),
    of(Group::Past, "fresh_lines_worst", "the same share of the hunk where it is least"),
    of(Group::Past, "past_surprisal", "bits a token of added lines, by what commits added"),
    of(Group::Past, "goes_back", "share of added lines that an earlier commit removed"),
    of(Group::Past, "like_fixes", "largest cosine with the lines that a past fix changed"),
    of(Group::Past, "unlike_size", "distance of its size from that of past fixes, in logs"),
    of(Group::Execution, "hunks_run", "share of its hunks that failing tests execute"),
    of(Group::Execution, "hunks_idle", "log of one plus its hunks that they do not execute"),
];

/// Returns the places of the columns that some groups of features have.
pub(super) fn columns(groups: &[Group]) -> Vec<usize> {
    (0..FEATURES.len()).filter(|at| groups.contains(&FEATURES[*at].0)).collect()
}
