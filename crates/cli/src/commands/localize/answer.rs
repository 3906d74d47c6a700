//! How is the answer to a question written?

use std::fmt::Write as _;

use backstory_learn::localize::{Asked, Localization, Localizer, Reason, Task};
use backstory_model::CommitId;
use serde::Serialize;

use crate::talk::cell;

/// An answer with what it is an answer to.
pub(super) struct Answer<'a> {
    pub(super) name: &'a str,
    pub(super) commit: &'a CommitId,
    pub(super) asked: Asked<'a>,
    pub(super) model: &'a Localizer,
    pub(super) found: &'a Localization,
}

/// What `--json` prints; fields are added, never renamed.
#[derive(Serialize)]
pub(super) struct Json<'a> {
    repository: &'a str,
    commit: &'a CommitId,
    task: Task,
    trained_on: &'a str,
    candidates: usize,
    absent_files: usize,
    past_commits: u32,
    missing_parents: u32,
    files: Vec<JsonFile<'a>>,
    functions: Vec<JsonFunction<'a>>,
}

#[derive(Serialize)]
struct JsonFile<'a> {
    rank: usize,
    path: String,
    score: f64,
    reasons: &'a [Reason],
}

#[derive(Serialize)]
struct JsonFunction<'a> {
    rank: usize,
    path: String,
    name: &'a str,
    start_line: u32,
    end_line: u32,
    score: f64,
    reasons: &'a [Reason],
}

impl<'a> Answer<'a> {
    /// Returns what `--json` prints.
    pub(super) fn to_json(&self) -> Json<'a> {
        let found = self.found;
        let files = found.files.iter().zip(1..).map(|(file, rank)| JsonFile {
            rank,
            path: file.path.to_string(),
            score: rounded(file.score),
            reasons: &file.reasons,
        });
        let functions = found.functions.iter().zip(1..).map(|(one, rank)| JsonFunction {
            rank,
            path: one.path.to_string(),
            name: &one.function.name,
            start_line: one.function.lines.start,
            end_line: one.function.lines.end,
            score: rounded(one.score),
            reasons: &one.reasons,
        });
        Json {
            repository: self.name,
            commit: self.commit,
            task: self.asked.task(),
            trained_on: &self.model.trained_on,
            candidates: found.candidates,
            absent_files: found.absent,
            past_commits: found.past.commits,
            missing_parents: found.past.missing_parents,
            files: files.collect(),
            functions: functions.collect(),
        }
    }

    /// Returns what people read.
    pub(super) fn to_text(&self) -> String {
        let found = self.found;
        let commit = &self.commit.as_str()[..12];
        let of = match self.asked.test.and_then(|test| test.paths.first()) {
            Some(path) => format!("the issue and the failing test `{}`", cell(&path.to_string())),
            None => "the issue".to_owned(),
        };
        let count = match found.candidates {
            1 => "1 code file".to_owned(),
            count => format!("{count} code files"),
        };
        let mut text =
            format!("{} at {commit}: {count}, ranked by {of}\n\nfiles\n", cell(self.name));
        for (file, rank) in found.files.iter().zip(1..) {
            entry(&mut text, rank, &cell(&file.path.to_string()), &file.reasons);
        }
        if !found.functions.is_empty() {
            text.push_str("\nfunctions\n");
        }
        for (one, rank) in found.functions.iter().zip(1..) {
            let place = format!("{}:{}", one.path, one.function.lines.start);
            let line = format!("{}  {}", cell(&place), cell(&one.function.name));
            entry(&mut text, rank, &line, &one.reasons);
        }
        text
    }
}

fn entry(text: &mut String, rank: usize, line: &str, reasons: &[Reason]) {
    writeln!(text, "{rank:>4}  {line}").expect("writing to a string cannot fail");
    let reasons: Vec<String> = reasons.iter().map(|reason| cell(&reason.text)).collect();
    if !reasons.is_empty() {
        writeln!(text, "      {}", reasons.join("; ")).expect("writing to a string cannot fail");
    }
}

/// Returns a score with four decimals; more of them say nothing.
fn rounded(score: f64) -> f64 {
    // Adding nothing makes -0 a plain 0.
    (score * 1e4).round() / 1e4 + 0.0
}
