//! What did a program do, statement by statement, and in which state did it leave each?
//!
//! A trace says when control entered and left the statements of the functions that were
//! followed, and which variables changed. `docs/execution-reasoning.md` defines what an
//! execution of a statement is. Values are canonical JSON.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;

use crate::SchemaVersion;

/// The trace of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExecutionTrace {
    /// The version of the format.
    pub schema: SchemaVersion,
    /// The version of the interpreter, e.g., `3.12.1`; traces differ between minor versions.
    pub python: String,
    /// The files that functions were followed in.
    pub files: Vec<TracedFile>,
    /// The functions and class bodies that were followed.
    pub functions: Vec<TracedFunction>,
    /// What happened, in order.
    pub events: Vec<TraceEvent>,
    /// How the call ended.
    pub result: TraceResult,
    /// Frames of functions that were not followed.
    pub library_frames: u64,
    /// Values that differed between the runs and were replaced by [`ValueText::differs`].
    pub dropped_values: u64,
}

/// A file and its statements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TracedFile {
    /// Its path in the repository; empty for a program.
    pub path: String,
    /// Its statements in source order; the first one has number 1.
    pub statements: Vec<TracedStatement>,
}

/// One statement, handler (`except`) or case of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TracedStatement {
    /// Its first line, from 1; of a definition, that of its first decorator.
    pub line: u32,
    /// Its first column, in bytes from 0.
    pub column: u32,
    /// Its last line.
    pub end_line: u32,
    /// The column after its last byte.
    pub end_column: u32,
    /// The kind of its node in Python's `ast`, e.g., `AugAssign`.
    pub kind: String,
    /// The number of the statement it lies in; 0 in none.
    pub parent: u32,
    /// Why nobody should be asked about it, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unasked: Option<Unasked>,
    /// It may be passed without a trace, so that what comes before and after it may not
    /// be adjacent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
}

/// Why nobody should be asked about a statement.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Unasked {
    /// It defines a function or class.
    Definition,
    /// It is a docstring.
    Docstring,
    /// It has no code of its own: `try`, `global`, a constant, an annotation.
    NoCode,
    /// The compiler may decide its test.
    ConstantTest,
    /// Nothing in the loop is executed between two evaluations of its header.
    EmptyLoop,
    /// Another statement starts on a line of its own code.
    SharesLine,
    /// It is an `except*`.
    GroupHandler,
    /// It stands in the body of a class.
    ClassBody,
}

/// A function or class body that was followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TracedFunction {
    /// Its qualified name.
    pub name: String,
    /// The line of its definition.
    pub line: u32,
    /// The index of its file in [`ExecutionTrace::files`].
    pub file: u32,
}

/// The values of variables by name.
pub type Variables = BTreeMap<String, ValueText>;

/// One event. All but `call` and `resume` are about the innermost frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceEvent {
    /// A frame begins; frames are numbered from 1 in this order.
    Call {
        /// The index of the function in [`ExecutionTrace::functions`].
        function: u32,
        /// Its arguments.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        set: Variables,
    },
    /// An activation of this statement begins.
    Begin(u32),
    /// The activation ends normally.
    End {
        /// The variables whose canonical value changed.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        set: Variables,
        /// The variables that are unbound again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unset: Vec<String>,
    },
    /// The activation ends by an exception of this class.
    Raise(String),
    /// The frame returns.
    Return {
        /// What; absent where values were not asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<ValueText>,
    },
    /// The frame is left by an exception of this class.
    Unwind(String),
    /// The frame is suspended; its activation goes on when it is resumed.
    Yield {
        /// What it gives; absent where values were not asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<ValueText>,
    },
    /// A suspended frame goes on and is the innermost one.
    Resume {
        /// Its number.
        frame: u32,
        /// The class of the exception that is thrown into it, if one is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thrown: Option<String>,
    },
}

/// How a traced call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceResult {
    /// It returned this.
    Returned(ValueText),
    /// It raised an exception of this class.
    Raised(String),
    /// What was followed is one part of a longer run.
    Part,
}

/// Why a program has no trace.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TraceFailure {
    /// Python does not compile it, or it is too large to be tried.
    Invalid {
        /// `syntax` or `too_large`.
        what: String,
    },
    /// Its module raised an exception before the call.
    Module {
        /// The class.
        class: String,
    },
    /// The time was over.
    Timeout {
        /// `wall` or `cpu`.
        what: String,
    },
    /// The memory was over.
    Oom,
    /// It executed more statements than it may.
    Steps,
    /// Its trace is longer than it may be.
    Trace,
    /// It printed more than it may.
    Output,
    /// It raised `RecursionError`, which depends on who is watching.
    Recursion,
    /// It ended its process, or asked to.
    Exit,
    /// A signal ended it.
    Crashed {
        /// The signal.
        signal: i32,
    },
    /// It reached for the machinery that follows it, or what that said is not whole.
    Tampered {
        /// What it touched.
        what: String,
    },
    /// It reached out of itself: `files`, `network`, `processes`, `signals` or `threads`.
    Forbidden {
        /// What it reached for.
        what: String,
    },
    /// Two runs did not do the same.
    Nondeterministic,
}

impl TraceFailure {
    /// Returns the word used on disk and in tables.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid",
            Self::Module { .. } => "module",
            Self::Timeout { .. } => "timeout",
            Self::Oom => "oom",
            Self::Steps => "steps",
            Self::Trace => "trace",
            Self::Output => "output",
            Self::Recursion => "recursion",
            Self::Exit => "exit",
            Self::Crashed { .. } => "crashed",
            Self::Tampered { .. } => "tampered",
            Self::Forbidden { .. } => "forbidden",
            Self::Nondeterministic => "nondeterministic",
        }
    }
}

/// The canonical JSON of one value, or of what stands for one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueText(String);

impl ValueText {
    /// Takes JSON as it is; returns `None` for what is none.
    pub fn new(text: String) -> Option<Self> {
        let parsed = serde_json::from_str::<serde::de::IgnoredAny>(&text);
        parsed.is_ok().then_some(Self(text))
    }

    /// Returns what stands for a value that differed between two runs.
    pub fn differs() -> Self {
        Self(r#"{"differs":{}}"#.to_owned())
    }

    /// Returns the JSON.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true for what stands for a value that is not known: it was larger than the
    /// limits, or differed between two runs.
    pub fn is_unknown(&self) -> bool {
        self.0.starts_with("{\"truncated\":") || self.0.starts_with("{\"differs\":")
    }
}

impl fmt::Display for ValueText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ValueText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.clone()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ValueText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::new(String::from(Box::<str>::from(raw)))
            .ok_or_else(|| D::Error::custom("a value is no JSON"))
    }
}

impl JsonSchema for ValueText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ValueText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "The canonical JSON of one value, or of what stands for one." })
    }
}
