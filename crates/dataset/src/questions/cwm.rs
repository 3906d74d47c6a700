//! What is a trace in the text that the Code World Model was trained on?
//!
//! In: an item and its trace. Out: the text of the call: its source, then one frame for
//! each call, execution, return and exception, with the local variables before it as
//! `repr` writes them. What has no such text is left out with a reason. The format is that
//! of the prompting guide of facebookresearch/cwm; where it leaves something open, the
//! choice is stated in `docs/execution-reasoning.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use backstory_model::{ExecutionTrace, TraceEvent, ValueText, Variables};
use backstory_verify::{Item, Value};
use serde_json::Value as Json;

use super::prompt::Listing;
use super::traces::TraceRow;

/// The marks of the format; a tokenizer has each of them as one token.
pub(crate) const MARKS: [&str; 10] = [
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|trace_context_start|>",
    "<|frame_sep|>",
    "<|call_sep|>",
    "<|line_sep|>",
    "<|return_sep|>",
    "<|exception_sep|>",
    "<|action_sep|>",
    "<|arg_sep|>",
];

/// What ends the line of the function that is entered first.
const START: &str = "  # << START_OF_TRACE";

/// What stands for a value that is what it was.
const SAME: &str = "..";

/// Why a trace has no such text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoCwm {
    /// The file of traces has none of this name.
    NoTrace,
    /// Prompt and trace do not fit together.
    Contradiction,
    /// Something happens in source that the prompt does not show.
    PartShown,
    /// A frame is suspended, for which the format has no mark.
    Suspended,
    /// A value is not known.
    UnknownValue,
    /// A value has no `repr` that can be told from what is known of it.
    NoRepr,
}

impl NoCwm {
    /// Returns the word of funnels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoTrace => "no_trace",
            Self::Contradiction => "contradiction",
            Self::PartShown => "part_shown",
            Self::Suspended => "suspended",
            Self::UnknownValue => "unknown_value",
            Self::NoRepr => "no_repr",
        }
    }
}

/// A frame while the events are told.
struct Frame {
    function: u32,
    statement: Option<u32>,
    variables: Variables,
    /// What was last said of each variable.
    said: BTreeMap<String, ValueText>,
}

struct Writer<'a> {
    trace: &'a ExecutionTrace,
    /// The file that is shown.
    file: u32,
    listing: &'a Listing,
    /// The frames that are active, the innermost one last.
    stack: Vec<Frame>,
    text: String,
}

/// Writes the trace that an item names.
pub(super) fn cwm(item: &Item, row: &TraceRow) -> Result<String, NoCwm> {
    let listing = Listing::of(&item.prompt).ok_or(NoCwm::Contradiction)?;
    let trace = &row.trace;
    let file = row.shown().ok_or(NoCwm::Contradiction)?;
    // Of a call, the lines around the function are left out; of a program none are.
    if listing.has_gaps && row.path.is_none() {
        return Err(NoCwm::PartShown);
    }
    let (stack, text) = (Vec::new(), String::new());
    let mut writer = Writer { trace, file, listing: &listing, stack, text };
    writer.text.push_str("<|begin_of_text|><|trace_context_start|>");
    let source = writer.source().ok_or(NoCwm::Contradiction)?;
    writer.text.push_str(&escaped(&source));
    writer.text.push_str("<|frame_sep|>");
    for event in &trace.events {
        writer.take(event)?;
    }
    if !writer.stack.is_empty() {
        return Err(NoCwm::Contradiction);
    }
    writer.text.push_str("<|end_of_text|>");
    Ok(writer.text)
}

