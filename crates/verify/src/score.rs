//! What is the answer of a model worth, and why?
//!
//! In: an item, the text of a model, options. Out: an [`Outcome`] with the score, the
//! verdict on every question and the reasons. Pure and total: no text makes it fail, run
//! away or evaluate anything. Where arguments were asked for, the outcome is pending
//! until a [`Caller`] has called our copy of the function.
//!
//! A score is only given where the answer was judged. A broken row, or a sandbox that
//! failed, is a status without a score, never a 0 that a model would learn from.

use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::Answers;
use crate::call::{CallOutcome, Caller};
use crate::check::{Judged, judge};
use crate::item::{Item, ItemType, Prepared, Right, Scorable};
use crate::question::{Function, Kind};
use crate::reason::Reason;
use crate::reward::RewardOptions;
use crate::value::Value;

/// The version of the rules; every change of a verdict raises it.
pub const VERIFIER_VERSION: &str = "1.0";

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It was judged; there is a score.
    Scored,
    /// Our copy of the function has to be called first.
    Pending,
    /// The options give such a row no score.
    Dropped,
    /// The row or the options cannot be used.
    Unusable,
    /// The sandbox failed.
    Infrastructure,
}

/// The verdict on one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Step {
    /// The number of the question.
    pub q: u32,
    /// What it asks.
    pub kind: Kind,
    /// Whether it was answered rightly.
    pub ok: bool,
    /// Why.
    pub reason: Reason,
}

/// What has to be called before there is a score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Pending {
    /// The arguments as the JSON of a list, dicts in the order of the answer.
    pub arguments: String,
}

/// What an answer is worth, and why.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Outcome {
    /// From 0 to 2; `None` where there is no judgment.
    pub score: Option<f64>,
    /// What became of the answer.
    pub status: Status,
    /// Why, as a whole.
    pub reason: Reason,
    /// 1 if the final answer is right, 0 if not; `None` where none was judged.
    pub io: Option<f64>,
    /// The share of right questions about the way; `None` where none was asked.
    pub white: Option<f64>,
    /// The verdict on every question, by its number.
    pub steps: Vec<Step>,
    /// What has to be called first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    /// The version of the rules.
    pub verifier_version: &'static str,
}

impl Outcome {
    fn without_score(status: Status, reason: Reason) -> Self {
        Self {
            score: None,
            status,
            reason,
            io: None,
            white: None,
            steps: Vec::new(),
            pending: None,
            verifier_version: VERIFIER_VERSION,
        }
    }
}

/// Scores the text of a model against the JSON of an item or of a question row.
pub fn score(row: &str, text: &str, options: &RewardOptions) -> Outcome {
    match Item::parse(row).and_then(|item| item.prepare()) {
        Ok(item) => item.score(text, options),
        Err(_) => Outcome::without_score(Status::Unusable, Reason::BadItem),
    }
}

/// Scores bytes that should be UTF-8; others answer nothing.
pub fn score_bytes(row: &str, bytes: &[u8], options: &RewardOptions) -> Outcome {
    match Item::parse(row).and_then(|item| item.prepare()) {
        Ok(item) => item.score_bytes(bytes, options),
        Err(_) => Outcome::without_score(Status::Unusable, Reason::BadItem),
    }
}

/// Scores like [`score`], and has arguments called.
pub fn score_with(row: &str, text: &str, options: &RewardOptions, caller: &dyn Caller) -> Outcome {
    match Item::parse(row).and_then(|item| item.prepare()) {
        Ok(item) => item.score_with(text, options, caller),
        Err(_) => Outcome::without_score(Status::Unusable, Reason::BadItem),
    }
}

impl Scorable {
    /// Scores the text of a model; arguments stay pending.
    pub fn score(&self, text: &str, options: &RewardOptions) -> Outcome {
        self.judged(Answers::read(text), options, None)
    }

    /// Scores the text of a model and has arguments called.
    pub fn score_with(&self, text: &str, options: &RewardOptions, caller: &dyn Caller) -> Outcome {
        self.judged(Answers::read(text), options, Some(caller))
    }

