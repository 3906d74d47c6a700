//! What was asked for, and how well do we know it?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AsItStood, RecordId};

/// Where the requirement text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequirementSource {
    /// The linked issue.
    Issue,
    /// The title and body of the pull request.
    Change,
    /// The commit message, written with knowledge of the change.
    PseudoIssue,
}

/// A way in which the requirement text gives the answer away.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AnswerFlag {
    /// It names the path of a file the change touches.
    NamesChangedPath,
    /// It contains, word for word, a line of 25 or more characters the change adds.
    HoldsAddedLine,
    /// It links to a pull request or a commit.
    LinksToChange,
}

/// What was asked for. The text itself is the first step of the trajectory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requirement {
    /// Where the text comes from.
    pub source: RequirementSource,
    /// The record it was read from, if it was read from one.
    pub record: Option<RecordId>,
    /// Whether the text is known to be what stood there before the change began.
    pub as_it_stood: AsItStood,
    /// How the text gives the answer away; sorted, empty when it does not.
    pub flags: Vec<AnswerFlag>,
}
