//! What says that a function is the one?
//!
//! In: the functions of the best files and a question. Out: the declared features,
//! one value per function. All are compared among these functions alone.

use std::collections::BTreeMap;

use super::definitions::{Function, RankedFile};
use super::mention::Names;
use crate::feature::Family::{Snapshot as S, Test as T};
use crate::feature::Kind::{Binary, Scalar};
use crate::feature::{Family, Feature, Kind};
use crate::number::{real, single};
use crate::text::{Bag, Term, bm25, mean_ranks, order};

const fn declared(
    name: &'static str,
    family: Family,
    kind: Kind,
    meaning: &'static str,
) -> Feature {
    Feature { name, family, kind, meaning }
}

/// The features of functions, in the order of the columns; those of the test are 0
/// where none is known.
pub const FEATURES: [Feature; 22] = [
    declared("file_score", S, Scalar, "score of its file above the last file looked into"),
    declared("file_place", S, Scalar, "1/(1 + place of its file)"),
    declared("body", S, Scalar, "BM25 of the issue against its lines"),
    declared("title_body", S, Scalar, "BM25 of the title against its lines"),
    declared("name_words", S, Scalar, "BM25 of the issue against the words of its name"),
    declared("title_name", S, Scalar, "BM25 of the title against the words of its name"),
    declared("body_share", S, Scalar, "`body` over the largest `body` of its file"),
    declared("named", S, Binary, "the issue names it"),
    declared("class_named", S, Binary, "the issue names its class"),
    declared("traced", S, Scalar, "1/(1 + calls below it) in a traceback of the issue"),
    declared("called_by_hits", S, Scalar, "best five by `body` whose lines hold its name"),
    declared("calls_hits", S, Scalar, "names of the best five by `body` that its lines hold"),
    declared("length", S, Scalar, "log of 1 + its lines"),
    declared("method", S, Binary, "something encloses it"),
    declared("private", S, Binary, "its name begins with `_`"),
    declared("special", S, Binary, "its name is written `__so__`"),
    declared("test_body", T, Scalar, "BM25 of the test text against its lines"),
    declared("test_name_words", T, Scalar, "BM25 of the test text against the words of its name"),
    declared("test_names", T, Binary, "the test text names it"),
    declared("called_by_named", S, Scalar, "functions the issue names whose lines hold its name"),
    declared("test_class_named", T, Binary, "the test text names its class"),
    declared("called_by_test", T, Scalar, "functions the test names whose lines hold its name"),
];

/// What is added to a rank before it is turned into a weight.
const FUSION_OFFSET: f64 = 20.0;

/// Shorter names are words of any line.
const LEAST_CALLED: usize = 4;

/// How many functions count as the best hits.
const BEST_HITS: usize = 5;

/// What is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The issue; its first line is the title.
    pub issue: &'a str,
    /// The text of the failing test; empty where none is known.
    pub test: &'a str,
}

/// Returns one column per entry of [`FEATURES`], as measured.
pub fn features(functions: &[Function], files: &[RankedFile], asked: Asked<'_>) -> Vec<Vec<f32>> {
    let (issue, test) = (Names::of(asked.issue), Names::of(asked.test));
    let bodies: Vec<&Bag> = functions.iter().map(|one| &one.body).collect();
    let names: Vec<Bag> = functions.iter().map(|one| Bag::of(&one.name)).collect();
    let names: Vec<&Bag> = names.iter().collect();
    let text = Bag::of(asked.issue);
    let title = Bag::of(asked.issue.lines().next().unwrap_or(""));
    let test_text = Bag::of(asked.test);
    let body = bm25(&text, &bodies);
    let (called, calls) = beside_hits(functions, &body);
    let yes = |is: &dyn Fn(&Function) -> bool| -> Vec<f32> {
        functions.iter().map(|one| f32::from(u8::from(is(one)))).collect()
    };
    let each = |of: &dyn Fn(&Function) -> f64| -> Vec<f32> {
        functions.iter().map(|one| single(of(one))).collect()
    };
    let base =
        |one: &Function| String::from_utf8_lossy(files[one.file].path.file_name()).into_owned();
    let last = files.iter().map(|file| file.score).fold(f64::INFINITY, f64::min);
    vec![
        each(&|one| files[one.file].score - last),
        each(&|one| 1.0 / (1.0 + real(one.file))),
        body.clone(),
        bm25(&title, &bodies),
        bm25(&text, &names),
        bm25(&title, &names),
        share_of_file(functions, &body),
        yes(&|one| issue.has(one)),
        yes(&|one| issue.has_class(one)),
        each(&|one| issue.traced(one, &base(one))),
        called,
        calls,
        each(&|one| f64::from(one.length).ln_1p()),
        yes(&|one| !one.class().is_empty()),
        yes(&|one| one.own_name().starts_with('_')),
        yes(&|one| one.own_name().starts_with("__") && one.own_name().ends_with("__")),
        bm25(&test_text, &bodies),
        bm25(&test_text, &names),
        yes(&|one| test.has(one)),
        called_by(functions, &|one| issue.has(one)),
        yes(&|one| test.has_class(one)),
        called_by(functions, &|one| test.has(one)),
    ]
}

