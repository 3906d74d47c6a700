//! Why does an answer, or a part of it, get what it gets?

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// Why a question, or a whole text, was judged as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The answer is right; of a whole text: it was read and judged.
    Ok,
    // Of a whole text.
    /// There is no answer block.
    NoAnswer,
    /// The block has no end.
    AnswerNotClosed,
    /// The reasoning has no end, so nothing was answered yet.
    ThinkingNotClosed,
    /// There is more than one block, or a tag too many.
    TwoAnswers,
    /// The block is no JSON.
    NotJson,
    /// The block is JSON, but no array.
    NotAnArray,
    /// The array has too many entries.
    TooManyEntries,
    /// Something has too many bytes, values or digits.
    TooLong,
    /// Brackets are nested too deeply.
    TooDeep,
    /// The text is not UTF-8.
    NotUtf8,
    // Of one question.
    /// No entry has its number.
    Missing,
    /// Several entries have its number.
    Duplicate,
    /// The entry has no value.
    NoValue,
    /// The value is not canonical JSON, or not of the form the question wants.
    MalformedValue,
    /// The value or the stated type is of another type.
    WrongType,
    /// The value is another one.
    WrongValue,
    /// The arguments are no list.
    MalformedArguments,
    /// Our copy of the function returned another result.
    WrongResult,
    /// Our copy of the function raised.
    CallRaised,
    /// Our copy of the function broke a limit.
    CallLimit,
    /// Our copy of the function has still to be called.
    NotCalled,
    // Of a row that gets no score.
    /// There are no questions about the way, and the options drop such a row.
    NoQuestions,
    /// The row contradicts itself or cannot be read.
    BadItem,
    /// The options are out of range.
    BadOptions,
    /// What should have called or tested failed itself.
    Infrastructure,
    /// There are no tests.
    NoTests,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 27] = [
        Self::Ok,
        Self::NoAnswer,
        Self::AnswerNotClosed,
        Self::ThinkingNotClosed,
        Self::TwoAnswers,
        Self::NotJson,
        Self::NotAnArray,
        Self::TooManyEntries,
        Self::TooLong,
        Self::TooDeep,
        Self::NotUtf8,
        Self::Missing,
        Self::Duplicate,
        Self::NoValue,
        Self::MalformedValue,
        Self::WrongType,
        Self::WrongValue,
        Self::MalformedArguments,
        Self::WrongResult,
        Self::CallRaised,
        Self::CallLimit,
        Self::NotCalled,
        Self::NoQuestions,
        Self::BadItem,
        Self::BadOptions,
        Self::Infrastructure,
        Self::NoTests,
    ];

    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NoAnswer => "no_answer",
            Self::AnswerNotClosed => "answer_not_closed",
            Self::ThinkingNotClosed => "thinking_not_closed",
            Self::TwoAnswers => "two_answers",
            Self::NotJson => "not_json",
            Self::NotAnArray => "not_an_array",
            Self::TooManyEntries => "too_many_entries",
            Self::TooLong => "too_long",
            Self::TooDeep => "too_deep",
            Self::NotUtf8 => "not_utf8",
            Self::Missing => "missing",
            Self::Duplicate => "duplicate",
            Self::NoValue => "no_value",
            Self::MalformedValue => "malformed_value",
            Self::WrongType => "wrong_type",
            Self::WrongValue => "wrong_value",
            Self::MalformedArguments => "malformed_arguments",
            Self::WrongResult => "wrong_result",
            Self::CallRaised => "call_raised",
            Self::CallLimit => "call_limit",
            Self::NotCalled => "not_called",
            Self::NoQuestions => "no_questions",
            Self::BadItem => "bad_item",
            Self::BadOptions => "bad_options",
            Self::Infrastructure => "infrastructure",
            Self::NoTests => "no_tests",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_on_disk_are_the_words_in_code() {
        for reason in Reason::ALL {
            let json = serde_json::to_string(&reason).expect("json");
            assert_eq!(json, format!("\"{reason}\""));
        }
    }
}
