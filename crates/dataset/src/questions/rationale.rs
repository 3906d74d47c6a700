//! How does one find the answers of an item, step by step?
//!
//! In: an item and its trace. Out: a text that follows the execution statement by statement
//! and ends in an answer block whose answers were read off the trace here, not copied from
//! the item. Nothing is told that the prompt does not let a reader know: of a call that is
//! entered in the middle only what comes after.

use std::fmt::{self, Write as _};

use backstory_model::{Activation, ActivationEnd, ExecutionTrace, TraceResult, Variables};
use backstory_verify::{Asked, Item, Kind, State, Value};

use super::prompt::{Listing, begins_at, variable};
use super::story::{Told, tell};
use super::traces::TraceRow;

/// Longer texts teach little and are cut off by trainers, in bytes.
const LONGEST: usize = 12_000;

/// Why an item has no such text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoRationale {
    /// The file of traces has none of this name.
    NoTrace,
    /// Prompt and trace do not fit together.
    Contradiction,
    /// It would be longer than what is trained on.
    TooLong,
    /// The verifier does not give its answer the maximum.
    NotFull,
}

impl NoRationale {
    /// Returns the word of funnels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoTrace => "no_trace",
            Self::Contradiction => "contradiction",
            Self::TooLong => "too_long",
            Self::NotFull => "not_full",
        }
    }
}

/// What a text is written from.
struct Reader<'a> {
    item: &'a Item,
    trace: &'a ExecutionTrace,
    /// The file that the prompt shows.
    file: u32,
    activations: Vec<Activation>,
    /// Where among them the prompt begins.
    first: usize,
}

/// An answer, and why.
struct Found {
    /// The JSON of the value, and the type where one belongs to it.
    value: String,
    class: Option<String>,
    why: String,
}

/// Writes the text of an item.
pub(super) fn rationale(item: &Item, row: &TraceRow) -> Result<String, NoRationale> {
    let listing = Listing::of(&item.prompt).ok_or(NoRationale::Contradiction)?;
    let reader = Reader::of(item, row).ok_or(NoRationale::Contradiction)?;
    let found: Option<Vec<Found>> = item.questions.iter().map(|one| reader.answer(one)).collect();
    let found = found.ok_or(NoRationale::Contradiction)?;
    let told = Told {
        trace: reader.trace,
        file: reader.file,
        listing: &listing,
        executions: reader.first..reader.last(),
        successor: reader.tells_successor(),
        ends_call: reader.tells_end(),
    };
    let mut text = tell(&told).ok_or(NoRationale::Contradiction)?;
    for (asked, found) in item.questions.iter().zip(&found) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}. {}", asked.q, found.why);
    }
    let entries = item.questions.iter().zip(&found).map(|(asked, found)| {
        let class =
            found.class.as_ref().map_or(String::new(), |class| format!(",\"type\":\"{class}\""));
        format!("{{\"q\":{},\"value\":{}{class}}}", asked.q, found.value)
    });
    let _ = write!(text, "\n<answer>[{}]</answer>", entries.collect::<Vec<_>>().join(","));
    if text.len() > LONGEST { Err(NoRationale::TooLong) } else { Ok(text) }
}

impl<'a> Reader<'a> {
    fn of(item: &'a Item, row: &'a TraceRow) -> Option<Self> {
        let trace = &row.trace;
        let file = row.shown()?;
        let activations = trace.activations().ok()?;
        let first = match begins_at(&item.prompt) {
            Some((statement, k)) => {
                activations.iter().position(|one| is_it(one, file, statement, k))?
            }
            None => 0,
        };
        Some(Self { item, trace, file, activations, first })
    }

    /// Says whether a question needs the end of the call.
    fn tells_end(&self) -> bool {
        self.item.questions.iter().any(|asked| match asked.kind {
            Kind::FinalOutput
            | Kind::OutputToInput
            | Kind::Coverage
            | Kind::ExecutionCount
            | Kind::Exception => true,
            Kind::NextStatement | Kind::VariableValue | Kind::VariableType | Kind::FixedValue => {
                self.place(asked).is_none_or(|place| place + 1 == self.activations.len())
            }
        })
    }

    /// Says whether the statement behind what is told is an answer.
    fn tells_successor(&self) -> bool {
        !self.tells_end()
            && self.item.questions.iter().any(|asked| {
                asked.kind == Kind::NextStatement
                    && self.place(asked).is_some_and(|place| place + 1 == self.last())
            })
    }

    /// Returns the place behind the last execution that has to be told.
    fn last(&self) -> usize {
        if self.tells_end() {
            return self.activations.len();
        }
        let places = self.item.questions.iter().filter_map(|asked| self.place(asked));
        places.map(|place| place + 1).max().unwrap_or_default()
    }

