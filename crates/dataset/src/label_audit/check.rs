//! Which checks are made on a row, and what do they find?
//!
//! In: one row. Out: for each check, what it found, or that the row lacks what
//! it needs.

use serde::Serialize;

use super::row::LabelRow;
use super::{answer, ids, patch};

/// One way in which a label can be bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelCheck {
    /// An id of a test was cut: its square brackets do not pair.
    TruncatedId,
    /// A truncated id is one of `FAIL_TO_PASS`.
    TruncatedFailToPass,
    /// An id stands twice in a list, or what is left of it begins another one.
    CollidingId,
    /// An id holds white space, where graders that read logs cut.
    SpaceInId,
    /// A test must fail before and must have passed before.
    FailAndPass,
    /// No test must fail before the fix.
    NoFailToPass,
    /// No test must go on passing.
    NoPassToPass,
    /// A line of 25 characters or more that the fix adds stands in the statement.
    GoldLineInStatement,
    /// … in the hints.
    GoldLineInHints,
    /// The statement holds the path of a file the fix touches.
    GoldPathInStatement,
    /// … its path or its base name.
    GoldNameInStatement,
    /// The statement names the pull request or the commit of the fix.
    FixInStatement,
    /// … or the hints do.
    FixInHints,
    /// The statement links to some pull request or commit.
    ChangeLinkInStatement,
    /// The id of the instance stands in another row as well.
    InstanceTwice,
}

impl LabelCheck {
    /// Every check, in the order they are printed.
    pub const ALL: [Self; 15] = [
        Self::TruncatedId,
        Self::TruncatedFailToPass,
        Self::CollidingId,
        Self::SpaceInId,
        Self::FailAndPass,
        Self::NoFailToPass,
        Self::NoPassToPass,
        Self::GoldLineInStatement,
        Self::GoldLineInHints,
        Self::GoldPathInStatement,
        Self::GoldNameInStatement,
        Self::FixInStatement,
        Self::FixInHints,
        Self::ChangeLinkInStatement,
        Self::InstanceTwice,
    ];

    /// Returns the word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TruncatedId => "truncated_id",
            Self::TruncatedFailToPass => "truncated_fail_to_pass",
            Self::CollidingId => "colliding_id",
            Self::SpaceInId => "space_in_id",
            Self::FailAndPass => "fail_and_pass",
            Self::NoFailToPass => "no_fail_to_pass",
            Self::NoPassToPass => "no_pass_to_pass",
            Self::GoldLineInStatement => "gold_line_in_statement",
            Self::GoldLineInHints => "gold_line_in_hints",
            Self::GoldPathInStatement => "gold_path_in_statement",
            Self::GoldNameInStatement => "gold_name_in_statement",
            Self::FixInStatement => "fix_in_statement",
            Self::FixInHints => "fix_in_hints",
            Self::ChangeLinkInStatement => "change_link_in_statement",
            Self::InstanceTwice => "instance_twice",
        }
    }

    /// Says what a row that it finds has, in a few words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::TruncatedId => "a truncated id",
            Self::TruncatedFailToPass => "a truncated id in FAIL_TO_PASS",
            Self::CollidingId => "ids that collide",
            Self::SpaceInId => "an id with white space",
            Self::FailAndPass => "a test in FAIL_TO_PASS and PASS_TO_PASS",
            Self::NoFailToPass => "no FAIL_TO_PASS",
            Self::NoPassToPass => "no PASS_TO_PASS",
            Self::GoldLineInStatement => "an added gold line in the statement",
            Self::GoldLineInHints => "an added gold line in the hints",
            Self::GoldPathInStatement => "a gold path in the statement",
            Self::GoldNameInStatement => "a gold path or base name in the statement",
            Self::FixInStatement => "the fix's number or commit in the statement",
            Self::FixInHints => "the fix's number or commit in the hints",
            Self::ChangeLinkInStatement => "a link to a change in the statement",
            Self::InstanceTwice => "an id that another row has",
        }
    }
}

/// What one check says about one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    /// The row lacks what the check needs.
    NotChecked,
    /// What was found; nothing in a good row.
    Found(Vec<String>),
}

impl Checked {
    fn of(found: Option<Vec<String>>) -> Self {
        found.map_or(Self::NotChecked, Self::Found)
    }
}

/// Makes every check that needs only this row.
pub(super) fn checks_of(row: &LabelRow) -> Vec<(LabelCheck, Checked)> {
    let mut found = id_checks(row);
    found.extend(answer_checks(row));
    found.into_iter().map(|(check, found)| (check, Checked::of(found))).collect()
}

type Found = (LabelCheck, Option<Vec<String>>);

fn id_checks(row: &LabelRow) -> Vec<Found> {
    let (fail, pass) = (row.fail_to_pass.as_deref(), row.pass_to_pass.as_deref());
    let both = fail.zip(pass);
    let such = |list: &[String], is: fn(&str) -> bool| -> Vec<String> {
        list.iter().filter(|id| is(id)).cloned().collect()
    };
    let of_both = |is: fn(&str) -> bool| both.map(|(f, p)| [such(f, is), such(p, is)].concat());
    let empty = |list: &[String]| if list.is_empty() { vec![String::new()] } else { Vec::new() };
    let shared = both.map(|(fail, pass)| {
        fail.iter().filter(|id| pass.contains(id)).cloned().collect::<Vec<String>>()
    });
    vec![
        (LabelCheck::TruncatedId, of_both(ids::is_truncated)),
        (LabelCheck::TruncatedFailToPass, fail.map(|list| such(list, ids::is_truncated))),
        (LabelCheck::CollidingId, both.map(|(fail, pass)| ids::colliding(&[fail, pass]))),
        (LabelCheck::SpaceInId, of_both(ids::holds_space)),
        (LabelCheck::FailAndPass, shared),
        (LabelCheck::NoFailToPass, fail.map(empty)),
        (LabelCheck::NoPassToPass, pass.map(empty)),
    ]
}

fn answer_checks(row: &LabelRow) -> Vec<Found> {
    let (statement, hints) = (row.statement.as_deref(), row.hints.as_deref());
    let lines = row.patch.as_deref().map(patch::telling_lines);
    let lines_in = |text: Option<&str>| {
        let held = lines.iter().flatten().filter(|line| text.is_some_and(|t| t.contains(**line)));
        let held: Vec<String> = held.map(|line| (*line).to_owned()).collect();
        lines.as_ref().and(text).map(|_| held)
    };
    let files = row.patch.as_deref().map(patch::paths).or_else(|| row.gold_files.clone());
    let files_in = |part: fn(&str) -> &str| {
        let (files, text) = (files.as_ref()?, statement?);
        let held = |file: &&String| text.contains(file.as_str()) || text.contains(part(file));
        Some(files.iter().filter(held).cloned().collect())
    };
    let has_fix = row.pull.is_some() || row.fix_commit.is_some();
    let fix_in = |text: Option<&str>| text.filter(|_| has_fix).map(|t| answer::fix_names(row, t));
    vec![
        (LabelCheck::GoldLineInStatement, lines_in(statement)),
        (LabelCheck::GoldLineInHints, lines_in(hints)),
        (LabelCheck::GoldPathInStatement, files_in(|path| path)),
        (LabelCheck::GoldNameInStatement, files_in(answer::base_name)),
        (LabelCheck::FixInStatement, fix_in(statement)),
        (LabelCheck::FixInHints, fix_in(hints)),
        (LabelCheck::ChangeLinkInStatement, statement.map(answer::change_links)),
    ]
}
