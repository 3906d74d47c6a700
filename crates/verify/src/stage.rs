//! Did an answer find the functions, the files or the edit that a stage task asks for?
//!
//! In: what a task expects, and a text nobody vouches for. Out: a score from 0 to 1 and the
//! reason for it. A stage is one decision of a change: where it belongs, what a file needs,
//! what is edited next. The tasks follow Hybrid-Gym (arXiv 2602.16819): they are checked
//! without running anything. Guessing much is worth little: what is answered wrongly or
//! twice lowers the score.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::array;
use crate::json::Json;
use crate::reason::Reason;

/// A function at its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionPlace {
    /// The file, from the root of the repository.
    pub path: String,
    /// Its qualified name, e.g., `Parser.parse`.
    pub function: String,
    /// Its first line in the state that the task describes, from 1.
    pub start: u32,
    /// Its last line.
    pub end: u32,
}

/// What the right answer to a stage task is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Expected {
    /// These functions.
    Functions {
        /// The functions, none twice.
        functions: Vec<FunctionPlace>,
    },
    /// These files.
    Files {
        /// Their paths from the root of the repository, none twice.
        paths: Vec<String>,
    },
    /// This edit.
    Edit {
        /// The file.
        path: String,
        /// What stands there.
        old: String,
        /// What stands there afterwards.
        new: String,
    },
}

/// What an answer to a stage task is worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StageScore {
    /// The harmonic mean of precision and recall, from 0 to 1.
    pub score: f64,
    /// Which share of what was answered is right.
    pub precision: f64,
    /// Which share of what is right was answered.
    pub recall: f64,
    /// Why: `ok` for the full score.
    pub reason: Reason,
}

impl StageScore {
    fn none(reason: Reason) -> Self {
        Self { score: 0.0, precision: 0.0, recall: 0.0, reason }
    }

    #[expect(clippy::cast_precision_loss, reason = "answers have fewer than 2^52 entries")]
    fn of(hits: usize, answered: usize, wanted: usize) -> Self {
        if hits == 0 {
            return Self::none(Reason::WrongValue);
        }
        let (precision, recall) = (hits as f64 / answered as f64, hits as f64 / wanted as f64);
        let score = 2.0 * precision * recall / (precision + recall);
        let whole = hits == answered && hits == wanted;
        let reason = if whole { Reason::Ok } else { Reason::WrongValue };
        Self { score, precision, recall, reason }
    }
}

/// Judges a text by what a task expects. Total: no text makes it fail.
pub fn score_stage(expected: &Expected, text: &str) -> StageScore {
    let entries = match array(text) {
        Ok(entries) if entries.len() > crate::MOST_ENTRIES => {
            return StageScore::none(Reason::TooManyEntries);
        }
        Ok(entries) => entries,
        Err(reason) => return StageScore::none(reason),
    };
    match expected {
        Expected::Functions { functions } => {
            let right = |entry: &Json<'_>| functions.iter().position(|one| is_at(one, entry));
            found(&entries, functions.len(), right)
        }
        Expected::Files { paths } => {
            let right = |entry: &Json<'_>| {
                paths.iter().position(|path| text_of(entry, "path") == Some(path))
            };
            found(&entries, paths.len(), right)
        }
        Expected::Edit { path, old, new } => match entries.as_slice() {
            [entry] if text_of(entry, "path") == Some(path) => edited((old, new), entry),
            [entry] if text_of(entry, "path").is_some() => StageScore::none(Reason::WrongValue),
            _ => StageScore::none(Reason::MalformedValue),
        },
    }
}

