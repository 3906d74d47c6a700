//! What does one prompt ask, and can it be scored?
//!
//! In: the JSON of an item or of a single question row. Out: an [`Item`], and by
//! [`Item::prepare`] the answers it wants, read and checked once. A row that contradicts
//! itself is an [`ItemError`], never a score. Touches nothing.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::difficulty::Difficulty;
use crate::question::{Asked, Checker, Function, Kind, QuestionRow, State};
use crate::type_name::TypeName;
use crate::value::{Value, ValueError};

/// What an item is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemType {
    /// A final output and questions about the way there.
    IoMixed,
    /// Arguments for a stated result, alone.
    Oi,
    /// One question of any kind, alone.
    Single,
}

impl ItemType {
    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IoMixed => "io_mixed",
            Self::Oi => "oi",
            Self::Single => "single",
        }
    }
}

/// What one prompt asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its identity.
    pub item_id: String,
    /// What it is made of.
    #[serde(rename = "type")]
    pub item_type: ItemType,
    /// The program it is about.
    pub program_id: String,
    /// The family of that program; splits never cut through one.
    pub family_id: String,
    /// The whole text given to a model.
    pub prompt: String,
    /// The questions in the order of the prompt.
    pub questions: Vec<Asked>,
    /// The trace that holds the answers, by the digest of its bytes.
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
    /// The function to call, where arguments are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<Function>,
}

/// Why a row cannot be scored.
#[derive(Debug, thiserror::Error)]
pub enum ItemError {
    /// It is no JSON of an item or a question row.
    #[error("failed to read the item")]
    Json(#[source] serde_json::Error),
    /// It asks nothing, or not what its type says.
    #[error("the questions of `{0}` are not those of its type")]
    Questions(String),
    /// A number stands at two questions, or is 0.
    #[error("question {0} is numbered twice or 0")]
    Number(u32),
    /// The checker is not that of the kind.
    #[error("question {0} names another checker than its kind has")]
    Checker(u32),
    /// The right answer of a question is no value.
    #[error("the answer of question {q} is no value")]
    Value {
        /// The number of the question.
        q: u32,
        /// Why not.
        #[source]
        source: ValueError,
    },
    /// The right answer of a question does not fit its kind or its type.
    #[error("the answer of question {0} does not fit its kind or type")]
    Answer(u32),
    /// Arguments are asked for and no function is there to call.
    #[error("question {0} asks for arguments, but no function with known ones is there")]
    Function(u32),
}

/// What is right for one question.
#[derive(Clone, Debug)]
pub(crate) enum Right {
    /// A state instead of a value.
    State(State),
    /// The number of a statement.
    Statement(u32),
    /// A value.
    Value(Value),
    /// A type.
    Type(TypeName),
    /// A truth value.
    Boolean(bool),
    /// A count.
    Count(u64),
    /// What was raised, and where it began.
    Exception(TypeName, u32),
    /// The result that a call has to give.
    Result(Value),
}

/// One question with its right answer, read.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) q: u32,
    pub(crate) kind: Kind,
    pub(crate) answer_type: Option<TypeName>,
    pub(crate) right: Right,
}

/// An item that can be scored any number of times.
#[derive(Clone, Debug)]
pub struct Scorable {
    pub(crate) item_type: ItemType,
    /// Sorted by number.
    pub(crate) questions: Vec<Prepared>,
    pub(crate) function: Option<Function>,
}

impl Item {
    /// Reads the JSON of an item, or of a question row as an item of one question.
    pub fn parse(text: &str) -> Result<Self, ItemError> {
        // A probe, because errors of an untagged enum would help nobody.
        #[derive(Deserialize)]
        struct Probe {
            questions: Option<serde::de::IgnoredAny>,
        }
        let probe: Probe = serde_json::from_str(text).map_err(ItemError::Json)?;
        if probe.questions.is_some() {
            return serde_json::from_str(text).map_err(ItemError::Json);
        }
        serde_json::from_str::<QuestionRow>(text).map(Self::from).map_err(ItemError::Json)
    }

