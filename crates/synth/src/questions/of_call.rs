//! What is asked about a call of a real function?
//!
//! In: a call that a test made, and the text of its file. Out: items about those parts of
//! it that a reader can follow from the prompt alone. Nothing is asked whose answer depends
//! on what is not shown; what is left out is counted.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

use backstory_model::{
    Activation, ActivationEnd, TraceEvent, TracedFile, TracedStatement, Unasked, Variables,
};
use backstory_verify::{Asked, Difficulty, Item, ItemType, Kind, State, Value};

use super::balance::Balance;
use super::calls::TracedCall;
use super::candidate::{Answer, Candidate, Dropped};
use super::fix::{SameStatements, changed_values};
use super::listing::listing;
use super::prompt::questions;
use super::reading::Reading;
use super::seen::with_fields;
use super::stretch::{Stretch, stretches};
use super::way::Way;
use super::write::{AskOptions, Questions};
use crate::short_id::{number_of, short_id};

/// Longer answers are not asked for, in bytes.
const LONGEST_ANSWER: usize = 300;

/// Longer prompts are not written, in bytes.
const LONGEST_PROMPT: usize = 16_000;

/// What every prompt about a real function says of what it shows.
const SHOWN: &str = "\
An object of another class is {\"object\": {\"class\": ..., \"fields\": [[name, value], ...]}} with \
those of its fields that the function names, and with a number where it is not shown at all; \
reading a shown field gives its value. Names of builtin functions and classes mean what they \
always do. Variables share no list, dict or set unless the function makes them.\n";

/// A file with functions that were called.
pub struct CalledFile<'a> {
    text: &'a str,
    reading: Reading,
}

impl<'a> CalledFile<'a> {
    /// Reads a file; `None` where it is no Python.
    pub fn of(text: &'a str) -> Option<Self> {
        Some(Self { text, reading: Reading::of(text)? })
    }
}

/// The same call before a fix.
#[derive(Clone, Copy, Debug)]
pub struct CallBefore<'a> {
    /// The call.
    pub call: &'a TracedCall,
    /// Which statements are the same.
    pub same: &'a SameStatements,
    /// The text of its file.
    pub text: &'a str,
}

/// A call to ask about.
pub struct CallSubject<'a> {
    /// The call.
    pub call: &'a TracedCall,
    /// Its file.
    pub file: &'a CalledFile<'a>,
    /// The repository; with path and name of the function it is the family.
    pub repository: &'a str,
    /// The same call before the fix, where there is one.
    pub before: Option<CallBefore<'a>>,
    /// The digest of the trace.
    pub trace_ref: &'a str,
}

/// Asks about calls, and remembers what was asked.
#[derive(Debug, Default)]
pub struct CallAsker {
    /// How often which answer was right.
    pub balance: Balance,
    asked: BTreeSet<u64>,
}

/// A call that is being asked about.
struct Writer<'a> {
    subject: &'a CallSubject<'a>,
    file: &'a TracedFile,
    lines: RangeInclusive<u32>,
    program_id: String,
    family_id: String,
    activations: Vec<Activation>,
}

impl CallAsker {
    /// Asks about one call.
    pub fn ask(&mut self, subject: &CallSubject<'_>, options: AskOptions) -> Questions {
        let mut asked = Questions::default();
        match self.try_ask(subject, options, &mut asked) {
            Ok(()) => {}
            Err(why) => *asked.dropped.entry(why).or_default() += 1,
        }
        asked
    }

