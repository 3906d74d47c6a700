//! What are the answers of a model to the questions of a file worth?
//!
//! In: rows with items, and responses by the names of items. Out: a line with the score of
//! each response. Where arguments were asked for, our copy of the function is called with
//! them in the sandbox before there is a score. Rows may be stage tasks as well.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use backstory_model::exit;
use backstory_store::fs;
use backstory_verify::{Item, Outcome, Profile, Scorable, Status};
use serde::{Deserialize, Serialize};

use super::calls::{Judged, settle};
use super::rows::Rows;
use super::stages::StageTasks;
use crate::arguments::ScoreArgs;
use crate::settings::Settings;
use crate::{Failure, Talk};

/// What was answered to an item, or to a stage task.
#[derive(Debug, Deserialize)]
pub(super) struct Response {
    #[serde(alias = "task_id")]
    pub(super) item_id: String,
    pub(super) response: String,
}

/// A row of an export: the item stands in it as text.
#[derive(Debug, Deserialize)]
struct Carrier {
    item: Option<String>,
}

/// A line of the output.
#[derive(Serialize)]
struct Scored<'a> {
    item_id: &'a str,
    outcome: &'a Outcome,
}

/// An item that can be scored, and the Python it is about.
struct Ready {
    scorable: Scorable,
    python: String,
}

/// Scores responses.
pub(crate) fn score(args: &ScoreArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    let options = Profile::named(&args.profile).map(Profile::options).ok_or_else(|| {
        Failure::new(format!("`{}` names no profile", args.profile))
            .hint("there are `strict` and `paper`")
    })?;
    let text = fs::read_text(&args.rows)?;
    let responses = responses(&args.responses)?;
    if let Some(tasks) = StageTasks::read(&args.rows, &text)? {
        return tasks.score(args, &responses, talk);
    }
    let items = items(&args.rows, &text)?;
    let mut judged = Vec::with_capacity(responses.len());
    for response in &responses {
        let ready = items.get(&response.item_id).ok_or_else(|| {
            Failure::new(format!("`{}` has no item `{}`", args.rows.display(), response.item_id))
        })?;
        judged.push(Judged {
            scorable: &ready.scorable,
            python: &ready.python,
            answer: &response.response,
            outcome: ready.scorable.score(&response.response, &options),
        });
    }
    settle(&mut judged, &options, args.machine.clone(), settings, talk)?;
    let outcomes: Vec<Outcome> = judged.into_iter().map(|one| one.outcome).collect();
    let scored = responses
        .iter()
        .zip(&outcomes)
        .map(|(response, outcome)| Scored { item_id: &response.item_id, outcome });
    write(args, scored, talk)?;
    talk.say(&summary(&outcomes));
    Ok(exit::OK)
}

fn items(path: &Path, text: &str) -> Result<BTreeMap<String, Ready>, Failure> {
    let mut items = BTreeMap::new();
    for (number, line) in lines(text) {
        let wrong = || format!("line {number} of `{}` has no item", path.display());
        let carrier: Carrier =
            serde_json::from_str(line).map_err(|error| Failure::of(error, &wrong()))?;
        let text = carrier.item.unwrap_or_else(|| line.to_owned());
        let item = Item::parse(&text).map_err(|error| Failure::of(error, &wrong()))?;
        let scorable = item.prepare().map_err(|error| Failure::of(error, &wrong()))?;
        items.insert(item.item_id, Ready { scorable, python: item.python_version });
    }
    Ok(items)
}

fn responses(path: &Path) -> Result<Vec<Response>, Failure> {
    let text = fs::read_text(path)?;
    let read = lines(&text).map(|(number, line)| {
        serde_json::from_str(line).map_err(|error| {
            Failure::of(error, &format!("line {number} of `{}` is no response", path.display()))
                .hint("a line is `{\"item_id\": …, \"response\": …}`")
        })
    });
    read.collect()
}

/// Returns the lines that hold something, with their numbers.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty())
}

/// Writes a line for each response.
pub(super) fn write(
    args: &ScoreArgs,
    scored: impl Iterator<Item = impl Serialize>,
    talk: &Talk,
) -> Result<(), Failure> {
    if let Some(path) = &args.output {
        let mut rows = Rows::create(path)?;
        for one in scored {
            rows.write(&one)?;
        }
        return rows.finish();
    }
    let mut text = String::new();
    for one in scored {
        let line = serde_json::to_string(&one)
            .map_err(|error| Failure::of(error, "failed to write a score"))?;
        text.push_str(&line);
        text.push('\n');
    }
    talk.data(&text)
}

/// Says how many responses came to what.
fn summary(outcomes: &[Outcome]) -> String {
    let scores: Vec<f64> = outcomes.iter().filter_map(|outcome| outcome.score).collect();
    let full = scores.iter().filter(|score| **score > 2.0 - 1e-9).count();
    let mut text =
        format!("{} responses, {} scored, {full} with the maximum", outcomes.len(), scores.len());
    for (status, word) in [
        (Status::Dropped, "dropped"),
        (Status::Unusable, "unusable"),
        (Status::Infrastructure, "without a sandbox"),
    ] {
        let count = outcomes.iter().filter(|outcome| outcome.status == status).count();
        if count > 0 {
            // Writing to a string does not fail.
            let _ = write!(text, ", {count} {word}");
        }
    }
    text
}
