//! What is asked about an execution, and what is the right answer?
//!
//! In and out: rows. A [`QuestionRow`] stands alone; an [`Asked`] is one of the questions
//! of an item. The answer stands in a row as JSON text, so that a column of rows has one
//! type and no reader on the way changes a number. Touches nothing.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::difficulty::Difficulty;
use crate::type_name::TypeName;

/// What a question asks about the k-th execution of a statement, or about a call.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Which statement begins right after it.
    NextStatement,
    /// Which value a variable has after it.
    VariableValue,
    /// Which type a variable has after it.
    VariableType,
    /// What the call returns.
    FinalOutput,
    /// Which arguments give the stated result.
    OutputToInput,
    /// Whether the statement was executed.
    Coverage,
    /// How often the statement was executed.
    ExecutionCount,
    /// Which exception was raised, and by which statement.
    Exception,
    /// Which value a variable has after it, where a fix gave it another value.
    FixedValue,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::NextStatement,
        Self::VariableValue,
        Self::VariableType,
        Self::FinalOutput,
        Self::OutputToInput,
        Self::Coverage,
        Self::ExecutionCount,
        Self::Exception,
        Self::FixedValue,
    ];

    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NextStatement => "next_statement",
            Self::VariableValue => "variable_value",
            Self::VariableType => "variable_type",
            Self::FinalOutput => "final_output",
            Self::OutputToInput => "output_to_input",
            Self::Coverage => "coverage",
            Self::ExecutionCount => "execution_count",
            Self::Exception => "exception",
            Self::FixedValue => "fixed_value",
        }
    }

    /// Says whether it asks about the call as a whole, and so ends an item.
    pub fn is_final(self) -> bool {
        matches!(self, Self::FinalOutput | Self::OutputToInput)
    }

    /// Returns how its answers are checked.
    pub fn checker(self) -> Checker {
        match self {
            Self::NextStatement => Checker::Statement,
            Self::VariableValue | Self::FinalOutput | Self::FixedValue => Checker::Value,
            Self::VariableType => Checker::Type,
            Self::OutputToInput => Checker::Call,
            Self::Coverage => Checker::Boolean,
            Self::ExecutionCount => Checker::Count,
            Self::Exception => Checker::Exception,
        }
    }

    /// Says whether a state can be the answer instead of a value.
    pub fn allows(self, state: State) -> bool {
        match self {
            Self::NextStatement => matches!(state, State::End | State::NotExecuted),
            Self::VariableValue | Self::VariableType => {
                matches!(state, State::NotExecuted | State::Unbound)
            }
            Self::Exception => state == State::NotRaised,
            Self::FinalOutput
            | Self::OutputToInput
            | Self::Coverage
            | Self::ExecutionCount
            | Self::FixedValue => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an answer is compared with the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Checker {
    /// The number of a statement of the listing, or a state.
    Statement,
    /// A canonical value compared by type and content, or a state.
    Value,
    /// A qualified type name, or a state.
    Type,
    /// `true` or `false`.
    Boolean,
    /// An integer.
    Count,
    /// The number of a statement and the type of what it raised, or a state.
    Exception,
    /// Arguments; our copy of the function is called with them.
    Call,
}

/// An answer that is no value. In JSON: `{"state": "…"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The traced call is over.
    End,
    /// The statement was not executed so often.
    NotExecuted,
    /// The variable has no value there.
    Unbound,
    /// Nothing was raised.
    NotRaised,
}

impl State {
    /// Returns the word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::NotExecuted => "not_executed",
            Self::Unbound => "unbound",
            Self::NotRaised => "not_raised",
        }
    }

    /// Returns the state of a word.
    pub fn named(word: &str) -> Option<Self> {
        [Self::End, Self::NotExecuted, Self::Unbound, Self::NotRaised]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// One question of an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Its number in the prompt, from 1.
    pub q: u32,
    /// Its identity over all items.
    pub question_id: String,
    /// What it asks.
    pub kind: Kind,
    /// The right answer as JSON text; of `output_to_input` the result to reach.
    pub answer: String,
    /// The type of the value asked for, or of the exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_type: Option<TypeName>,
    /// How answers are checked; follows from the kind.
    pub checker: Checker,
    /// Which execution of the statement is meant, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k: Option<u32>,
    /// The statement asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_id: Option<u32>,
}

/// The function that an `output_to_input` question calls: our copy of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// The name to call.
    pub entry: String,
    /// The whole program that defines it.
    pub source: String,
    /// Arguments known to give the result, as the JSON of a list.
    pub arguments: String,
}

/// One question as a row of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionRow {
    /// Its identity.
    pub question_id: String,
    /// The program it is about.
    pub program_id: String,
    /// The family of that program; splits never cut through one.
    pub family_id: String,
    /// What it asks.
    pub kind: Kind,
    /// The whole text given to a model.
    pub prompt: String,
    /// The right answer as JSON text; of `output_to_input` the result to reach.
    pub answer: String,
    /// The type of the value asked for, or of the exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_type: Option<TypeName>,
    /// How answers are checked; follows from the kind.
    pub checker: Checker,
    /// Which execution of the statement is meant, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k: Option<u32>,
    /// The statement asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_id: Option<u32>,
    /// The trace that holds the answer, by the digest of its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_ref: Option<String>,
    /// How hard it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<Difficulty>,
    /// The Python that was traced; traces differ by version.
    pub python_version: String,
    /// Where the program is from.
    pub source: String,
    /// The license of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// The function to call, where the kind is `output_to_input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<Function>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_on_disk_are_the_words_in_code() {
        for kind in Kind::ALL {
            let json = serde_json::to_string(&kind).expect("json");
            assert_eq!(json, format!("\"{kind}\""));
        }
        for word in ["end", "not_executed", "unbound", "not_raised"] {
            let state = State::named(word).expect("a state");
            assert_eq!(serde_json::to_string(&state).expect("json"), format!("\"{word}\""));
        }
        assert_eq!(State::named("End"), None);
    }

    #[test]
    fn a_row_with_a_field_nobody_knows_is_refused() {
        let row =
            r#"{"q":1,"question_id":"a","kind":"coverage","answer":"true","checker":"boolean"}"#;
        assert!(serde_json::from_str::<Asked>(row).is_ok());
        let more = row.replace("\"q\":1", "\"q\":1,\"label\":2");
        let error = serde_json::from_str::<Asked>(&more).expect_err("refused").to_string();
        assert!(error.contains("label"), "{error}");
    }
}
