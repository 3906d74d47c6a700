//! Is the entry given for one question right?
//!
//! In: what was given, and what is right. Out: a reason, [`Reason::Ok`] if it is right.
//! A stated type has to be the right one too, so that no value is right by luck of its
//! spelling. Evaluates nothing.

use crate::answer::{Entry, Given, Stated};
use crate::item::{Prepared, Right};
use crate::json::Json;
use crate::question::State;
use crate::reason::Reason;
use crate::type_name::TypeName;
use crate::value::Value;

/// What is known about an entry without calling anything.
#[derive(Debug)]
pub(crate) enum Judged {
    /// It is right, or wrong for a reason.
    Done(Reason),
    /// Our copy of the function has to be called with these arguments.
    Call(Vec<Value>),
}

/// Judges the entry of one question.
pub(crate) fn judge(entry: Option<&Entry<'_>>, question: &Prepared) -> Judged {
    let given = match entry {
        None => return Judged::Done(Reason::Missing),
        Some(Entry::Twice) => return Judged::Done(Reason::Duplicate),
        Some(Entry::Given(given)) => given,
    };
    let Some(json) = &given.value else { return Judged::Done(Reason::NoValue) };
    if matches!(question.right, Right::Result(_)) {
        return arguments(json);
    }
    Judged::Done(match state(json, &question.right) {
        Some(state) => compare_state(state, &question.right),
        None => compare(json, given, question),
    })
}

/// Returns the state that an entry names: `{"state": …}`, or the word alone where no
/// string can be the answer.
fn state(json: &Json<'_>, right: &Right) -> Option<State> {
    match json {
        Json::Object(pairs) => match pairs.as_slice() {
            [(tag, Json::Text(word))] if tag == "state" => State::named(word),
            _ => None,
        },
        Json::Text(word) => {
            // The value of a variable may be the string `unbound`.
            let may_be_text = matches!(right, Right::Value(_));
            State::named(word).filter(|_| !may_be_text)
        }
        _ => None,
    }
}

fn compare_state(state: State, right: &Right) -> Reason {
    verdict(matches!(right, Right::State(wanted) if *wanted == state))
}

fn compare(json: &Json<'_>, given: &Given<'_>, question: &Prepared) -> Reason {
    match &question.right {
        // A value where a state is right is wrong, whatever it is.
        Right::State(_) => Reason::WrongValue,
        Right::Statement(right) => compare_number(json, u64::from(*right)),
        Right::Count(right) => compare_number(json, *right),
        Right::Boolean(right) => match json {
            Json::Bool(value) => verdict(value == right),
            _ => Reason::WrongType,
        },
        Right::Type(right) => match json {
            Json::Text(name) => match TypeName::parse(name) {
                Ok(name) => verdict(name == *right),
                Err(_) => Reason::MalformedValue,
            },
            _ => Reason::MalformedValue,
        },
        Right::Exception(right, statement) => match stated(given) {
            Some(Ok(name)) if name == *right => compare_number(json, u64::from(*statement)),
            Some(Err(reason)) => reason,
            Some(Ok(_)) | None => Reason::WrongType,
        },
        Right::Value(right) => compare_value(json, given, question, right),
        Right::Result(_) => Reason::NotCalled,
    }
}

fn compare_number(json: &Json<'_>, right: u64) -> Reason {
    match json {
        Json::Number(text) => match text.parse::<u64>() {
            Ok(number) => verdict(number == right),
            Err(_) if text.contains(['.', 'e', 'E']) => Reason::WrongType,
            Err(_) => Reason::WrongValue,
        },
        _ => Reason::WrongType,
    }
}

fn compare_value(json: &Json<'_>, given: &Given<'_>, question: &Prepared, right: &Value) -> Reason {
    match stated(given) {
        Some(Err(reason)) => return reason,
        Some(Ok(name)) if question.answer_type.as_ref() != Some(&name) => return Reason::WrongType,
        Some(Ok(_)) | None => {}
    }
    match Value::from_json(json) {
        Err(_) => Reason::MalformedValue,
        Ok(value) if value.same(right) => Reason::Ok,
        Ok(value) if value.type_name() != right.type_name() => Reason::WrongType,
        Ok(_) => Reason::WrongValue,
    }
}

/// Returns the type an entry states, if it states one.
fn stated(given: &Given<'_>) -> Option<Result<TypeName, Reason>> {
    match given.type_name.as_ref()? {
        Stated::Name(name) => Some(TypeName::parse(name).map_err(|_| Reason::WrongType)),
        Stated::Malformed => Some(Err(Reason::WrongType)),
    }
}

fn arguments(json: &Json<'_>) -> Judged {
    match Value::from_json(json) {
        Ok(Value::List(arguments)) => Judged::Call(arguments),
        Ok(_) | Err(_) => Judged::Done(Reason::MalformedArguments),
    }
}

fn verdict(is_right: bool) -> Reason {
    if is_right { Reason::Ok } else { Reason::WrongValue }
}
