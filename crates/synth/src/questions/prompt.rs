//! What is a model told and asked?
//!
//! In: a listing, a call and questions. Out: the whole prompt. What an execution of a
//! statement is stands in every one of them.

use std::fmt::Write as _;

use backstory_verify::{Kind, Value};

use super::candidate::Candidate;

/// What an execution is, as the tracer counts.
const MEANING: &str = "\
An execution of a statement begins when control enters the statement's own code in some \
frame (of a compound statement, its header only) and ends when control leaves to another \
statement of that frame, returns or raises. Executions of a statement are counted in the \
order they begin, over the whole call and all frames together, from 1. A loop header counts \
every time it is evaluated, the last time included. Coming back from a call is no new \
execution. The next statement is the one whose execution begins next in any frame: a call \
leads to the first statement in the body of what is called.\n";

/// How answers are written.
const FORM: &str = "\
Reason as long as you like, then answer with one block and nothing behind it:\n\
<answer>[{\"q\": 1, \"value\": ...}, ...]</answer>\n\
A value is JSON: null, true, 3, 2.5, \"text\", [1, 2]. What JSON lacks is written as \
{\"tuple\": [...]}, {\"set\": [...]}, {\"dict\": [[key, value], ...]}, {\"bytes\": \"hex\"}, \
{\"float\": \"inf\"}, {\"range\": [start, stop, step]}. A statement is named by its number. \
Where it fits, the value is {\"state\": \"end\"} (the call is over), {\"state\": \
\"not_executed\"}, {\"state\": \"unbound\"} (the variable has no value) or {\"state\": \
\"not_raised\"}.\n";

/// Writes the beginning that every prompt shares.
pub(super) fn introduction(python: &str, listing: &str, call: &str) -> String {
    format!(
        "This is Python {python}. The number in brackets names the statement that starts on the \
         line.\n\n```\n{listing}```\n\nThe call is:\n\n```\n{call}\n```\n\n"
    )
}

/// Writes the questions about a call.
pub(super) fn questions<'a>(asked: impl IntoIterator<Item = (u32, &'a Candidate)>) -> String {
    let mut text = format!("{MEANING}\nQuestions:\n");
    for (q, one) in asked {
        let _ = writeln!(text, "{q}. {}", question(one));
    }
    text + "\n" + FORM
}

/// Writes the question for arguments.
pub(super) fn arguments(entry: &str, result: &Value) -> String {
    format!(
        "Question:\n1. With which arguments does `{entry}` return {}? Give them as a list, in the \
         order of the parameters.\n\n{FORM}",
        result.in_order()
    )
}

fn question(one: &Candidate) -> String {
    let of = || {
        let (statement, k) = (one.statement.unwrap_or_default(), one.k.unwrap_or(1));
        format!("execution {k} of statement [{statement}]")
    };
    let variable = one.variable.as_deref().unwrap_or_default();
    match one.kind {
        Kind::NextStatement => format!("Which statement begins right after {}?", of()),
        Kind::VariableValue => format!("Which value has `{variable}` right after {}?", of()),
        Kind::VariableType => {
            format!("Which type has `{variable}` right after {}? Give its name as text.", of())
        }
        Kind::Coverage => {
            let statement = one.statement.unwrap_or_default();
            format!("Is statement [{statement}] executed, true or false?")
        }
        Kind::ExecutionCount => {
            format!("How often is statement [{}] executed?", one.statement.unwrap_or_default())
        }
        Kind::Exception => "Which exception leaves the call? Give the statement where it began as \
                            the value and its type as \"type\"."
            .to_owned(),
        Kind::FinalOutput => "What does the call return?".to_owned(),
        Kind::FixedValue => {
            let before = one.before.as_ref().map_or_else(String::new, Value::in_order);
            format!(
                "Before the fix, `{variable}` was {before} right after {}. Which value has it there \
                 now?",
                of()
            )
        }
        Kind::OutputToInput => String::new(),
    }
}
