//! Which repository does a recipe describe?
//!
//! In: a [`Recipe`]. Out: the [`RepoBuilder`] that made its commits, its
//! branches deleted after they were merged, as a forge does.

use std::collections::BTreeMap;

use backstory_model::{CommitId, RepoPath};

use crate::builder::{BuildError, RepoBuilder};
use crate::draft::Draft;
use crate::edit::Edit;
use crate::recipe::{Recipe, RecipeError, RecipeStep, Verb};

/// A recipe turned into a repository.
#[derive(Clone, Debug)]
pub struct BuiltRecipe {
    /// The repository, on its branch `main`.
    pub repository: RepoBuilder,
    /// The commit each file made, by file name; for a rebase, the last one.
    pub commits: BTreeMap<String, CommitId>,
    /// The head of each pull request.
    pub pulls: BTreeMap<u64, CommitId>,
}

impl Recipe {
    /// Makes every commit of the recipe.
    pub fn build(&self) -> Result<BuiltRecipe, RecipeError> {
        let repository = RepoBuilder::new(&self.name);
        let (commits, pulls) = (BTreeMap::new(), BTreeMap::new());
        let mut built = BuiltRecipe { repository, commits, pulls };
        let mut labels = BTreeMap::new();
        for step in &self.steps {
            let commit = built.follow(step, &labels)?;
            if let Some(tag) = &step.tag {
                built.repository.tag(tag, &commit);
            }
            if let Some(label) = &step.label {
                labels.insert(label.clone(), commit.clone());
            }
            built.commits.insert(step.file.clone(), commit);
        }
        built.repository.switch("main");
        Ok(built)
    }
}

impl BuiltRecipe {
    fn follow(
        &mut self,
        step: &RecipeStep,
        labels: &BTreeMap<String, CommitId>,
    ) -> Result<CommitId, RecipeError> {
        let located = |error: BuildError| step.error(line_of(step, &error), error.to_string());
        let draft = Draft {
            message: with_ids(&step.message, labels),
            author: step.author.clone(),
            committer: step.committer.clone(),
        };
        let edits: Vec<(RepoPath, Edit)> =
            step.edits.iter().map(|(_, path, edit)| (path.clone(), edit.clone())).collect();
        let repository = &mut self.repository;
        match &step.verb {
            Verb::Commit { on, from } => {
                if let Some(from) = from {
                    let tip = tip(repository, step, from)?;
                    repository.branch_from(on, &tip);
                }
                repository.switch(on);
                repository.try_commit(draft, edits).map_err(located)
            }
            Verb::Merge { branch, into } => {
                let other = tip(repository, step, branch)?;
                repository.switch(into);
                let made = repository.try_merge(draft, std::slice::from_ref(&other), edits);
                self.close(step, branch, other);
                made.map_err(located)
            }
            Verb::Squash { branch, into } => {
                let other = tip(repository, step, branch)?;
                repository.switch(into);
                let made = repository.try_squash(draft, &other, edits);
                self.close(step, branch, other);
                made.map_err(located)
            }
            Verb::Rebase { branch, into } => {
                let other = tip(repository, step, branch)?;
                repository.switch(into);
                let made = repository.try_rebase(&other, step.committer.as_ref(), &edits);
                self.close(step, branch, other);
                made.map_err(located)
            }
            Verb::Revert { label, on, from } => {
                if let Some(from) = from {
                    let tip = tip(repository, step, from)?;
                    repository.branch_from(on, &tip);
                }
                let undone = labels.get(label);
                let undone = undone.ok_or_else(|| step.error(1, format!("no label `{label}`")))?;
                repository.switch(on);
                repository.try_revert(draft, undone, edits).map_err(located)
            }
        }
    }

    /// Keeps the head of a merged pull request and deletes its branch.
    fn close(&mut self, step: &RecipeStep, branch: &str, head: CommitId) {
        if let Some(number) = step.pull {
            self.repository.pull_head(number, &head);
            self.repository.delete_branch(branch);
            self.pulls.insert(number, head);
        }
    }
}

/// Writes the ids of labeled commits in place of `{LABEL}`.
fn with_ids(message: &str, labels: &BTreeMap<String, CommitId>) -> String {
    labels.iter().fold(message.to_owned(), |text, (label, commit)| {
        text.replace(&format!("{{{label}}}"), commit.as_str())
    })
}

fn tip(repository: &RepoBuilder, step: &RecipeStep, branch: &str) -> Result<CommitId, RecipeError> {
    repository.tip_of(branch).ok_or_else(|| step.error(1, format!("no branch `{branch}`")))
}

/// The line of the section an error is about, else the first.
fn line_of(step: &RecipeStep, error: &BuildError) -> usize {
    let (BuildError::Conflict { path, .. }
    | BuildError::Anchor { path, .. }
    | BuildError::NoSuchPath { path, .. }) = error;
    step.edits.iter().find(|(_, edited, _)| edited == path).map_or(1, |(line, ..)| *line)
}
