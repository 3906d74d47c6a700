//! Where do two runs of a function part, before a fix and after it?
//!
//! In: the same call of a test, in both versions of a file. Out: the first execution that
//! differs, the first value that differs, and the values that can be asked about. A
//! statement is the same on both sides if the fix left all its own lines as they were.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    Activation, ActivationEnd, TracedFile, TracedStatement, ValueText, Variables,
};
use backstory_syntax::diff;
use backstory_verify::{Kind, Value};

use super::calls::TracedCall;
use super::candidate::{Answer, Candidate};

/// The statements of two versions of a file that are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SameStatements {
    to_after: BTreeMap<u32, u32>,
}

impl SameStatements {
    /// Finds them: by the lines that the difference leaves as they are.
    pub fn of(before: (&str, &TracedFile), after: (&str, &TracedFile)) -> Self {
        let lines = same_lines(before.0, after.0);
        let places: BTreeMap<(u32, u32, &str), u32> = (1..)
            .zip(&after.1.statements)
            .map(|(number, one)| ((one.line, one.column, one.kind.as_str()), number))
            .collect();
        let mut to_after = BTreeMap::new();
        for (number, one) in (1..).zip(&before.1.statements) {
            let Some(line) = lines.get(&one.line) else { continue };
            let key = (*line, one.column, one.kind.as_str());
            let Some(same) = places.get(&key).copied() else { continue };
            let Some(other) = at(&after.1.statements, same) else { continue };
            let last = own_end(&before.1.statements, number, one);
            let is_same = own_end(&after.1.statements, same, other) - other.line == last - one.line
                && (one.line..=last).all(|own| lines.get(&own) == Some(&(line + (own - one.line))));
            if is_same {
                to_after.insert(number, same);
            }
        }
        Self { to_after }
    }

    fn after(&self, before: u32) -> Option<u32> {
        self.to_after.get(&before).copied()
    }
}

fn at(statements: &[TracedStatement], number: u32) -> Option<&TracedStatement> {
    statements.get(usize::try_from(number).ok()?.checked_sub(1)?)
}

/// Returns the last line of a statement, of a compound one that of its header.
fn own_end(statements: &[TracedStatement], number: u32, one: &TracedStatement) -> u32 {
    let inner = statements.iter().filter(|inner| inner.parent == number).map(|inner| inner.line);
    inner.min().map_or(one.end_line, |first| first.saturating_sub(1).max(one.line))
}

/// Returns the lines that are the same, from 1, by those of the older version.
fn same_lines(before: &str, after: &str) -> BTreeMap<u32, u32> {
    let mut same = BTreeMap::new();
    let (mut old, mut new) = (0, 0);
    let end = u32::try_from(before.lines().count()).unwrap_or(u32::MAX);
    for hunk in diff::hunks(before.as_bytes(), after.as_bytes()) {
        while old < hunk.before.start {
            same.insert(old + 1, new + 1);
            (old, new) = (old + 1, new + 1);
        }
        (old, new) = (hunk.before.end, hunk.after.end);
    }
    while old < end {
        same.insert(old + 1, new + 1);
        (old, new) = (old + 1, new + 1);
    }
    same
}

/// A statement and which execution of it; nothing where the call was over.
pub type NamedExecution = Option<(u32, u32)>;

/// Where two runs of a call part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parting {
    /// The first executions that are not the same: statement and how-manieth, before the
    /// fix and after it; nothing where the call was over.
    pub way: Option<(NamedExecution, NamedExecution)>,
    /// The first value that is not the same.
    pub value: Option<DifferentValue>,
}

/// A value that a fix changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferentValue {
    /// The statement in the version after the fix.
    pub statement: u32,
    /// Which execution of it.
    pub k: u32,
    /// The variable.
    pub variable: String,
    /// What it was; nothing where it had no value.
    pub before: Option<ValueText>,
    /// What it is.
    pub after: Option<ValueText>,
}

