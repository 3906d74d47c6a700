//! What happened on the way, as questions?
//!
//! In: a trace whose activations are replayed. Out: candidates about statements and
//! variables. Only statements of the shown file are asked about, and none that the tracer
//! says nobody should be asked about.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    Activation, ActivationEnd, ExecutionTrace, TraceEvent, TraceResult, TracedStatement, Variables,
};
use backstory_verify::{Kind, State, TypeName, Value};

use super::candidate::{Answer, Candidate, Dropped};

/// Kinds of statements that decide where control goes.
const DECIDES: [&str; 10] = [
    "If",
    "While",
    "For",
    "AsyncFor",
    "ExceptHandler",
    "match_case",
    "Match",
    "Return",
    "Raise",
    "Assert",
];

/// What a trace says, ready to be asked about.
pub(super) struct Way<'t> {
    trace: &'t ExecutionTrace,
    /// The file that is shown.
    file: u32,
    activations: Vec<Activation>,
    pub(super) dropped: BTreeMap<Dropped, usize>,
}

impl<'t> Way<'t> {
    /// Replays a trace; nothing can be asked about one that contradicts itself.
    pub(super) fn of(trace: &'t ExecutionTrace, file: u32) -> Result<Self, Dropped> {
        let activations = trace.activations().map_err(|_| Dropped::Contradiction)?;
        Ok(Self { trace, file, activations, dropped: BTreeMap::new() })
    }

    /// Returns how many statements were executed, each as often as it was.
    pub(super) fn length(&self) -> usize {
        self.activations.len()
    }

    fn drop(&mut self, why: Dropped) {
        *self.dropped.entry(why).or_default() += 1;
    }