    fn place(&self, asked: &Asked) -> Option<usize> {
        let (statement, k) = (asked.statement_id?, asked.k?);
        self.activations.iter().position(|one| is_it(one, self.file, statement, k))
    }

    fn answer(&self, asked: &Asked) -> Option<Found> {
        let statement = asked.statement_id.unwrap_or_default();
        Some(match asked.kind {
            Kind::Coverage => self.coverage(statement),
            Kind::ExecutionCount => {
                let count = self.count(statement);
                Found::plain(&count, format!("Statement [{statement}] was executed {count} times."))
            }
            Kind::NextStatement => self.next(asked, statement),
            Kind::VariableValue | Kind::VariableType | Kind::FixedValue => {
                self.value(asked, statement)?
            }
            Kind::FinalOutput => self.outcome()?,
            Kind::Exception => self.exception()?,
            Kind::OutputToInput => self.arguments()?,
        })
    }

    fn count(&self, statement: u32) -> usize {
        let is_it = |one: &&Activation| one.file == self.file && one.statement == statement;
        self.activations.iter().filter(is_it).count()
    }

    fn coverage(&self, statement: u32) -> Found {
        match self.count(statement) {
            0 => Found::plain(&false, format!("Statement [{statement}] was never executed.")),
            _ => Found::plain(&true, format!("Statement [{statement}] was executed.")),
        }
    }

    fn next(&self, asked: &Asked, statement: u32) -> Found {
        let of = format!("execution {} of statement [{statement}]", asked.k.unwrap_or_default());
        let Some(place) = self.place(asked) else { return Found::not_executed(&of) };
        match self.activations.get(place + 1) {
            Some(next) => Found::plain(
                &next.statement,
                format!("Right after {of}, statement [{}] begins.", next.statement),
            ),
            None => Found::state(State::End, format!("After {of} the call is over.")),
        }
    }

    fn value(&self, asked: &Asked, statement: u32) -> Option<Found> {
        let of = format!("execution {} of statement [{statement}]", asked.k.unwrap_or_default());
        let Some(place) = self.place(asked) else { return Some(Found::not_executed(&of)) };
        let name = variable(&self.item.prompt, asked.q)?;
        let state: &Variables = match &self.activations[place].ended {
            ActivationEnd::Normally { state } => state,
            ActivationEnd::ByException { .. } | ActivationEnd::Never => return None,
        };
        let Some(text) = state.get(name) else {
            return Some(Found::state(State::Unbound, format!("After {of}, {name} has no value.")));
        };
        let value = Value::parse(text.as_str()).ok()?;
        let class = value.type_name().to_string();
        let why = format!("After {of}, {name} is {}", value.in_order());
        Some(if asked.kind == Kind::VariableType {
            Found::plain(&format!("\"{class}\""), format!("{why}, of type {class}."))
        } else {
            Found { value: value.canonical(), class: Some(class), why: format!("{why}.") }
        })
    }

    fn outcome(&self) -> Option<Found> {
        let TraceResult::Returned(text) = &self.trace.result else { return None };
        let value = Value::parse(text.as_str()).ok()?;
        let why = format!("The call returned {}.", value.in_order());
        let class = Some(value.type_name().to_string());
        Some(Found { value: value.canonical(), class, why })
    }

    fn exception(&self) -> Option<Found> {
        let class = match &self.trace.result {
            TraceResult::Raised(class) => class,
            TraceResult::Returned(_) => {
                let why = "The call returned, so no exception left it.".to_owned();
                return Some(Found::state(State::NotRaised, why));
            }
            TraceResult::Part => return None,
        };
        let last = self.activations.last()?;
        let value = last.statement.to_string();
        let why = format!("{class} began in statement [{value}] and left the call.");
        Some(Found { value, class: Some(class.clone()), why })
    }

    /// Returns the arguments that are known to give the result, read off the trace.
    fn arguments(&self) -> Option<Found> {
        let function = self.item.function.as_ref()?;
        let value = Value::parse(&function.arguments).ok()?;
        let why = format!("With the arguments {} the call goes this way.", value.in_order());
        Some(Found { value: value.in_order(), class: None, why })
    }
}

impl Found {
    fn plain(value: &dyn fmt::Display, why: String) -> Self {
        Self { value: value.to_string(), class: None, why }
    }

    fn state(state: State, why: String) -> Self {
        Self::plain(&format!("{{\"state\":\"{}\"}}", state.as_str()), why)
    }

    fn not_executed(of: &str) -> Self {
        Self::state(State::NotExecuted, format!("There was no {of}."))
    }
}

fn is_it(one: &Activation, file: u32, statement: u32, k: u32) -> bool {
    one.file == file && one.statement == statement && one.k == k
}
