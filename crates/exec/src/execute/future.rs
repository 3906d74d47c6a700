//! Does what an agent would see hold what came later?
//!
//! In: the unit, what is asked for, and the tree of the base. Out: one sentence
//! for each thing that only the change or a later commit can have brought.
//! `docs/execution.md` says what counts and what is left to labels.

use std::collections::BTreeSet;
use std::sync::Arc;

use backstory_model::{AsItStood, FileRole, RepoPath, RepositoryError, RequirementSource};
use backstory_syntax::role_of;
use memchr::memmem;
use sha2::{Digest as _, Sha256};

use crate::checkout::VirtualTree;

use super::input::ExecuteInput;
use super::statement::{named_commits, problem_statement};
use super::trees::version;

/// The shortest title that nobody writes by chance, in characters.
const SHORTEST_TITLE: usize = 21;

/// The shortest line of code that nobody writes by chance, in bytes.
const SHORTEST_LINE: usize = 40;

/// How many lines the files of the base are searched for.
const SEARCHED_LINES: usize = 8;

/// Fewer lines than this do not show that a file holds the change.
const TELLING_LINES: usize = 3;

/// The shortest name of a tag that is not an everyday number.
const SHORTEST_TAG: usize = 5;

/// Returns one sentence for each leak in the statement and in the base.
pub(super) fn leaks(
    input: &ExecuteInput<'_>,
    base: &VirtualTree,
    base_time: i64,
) -> Result<Vec<String>, RepositoryError> {
    let shown = problem_statement(input);
    let named = named_commits(input.unit, &shown).into_iter().map(|at| shown[at].to_lowercase());
    let mut found: Vec<String> =
        named.map(|id| format!("the statement names the commit `{id}` of the unit")).collect();
    let titles = titles(input)?;
    if is_edited_issue(input) {
        found.extend(named_titles(&titles, input.statement));
        found.extend(named_tags(input, base_time));
    }
    let lines = added_lines(input, base)?;
    let statement = one_spaced(input.statement);
    let pasted = lines.iter().find(|line| statement.contains(&one_spaced(line)));
    found.extend(pasted.map(|line| format!("the statement holds the line `{line}` of the change")));
    found.extend(held_at_base(input, base, &lines, &titles)?);
    Ok(found)
}

/// Returns true for the text of somebody else that may have been written to later.
///
/// What the change says of itself holds its titles, and what stood there before
/// cannot know them.
fn is_edited_issue(input: &ExecuteInput<'_>) -> bool {
    let of_others = match input.requirement.source {
        RequirementSource::Issue => true,
        RequirementSource::Change | RequirementSource::PseudoIssue => false,
    };
    let unknown = match input.requirement.as_it_stood {
        AsItStood::Unknown => true,
        AsItStood::Exact | AsItStood::NotLaterEdited => false,
    };
    of_others && unknown
}

/// Returns the subjects of the unit's commits and the title of its pull request.
fn titles(input: &ExecuteInput<'_>) -> Result<BTreeSet<String>, RepositoryError> {
    let merged = input.repo.commit(&input.unit.commit)?.message;
    let mut lines: Vec<&str> =
        input.unit.states.iter().filter_map(|state| state.message.lines().next()).collect();
    if merged.starts_with("Merge ") {
        // Forges write the title below the subject of their own.
        lines.extend(merged.lines().skip(1).find(|line| !line.trim().is_empty()));
    } else {
        lines.extend(merged.lines().next());
    }
    let titles = lines.into_iter().map(|line| one_spaced(without_number(line)));
    Ok(titles.filter(|title| title.chars().count() >= SHORTEST_TITLE).collect())
}

