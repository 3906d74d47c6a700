//! How is a history written down as text?
//!
//! In: a folder of text files, one a commit, applied in the order of their
//! names. Out: the [`Recipe`], read but not yet built. The format is described
//! in `examples/daybook/README.md`; every complaint names file and line.

use std::path::{Path, PathBuf};

use backstory_model::{RepoPath, Signature};

use crate::disk;
use crate::draft::signature;
use crate::edit::Edit;
use crate::recipe_section::sections;

/// Says what is wrong with a recipe, and where.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// A file or the folder cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line is not what the format wants there.
    #[error("{file}:{line}: {problem}")]
    Line {
        /// The file name.
        file: String,
        /// The line, 1-based.
        line: usize,
        /// What is wrong, in words.
        problem: String,
    },
}

/// What one file of a recipe does to the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Commits on a branch, which starts at another branch if it is new.
    Commit { on: String, from: Option<String> },
    /// Merges a branch into another with a merge commit.
    Merge { branch: String, into: String },
    /// Puts a branch onto another as one commit.
    Squash { branch: String, into: String },
    /// Repeats the commits of a branch on another.
    Rebase { branch: String, into: String },
    /// Undoes the commit that was made by the file of this label.
    Revert { label: String, on: String, from: Option<String> },
}

/// One file of a recipe.
#[derive(Clone, Debug)]
pub(crate) struct RecipeStep {
    pub(crate) file: String,
    pub(crate) verb: Verb,
    pub(crate) author: Option<Signature>,
    pub(crate) committer: Option<Signature>,
    pub(crate) pull: Option<u64>,
    pub(crate) label: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) message: String,
    /// The edits, each with the line it starts at.
    pub(crate) edits: Vec<(usize, RepoPath, Edit)>,
}

impl RecipeStep {
    /// Makes an error about a line of this file.
    pub(crate) fn error(&self, line: usize, problem: impl Into<String>) -> RecipeError {
        RecipeError::Line { file: self.file.clone(), line, problem: problem.into() }
    }
}

/// A history written down as text.
#[derive(Clone, Debug)]
pub struct Recipe {
    pub(crate) name: String,
    pub(crate) steps: Vec<RecipeStep>,
}

impl Recipe {
    /// Reads every `*.txt` of a folder as the history of `owner/name`.
    pub fn read(name: &str, folder: &Path) -> Result<Self, RecipeError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| RecipeError::Read { path, source }
        };
        let mut recipe = Self { name: name.to_owned(), steps: Vec::new() };
        for path in disk::list(folder).map_err(failed(folder))? {
            if path.extension().is_some_and(|extension| extension == "txt") {
                let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let bytes = disk::read(&path).map_err(failed(&path))?;
                recipe.add(&file, &String::from_utf8_lossy(&bytes))?;
            }
        }
        Ok(recipe)
    }

    /// Starts a recipe without commits.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), steps: Vec::new() }
    }

    /// Adds one file.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), RecipeError> {
        self.steps.push(parse_step(file, text)?);
        Ok(())
    }
}

fn parse_step(file: &str, text: &str) -> Result<RecipeStep, RecipeError> {
    let error =
        |line: usize, problem: String| RecipeError::Line { file: file.to_owned(), line, problem };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let first = lines.first().map(|line| line.trim_end()).unwrap_or_default();
    let verb = parse_verb(first).ok_or_else(|| error(1, format!("`{first}` is no step")))?;
    let headers = lines.iter().position(|line| line.trim().is_empty()).unwrap_or(lines.len());
    let body = lines.iter().position(|line| line.starts_with("@@")).unwrap_or(lines.len());
    let mut step = RecipeStep {
        file: file.to_owned(),
        verb,
        author: None,
        committer: None,
        pull: None,
        label: None,
        tag: None,
        message: lines.get(headers + 1..body).unwrap_or_default().concat(),
        edits: sections(&lines[body..], body + 1)
            .map_err(|(line, problem)| error(line, problem))?,
    };
    for (at, line) in lines[1..headers.min(body)].iter().enumerate() {
        parse_header(&mut step, line.trim_end()).map_err(|problem| error(at + 2, problem))?;
    }
    if step.author.is_none() && !matches!(step.verb, Verb::Rebase { .. }) {
        return Err(error(1, "`author:` is missing".to_owned()));
    }
    Ok(step)
}

fn parse_verb(line: &str) -> Option<Verb> {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    Some(match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["commit", "on", on] => Verb::Commit { on: on.to_owned(), from: None },
        ["commit", "on", on, "from", from] => {
            Verb::Commit { on: on.to_owned(), from: Some(from.to_owned()) }
        }
        ["merge", branch, "into", into] => {
            Verb::Merge { branch: branch.to_owned(), into: into.to_owned() }
        }
        ["squash", branch, "into", into] => {
            Verb::Squash { branch: branch.to_owned(), into: into.to_owned() }
        }
        ["rebase", branch, "into", into] => {
            Verb::Rebase { branch: branch.to_owned(), into: into.to_owned() }
        }
        ["revert", label, "on", on] => {
            Verb::Revert { label: label.to_owned(), on: on.to_owned(), from: None }
        }
        ["revert", label, "on", on, "from", from] => {
            Verb::Revert { label: label.to_owned(), on: on.to_owned(), from: Some(from.to_owned()) }
        }
        _ => return None,
    })
}

fn parse_header(step: &mut RecipeStep, line: &str) -> Result<(), String> {
    let (key, value) =
        line.split_once(": ").ok_or_else(|| format!("`{line}` is not `key: value`"))?;
    match key {
        "author" => step.author = Some(parse_person(value)?),
        "committer" => step.committer = Some(parse_person(value)?),
        "pull" => {
            let number = value.parse().map_err(|_| format!("`{value}` is not a number"))?;
            step.pull = Some(number);
        }
        "label" => step.label = Some(value.to_owned()),
        "tag" => step.tag = Some(value.to_owned()),
        _ => return Err(format!("`{key}` is no header")),
    }
    Ok(())
}

/// Reads `Name <address> 2024-03-01T10:00:00+01:00`.
fn parse_person(text: &str) -> Result<Signature, String> {
    let parts = text.split_once(" <").and_then(|(name, rest)| {
        rest.split_once("> ").map(|(address, moment)| (name, address, moment))
    });
    let (name, address, moment) =
        parts.ok_or_else(|| format!("`{text}` is not `Name <address> time`"))?;
    signature(name, address, moment).map_err(|error| error.to_string())
}
