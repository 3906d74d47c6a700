//! Which files will a file use that is about to be written?
//!
//! The plan of the story says so, from the imports of the finished file. What is there at
//! that moment is listed; files that come later are away.

use backstory_model::{PlannedFile, RepoPath, SnapshotStory};
use backstory_verify::Expected;

use super::{Found, Prepared, Stage, StageTask, how};

/// Longer listings are not shown.
const LONGEST_LISTING: usize = 300;
/// More names of a file are not told.
const MOST_NAMES: usize = 12;

/// Returns the tasks of a story.
pub(super) fn tasks(story: &SnapshotStory) -> Found {
    let mut found = Found::default();
    let planned: Option<Vec<&str>> =
        story.plan.files.iter().map(|file| file.path.to_text()).collect();
    let given: Option<Vec<&str>> = story.given.iter().map(|file| file.path.to_text()).collect();
    let (Some(planned), Some(given)) = (planned, given) else {
        found.skip("path_not_text");
        return found;
    };
    for (at, file) in story.plan.files.iter().enumerate() {
        let (before, after) = planned.split_at(at);
        let mut there: Vec<&str> = given.iter().chain(before).copied().collect();
        there.sort_unstable();
        match why_not(file, &there) {
            Some(why) => found.skip(why),
            None => found.tasks.push(task(file, &there, after)),
        }
    }
    found
}

fn why_not(file: &PlannedFile, there: &[&str]) -> Option<&'static str> {
    if file.uses.is_empty() {
        return Some("uses_nothing");
    }
    (there.len() > LONGEST_LISTING).then_some("long_listing")
}

fn task(file: &PlannedFile, there: &[&str], later: &[&str]) -> StageTask {
    let path = later.first().copied().unwrap_or_default();
    let purpose = file.purpose.as_ref().map_or(String::new(), |text| format!(" It is for: {text}"));
    let names: Vec<String> =
        file.definitions.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect();
    let has = if names.is_empty() {
        String::new()
    } else {
        format!(" It will have {}.", names.join(", "))
    };
    let prompt = format!(
        "`{path}` is about to be written.{purpose}{has}\n\nThese files are there:\n\n{}\n\nWhich \
         of them will it import? {}",
        there.join("\n"),
        how(&["path"], true)
    );
    let uses = file.uses.iter().filter_map(RepoPath::to_text).map(str::to_owned);
    StageTask {
        stage: Stage::DependencySearch,
        prompt,
        prepared: Prepared {
            absent: later.iter().map(|path| (*path).to_owned()).collect(),
            ..Prepared::default()
        },
        expected: Expected::Files { paths: uses.collect() },
        rule: "stage/planned-uses",
    }
}