    /// Reads every right answer and checks that the item does not contradict itself.
    pub fn prepare(&self) -> Result<Scorable, ItemError> {
        self.check_type()?;
        let mut numbers = BTreeSet::new();
        let mut questions = Vec::with_capacity(self.questions.len());
        for asked in &self.questions {
            if asked.q == 0 || !numbers.insert(asked.q) {
                return Err(ItemError::Number(asked.q));
            }
            questions.push(prepare(asked, self.function.as_ref())?);
        }
        questions.sort_by_key(|question| question.q);
        Ok(Scorable { item_type: self.item_type, questions, function: self.function.clone() })
    }

    /// Returns the answer block that is right for every question.
    ///
    /// Of `output_to_input` it has the known arguments; that these give the result is
    /// for a [`Caller`](crate::Caller) to say. An item that cannot be prepared has none.
    pub fn gold_answer(&self) -> Result<String, ItemError> {
        self.prepare()?;
        let entries = self.questions.iter().map(|asked| {
            let value = match (&self.function, asked.kind) {
                (Some(function), Kind::OutputToInput) => &function.arguments,
                _ => &asked.answer,
            };
            let stated = asked.answer_type.as_ref().filter(|_| asked.kind != Kind::OutputToInput);
            let stated = stated.map_or(String::new(), |name| format!(",\"type\":\"{name}\""));
            format!("{{\"q\":{},\"value\":{value}{stated}}}", asked.q)
        });
        Ok(format!("<answer>[{}]</answer>", entries.collect::<Vec<_>>().join(",")))
    }

    fn check_type(&self) -> Result<(), ItemError> {
        let finals: Vec<Kind> =
            self.questions.iter().map(|asked| asked.kind).filter(|kind| kind.is_final()).collect();
        let fits = match self.item_type {
            ItemType::IoMixed => finals == [Kind::FinalOutput],
            ItemType::Oi => finals == [Kind::OutputToInput] && self.questions.len() == 1,
            ItemType::Single => self.questions.len() == 1,
        };
        if fits { Ok(()) } else { Err(ItemError::Questions(self.item_id.clone())) }
    }
}

impl From<QuestionRow> for Item {
    fn from(row: QuestionRow) -> Self {
        let asked = Asked {
            q: 1,
            question_id: row.question_id.clone(),
            kind: row.kind,
            answer: row.answer,
            answer_type: row.answer_type,
            checker: row.checker,
            k: row.k,
            statement_id: row.statement_id,
        };
        Self {
            item_id: row.question_id,
            item_type: ItemType::Single,
            program_id: row.program_id,
            family_id: row.family_id,
            prompt: row.prompt,
            questions: vec![asked],
            trace_ref: row.trace_ref,
            difficulty: row.difficulty,
            python_version: row.python_version,
            source: row.source,
            license: row.license,
            function: row.function,
        }
    }
}

fn prepare(asked: &Asked, function: Option<&Function>) -> Result<Prepared, ItemError> {
    if asked.checker != asked.kind.checker() {
        return Err(ItemError::Checker(asked.q));
    }
    if asked.checker == Checker::Call && !function.is_some_and(has_arguments) {
        return Err(ItemError::Function(asked.q));
    }
    let right = match state(&asked.answer) {
        Some(state) if asked.kind.allows(state) => Right::State(state),
        Some(_) => return Err(ItemError::Answer(asked.q)),
        None => right(asked)?,
    };
    Ok(Prepared { q: asked.q, kind: asked.kind, answer_type: asked.answer_type.clone(), right })
}

fn has_arguments(function: &Function) -> bool {
    matches!(Value::parse(&function.arguments), Ok(Value::List(_)))
}

/// Returns the state that an answer of ours is, if it is one.
fn state(answer: &str) -> Option<State> {
    let word = answer.strip_prefix("{\"state\":")?.strip_suffix('}')?;
    State::named(word.trim().strip_prefix('"')?.strip_suffix('"')?)
}

