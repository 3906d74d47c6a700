//! Which questions does one trace hold?
//!
//! A candidate is a question with its answer and the class that the answer falls in. Many
//! are found, few are asked: classes are balanced over all programs.

use backstory_verify::{Kind, State, TypeName, Value};

/// Why something is not asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dropped {
    /// The trace contradicts itself.
    Contradiction,
    /// The value is larger than the limits, differed between runs, or is no value.
    UnknownValue,
    /// What comes next may pass without a trace, or stands in no listing.
    UnclearSuccessor,
    /// The exception passed through statements that ran on the way.
    UnclearOrigin,
    /// The call has no outcome that can be stated.
    NoOutcome,
    /// Nothing of the program can be asked.
    Nothing,
    /// The function gives values before it returns, and goes on somewhere else.
    Suspended,
    /// The trace ends before the call does.
    CutOff,
    /// No execution of the call follows from what can be shown.
    NotShown,
    /// The same was asked before, e.g., of another test.
    Repeated,
    /// The prompt would be too long.
    TooLong,
    /// The value would be a long answer, or holds objects of classes that are not shown.
    UnfitValue,
}

impl Dropped {
    /// Returns the word that funnels use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contradiction => "contradiction",
            Self::UnknownValue => "unknown_value",
            Self::UnclearSuccessor => "unclear_successor",
            Self::UnclearOrigin => "unclear_origin",
            Self::NoOutcome => "no_outcome",
            Self::Nothing => "nothing",
            Self::Suspended => "suspended",
            Self::CutOff => "cut_off",
            Self::NotShown => "not_shown",
            Self::Repeated => "repeated",
            Self::TooLong => "too_long",
            Self::UnfitValue => "unfit_value",
        }
    }
}

/// What is right.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    State(State),
    Number(u64),
    Boolean(bool),
    Type(TypeName),
    Value(Value),
    /// What was raised, and by which statement.
    Raised(TypeName, u32),
}

impl Answer {
    /// Returns the JSON that rows hold.
    pub(super) fn json(&self) -> String {
        match self {
            Self::State(state) => format!("{{\"state\":\"{}\"}}", state.as_str()),
            Self::Number(number) => number.to_string(),
            Self::Boolean(is) => is.to_string(),
            Self::Type(name) => format!("\"{name}\""),
            Self::Value(value) => value.canonical(),
            Self::Raised(_, statement) => statement.to_string(),
        }
    }

    /// Returns the type that rows keep beside the answer.
    pub(super) fn type_name(&self) -> Option<TypeName> {
        match self {
            Self::Value(value) => Some(value.type_name()),
            Self::Raised(name, _) => Some(name.clone()),
            Self::State(_) | Self::Number(_) | Self::Boolean(_) | Self::Type(_) => None,
        }
    }
}

/// One question that could be asked.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) kind: Kind,
    /// The statement asked about; of a call as a whole none.
    pub(super) statement: Option<u32>,
    /// Which execution of it.
    pub(super) k: Option<u32>,
    /// The variable asked about.
    pub(super) variable: Option<String>,
    /// The value it had there before a fix, where that is told.
    pub(super) before: Option<Value>,
    pub(super) answer: Answer,
}

impl Candidate {
    /// Returns what its answer counts as when classes are balanced: the answer itself.
    pub(super) fn class(&self) -> String {
        self.answer.json()
    }
}