/// Counts the functions of a kind whose lines hold the name of each function; a name
/// that several functions share counts for each in part.
fn called_by(functions: &[Function], is: &dyn Fn(&Function) -> bool) -> Vec<f32> {
    let callers: Vec<usize> = (0..functions.len()).filter(|at| is(&functions[*at])).collect();
    let mut sharing: BTreeMap<&str, usize> = BTreeMap::new();
    for one in functions {
        *sharing.entry(one.own_name()).or_default() += 1;
    }
    let count = |(at, one): (usize, &Function)| {
        let name = one.own_name();
        if name.len() < LEAST_CALLED || name.starts_with("__") {
            return 0.0;
        }
        let term = Term::of(&name.to_ascii_lowercase());
        let calls = callers.iter().filter(|by| **by != at && functions[**by].body.count(term) > 0);
        single(real(calls.count()) / real(sharing[name]))
    };
    functions.iter().enumerate().map(count).collect()
}

/// Counts for each function the best hits that hold its name, and the names of best
/// hits that it holds.
fn beside_hits(functions: &[Function], body: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let name = |one: &Function| Term::of(&one.own_name().to_ascii_lowercase());
    let hits: Vec<usize> =
        order(body).into_iter().filter(|at| body[*at] > 0.0).take(BEST_HITS).collect();
    let (mut called, mut calls) = (vec![0.0; functions.len()], vec![0.0; functions.len()]);
    for hit in hits {
        let hit_name = name(&functions[hit]);
        for (at, one) in functions.iter().enumerate().filter(|(at, _)| *at != hit) {
            called[at] += f32::from(u8::from(functions[hit].body.count(name(one)) > 0));
            calls[at] += f32::from(u8::from(one.body.count(hit_name) > 0));
        }
    }
    (called, calls)
}

fn share_of_file(functions: &[Function], body: &[f32]) -> Vec<f32> {
    let files = functions.iter().map(|one| one.file + 1).max().unwrap_or(0);
    let mut largest = vec![0.0_f32; files];
    for (one, score) in functions.iter().zip(body) {
        largest[one.file] = largest[one.file].max(*score);
    }
    let share = |(one, score): (&Function, &f32)| {
        if largest[one.file] > 0.0 { score / largest[one.file] } else { 0.0 }
    };
    functions.iter().zip(body).map(share).collect()
}

/// The columns that are fused; functions that score nothing in one gain nothing by it.
const VIEWS: [&str; 6] = ["body", "name_words", "named", "traced", "test_body", "test_names"];

/// How much the place of the file counts beside one other view.
const FILE_WEIGHT: f64 = 2.0;

/// Ranks functions without training: fuses the place of the file with what the issue
/// and the test say.
pub fn fused(functions: &[Function], columns: &[Vec<f32>]) -> Vec<f64> {
    let place = |one: &Function| FILE_WEIGHT / (FUSION_OFFSET + 10.0 * real(one.file));
    let mut sums: Vec<f64> = functions.iter().map(place).collect();
    for name in VIEWS {
        let Some(at) = FEATURES.iter().position(|feature| feature.name == name) else { continue };
        for (one, rank) in mean_ranks(&columns[at]).into_iter().enumerate() {
            if columns[at][one] > 0.0 {
                sums[one] += 1.0 / (FUSION_OFFSET + f64::from(rank));
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{FEATURES, VIEWS};

    #[test]
    fn features_have_names_of_their_own_and_views_are_features() {
        let names: BTreeSet<&str> = FEATURES.iter().map(|feature| feature.name).collect();
        assert_eq!(names.len(), FEATURES.len());
        assert!(VIEWS.iter().all(|name| names.contains(name)));
    }
}
