//! What happens in an execution, statement by statement?
//!
//! In: a trace, the lines that are shown, and which executions are told. Out: one line for
//! each execution with what it changed, for calls and returns of functions, and for
//! exceptions. Values that are not known are not told.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use backstory_model::{ExecutionTrace, TraceEvent, TraceResult, ValueText, Variables};

use super::prompt::Listing;

/// What is told.
pub(super) struct Told<'a> {
    pub(super) trace: &'a ExecutionTrace,
    /// The file that is shown.
    pub(super) file: u32,
    pub(super) listing: &'a Listing,
    /// The executions, by their places among all.
    pub(super) executions: Range<usize>,
    /// Whether the one behind them is named, without what it does.
    pub(super) successor: bool,
    /// Whether the end of the call is told.
    pub(super) ends_call: bool,
}

/// Where the telling is.
#[derive(Default)]
struct Telling {
    text: String,
    /// How many executions began.
    begun: usize,
    counts: BTreeMap<(u32, u32), u32>,
    /// The functions of all frames, by their numbers from 1.
    functions: Vec<u32>,
    stack: Vec<u32>,
    /// The statement that each frame is at.
    statements: BTreeMap<u32, u32>,
    /// Whether the line of an execution waits for its end.
    open: bool,
}

/// Tells an execution; `None` where the trace contradicts itself.
pub(super) fn tell(told: &Told<'_>) -> Option<String> {
    let mut telling = Telling::default();
    if told.executions.start == 0 {
        telling.text.push_str("I follow the call statement by statement.\n");
    } else {
        telling.text.push_str("I follow the call from there, statement by statement.\n");
    }
    for event in &told.trace.events {
        telling.take(told, event)?;
    }
    telling.close(told, "");
    if told.ends_call
        && let TraceResult::Raised(class) = &told.trace.result
    {
        let _ = writeln!(telling.text, "{class} leaves the call.");
    }
    telling.text.push('\n');
    Some(telling.text)
}

impl Telling {
    fn take(&mut self, told: &Told<'_>, event: &TraceEvent) -> Option<()> {
        match event {
            TraceEvent::Call { function, set } => self.call(told, *function, set)?,
            TraceEvent::Begin(statement) => self.begin(told, *statement)?,
            TraceEvent::End { set, unset } => {
                let said = changes(set, unset);
                self.close(told, &said);
            }
            TraceEvent::Raise(class) => self.close(told, &format!(" raises {class}")),
            TraceEvent::Return { value } => {
                let name = self.leave(told)?;
                let known = value.as_ref().filter(|value| is_told(value));
                let said = known.map_or("what is not shown", ValueText::as_str);
                self.say(told, &format!("`{name}` returns {said}"));
            }
            TraceEvent::Unwind(class) => {
                let name = self.leave(told)?;
                self.say(told, &format!("{class} leaves `{name}`"));
            }
            TraceEvent::Yield { .. } => {
                let name = self.leave(told)?;
                self.say(told, &format!("`{name}` is suspended"));
            }
            TraceEvent::Resume { frame, .. } => {
                self.stack.push(*frame);
                let name = name(told.trace, self.function()?)?;
                self.say(told, &format!("`{name}` goes on"));
            }
        }
        Some(())
    }

    fn call(&mut self, told: &Told<'_>, function: u32, set: &Variables) -> Option<()> {
        let name = name(told.trace, function)?;
        self.functions.push(function);
        self.stack.push(u32::try_from(self.functions.len()).ok()?);
        let given = changes(set, &[]);
        // The statement that calls goes on when the function is left.
        self.say(told, &format!("`{name}` is called{}", given.replacen(" →", " with", 1)));
        Some(())
    }

    fn begin(&mut self, told: &Told<'_>, statement: u32) -> Option<()> {
        let function = usize::try_from(self.function()?).ok()?;
        let file = told.trace.functions.get(function)?.file;
        let count = self.counts.entry((file, statement)).or_insert(0);
        *count += 1;
        let count = *count;
        self.begun += 1;
        self.statements.insert(*self.stack.last()?, statement);
        let is_successor = told.successor && self.begun == told.executions.end + 1;
        if self.is_told(told) || is_successor {
            let code = told.listing.line(statement).filter(|_| file == told.file);
            let code = code.map_or(String::new(), |code| format!(" `{}`", code.trim()));
            self.break_line();
            let _ = write!(self.text, "[{statement}] execution {count}{code}");
            self.open = true;
        }
        Some(())
    }

    /// Ends the line of an execution, or says in a line of its own what came of one that
    /// was interrupted by a call.
    fn close(&mut self, told: &Told<'_>, said: &str) {
        let is_told = self.is_told(told);
        if self.open {
            let _ = writeln!(self.text, "{}", if is_told { said } else { "" });
            self.open = false;
        } else if is_told && !said.is_empty() {
            let at = self.stack.last().and_then(|frame| self.statements.get(frame));
            let _ = writeln!(self.text, "[{}] goes on{said}", at.copied().unwrap_or_default());
        }
    }

    fn say(&mut self, told: &Told<'_>, what: &str) {
        let is_first = self.begun == 0 && told.executions.start == 0;
        if is_first || self.is_told(told) {
            self.break_line();
            let _ = writeln!(self.text, "{what}");
        }
    }

    fn break_line(&mut self) {
        if self.open {
            self.text.push('\n');
            self.open = false;
        }
    }

    /// Says whether the execution that began last is told.
    fn is_told(&self, told: &Told<'_>) -> bool {
        self.begun > told.executions.start && self.begun <= told.executions.end
    }

    fn leave(&mut self, told: &Told<'_>) -> Option<String> {
        let name = name(told.trace, self.function()?)?;
        self.stack.pop();
        Some(name)
    }

    fn function(&self) -> Option<u32> {
        let frame = usize::try_from(*self.stack.last()?).ok()?;
        self.functions.get(frame.checked_sub(1)?).copied()
    }
}

fn name(trace: &ExecutionTrace, function: u32) -> Option<String> {
    let function = trace.functions.get(usize::try_from(function).ok()?)?;
    Some(function.name.clone())
}

/// Says what variables became.
fn changes(set: &Variables, unset: &[String]) -> String {
    let known = set.iter().filter(|(_, value)| is_told(value));
    let set = known.map(|(name, value)| format!("{name} = {value}"));
    let unset = unset.iter().map(|name| format!("{name} has no value"));
    let all: Vec<String> = set.chain(unset).collect();
    if all.is_empty() { String::new() } else { format!(" → {}", all.join(", ")) }
}

/// Says whether a value can be told: it is known, and holds nothing that the prompt may
/// not show.
fn is_told(value: &ValueText) -> bool {
    let text = value.as_str();
    !value.is_unknown()
        && !["{\"object\":", "{\"truncated\":", "{\"differs\":"]
            .iter()
            .any(|one| text.contains(one))
}