impl Writer<'_> {
    /// Returns the source with the mark where the trace starts.
    fn source(&self) -> Option<String> {
        let Some(TraceEvent::Call { function, .. }) = self.trace.events.first() else {
            return None;
        };
        let at = self.definition(*function)?;
        let mut text = String::new();
        for (number, line) in self.listing.lines.iter().enumerate() {
            let _ = writeln!(text, "{line}{}", if number == at { START } else { "" });
        }
        Some(text)
    }

    /// Returns the place of the line with the `def` of a function.
    fn definition(&self, function: u32) -> Option<usize> {
        let function = self.trace.functions.get(usize::try_from(function).ok()?)?;
        let files = &self.trace.files;
        let statements = &files.get(usize::try_from(self.file).ok()?)?.statements;
        let is_it = |kind: &str| matches!(kind, "FunctionDef" | "AsyncFunctionDef");
        let place =
            statements.iter().position(|one| one.line == function.line && is_it(&one.kind))?;
        let start = self.listing.starts.get(&u32::try_from(place + 1).ok()?)?;
        // Decorators come first.
        let is_head = |line: &String| {
            let line = line.trim_start();
            line.starts_with("def ") || line.starts_with("async def ")
        };
        let lines = self.listing.lines.get(*start..)?;
        lines.iter().position(is_head).map(|below| start + below)
    }

    /// Returns the line that a function or one of its statements starts on.
    fn line_of(&self, function: u32, statement: Option<u32>) -> Option<&str> {
        let of = self.trace.functions.get(usize::try_from(function).ok()?)?;
        if of.file != self.file {
            return None;
        }
        match statement {
            Some(statement) => self.listing.line(statement),
            None => self.listing.lines.get(self.definition(function)?).map(String::as_str),
        }
    }

    fn take(&mut self, event: &TraceEvent) -> Result<(), NoCwm> {
        match event {
            TraceEvent::Call { function, set } => {
                let (variables, said) = (set.clone(), BTreeMap::new());
                self.stack.push(Frame { function: *function, statement: None, variables, said });
                self.frame("call")
            }
            TraceEvent::Begin(statement) => {
                self.innermost()?.statement = Some(*statement);
                self.frame("line")
            }
            TraceEvent::End { set, unset } => {
                let frame = self.innermost()?;
                frame.variables.extend(set.clone());
                frame.variables.retain(|name, _| !unset.contains(name));
                frame.said.retain(|name, _| !unset.contains(name));
                Ok(())
            }
            TraceEvent::Raise(class) => self.ends("exception", class),
            TraceEvent::Return { value } => {
                let value = repr(value.as_ref().ok_or(NoCwm::UnknownValue)?)?;
                self.ends("return", &value)?;
                self.stack.pop();
                Ok(())
            }
            // Python's own trace hook tells of such a frame that it returns `None`.
            TraceEvent::Unwind(_) => {
                self.ends("return", "None")?;
                self.stack.pop();
                Ok(())
            }
            TraceEvent::Yield { .. } | TraceEvent::Resume { .. } => Err(NoCwm::Suspended),
        }
    }

    fn innermost(&mut self) -> Result<&mut Frame, NoCwm> {
        self.stack.last_mut().ok_or(NoCwm::Contradiction)
    }

    /// Returns the line that the innermost frame is at.
    fn line(&mut self) -> Result<String, NoCwm> {
        let frame = self.innermost()?;
        let (statement, function) = (frame.statement, frame.function);
        self.line_of(function, statement).map(escaped).ok_or(NoCwm::PartShown)
    }

    /// Writes a frame with the variables as they are.
    fn frame(&mut self, mark: &str) -> Result<(), NoCwm> {
        let line = self.line()?;
        let frame = self.innermost()?;
        let mut locals = serde_json::Map::new();
        for (name, value) in &frame.variables {
            let text =
                if frame.said.get(name) == Some(value) { SAME.to_owned() } else { repr(value)? };
            locals.insert(name.clone(), text.into());
        }
        frame.said.clone_from(&frame.variables);
        let locals = json(&Json::Object(locals));
        let _ = write!(self.text, "<|{mark}_sep|>{locals}<|action_sep|>{line}\n<|frame_sep|>");
        Ok(())
    }

    /// Writes what comes out of a frame or of one of its statements.
    fn ends(&mut self, mark: &str, value: &str) -> Result<(), NoCwm> {
        let (line, value) = (self.line()?, json(&value.into()));
        let _ = write!(
            self.text,
            "<|{mark}_sep|><|action_sep|>{line}\n<|arg_sep|>{value}<|frame_sep|>"
        );
        Ok(())
    }
}

fn repr(value: &ValueText) -> Result<String, NoCwm> {
    if value.is_unknown() {
        return Err(NoCwm::UnknownValue);
    }
    let value = Value::parse(value.as_str()).map_err(|_| NoCwm::UnknownValue)?;
    value.repr().ok_or(NoCwm::NoRepr)
}

/// Writes JSON in which no mark can stand; a reader of JSON gets the same text back.
fn json(value: &Json) -> String {
    let text = value.to_string();
    MARKS.iter().fold(text, |text, mark| text.replace(mark, &mark.replacen('<', "\\u003c", 1)))
}

/// Writes source with a backslash in every mark, so that none is read as a token.
pub(crate) fn escaped(source: &str) -> String {
    MARKS
        .iter()
        .fold(source.to_owned(), |text, mark| text.replace(mark, &mark.replacen("<|", "<\\|", 1)))
}