/// Counts the entries that are right; the same place twice is right once.
fn found(
    entries: &[Json<'_>],
    wanted: usize,
    right: impl Fn(&Json<'_>) -> Option<usize>,
) -> StageScore {
    let mut hit = vec![false; wanted];
    for at in entries.iter().filter_map(right) {
        hit[at] = true;
    }
    StageScore::of(hit.into_iter().filter(|hit| *hit).count(), entries.len(), wanted)
}

/// Returns true if an entry names a function, or a line in it.
fn is_at(function: &FunctionPlace, entry: &Json<'_>) -> bool {
    if text_of(entry, "path") != Some(&function.path) {
        return false;
    }
    if let Some(name) = text_of(entry, "function") {
        return name == function.function;
    }
    let Some(Json::Number(line)) = entry.get("line") else { return false };
    line.parse().is_ok_and(|line: u32| (function.start..=function.end).contains(&line))
}

fn text_of<'j>(entry: &'j Json<'_>, key: &str) -> Option<&'j str> {
    match entry.get(key) {
        Some(Json::Text(text)) => Some(text.as_ref()),
        _ => None,
    }
}

/// Compares the lines that two edits of one file take away and add. What both leave as it
/// is says only where they are: an edit elsewhere, or one that changes nothing, is wrong.
fn edited((old, new): (&str, &str), entry: &Json<'_>) -> StageScore {
    let (Some(said_old), Some(said_new)) = (text_of(entry, "old"), text_of(entry, "new")) else {
        return StageScore::none(Reason::MalformedValue);
    };
    if (said_old, said_new) == (old, new) {
        return StageScore::of(1, 1, 1);
    }
    let shares_place = old.is_empty() && said_old.is_empty()
        || said_old.lines().any(|line| !line.trim().is_empty() && old.lines().any(|l| l == line));
    if !shares_place {
        return StageScore::none(Reason::WrongValue);
    }
    let (wanted, said) = (changed(old, new), changed(said_old, said_new));
    let hits = said.iter().map(|(line, times)| wanted.get(line).map_or(0, |most| *times.min(most)));
    StageScore::of(hits.sum(), said.values().sum(), wanted.values().sum())
}

/// Returns how often each line is taken away (`false`) and added (`true`).
fn changed<'t>(old: &'t str, new: &'t str) -> BTreeMap<(bool, &'t str), usize> {
    let mut lines: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for line in old.split_inclusive('\n') {
        lines.entry(line).or_default().0 += 1;
    }
    for line in new.split_inclusive('\n') {
        lines.entry(line).or_default().1 += 1;
    }
    let sides = lines.into_iter().flat_map(|(line, (before, after))| {
        [
            ((false, line), before.saturating_sub(after)),
            ((true, line), after.saturating_sub(before)),
        ]
    });
    sides.filter(|(_, times)| *times > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions() -> Expected {
        let place = |path: &str, function: &str, start, end| FunctionPlace {
            path: path.to_owned(),
            function: function.to_owned(),
            start,
            end,
        };
        let functions = vec![place("a.py", "f", 3, 9), place("b.py", "C.g", 1, 4)];
        Expected::Functions { functions }
    }

    /// Returns the score with three digits.
    fn score(expected: &Expected, array: &str) -> (String, Reason) {
        let found = score_stage(expected, &format!("<answer>{array}</answer>"));
        (format!("{:.3}", found.score), found.reason)
    }

    fn told(score: &str, reason: Reason) -> (String, Reason) {
        (score.to_owned(), reason)
    }

    #[test]
    fn functions_are_named_or_pointed_at() {
        let both = r#"[{"path":"b.py","line":4},{"path":"a.py","function":"f"}]"#;
        assert_eq!(score(&functions(), both), told("1.000", Reason::Ok));
        for (answer, worth) in [
            (r#"[{"path":"a.py","function":"f"}]"#, "0.667"),
            (r#"[{"path":"a.py","function":"f"},{"path":"a.py","line":3}]"#, "0.500"),
            (r#"[{"path":"a.py","line":10}]"#, "0.000"),
            (r#"[{"path":"b.py","function":"g"}]"#, "0.000"),
            (r#"[{"path":"a.py","line":"3"}]"#, "0.000"),
            ("[]", "0.000"),
        ] {
            assert_eq!(score(&functions(), answer), told(worth, Reason::WrongValue), "{answer}");
        }
    }

    #[test]
    fn naming_everything_is_worth_little() {
        let expected = Expected::Files { paths: vec!["a.py".to_owned()] };
        assert_eq!(score(&expected, r#"[{"path":"a.py"}]"#), told("1.000", Reason::Ok));
        let all: Vec<String> =
            ('a'..='z').map(|letter| format!(r#"{{"path":"{letter}.py"}}"#)).collect();
        assert_eq!(score(&expected, &format!("[{}]", all.join(","))).0, "0.074");
        let twice = r#"[{"path":"a.py"},{"path":"a.py"}]"#;
        assert_eq!(score(&expected, twice), told("0.667", Reason::WrongValue));
    }

    #[test]
    fn an_edit_is_judged_by_what_it_changes() {
        let expected = Expected::Edit {
            path: "a.py".to_owned(),
            old: "def f(x):\n    return x\n".to_owned(),
            new: "def f(x):\n    y = x + 1\n    return y\n".to_owned(),
        };
        let edit = |path: &str, old: &str, new: &str| {
            let entry = serde_json::json!([{"path": path, "old": old, "new": new}]);
            score(&expected, &entry.to_string())
        };
        let old = "def f(x):\n    return x\n";
        let whole = edit("a.py", old, "def f(x):\n    y = x + 1\n    return y\n");
        assert_eq!(whole, told("1.000", Reason::Ok));
        let shorter = edit("a.py", "    return x\n", "    y = x + 1\n    return y\n");
        assert_eq!(shorter, told("1.000", Reason::Ok), "a smaller anchor is the same edit");
        assert_eq!(edit("a.py", old, "def f(x):\n    return x + 1\n").0, "0.400");
        for wrong in [
            edit("a.py", old, old),
            edit("b.py", old, "def f(x):\n    y = x + 1\n    return y\n"),
            edit("a.py", "import os\n", "    y = x + 1\n    return y\n"),
            edit("a.py", "", "    y = x + 1\n    return y\n"),
        ] {
            assert_eq!(wrong, told("0.000", Reason::WrongValue));
        }
        let two = r#"[{"path":"a.py","old":"","new":""},{"path":"a.py","old":"","new":""}]"#;
        assert_eq!(score(&expected, two), told("0.000", Reason::MalformedValue));
    }

    #[test]
    fn any_text_has_a_score() {
        for text in ["", "<answer>[", "<answer>[1, null, \"a\"]</answer>", "<answer>{}</answer>"] {
            assert!(score_stage(&functions(), text).score < 1e-9, "{text}");
        }
    }
}
