//! Why does a file or a function stand where it stands?
//!
//! In: how much each feature lifted it above the mean candidate, and the evidence. Out:
//! at most four reasons, the one that lifted most first. A reason without anything to
//! show, or that held the candidate back, is not given.

use std::collections::BTreeMap;

use serde::Serialize;

use super::evidence::Evidence;
use super::words::Words;
use crate::functions::{self, Function};
use crate::text::Bag;

/// How many reasons are given.
const MOST: usize = 4;

/// What kind of evidence a reason is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    /// The issue names it, or words of its path.
    Named,
    /// Words of the issue stand in it.
    Content,
    /// It defines what the issue speaks of.
    Definitions,
    /// It imports a good hit, or a good hit imports it.
    Imports,
    /// A past change with a like message touched it.
    PastChanges,
    /// It changed together with a good hit.
    ChangedTogether,
    /// It changes often.
    Activity,
    /// Words or names of the failing test stand in it.
    TestContent,
    /// The failing test is called after it.
    TestNamed,
    /// The failing test imports it.
    TestImports,
    /// It changed together with the failing test.
    TestTogether,
}

impl ReasonKind {
    /// Returns what a feature of files is evidence of; `None` where it says nothing
    /// that a person could check.
    pub(super) fn of_feature(name: &str) -> Option<Self> {
        let name = name.strip_suffix("_rank").unwrap_or(name);
        Some(match name {
            "path_words" | "title_path" | "named_whole" | "named_base" | "stem_word"
            | "named_last_two" => Self::Named,
            "content" | "title_content" | "fusion" => Self::Content,
            "definitions" | "defined_names" => Self::Definitions,
            "in_degree" | "near_hits" => Self::Imports,
            "neighbors_sum" | "neighbors_max" | "past_messages" | "fix_neighbors_sum"
            | "cochange_neighbors" => Self::PastChanges,
            "cochange_hits" => Self::ChangedTogether,
            "commits_last_year" | "commits" | "days_since_change" | "fix_commits"
            | "recent_share" => Self::Activity,
            "test_content" | "test_definitions" | "test_defined_names" | "fusion_with_test" => {
                Self::TestContent
            }
            "test_path_words" | "test_name" => Self::TestNamed,
            "test_imports" => Self::TestImports,
            "test_cochange" => Self::TestTogether,
            _ => return None,
        })
    }
}

/// Why something stands where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What kind of evidence it is.
    pub kind: ReasonKind,
    /// The evidence in words.
    pub text: String,
}

/// Returns the reasons of one file.
pub(super) fn of_file(
    at: usize,
    names: &[String],
    lifts: &[f64],
    evidence: &Evidence<'_>,
) -> Vec<Reason> {
    let mut sums: BTreeMap<ReasonKind, f64> = BTreeMap::new();
    for (name, lift) in names.iter().zip(lifts) {
        if let Some(kind) = ReasonKind::of_feature(name) {
            *sums.entry(kind).or_default() += lift;
        }
    }
    let mut kinds: Vec<(ReasonKind, f64)> =
        sums.into_iter().filter(|(_, lift)| *lift > 0.0).collect();
    kinds.sort_by(|one, other| other.1.total_cmp(&one.1));
    let reason = |(kind, _)| evidence.sentence(kind, at).map(|text| Reason { kind, text });
    kinds.into_iter().filter_map(reason).take(MOST).collect()
}

/// Returns the reasons of some functions.
pub(super) fn of_functions(
    places: &[usize],
    all: &[Function],
    columns: &[Vec<f32>],
    asked: functions::Asked<'_>,
) -> Vec<Vec<Reason>> {
    let bodies: Vec<&Bag> = all.iter().map(|one| &one.body).collect();
    let (issue, test) = (Words::of(asked.issue, &bodies), Words::of(asked.test, &bodies));
    let column = |name: &str| {
        functions::FEATURES.iter().position(|feature| feature.name == name).map(|at| &columns[at])
    };
    let is = |name: &str, at: usize| column(name).is_some_and(|column| column[at] > 0.0);
    let reasons = |at: &usize| {
        let (at, one) = (*at, &all[*at]);
        let sentence = |holds: bool, kind, text: String| holds.then_some(Reason { kind, text });
        let words = |kind, mark: &str, words: Vec<String>| {
            sentence(!words.is_empty(), kind, format!("{mark}{}", words.join(", ")))
        };
        let (named, own) = (ReasonKind::Named, one.own_name());
        let given = [
            sentence(is("traced", at), named, format!("a traceback goes through `{own}`")),
            sentence(is("named", at), named, format!("the issue names `{own}`")),
            sentence(is("class_named", at), named, format!("the issue names `{}`", one.class())),
            sentence(
                is("test_names", at),
                ReasonKind::TestContent,
                format!("the failing test names `{own}`"),
            ),
            words(ReasonKind::Content, "lines: ", issue.heaviest(&one.body, MOST)),
            words(
                ReasonKind::TestContent,
                "words of the failing test: ",
                test.heaviest(&one.body, MOST),
            ),
        ];
        given.into_iter().flatten().take(MOST).collect()
    };
    places.iter().map(reasons).collect()
}

#[cfg(test)]
mod tests {
    use crate::localize::{Task, sight};
    use crate::seen::names;

    use super::ReasonKind;

    /// Features that lift without being a reason for anybody.
    const SILENT: [&str; 3] = ["size", "depth", "package_index"];

    #[test]
    fn every_feature_of_a_model_is_a_reason_or_silent() {
        for name in names(sight(Task::IssueAndTest)) {
            let silent = SILENT.contains(&name.trim_end_matches("_rank"));
            assert_eq!(ReasonKind::of_feature(&name).is_none(), silent, "`{name}`");
        }
    }
}