    fn try_ask(
        &mut self,
        subject: &CallSubject<'_>,
        options: AskOptions,
        asked: &mut Questions,
    ) -> Result<(), Dropped> {
        let writer = Writer::of(subject)?;
        let found = stretches(&subject.call.trace, &writer.activations, &subject.file.reading);
        if found.is_empty() {
            return Err(Dropped::NotShown);
        }
        let number = writer.file_number().ok_or(Dropped::Contradiction)?;
        let mut way = Way::of(&subject.call.trace, number)?;
        let mut all = way.control();
        all.extend(way.data());
        all.extend(way.exception());
        let outcome = way.outcome();
        let fixed = subject.before.map_or_else(Vec::new, |before| {
            changed_values(before.call, &writer.activations, before.same)
        });
        let mut random = options.seed.part(number_of(&writer.program_id)).generator();
        for stretch in &found {
            let (fit, unfit) = writer.candidates(stretch, &all);
            if unfit > 0 {
                *asked.dropped.entry(Dropped::UnfitValue).or_default() += unfit;
            }
            let (fixed, _) = writer.candidates(stretch, &fixed);
            if fit.is_empty() && fixed.is_empty() {
                *asked.dropped.entry(Dropped::NotShown).or_default() += 1;
                continue;
            }
            let introduction = writer.introduction(stretch);
            if introduction.len() > LONGEST_PROMPT {
                *asked.dropped.entry(Dropped::TooLong).or_default() += 1;
                continue;
            }
            if !self.asked.insert(number_of(&introduction)) {
                *asked.dropped.entry(Dropped::Repeated).or_default() += 1;
                continue;
            }
            let is_data =
                |one: &Candidate| matches!(one.kind, Kind::VariableValue | Kind::VariableType);
            let (data, control): (Vec<_>, Vec<_>) = fit.into_iter().partition(is_data);
            let mut chosen = self.balance.take(control, options.control, &mut random);
            chosen.extend(self.balance.take(data, options.data, &mut random));
            let last = outcome.as_ref().filter(|value| stretch.ends_call && is_fit(value));
            asked.items.extend(writer.items(stretch, &introduction, last, &chosen));
            let fixed = self.balance.take(fixed, options.data, &mut random);
            asked.items.extend(writer.fixed(&introduction, &fixed));
        }
        for (why, count) in way.dropped {
            *asked.dropped.entry(why).or_default() += count;
        }
        if asked.items.is_empty() {
            return Err(Dropped::Nothing);
        }
        Ok(())
    }
}

/// Says whether a value can be an answer: short, and of builtin types alone.
fn is_fit(value: &Value) -> bool {
    let text = value.in_order();
    text.len() <= LONGEST_ANSWER && !text.contains("{\"object\":")
}

impl<'a> Writer<'a> {
    fn of(subject: &'a CallSubject<'a>) -> Result<Self, Dropped> {
        let trace = &subject.call.trace;
        let activations = trace.activations().map_err(|_| Dropped::Contradiction)?;
        let file = subject.call.file().ok_or(Dropped::Contradiction)?;
        let lines = definition(subject)?;
        let family =
            format!("{} {} {}", subject.repository, subject.call.path, subject.call.function);
        let program_id = short_id(&format!("{family} {}", subject.trace_ref));
        Ok(Self { subject, file, lines, program_id, family_id: short_id(&family), activations })
    }

    fn file_number(&self) -> Option<u32> {
        let files = &self.subject.call.trace.files;
        let place = files.iter().position(|file| file.path == self.subject.call.path)?;
        u32::try_from(place).ok()
    }

    /// Returns those candidates whose answers a reader of a stretch can know, and how many
    /// of these have an answer that is too long or too strange.
    fn candidates(&self, stretch: &Stretch, all: &[Candidate]) -> (Vec<Candidate>, usize) {
        let mut unfit = 0;
        let mut fit = Vec::new();
        for one in all.iter().filter(|one| self.is_known(stretch, one)) {
            let value = match &one.answer {
                Answer::Value(value) => Some(value),
                _ => None,
            };
            if value.into_iter().chain(&one.before).all(is_fit) {
                fit.push(one.clone());
            } else {
                unfit += 1;
            }
        }
        (fit, unfit)
    }

