//! What are the answers of a model to stage tasks worth?

use std::collections::BTreeMap;
use std::path::Path;

use backstory_model::exit;
use backstory_verify::{Expected, StageScore, score_stage};
use serde::{Deserialize, Serialize};

use super::score::{Response, lines, write};
use crate::arguments::ScoreArgs;
use crate::{Failure, Talk};

/// What of a row is needed to judge an answer.
#[derive(Deserialize)]
struct Task {
    task_id: String,
    expected: Expected,
}

/// A line of the output.
#[derive(Serialize)]
struct Scored<'a> {
    task_id: &'a str,
    #[serde(flatten)]
    score: StageScore,
}

/// The tasks of a file, by name.
pub(super) struct StageTasks<'a> {
    path: &'a Path,
    tasks: BTreeMap<String, Expected>,
}

impl<'a> StageTasks<'a> {
    /// Reads tasks; `None` where the first row is none.
    pub(super) fn read(path: &'a Path, text: &str) -> Result<Option<Self>, Failure> {
        let mut tasks = BTreeMap::new();
        for (number, line) in lines(text) {
            match serde_json::from_str::<Task>(line) {
                Ok(task) => tasks.insert(task.task_id, task.expected),
                Err(_) if tasks.is_empty() => return Ok(None),
                Err(error) => {
                    let what = format!("line {number} of `{}` is no task", path.display());
                    return Err(Failure::of(error, &what));
                }
            };
        }
        Ok((!tasks.is_empty()).then_some(Self { path, tasks }))
    }

    /// Scores responses.
    pub(super) fn score(
        &self,
        args: &ScoreArgs,
        responses: &[Response],
        talk: &Talk,
    ) -> Result<u8, Failure> {
        let mut scored = Vec::new();
        for Response { item_id, response } in responses {
            let expected = self.tasks.get(item_id).ok_or_else(|| {
                Failure::new(format!("`{}` has no task `{item_id}`", self.path.display()))
            })?;
            scored.push(Scored { task_id: item_id, score: score_stage(expected, response) });
        }
        let full = scored.iter().filter(|one| one.score.score > 1.0 - 1e-9).count();
        let count = scored.len();
        write(args, scored.into_iter(), talk)?;
        talk.say(&format!("{count} responses, {full} with the full score"));
        Ok(exit::OK)
    }
}
