//! Which events did the tracer write?
//!
//! In: lines of foreign bytes, one an event: a letter and what belongs to it. Out: the
//! events, if each can follow those before it. Reads nothing but its arguments.
//!
//! | letter | event | then |
//! |---|---|---|
//! | `c` | call | function, variables |
//! | `b` | begin | statement |
//! | `e` | end | variables, names unbound |
//! | `x` | end by an exception | class |
//! | `r`, `y` | return, yield | value |
//! | `u` | unwind | class |
//! | `g` | resume | frame, class thrown |

use std::collections::BTreeMap;

use backstory_model::{TraceEvent, ValueText, Variables};
use serde::Deserialize as _;
use serde_json::value::RawValue;

/// The longest line that is read.
const LONGEST_LINE: usize = 16 << 20;

/// The most events that are read.
const MOST_EVENTS: usize = 20_000_000;

/// Why the lines are no events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventFault {
    /// A line is no text.
    #[error("line {line} of the events is not UTF-8")]
    NotText {
        /// The line, from 1.
        line: usize,
    },
    /// A line is no event.
    #[error("line {line} of the events is none")]
    NoEvent {
        /// The line, from 1.
        line: usize,
    },
    /// There is more than is read.
    #[error("the events are too many or too long")]
    TooMuch,
}

/// Reads the events.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<TraceEvent>, EventFault> {
    let mut events = Vec::new();
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if text.is_empty() && bytes.is_empty() {
            break;
        }
        if text.len() > LONGEST_LINE || events.len() >= MOST_EVENTS {
            return Err(EventFault::TooMuch);
        }
        let text = str::from_utf8(text).map_err(|_| EventFault::NotText { line })?;
        events.push(event(text).ok_or(EventFault::NoEvent { line })?);
    }
    Ok(events)
}

fn event(text: &str) -> Option<TraceEvent> {
    let (letter, rest) = text.split_at_checked(1)?;
    Some(match letter {
        "c" => {
            let (function, rest) = number(rest)?;
            let (set, unset) = changes(rest)?;
            if !unset.is_empty() {
                return None;
            }
            TraceEvent::Call { function, set }
        }
        "b" => match number(rest)? {
            (statement, "") => TraceEvent::Begin(statement),
            _ => return None,
        },
        "e" => {
            let (set, unset) = changes(rest)?;
            TraceEvent::End { set, unset }
        }
        "x" => TraceEvent::Raise(class(rest)?),
        "r" => TraceEvent::Return { value: value(rest).ok()? },
        "y" => TraceEvent::Yield { value: value(rest).ok()? },
        "u" => TraceEvent::Unwind(class(rest)?),
        "g" => {
            let (frame, rest) = number(rest)?;
            let thrown = if rest.is_empty() { None } else { Some(class(rest)?) };
            TraceEvent::Resume { frame, thrown }
        }
        _ => return None,
    })
}

/// Reads decimal digits and returns what follows.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

fn class(text: &str) -> Option<String> {
    serde_json::from_str(text).ok()
}

/// Reads a value that may be missing.
fn value(text: &str) -> Result<Option<ValueText>, NoValue> {
    if text.is_empty() {
        return Ok(None);
    }
    ValueText::new(text.to_owned()).map(Some).ok_or(NoValue)
}

/// Says that a text is no value.
struct NoValue;

/// Reads an object of values and a list of names, each of which may be missing.
fn changes(text: &str) -> Option<(Variables, Vec<String>)> {
    let (mut set, mut unset) = (Variables::new(), Vec::new());
    if text.is_empty() {
        return Some((set, unset));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    if text.starts_with('{') {
        for (name, raw) in BTreeMap::<String, Box<RawValue>>::deserialize(&mut json).ok()? {
            set.insert(name, ValueText::new(String::from(Box::<str>::from(raw)))?);
        }
    }
    if !text.starts_with('{') || json.end().is_err() {
        unset = Vec::<String>::deserialize(&mut json).ok()?;
    }
    json.end().ok()?;
    Some((set, unset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_is_its_event_and_nothing_else_is_one() {
        let text = "c0{\"x\":1}\nb2\ne{\"y\":{\"tuple\":[]}}[\"x\"]\nb3\ny7\ng1\"KeyError\"\nx\"KeyError\"\nu\"KeyError\"\nc1\nrnull\nr\ne[\"a\"]";
        let events = read(text.as_bytes()).unwrap();
        let written = events.iter().map(|event| serde_json::to_string(event).unwrap());
        insta::assert_snapshot!(written.collect::<Vec<_>>().join("\n"), @r#"
        {"call":{"function":0,"set":{"x":1}}}
        {"begin":2}
        {"end":{"set":{"y":{"tuple":[]}},"unset":["x"]}}
        {"begin":3}
        {"yield":{"value":7}}
        {"resume":{"frame":1,"thrown":"KeyError"}}
        {"raise":"KeyError"}
        {"unwind":"KeyError"}
        {"call":{"function":1}}
        {"return":{"value":null}}
        {"return":{}}
        {"end":{"unset":["a"]}}
        "#);
        for wrong in [
            "",
            "b",
            "b-1",
            "b1 ",
            "b99999999999",
            "c",
            "c0[\"x\"]",
            "e{",
            "e{}{}",
            "e[1]",
            "q1",
            "x",
            "xKey",
            "g",
            "r1 2",
            "é",
        ] {
            assert!(event(wrong).is_none(), "{wrong}");
        }
        assert_eq!(read(b"b1\n\n"), Err(EventFault::NoEvent { line: 2 }));
        assert_eq!(read(b"b1\n\xff"), Err(EventFault::NotText { line: 2 }));
        assert_eq!(read(b""), Ok(Vec::new()));
    }
}