    fn is_known(&self, stretch: &Stretch, one: &Candidate) -> bool {
        let Some(statement) = one.statement else { return stretch.ends_call };
        if !self.is_shown(statement) || stretch.is_plain_end() {
            return false;
        }
        let so_far = stretch.before.get(&statement).copied().unwrap_or_default();
        match (one.kind, &one.answer) {
            (Kind::Coverage, _) | (_, Answer::State(State::NotExecuted)) => {
                stretch.ends_call && so_far == 0
            }
            // Of what was executed before the count is told, unless it goes on.
            (Kind::ExecutionCount, Answer::Number(count)) => {
                stretch.ends_call && (so_far == 0 || *count > so_far.into())
            }
            _ => {
                let place = self.activations.iter().position(|execution| {
                    execution.frame == 1
                        && execution.statement == statement
                        && Some(execution.k) == one.k
                });
                let Some(place) = place.filter(|place| stretch.executions.contains(place)) else {
                    return false;
                };
                match one.kind {
                    Kind::NextStatement => {
                        stretch.has_successor || place + 1 < stretch.executions.end
                    }
                    _ => self.is_changed(stretch, place, one),
                }
            }
        }
    }

    /// Says whether an execution gave a variable another value, or left it without one.
    fn is_changed(&self, stretch: &Stretch, place: usize, one: &Candidate) -> bool {
        let Some(name) = &one.variable else { return false };
        if matches!(one.answer, Answer::State(State::Unbound)) {
            return true;
        }
        let after = |place: usize| match &self.activations[place].ended {
            ActivationEnd::Normally { state } => Some(state),
            ActivationEnd::ByException { .. } | ActivationEnd::Never => None,
        };
        let earlier = (stretch.executions.start..place).rev().find_map(after);
        let before: &Variables = earlier.unwrap_or(&stretch.state);
        after(place).is_some_and(|state| state.get(name) != before.get(name))
    }

    fn is_shown(&self, statement: u32) -> bool {
        self.statement(statement).is_some_and(|one| self.lines.contains(&one.line))
    }

    /// Says whether it is told how often a statement was executed: of an annotation alone
    /// it is for the compiler to decide whether anything is.
    fn is_told(&self, statement: u32) -> bool {
        let has_code = |one: &TracedStatement| one.unasked != Some(Unasked::NoCode);
        self.is_shown(statement) && self.statement(statement).is_some_and(has_code)
    }