/// Returns a subject without the number a forge adds: `Fix it (#12)`.
fn without_number(subject: &str) -> &str {
    let subject = subject.trim();
    let parts = subject.strip_suffix(')').and_then(|start| start.rsplit_once(" (#"));
    match parts {
        Some((start, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => start,
        Some(_) | None => subject,
    }
}

/// Looks below the issue's own title: a change is often named like its issue.
fn named_titles(titles: &BTreeSet<String>, statement: &str) -> Vec<String> {
    let (own, body) = statement.split_once('\n').unwrap_or((statement, ""));
    let (own, body) = (one_spaced(own).to_lowercase(), one_spaced(body).to_lowercase());
    let named = |title: &&String| {
        let title = title.to_lowercase();
        !own.contains(&title) && body.contains(&title)
    };
    let sentence =
        |title: &String| format!("the statement holds the title `{title}` of the change");
    titles.iter().filter(named).map(sentence).collect()
}

fn named_tags(input: &ExecuteInput<'_>, base_time: i64) -> Vec<String> {
    let inside = |character: char| character.is_alphanumeric() || "._-".contains(character);
    let words = input.statement.split(|character| !inside(character));
    let words: BTreeSet<&str> = words.map(|word| word.trim_end_matches(['.', '-'])).collect();
    let later = input.tags.iter().filter(|tag| tag.seconds > base_time);
    let telling = later.filter(|tag| {
        tag.name.len() >= SHORTEST_TAG && tag.name.bytes().any(|byte| byte.is_ascii_digit())
    });
    let named = telling.filter(|tag| words.contains(tag.name.as_str()));
    named.map(|tag| format!("the statement names the later tag `{}`", tag.name)).collect()
}

/// Returns the long lines of code that the gold patch adds and that stand in no
/// file it changes, in an order that nobody chose.
fn added_lines(
    input: &ExecuteInput<'_>,
    base: &VirtualTree,
) -> Result<Vec<String>, RepositoryError> {
    let mut known = BTreeSet::new();
    let mut added = BTreeSet::new();
    for (path, after) in input.gold_side {
        let before = version(input.repo, base, path)?;
        known.extend(long_lines(before.as_ref().map(|(_, bytes)| bytes)));
        if role_of(path) == FileRole::Source {
            added.extend(long_lines(after.as_ref().map(|(_, bytes)| bytes)));
        }
    }
    let mut lines: Vec<String> = added.difference(&known).cloned().collect();
    lines.sort_by_cached_key(|line| {
        let seed = input.options.seed.to_be_bytes();
        Sha256::new().chain_update(seed).chain_update(line).finalize()
    });
    Ok(lines)
}

fn long_lines(bytes: Option<&Arc<[u8]>>) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(bytes.map(|bytes| &**bytes).unwrap_or_default());
    let lines = text.lines().map(str::trim);
    lines.filter(|line| line.len() >= SHORTEST_LINE).map(str::to_owned).collect()
}

/// Returns a text with one space where it has any white space.
fn one_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Finds a file of the base, besides those the change works on, that holds the change.
///
/// Code is copied, and titles come again: one line, or a title alone, says nothing.
fn held_at_base(
    input: &ExecuteInput<'_>,
    base: &VirtualTree,
    lines: &[String],
    titles: &BTreeSet<String>,
) -> Result<Option<String>, RepositoryError> {
    let searched = &lines[..lines.len().min(SEARCHED_LINES)];
    let lines: Vec<_> = searched.iter().map(memmem::Finder::new).collect();
    let titles: Vec<_> = titles.iter().map(memmem::Finder::new).collect();
    let holds = |text: &[u8]| {
        let held = lines.iter().filter(|line| line.find(text).is_some()).count();
        let all = held >= TELLING_LINES && held == lines.len();
        all || (held > 0 && titles.iter().any(|title| title.find(text).is_some()))
    };
    let others = base.files().iter().filter(|(path, mode, _)| {
        mode.is_file() && !input.gold_side.contains_key(path) && !lines.is_empty()
    });
    for (path, _, id) in others {
        let Some(bytes) = base.blob(input.repo, id)? else { continue };
        if holds(&bytes) {
            return Ok(Some(sentence(path)));
        }
    }
    Ok(None)
}

fn sentence(path: &RepoPath) -> String {
    format!("`{path}` at the base holds the change")
}