/// Says whether two calls are the same one: they were given the same.
pub fn is_same_call(before: &TracedCall, after: &TracedCall) -> bool {
    let given = |call: &TracedCall| match call.trace.events.first() {
        Some(backstory_model::TraceEvent::Call { set, .. }) => Some(set.clone()),
        _ => None,
    };
    let place = |call: &TracedCall| (call.path.clone(), call.function.clone(), call.number);
    place(before) == place(after)
        && given(before) == given(after)
        && given(after).is_some_and(|set| set.values().all(|value| !value.is_unknown()))
}

/// Finds where two runs of a call part.
pub fn parting(before: &TracedCall, after: &TracedCall, same: &SameStatements) -> Parting {
    let (Ok(old), Ok(new)) = (before.trace.activations(), after.trace.activations()) else {
        return Parting::default();
    };
    let mut found = Parting::default();
    for place in 0..old.len().max(new.len()) {
        let (one, other) = (old.get(place), new.get(place));
        let is_same = match (one, other) {
            (Some(one), Some(other)) => same.after(one.statement) == Some(other.statement),
            _ => false,
        };
        if !is_same {
            let named = |one: &Activation| (one.statement, one.k);
            found.way = Some((one.map(named), other.map(named)));
            break;
        }
        if found.value.is_none() {
            found.value = one.zip(other).and_then(|(one, other)| different(one, other));
        }
    }
    found
}

fn state(one: &Activation) -> Option<&Variables> {
    match &one.ended {
        ActivationEnd::Normally { state } => Some(state),
        ActivationEnd::ByException { .. } | ActivationEnd::Never => None,
    }
}

fn different(before: &Activation, after: &Activation) -> Option<DifferentValue> {
    let (old, new) = (state(before)?, state(after)?);
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differs = |name: &&&String| {
        let values = (old.get(**name), new.get(**name));
        values.0 != values.1
            && !values.0.is_some_and(ValueText::is_unknown)
            && !values.1.is_some_and(ValueText::is_unknown)
    };
    let name = names.iter().find(differs)?;
    Some(DifferentValue {
        statement: after.statement,
        k: after.k,
        variable: (**name).clone(),
        before: old.get(*name).cloned(),
        after: new.get(*name).cloned(),
    })
}

/// Returns the values that a fix changed and that can be asked about: of each variable the
/// first execution, in the run after the fix, of a statement that is the same, which gives
/// it another value than it has after the same execution before the fix.
pub(super) fn changed_values(
    before: &TracedCall,
    after: &[Activation],
    same: &SameStatements,
) -> Vec<Candidate> {
    let Ok(old) = before.trace.activations() else { return Vec::new() };
    let states: BTreeMap<(u32, u32), &Variables> = old
        .iter()
        .filter(|one| one.frame == 1)
        .filter_map(|one| Some(((same.after(one.statement)?, one.k), state(one)?)))
        .collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let nothing = Variables::new();
    let mut last = &nothing;
    for one in after.iter().filter(|one| one.frame == 1) {
        let Some(new) = state(one) else { continue };
        let earlier = std::mem::replace(&mut last, new);
        let Some(old) = states.get(&(one.statement, one.k)) else { continue };
        for (name, text) in new.iter().filter(|(name, text)| earlier.get(*name) != Some(*text)) {
            let Some(was) = old.get(name).filter(|was| *was != text) else { continue };
            if text.is_unknown() || was.is_unknown() || !seen.insert(name.clone()) {
                continue;
            }
            let (Ok(was), Ok(is)) = (Value::parse(was.as_str()), Value::parse(text.as_str()))
            else {
                continue;
            };
            if was.same(&is) {
                continue;
            }
            found.push(Candidate {
                kind: Kind::FixedValue,
                statement: Some(one.statement),
                k: Some(one.k),
                variable: Some(name.clone()),
                before: Some(was),
                answer: Answer::Value(is),
            });
        }
    }
    found
}