fn right(asked: &Asked) -> Result<Right, ItemError> {
    let wrong = || ItemError::Answer(asked.q);
    let value =
        Value::parse(&asked.answer).map_err(|source| ItemError::Value { q: asked.q, source })?;
    let number = |value: &Value| match value {
        Value::Int(number) => number.small().and_then(|number| u64::try_from(number).ok()),
        _ => None,
    };
    let statement = |value: &Value| number(value).and_then(|number| u32::try_from(number).ok());
    let typed = || asked.answer_type.clone().ok_or_else(wrong);
    Ok(match asked.checker {
        Checker::Statement => Right::Statement(statement(&value).ok_or_else(wrong)?),
        Checker::Count => Right::Count(number(&value).ok_or_else(wrong)?),
        Checker::Exception => Right::Exception(typed()?, statement(&value).ok_or_else(wrong)?),
        Checker::Boolean => match value {
            Value::Bool(value) => Right::Boolean(value),
            _ => return Err(wrong()),
        },
        Checker::Type => match value {
            Value::Text(name) => Right::Type(type_name(&name).ok_or_else(wrong)?),
            _ => return Err(wrong()),
        },
        // The row keeps the type separately, and both have to agree.
        Checker::Value | Checker::Call if value.type_name() != typed()? => return Err(wrong()),
        Checker::Value => Right::Value(value),
        Checker::Call => Right::Result(value),
    })
}

/// Reads a type name; the word of a state is none, because both may be an answer.
fn type_name(name: &str) -> Option<TypeName> {
    TypeName::parse(name).ok().filter(|name| State::named(name.as_str()).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: Kind, answer: &str, answer_type: Option<&str>) -> Result<Scorable, ItemError> {
        let json = serde_json::json!({
            "question_id": "a", "program_id": "p", "family_id": "f", "kind": kind, "prompt": "",
            "answer": answer, "answer_type": answer_type, "checker": kind.checker(),
            "python_version": "3.12", "source": "grammar",
        });
        Item::parse(&json.to_string())?.prepare()
    }

    #[test]
    fn right_answers_that_contradict_their_kind_are_found() {
        use Kind::{Coverage, Exception, ExecutionCount, FinalOutput, FixedValue, NextStatement};
        use Kind::{OutputToInput, VariableType, VariableValue};
        for (kind, answer, answer_type) in [
            (NextStatement, "\"x = 1\"", None),
            (NextStatement, "-1", None),
            (NextStatement, "{\"state\":\"unbound\"}", None),
            (VariableValue, "1", None),
            (VariableValue, "1", Some("bool")),
            (VariableValue, "{\"state\":\"end\"}", None),
            (VariableType, "\"unbound\"", None),
            (VariableType, "3", None),
            (FinalOutput, "{\"state\":\"not_executed\"}", None),
            (FinalOutput, "{'a': 1}", Some("dict")),
            (FixedValue, "{\"state\":\"unbound\"}", None),
            (FixedValue, "1", Some("bool")),
            (OutputToInput, "1", Some("int")),
            (Coverage, "1", None),
            (ExecutionCount, "true", None),
            (Exception, "4", None),
            (Exception, "\"ValueError\"", Some("ValueError")),
        ] {
            assert!(row(kind, answer, answer_type).is_err(), "{kind} {answer}");
        }
        for (kind, answer, answer_type) in [
            (NextStatement, "{\"state\": \"end\"}", None),
            (VariableValue, "{\"state\":\"unbound\"}", None),
            (VariableValue, "\"unbound\"", Some("str")),
            (FixedValue, "{\"tuple\":[1]}", Some("tuple")),
            (VariableType, "\"collections.deque\"", None),
            (Exception, "4", Some("ValueError")),
            (Exception, "{\"state\":\"not_raised\"}", None),
        ] {
            assert!(row(kind, answer, answer_type).is_ok(), "{kind} {answer}");
        }
    }
}