    /// Scores bytes that should be UTF-8; others answer nothing.
    pub fn score_bytes(&self, bytes: &[u8], options: &RewardOptions) -> Outcome {
        let answers = str::from_utf8(bytes).map_err(|_| Reason::NotUtf8).and_then(Answers::read);
        self.judged(answers, options, None)
    }

    /// Returns the function that arguments are asked for.
    pub fn function(&self) -> Option<&Function> {
        self.function.as_ref()
    }

    fn judged(
        &self,
        answers: Result<Answers<'_>, Reason>,
        options: &RewardOptions,
        caller: Option<&dyn Caller>,
    ) -> Outcome {
        if !options.is_sound() {
            return Outcome::without_score(Status::Unusable, Reason::BadOptions);
        }
        let (answers, reason) = match answers {
            Ok(answers) => (answers, Reason::Ok),
            Err(reason) => (Answers::default(), reason),
        };
        let mut steps = Vec::with_capacity(self.questions.len());
        for question in &self.questions {
            let found = match judge(answers.get(question.q), question) {
                Judged::Done(Reason::Missing) if reason != Reason::Ok => reason,
                Judged::Done(found) => found,
                Judged::Call(arguments) => {
                    let Some(caller) = caller else { return pending(&arguments, question) };
                    let Some(found) = self.call(caller, &arguments, &question.right) else {
                        let status = Status::Infrastructure;
                        return Outcome::without_score(status, Reason::Infrastructure);
                    };
                    found
                }
            };
            let (q, kind) = (question.q, question.kind);
            steps.push(Step { q, kind, ok: found == Reason::Ok, reason: found });
        }
        let counts = answers.count == self.questions.len();
        rewarded(self.item_type, steps, reason, counts, options)
    }

    /// Calls our copy of the function; `None` where that failed itself.
    fn call(&self, caller: &dyn Caller, arguments: &[Value], right: &Right) -> Option<Reason> {
        let (Some(function), Right::Result(right)) = (&self.function, right) else { return None };
        match caller.call(function, arguments) {
            CallOutcome::Returned(result) if result.same(right) => Some(Reason::Ok),
            CallOutcome::Returned(_) | CallOutcome::Unreadable => Some(Reason::WrongResult),
            CallOutcome::Raised(_) => Some(Reason::CallRaised),
            CallOutcome::Limit => Some(Reason::CallLimit),
            CallOutcome::Infrastructure(_) => None,
        }
    }
}

fn pending(arguments: &[Value], question: &Prepared) -> Outcome {
    let arguments = Value::List(arguments.to_vec()).in_order();
    let (q, kind) = (question.q, question.kind);
    Outcome {
        // It is the only question of its item: `Item::prepare` has seen to that.
        steps: vec![Step { q, kind, ok: false, reason: Reason::NotCalled }],
        pending: Some(Pending { arguments }),
        ..Outcome::without_score(Status::Pending, Reason::NotCalled)
    }
}

fn rewarded(
    item_type: ItemType,
    steps: Vec<Step>,
    reason: Reason,
    counts: bool,
    options: &RewardOptions,
) -> Outcome {
    let io = steps.iter().find(|step| step.kind.is_final()).map(|step| step.ok);
    let way = steps.iter().filter(|step| !step.kind.is_final());
    let white = options.share(way.map(|step| (step.kind, step.ok)));
    let score = match item_type {
        ItemType::IoMixed => options.reward(io == Some(true), white, counts),
        // One question is worth all or nothing; there is nothing to gate it by.
        ItemType::Oi | ItemType::Single => {
            Some(if steps.iter().all(|step| step.ok) { 2.0 } else { 0.0 })
        }
    };
    let number = |ok: bool| if ok { 1.0 } else { 0.0 };
    let status = if score.is_some() { Status::Scored } else { Status::Dropped };
    let reason = if score.is_some() { reason } else { Reason::NoQuestions };
    Outcome { score, io: io.map(number), white, steps, ..Outcome::without_score(status, reason) }
}
