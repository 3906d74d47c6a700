//! Which items does one program become?
//!
//! In: a program with its trace. Out: one item with the outcome and the way to it, one
//! that asks for arguments, and, where there is no outcome to state, questions that stand
//! alone. Every item is prepared by the verifier before it leaves, and its right answers
//! score full marks.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use backstory_model::ExecutionTrace;
use backstory_model::seed::Seed;
use backstory_verify::{Asked, Difficulty, Function, Item, ItemType, Kind, Value};

use super::balance::Balance;
use super::candidate::{Answer, Candidate, Dropped};
use super::listing::listing;
use super::prompt::{arguments, introduction, questions};
use super::way::Way;
use crate::short_id::{number_of, short_id};

/// Longer results are no questions for arguments.
const LONGEST_RESULT: usize = 150;

/// How much is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskOptions {
    /// Questions about control flow, for each item.
    pub control: usize,
    /// Questions about variables, for each item.
    pub data: usize,
    /// Where the draws start.
    pub seed: Seed,
}

impl Default for AskOptions {
    /// Five and five, as in the paper.
    fn default() -> Self {
        Self { control: 5, data: 5, seed: Seed::new(0) }
    }
}

/// What is asked about.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The identity of the program.
    pub program_id: &'a str,
    /// That of its family.
    pub family_id: &'a str,
    /// The text of the shown file.
    pub source: &'a str,
    /// Its place among the files of the trace.
    pub file: u32,
    /// The lines that are shown.
    pub shown: Vec<RangeInclusive<u32>>,
    /// The call that was traced, as it is written.
    pub call: &'a str,
    /// The function that can be called again with other arguments, if one can.
    pub function: Option<Function>,
    /// Where the program is from.
    pub origin: &'a str,
    /// Its license.
    pub license: Option<String>,
    /// What happened.
    pub trace: &'a ExecutionTrace,
    /// The digest of the trace.
    pub trace_ref: &'a str,
}

/// What became of a subject.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Questions {
    /// Its items.
    pub items: Vec<Item>,
    /// What was not asked, and why.
    pub dropped: BTreeMap<Dropped, usize>,
}

/// Asks about one program.
pub fn ask(subject: &Subject<'_>, options: AskOptions, balance: &mut Balance) -> Questions {
    let mut asked = Questions::default();
    let mut way = match Way::of(subject.trace, subject.file) {
        Ok(way) => way,
        Err(why) => {
            asked.dropped.insert(why, 1);
            return asked;
        }
    };
    let mut random = options.seed.part(number_of(subject.program_id)).generator();
    let outcome = way.outcome();
    let mut chosen = balance.take(way.control(), options.control, &mut random);
    chosen.extend(balance.take(way.data(), options.data, &mut random));
    let exception = way.exception();
    chosen.extend(balance.take(exception.into_iter().collect(), 1, &mut random));
    let writer = Writer { subject, length: way.length() };
    match &outcome {
        Some(value) => {
            asked.items.extend(writer.mixed(value, &chosen));
            asked.items.extend(writer.arguments(value));
        }
        None => asked.items.extend(chosen.iter().filter_map(|one| writer.alone(one))),
    }
    asked.dropped = way.dropped;
    if asked.items.is_empty() {
        asked.dropped.insert(Dropped::Nothing, 1);
    }
    asked
}

struct Writer<'a> {
    subject: &'a Subject<'a>,
    length: usize,
}

impl Writer<'_> {
    /// Writes the item about the outcome and the way to it.
    fn mixed(&self, outcome: &Value, chosen: &[Candidate]) -> Option<Item> {
        let last = Candidate {
            kind: Kind::FinalOutput,
            statement: None,
            k: None,
            variable: None,
            before: None,
            answer: Answer::Value(outcome.clone()),
        };
        if chosen.is_empty() {
            return None;
        }
        let all = || (1..).zip([&last].into_iter().chain(chosen));
        let text = introduction_of(self.subject) + &questions(all());
        self.item(ItemType::IoMixed, "io", text, all().map(|(q, one)| self.asked(q, one)).collect())
    }

    /// Writes the item that asks for arguments.
    fn arguments(&self, outcome: &Value) -> Option<Item> {
        let function = self.subject.function.as_ref()?;
        let result = outcome.canonical();
        // Nothing is learned from a call that gives nothing.
        if result.len() > LONGEST_RESULT || matches!(outcome, Value::None) {
            return None;
        }
        let text = introduction_of_function(self.subject) + &arguments(&function.entry, outcome);
        let asked = Asked {
            q: 1,
            question_id: self.question_id("arguments"),
            kind: Kind::OutputToInput,
            answer: result,
            answer_type: Some(outcome.type_name()),
            checker: Kind::OutputToInput.checker(),
            k: None,
            statement_id: None,
        };
        let mut item = self.item(ItemType::Oi, "oi", text, vec![asked])?;
        item.function = Some(function.clone());
        item.prepare().is_ok().then_some(item)
    }

    /// Writes a question that stands alone.
    fn alone(&self, one: &Candidate) -> Option<Item> {
        let text = introduction_of(self.subject) + &questions([(1, one)]);
        let asked = self.asked(1, one);
        let name = asked.question_id.clone();
        self.item(ItemType::Single, &name, text, vec![asked])
    }

    fn asked(&self, q: u32, one: &Candidate) -> Asked {
        let place = format!(
            "{} {:?} {:?} {}",
            one.kind,
            one.statement,
            one.k,
            one.variable.as_deref().unwrap_or_default()
        );
        Asked {
            q,
            question_id: self.question_id(&place),
            kind: one.kind,
            answer: one.answer.json(),
            answer_type: one.answer.type_name(),
            checker: one.kind.checker(),
            k: one.k,
            statement_id: one.statement,
        }
    }

    fn question_id(&self, place: &str) -> String {
        short_id(&format!("{} {} {place}", self.subject.program_id, self.subject.trace.python))
    }

    fn item(
        &self,
        item_type: ItemType,
        name: &str,
        prompt: String,
        questions: Vec<Asked>,
    ) -> Option<Item> {
        let subject = self.subject;
        let item = Item {
            item_id: format!("{}-{name}", subject.program_id),
            item_type,
            program_id: subject.program_id.to_owned(),
            family_id: subject.family_id.to_owned(),
            prompt,
            questions,
            trace_ref: Some(subject.trace_ref.to_owned()),
            difficulty: Some(Difficulty::Structural { level: 1 + self.length.max(1).ilog2() }),
            python_version: subject.trace.python.clone(),
            source: subject.origin.to_owned(),
            license: subject.license.clone(),
            function: None,
        };
        let wants_function = item_type == ItemType::Oi;
        (wants_function || item.prepare().is_ok()).then_some(item)
    }
}

fn introduction_of(subject: &Subject<'_>) -> String {
    let file = usize::try_from(subject.file).unwrap_or(usize::MAX);
    let shown = subject.trace.files.get(file);
    let listing =
        shown.map_or_else(String::new, |file| listing(subject.source, file, &subject.shown));
    introduction(&subject.trace.python, &listing, subject.call)
}

/// Leaves the call out, which would be the answer.
fn introduction_of_function(subject: &Subject<'_>) -> String {
    let name = subject.function.as_ref().map_or("", |function| &function.entry);
    let hidden = Subject { call: &format!("{name}(...)"), ..subject.clone() };
    introduction_of(&hidden)
}
