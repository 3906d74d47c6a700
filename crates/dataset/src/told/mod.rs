//! How does a trajectory read as one text, and what has a reader seen before each action?
//!
//! In: a trajectory and its stored bodies. Out: one piece of text for each step, cut where a
//! thought may stand, and the places where one may be searched. The form is published in
//! `docs/language-models.md`; what a step shows is what the tools of the dialect `backstory`
//! print.

mod places;

use backstory_model::{Action, Content, Role, Step, Trajectory};

pub use places::ActionPlace;

use crate::dialect::{RenderedStep, observe};
use crate::{Bodies, BodyError, Dialect};

/// One step as it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldStep {
    /// What stands first, behind a thought if there is one: who speaks, or what is done.
    pub lead: &'static str,
    /// What is said, or what exactly is done.
    pub target: String,
    /// What is seen.
    pub result: String,
    /// It is an action of the developer that somebody may think about and imitate.
    pub is_action: bool,
}

impl ToldStep {
    /// Returns all that the step says and shows, without the words that tell steps apart.
    pub fn shown(&self) -> String {
        format!("{}{}", self.target, self.result)
    }
}

/// A trajectory, step by step, as it reads without any thought.
#[derive(Clone, Debug)]
pub struct ToldTrajectory<'t> {
    trajectory: &'t Trajectory,
    steps: Vec<ToldStep>,
}

impl<'t> ToldTrajectory<'t> {
    /// Reads a trajectory.
    pub fn of(trajectory: &'t Trajectory, bodies: &dyn Bodies) -> Result<Self, BodyError> {
        let rendered = Dialect::Backstory.render(trajectory, bodies)?;
        let steps = trajectory.steps.iter().zip(&rendered.steps);
        Ok(Self { trajectory, steps: steps.map(|(step, shown)| told(step, shown)).collect() })
    }

    /// Returns the steps.
    pub fn steps(&self) -> &[ToldStep] {
        &self.steps
    }

    /// Returns the numbers of the actions, from 1.
    pub fn actions(&self) -> impl Iterator<Item = usize> {
        (1..).zip(&self.steps).filter(|(_, step)| step.is_action).map(|(number, _)| number)
    }
}

/// Tells one step.
fn told(step: &Step, shown: &RenderedStep) -> ToldStep {
    let (lead, target, is_action) = match &step.action {
        Action::Message { role: Role::User, text } => ("User: ", text.clone(), false),
        Action::Message { role: Role::Agent, text } => ("Say: ", text.clone(), false),
        Action::CiReport { .. } => ("", observe::report_of_ci(&step.action), false),
        Action::Search { pattern, whole_word: true } => ("Search word ", pattern.clone(), true),
        Action::Search { pattern, whole_word: false } => ("Search ", pattern.clone(), true),
        Action::List { path, depth } if path.is_root() => ("List ", format!(". {depth}"), true),
        Action::List { path, depth } => ("List ", format!("{path} {depth}"), true),
        Action::View { path, start, end } => ("Read ", format!("{path}:{start}-{end}"), true),
        Action::Edit { path, old, new } => ("Edit ", block(path, old, new), true),
        Action::Create { path, mode, content } => {
            let text = shown.call.as_ref().and_then(|call| call.arguments.get("content")?.as_str());
            let text = text.unwrap_or_default();
            let is_text = matches!(content, Content::Text { .. });
            ("Create ", format!("{path} {}\n{text}", mode.as_tree_text()), is_text)
        }
        Action::Delete { path } => ("Delete ", path.to_string(), true),
        Action::Rename { from, to } => ("Rename ", format!("{from} -> {to}"), true),
        Action::SetMode { path, mode } => {
            ("Mode ", format!("{path} {}", mode.as_tree_text()), true)
        }
        Action::RunTests { command } => ("Run ", command.join(" "), true),
        Action::Finish { message } => ("Finish: ", message.clone(), false),
    };
    let result = shown.output.clone().map(ended).unwrap_or_default();
    ToldStep { lead, target: ended(target), result, is_action }
}

/// Writes an edit the way search and replace are often written.
fn block(path: &backstory_model::RepoPath, old: &str, new: &str) -> String {
    format!("{path}\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE")
}

/// Ends a text that is not empty with a line feed.
fn ended(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