    fn statements(&self) -> &'t [TracedStatement] {
        let file = usize::try_from(self.file).unwrap_or(usize::MAX);
        self.trace.files.get(file).map_or(&[], |file| &file.statements)
    }

    fn statement(&self, number: u32) -> Option<&'t TracedStatement> {
        self.statements().get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    fn is_asked(&self, number: u32) -> bool {
        self.statement(number).is_some_and(|one| one.unasked.is_none())
    }

    /// Returns questions about which statements are executed, when and how often.
    pub(super) fn control(&mut self) -> Vec<Candidate> {
        let mut found = self.successors();
        found.extend(self.counts());
        found
    }

    /// Asks what begins right after an execution.
    fn successors(&mut self) -> Vec<Candidate> {
        let is_silent = |number: &u32| self.statement(*number).is_some_and(|one| one.silent);
        let silent = self.followed().iter().any(is_silent);
        let mut found = Vec::new();
        for at in 0..self.activations.len() {
            let one = &self.activations[at];
            let asked = one.file == self.file && self.is_asked(one.statement);
            let calls = self.activations.get(at + 1).is_some_and(|next| next.frame != one.frame);
            let decides =
                self.statement(one.statement).is_some_and(|one| DECIDES.contains(&&one.kind[..]));
            if !asked || !(calls || decides) {
                continue;
            }
            let (statement, k) = (one.statement, one.k);
            let answer = match self.activations.get(at + 1) {
                None => Some(Answer::State(State::End)),
                Some(next) if next.file == self.file && self.is_asked(next.statement) => {
                    Some(Answer::Number(next.statement.into()))
                }
                Some(_) => None,
            };
            match answer.filter(|_| !silent) {
                None => self.drop(Dropped::UnclearSuccessor),
                Some(answer) => found.push(Candidate {
                    kind: Kind::NextStatement,
                    statement: Some(statement),
                    k: Some(k),
                    variable: None,
                    before: None,
                    answer,
                }),
            }
        }
        found
    }

    /// Asks whether and how often statements are executed.
    fn counts(&self) -> Vec<Candidate> {
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        for one in self.activations.iter().filter(|one| one.file == self.file) {
            *counts.entry(one.statement).or_default() += 1;
        }
        let mut found = Vec::new();
        for number in self.followed().into_iter().filter(|number| self.is_asked(*number)) {
            let count = counts.get(&number).copied().unwrap_or_default();
            let silent = self.statement(number).is_some_and(|one| one.silent);
            let candidate = |kind, answer| Candidate {
                kind,
                statement: Some(number),
                k: None,
                variable: None,
                before: None,
                answer,
            };
            if silent {
                continue;
            }
            found.push(candidate(Kind::Coverage, Answer::Boolean(count > 0)));
            found.push(candidate(Kind::ExecutionCount, Answer::Number(count)));
            if count == 0 {
                let answer = Answer::State(State::NotExecuted);
                found.push(Candidate { k: Some(1), ..candidate(Kind::NextStatement, answer) });
            }
        }
        found
    }

    /// Returns the statements of functions that were followed: those that were executed,
    /// and those that lie in what such a one lies in.
    fn followed(&self) -> BTreeSet<u32> {
        let mut bodies: BTreeSet<u32> = BTreeSet::new();
        for one in self.activations.iter().filter(|one| one.file == self.file) {
            bodies.extend(self.definition_around(one.statement));
        }
        (1..)
            .zip(self.statements())
            .map(|(number, _)| number)
            .filter(|number| {
                self.definition_around(*number).is_some_and(|around| bodies.contains(&around))
            })
            .collect()
    }

    /// Returns the function or class that a statement lies in.
    fn definition_around(&self, number: u32) -> Option<u32> {
        let mut at = self.statement(number)?.parent;
        while at > 0 {
            let around = self.statement(at)?;
            if matches!(&around.kind[..], "FunctionDef" | "AsyncFunctionDef" | "ClassDef") {
                return Some(at);
            }
            at = around.parent;
        }
        None
    }

    /// Returns questions about variables after executions.
    pub(super) fn data(&mut self) -> Vec<Candidate> {
        let mut names: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
        for one in &self.activations {
            if let ActivationEnd::Normally { state } = &one.ended {
                names.entry(one.function).or_default().extend(state.keys().map(String::as_str));
            }
        }
        let mut found = Vec::new();
        let mut unknown = 0;
        let mut before: BTreeMap<u32, &Variables> = BTreeMap::new();
        let nothing = Variables::new();
        // What a frame is called with is told by the call.
        let calls = self.trace.events.iter().filter_map(|event| match event {
            TraceEvent::Call { set, .. } => Some(set),
            _ => None,
        });
        for (frame, given) in (1..).zip(calls) {
            before.insert(frame, given);
        }
        for (at, one) in self.activations.iter().enumerate() {
            let ActivationEnd::Normally { state } = &one.ended else { continue };
            let last = before.insert(one.frame, state).unwrap_or(&nothing);
            if one.file != self.file || !self.is_asked(one.statement) {
                continue;
            }
            for name in names.get(&one.function).into_iter().flatten().copied() {
                let candidate = |kind, answer| Candidate {
                    kind,
                    statement: Some(one.statement),
                    k: Some(one.k),
                    variable: Some(name.to_owned()),
                    before: None,
                    answer,
                };
                let Some(text) = state.get(name) else {
                    let unbound = |kind| candidate(kind, Answer::State(State::Unbound));
                    found.extend([Kind::VariableValue, Kind::VariableType].map(unbound));
                    continue;
                };
                // What stays as it was is asked about less: it tells less.
                let changed = last.get(name) != Some(text);
                if !changed && at % 4 != 0 {
                    continue;
                }
                match Value::parse(text.as_str()) {
                    Ok(value) if !text.is_unknown() => {
                        let name = value.type_name();
                        found.push(candidate(Kind::VariableType, Answer::Type(name)));
                        found.push(candidate(Kind::VariableValue, Answer::Value(value)));
                    }
                    _ => unknown += 1,
                }
            }
        }
        if unknown > 0 {
            *self.dropped.entry(Dropped::UnknownValue).or_default() += unknown;
        }
        found.extend(self.not_reached());
        found
    }

    /// Asks about variables after statements that are never executed.
    fn not_reached(&self) -> Vec<Candidate> {
        let executed: BTreeSet<u32> = self.activations.iter().map(|one| one.statement).collect();
        let never = self.followed().into_iter().filter(|number| {
            !executed.contains(number)
                && self.statement(*number).is_some_and(|one| one.unasked.is_none() && !one.silent)
        });
        let mut states = self.activations.iter().filter_map(|one| match &one.ended {
            ActivationEnd::Normally { state } => state.keys().next(),
            ActivationEnd::ByException { .. } | ActivationEnd::Never => None,
        });
        let Some(variable) = states.next() else { return Vec::new() };
        let candidate = |(statement, kind)| Candidate {
            kind,
            statement: Some(statement),
            k: Some(1),
            variable: Some(variable.clone()),
            before: None,
            answer: Answer::State(State::NotExecuted),
        };
        let kinds = [Kind::VariableValue, Kind::VariableType];
        never.flat_map(|number| kinds.map(|kind| (number, kind))).map(candidate).collect()
    }

    /// Returns the question about the exception that left the call, or that none did.
    pub(super) fn exception(&mut self) -> Option<Candidate> {
        let answer = match &self.trace.result {
            TraceResult::Returned(_) => Answer::State(State::NotRaised),
            TraceResult::Raised(class) => {
                let Some((statement, name)) = self.origin().zip(TypeName::parse(class).ok()) else {
                    self.drop(Dropped::UnclearOrigin);
                    return None;
                };
                Answer::Raised(name, statement)
            }
            TraceResult::Part => return None,
        };
        Some(Candidate {
            kind: Kind::Exception,
            statement: None,
            k: None,
            variable: None,
            before: None,
            answer,
        })
    }

    /// Returns the statement where the exception began that left the call.
    ///
    /// Nothing but frames that it leaves may stand behind it in the trace: a `finally` or
    /// `with` that runs on the way may replace it.
    fn origin(&self) -> Option<u32> {
        let events = &self.trace.events;
        let leaves =
            |event: &&TraceEvent| matches!(event, TraceEvent::Raise(_) | TraceEvent::Unwind(_));
        let tail = events.iter().rev().take_while(leaves).count();
        let first = events.len() - tail;
        let is_raise = matches!(events.get(first), Some(TraceEvent::Raise(_)));
        // The activation that the first of them ends is the last that began.
        let last = self.activations.last().filter(|_| is_raise)?;
        let by_exception = matches!(last.ended, ActivationEnd::ByException { .. });
        (by_exception && last.file == self.file && self.is_asked(last.statement))
            .then_some(last.statement)
    }

    /// Returns what the call returns, if that can be stated.
    pub(super) fn outcome(&mut self) -> Option<Value> {
        let TraceResult::Returned(text) = &self.trace.result else { return None };
        match Value::parse(text.as_str()) {
            Ok(value) if !text.is_unknown() => Some(value),
            _ => {
                self.drop(Dropped::NoOutcome);
                None
            }
        }
    }
}