    fn statement(&self, number: u32) -> Option<&TracedStatement> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.file.statements.get(place)
    }

    /// Writes what a prompt shows: the function, and the values where a stretch begins.
    fn introduction(&self, stretch: &Stretch) -> String {
        let call = self.subject.call;
        let mut text = format!(
            "This is Python {}. The number in brackets names the statement that starts on the \
             line.\n\nThe function `{}` of `{}`:\n\n```\n{}```\n\n",
            call.trace.python,
            call.function,
            call.path,
            listing(self.subject.file.text, self.file, std::slice::from_ref(&self.lines))
        );
        let first = &self.activations[stretch.executions.start];
        if stretch.executions.start == 0 {
            text.push_str("It is called with these arguments:\n\n");
        } else {
            // Writing to a string does not fail.
            let _ = write!(
                text,
                "It was called, and now execution {} of statement [{}] begins. ",
                first.k, first.statement
            );
            let counts = stretch.before.iter().filter(|(number, _)| self.is_told(**number));
            let counts: Vec<String> =
                counts.map(|(number, count)| format!("[{number}] {count}")).collect();
            let _ = write!(text, "So far were executed, how often: {}.", counts.join(", "));
            text.push_str("\nThe variables are now:\n\n");
        }
        text.push_str("```\n");
        let names = self.subject.file.reading.names(*self.lines.start(), *self.lines.end());
        for (name, value) in &stretch.state {
            if names.contains(name.as_str()) && !value.is_unknown() {
                let shown = with_fields(value, |field| names.contains(field));
                let _ = writeln!(text, "{name} = {shown}");
            }
        }
        text.push_str("```\n\n");
        text.push_str(SHOWN);
        text
    }

    fn items(
        &self,
        stretch: &Stretch,
        introduction: &str,
        outcome: Option<&Value>,
        chosen: &[Candidate],
    ) -> Vec<Item> {
        let Some(outcome) = outcome.filter(|_| !chosen.is_empty()) else {
            return chosen.iter().filter_map(|one| self.alone(introduction, one)).collect();
        };
        let last = Candidate {
            kind: Kind::FinalOutput,
            statement: None,
            k: None,
            variable: None,
            before: None,
            answer: Answer::Value(outcome.clone()),
        };
        let all = || (1..).zip([&last].into_iter().chain(chosen));
        let text = format!("{introduction}\n{}", questions(all()));
        let asked = all().map(|(q, one)| self.asked(q, one)).collect();
        let name = format!("io-{}", stretch.executions.start);
        self.item(ItemType::IoMixed, &name, text, asked).into_iter().collect()
    }

    /// Writes questions about what a fix changed, each with the version before it.
    fn fixed(&self, introduction: &str, chosen: &[Candidate]) -> Vec<Item> {
        let Some(before) = self.subject.before else { return Vec::new() };
        let Some(function) = old_function(&before, &self.subject.call.function) else {
            return Vec::new();
        };
        let text = format!(
            "{introduction}\nA fix made the function what it is. Before the fix it was:\n\n\
             ```\n{function}```\n"
        );
        if text.len() > LONGEST_PROMPT {
            return Vec::new();
        }
        chosen.iter().filter_map(|one| self.alone(&text, one)).collect()
    }

    fn alone(&self, introduction: &str, one: &Candidate) -> Option<Item> {
        let text = format!("{introduction}\n{}", questions([(1, one)]));
        let asked = self.asked(1, one);
        let name = asked.question_id.clone();
        self.item(ItemType::Single, &name, text, vec![asked])
    }

    fn asked(&self, q: u32, one: &Candidate) -> Asked {
        let variable = one.variable.as_deref().unwrap_or_default();
        let place = format!("{} {:?} {:?} {variable}", one.kind, one.statement, one.k);
        let python = &self.subject.call.trace.python;
        Asked {
            q,
            question_id: short_id(&format!("{} {python} {place}", self.program_id)),
            kind: one.kind,
            answer: one.answer.json(),
            answer_type: one.answer.type_name(),
            checker: one.kind.checker(),
            k: one.k,
            statement_id: one.statement,
        }
    }

    fn item(
        &self,
        item_type: ItemType,
        name: &str,
        prompt: String,
        questions: Vec<Asked>,
    ) -> Option<Item> {
        let length = self.activations.len().max(1);
        let item = Item {
            item_id: format!("{}-{name}", self.program_id),
            item_type,
            program_id: self.program_id.clone(),
            family_id: self.family_id.clone(),
            prompt,
            questions,
            trace_ref: Some(self.subject.trace_ref.to_owned()),
            difficulty: Some(Difficulty::Structural { level: 1 + length.ilog2() }),
            python_version: self.subject.call.trace.python.clone(),
            source: "repository".to_owned(),
            license: None,
            function: None,
        };
        item.prepare().is_ok().then_some(item)
    }
}

/// Returns the lines of the function that was called, if a call of it runs its body.
fn definition(subject: &CallSubject<'_>) -> Result<RangeInclusive<u32>, Dropped> {
    let trace = &subject.call.trace;
    let Some(TraceEvent::Call { function, .. }) = trace.events.first() else {
        return Err(Dropped::Contradiction);
    };
    let called = usize::try_from(*function).ok().and_then(|at| trace.functions.get(at));
    let called = called.ok_or(Dropped::Contradiction)?;
    let function = subject.file.reading.function(called.line).ok_or(Dropped::NotShown)?;
    if function.suspends { Err(Dropped::Suspended) } else { Ok(function.lines) }
}

/// Returns the text of a function before the fix.
fn old_function(before: &CallBefore<'_>, name: &str) -> Option<String> {
    let functions = backstory_syntax::python_functions(before.text)?;
    let function = functions.iter().find(|function| function.name == name)?;
    let (first, last) = (*function.lines.start(), *function.lines.end());
    let lines = (1..).zip(before.text.lines());
    let own = lines.filter(|(number, _)| (first..=last).contains(number));
    Some(own.fold(String::new(), |text, (_, line)| text + line + "\n"))
}
