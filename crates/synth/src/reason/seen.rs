//! What can be thought before an action of a change, given what was seen so far?
//!
//! In: the steps before the action, each as it reads, and the action. Out: a thought that
//! names only what these steps hold, and the sentences they support. That this action comes
//! next is all that is taken from later; what it brings about is not known here.

use std::collections::BTreeSet;

use backstory_model::{Action, EvidenceId, Observation, Provenance, RepoPath, Step, Thought};

use super::definition::definition_around;
use super::guard::stands_in;
use super::words::{Kind, is_keyword, pieces};
use crate::snapshot::words::listed;

/// The rule by which these thoughts are known.
const RULE: &str = "story/seen";

/// How many names of one kind a sentence lists.
const NAMED: usize = 3;

/// How many letters a word of the requirement has at least that tells something.
const LETTERS: usize = 4;

/// A step before the action.
#[derive(Clone, Copy, Debug)]
pub struct SeenStep<'a> {
    /// The step.
    pub step: &'a Step,
    /// All it says and shows.
    pub text: &'a str,
}

/// Thinks before an action; `None` where nothing that was seen leads to it.
pub fn first_thought(before: &[SeenStep<'_>], action: &Action) -> Option<Thought> {
    let sentences = match action {
        Action::Search { pattern, .. } => vec![why_search(before, pattern)?],
        Action::View { path, .. } => why_read(before, path)?,
        Action::Edit { path, old, .. } => why_edit(before, path, old)?,
        Action::Create { path, .. } => why_create(before, path),
        Action::RunTests { .. } => vec![why_run(before)],
        Action::Message { .. }
        | Action::List { .. }
        | Action::Delete { .. }
        | Action::Rename { .. }
        | Action::SetMode { .. }
        | Action::CiReport { .. }
        | Action::Finish { .. } => return None,
    };
    let text = sentences.join(" ");
    let provenance = Provenance::derived(RULE, rests_on(before, &text));
    Some(Thought { text, provenance })
}

/// Returns the first step that holds it, for each name in code marks.
pub fn rests_on(before: &[SeenStep<'_>], text: &str) -> Vec<EvidenceId> {
    let names = text.split('`').skip(1).step_by(2);
    let steps = names.filter_map(|name| holding(before, name)).collect::<BTreeSet<_>>();
    steps.into_iter().map(|at| EvidenceId::step(at + 1)).collect()
}

/// Lists what the steps let a developer say before any action.
pub fn clauses(before: &[SeenStep<'_>]) -> Vec<String> {
    let mut said = Vec::new();
    let asked = before.first().map_or("", |step| step.text);
    let seen = before.get(1..).unwrap_or_default();
    let words = telling(asked, |word| seen.iter().any(|step| stands_in(step.text, word)));
    if !words.is_empty() {
        said.push(format!("The request speaks of {}, which I have seen.", listed(&words)));
    }
    let read = latest(before, |action| match action {
        Action::View { path, .. } => Some(path),
        _ => None,
    });
    if !read.is_empty() {
        said.push(format!("I have read {}.", listed(&read)));
    }
    let changed = latest(before, changed_path);
    said.push(if changed.is_empty() {
        "Nothing is changed yet.".to_owned()
    } else {
        format!("I have changed {}.", listed(&changed))
    });
    said.extend(before.iter().rev().find_map(found));
    said.extend(failing(before).map(|test| format!("`{test}` fails.")));
    said
}

/// Says what the last search came to.
fn found(seen: &SeenStep<'_>) -> Option<String> {
    let (Action::Search { pattern, .. }, Some(Observation::Hits { total, files, .. })) =
        (&seen.step.action, seen.step.observation.as_ref().map(|seen| &seen.content))
    else {
        return None;
    };
    let lines = if *total == 1 { "line" } else { "lines" };
    let of = if *files == 1 { "file" } else { "files" };
    quotable(pattern)
        .then(|| format!("The search for `{pattern}` shows {total} {lines} in {files} {of}."))
}

fn why_search(before: &[SeenStep<'_>], pattern: &str) -> Option<String> {
    match holding(before, pattern)? {
        0 => Some(format!("The request speaks of `{pattern}`, so I look for where it stands.")),
        _ => Some(format!("I have seen `{pattern}`, so I look for where else it stands.")),
    }
}

fn why_read(before: &[SeenStep<'_>], path: &RepoPath) -> Option<Vec<String>> {
    let name = path.to_string();
    let first = holding(before, &name)?;
    let ran = |seen: &&SeenStep<'_>| is_run(seen.step) && stands_in(seen.text, &name);
    let lead = if first == 0 {
        format!("The request names `{name}`.")
    } else if let Some(rank) = before.iter().rev().find_map(|seen| rank(seen.step, path)) {
        rank
    } else if before.iter().any(|seen| ran(&seen)) {
        format!("What was run speaks of `{name}`.")
    } else {
        format!("I have seen the name `{name}`.")
    };
    let again = before.iter().any(|seen| is_view_of(seen.step, path));
    let task = if again { "I read more of it." } else { "I read it." };
    let mut sentences = vec![lead, task.to_owned()];
    sentences.extend(failing(before).map(|test| format!("`{test}` fails.")));
    Some(sentences)
}

/// Says at which place a search lists a file.
fn rank(step: &Step, path: &RepoPath) -> Option<String> {
    let (Action::Search { pattern, .. }, Some(Observation::Hits { hits, files, .. })) =
        (&step.action, step.observation.as_ref().map(|seen| &seen.content))
    else {
        return None;
    };
    let mut listed: Vec<&RepoPath> = hits.iter().map(|hit| &hit.path).collect();
    listed.dedup();
    let at = listed.iter().position(|listed| *listed == path)? + 1;
    quotable(pattern)
        .then(|| format!("The search for `{pattern}` lists `{path}` as file {at} of {files}."))
}

fn why_edit(before: &[SeenStep<'_>], path: &RepoPath, old: &str) -> Option<Vec<String>> {
    let name = path.to_string();
    holding(before, &name)?;
    let view = before.iter().rev().find(|seen| is_view_of(seen.step, path));
    let around = view.and_then(|seen| definition_around(seen.text, old));
    let mut sentences = vec![match (view, around) {
        (Some(_), Some(around)) => format!("I have read `{name}` and change `{around}` in it."),
        (Some(_), None) => format!("I have read `{name}` and change it."),
        (None, _) => format!("I know `{name}` and change it."),
    }];
    let asked = before.first().map_or("", |step| step.text);
    let words = telling(asked, |word| stands_in(old, word));
    if !words.is_empty() {
        sentences.push(format!("It speaks of {}, as the request does.", listed(&words)));
    }
    sentences.extend(failing(before).map(|test| format!("`{test}` fails.")));
    Some(sentences)
}

fn why_create(before: &[SeenStep<'_>], path: &RepoPath) -> Vec<String> {
    let name = path.to_string();
    if holding(before, &name).is_some() {
        return vec![format!("I know `{name}` and write it anew.")];
    }
    let mut sentences = vec!["What is asked for here has no file yet, so I write one.".to_owned()];
    let beside = before.iter().rev().find_map(|seen| {
        let touched = match &seen.step.action {
            Action::View { path, .. } => Some(path),
            action => changed_path(action),
        };
        touched.filter(|other| other.parent() == path.parent())
    });
    let beside = beside.map(RepoPath::to_string).filter(|beside| quotable(beside));
    sentences.extend(beside.map(|beside| format!("It goes beside `{beside}`.")));
    sentences
}

fn why_run(before: &[SeenStep<'_>]) -> String {
    let last = before.iter().rposition(|seen| matches!(seen.step.action, Action::RunTests { .. }));
    let changed = latest(&before[last.map_or(0, |at| at + 1)..], changed_path);
    if changed.is_empty() {
        "Nothing is changed since, so I run the tests to see what fails.".to_owned()
    } else {
        format!("I have changed {}, so I run the tests.", listed(&changed))
    }
}

/// Returns the first test that the last run or report of CI says has failed.
fn failing<'a>(before: &[SeenStep<'a>]) -> Option<&'a str> {
    let text = before.iter().rev().find(|seen| is_run(seen.step))?.text;
    let mut failed = text.lines().filter_map(|line| line.trim().strip_prefix("FAILED "));
    let test = failed.next()?.split(" - ").next()?.trim();
    quotable(test).then_some(test)
}

fn is_run(step: &Step) -> bool {
    matches!(step.action, Action::RunTests { .. } | Action::CiReport { .. })
}

fn is_view_of(step: &Step, path: &RepoPath) -> bool {
    matches!(&step.action, Action::View { path: read, .. } if read == path)
}

/// Returns the path that a change leaves behind.
fn changed_path(action: &Action) -> Option<&RepoPath> {
    action.changed_paths().pop()
}

/// Returns the last different paths of some steps, in the order of their last step.
fn latest(before: &[SeenStep<'_>], path_of: impl Fn(&Action) -> Option<&RepoPath>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for seen in before.iter().rev() {
        let name = path_of(&seen.step.action).map(RepoPath::to_string);
        found.extend(name.filter(|name| quotable(name) && !found.contains(name)));
        if found.len() == NAMED {
            break;
        }
    }
    found.reverse();
    found
}

/// Returns the first words of a text that tell something and are wanted.
fn telling(text: &str, wanted: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut words: Vec<&str> = Vec::new();
    for piece in pieces(text) {
        let long = piece.kind == Kind::Word && piece.text.chars().count() >= LETTERS;
        if long && !is_keyword(piece.text) && !words.contains(&piece.text) && wanted(piece.text) {
            words.push(piece.text);
        }
        if words.len() == NAMED {
            break;
        }
    }
    words
}

/// Returns the first step that holds a name as a word; none holds what cannot be quoted.
fn holding(before: &[SeenStep<'_>], name: &str) -> Option<usize> {
    quotable(name).then(|| before.iter().position(|seen| stands_in(seen.text, name)))?
}

/// Returns true for what can stand in code marks.
fn quotable(name: &str) -> bool {
    !name.trim().is_empty() && !name.contains(['`', '\n'])
}
