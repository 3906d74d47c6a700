//! What does the text of a model answer?
//!
//! In: a text nobody vouches for. Out: at most one entry per question, or the one reason
//! why the text as a whole answers nothing. Never fails, evaluates nothing.
//!
//! The rule: reasoning up to `</think>` is not read; after it stands exactly one
//! `<answer>` with one JSON array and `</answer>`, both tags once. A second block, even
//! an equal one, makes the text ambiguous, and an ambiguous text answers nothing: else a
//! model could hedge by giving every answer it can think of. Tags inside the strings of
//! the array are text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::json::{Json, JsonError, LIMITS, is_space};
use crate::reason::Reason;

/// The most bytes of a text that are looked at.
pub const LONGEST_TEXT: usize = 1024 * 1024;
/// The most bytes of the array.
pub const LONGEST_ARRAY: usize = 256 * 1024;
/// The most entries of the array.
pub const MOST_ENTRIES: usize = 1_000;

const OPEN: &str = "<answer>";
const CLOSE: &str = "</answer>";
const THINK: &str = "<think>";
const THOUGHT: &str = "</think>";

/// What a text answers.
#[derive(Debug, Default)]
pub(crate) struct Answers<'t> {
    entries: BTreeMap<u32, Entry<'t>>,
    /// How many entries the array has, those for no question included.
    pub(crate) count: usize,
}

/// The entry of one question.
#[derive(Debug)]
pub(crate) enum Entry<'t> {
    /// The only one.
    Given(Given<'t>),
    /// There are several, whatever they say.
    Twice,
}

/// One entry as it was given.
#[derive(Debug)]
pub(crate) struct Given<'t> {
    pub(crate) value: Option<Json<'t>>,
    /// `None` where no type was given.
    pub(crate) type_name: Option<Stated<'t>>,
}

/// The type an entry states.
#[derive(Debug)]
pub(crate) enum Stated<'t> {
    Name(Cow<'t, str>),
    /// It is no string.
    Malformed,
}

impl<'t> Answers<'t> {
    /// Reads the entries of a text.
    pub(crate) fn read(text: &'t str) -> Result<Self, Reason> {
        let items = array(text)?;
        if items.len() > MOST_ENTRIES {
            return Err(Reason::TooManyEntries);
        }
        let mut answers = Self { count: items.len(), ..Self::default() };
        for item in items {
            let Some(q) = item.get("q").and_then(number) else { continue };
            let entry = given(item);
            answers
                .entries
                .entry(q)
                .and_modify(|entry| *entry = Entry::Twice)
                .or_insert(Entry::Given(entry));
        }
        Ok(answers)
    }

    /// Returns the entry of a question.
    pub(crate) fn get(&self, q: u32) -> Option<&Entry<'t>> {
        self.entries.get(&q)
    }
}

/// Returns what stands between the only tags, untouched, as stage 2 needs it.
pub(crate) fn block(text: &str) -> Result<&str, Reason> {
    let text = whole(text)?;
    let start = text.find(OPEN).ok_or(Reason::NoAnswer)?;
    let text = match text.find(THOUGHT) {
        Some(end) => &text[end + THOUGHT.len()..],
        None if opens_thought(&text[..start]) => return Err(Reason::ThinkingNotClosed),
        None => text,
    };
    let (before, rest) = text.split_once(OPEN).ok_or(Reason::NoAnswer)?;
    let (inside, after) = rest.split_once(CLOSE).ok_or(Reason::AnswerNotClosed)?;
    if [before, inside, after].iter().any(|part| part.contains(OPEN) || part.contains(CLOSE)) {
        return Err(Reason::TwoAnswers);
    }
    Ok(inside)
}

fn whole(text: &str) -> Result<&str, Reason> {
    if text.len() > LONGEST_TEXT { Err(Reason::TooLong) } else { Ok(text) }
}

fn opens_thought(before: &str) -> bool {
    before.trim_start().starts_with(THINK)
}

/// Returns the entries of the only block.
pub(crate) fn array(text: &str) -> Result<Vec<Json<'_>>, Reason> {
    let text = whole(text)?;
    let start = text.find(OPEN).ok_or(Reason::NoAnswer)?;
    let Some(thought) = text.find(THOUGHT) else {
        if opens_thought(&text[..start]) {
            return Err(Reason::ThinkingNotClosed);
        }
        return only(text);
    };
    if thought > start {
        // Inside a string of the array it is text, anywhere else it ends the reasoning.
        let inside = &text[start + OPEN.len()..];
        let end = Json::read_first(limited(inside), &LIMITS).map(|(_, end)| end);
        if end.is_ok_and(|end| thought < start + OPEN.len() + end) {
            return only(text);
        }
    }
    only(&text[thought + THOUGHT.len()..])
}

/// Reads the array of a text in which both tags stand once.
fn only(text: &str) -> Result<Vec<Json<'_>>, Reason> {
    let (before, rest) = text.split_once(OPEN).ok_or(Reason::NoAnswer)?;
    if before.contains(CLOSE) {
        return Err(Reason::TwoAnswers);
    }
    let (json, end) =
        Json::read_first(limited(rest), &LIMITS).map_err(|error| malformed(error, rest))?;
    let after = rest[end..].trim_start_matches(is_space);
    let Some(after) = after.strip_prefix(CLOSE) else {
        return Err(if after.contains(CLOSE) { Reason::NotJson } else { Reason::AnswerNotClosed });
    };
    if after.contains(OPEN) || after.contains(CLOSE) {
        return Err(Reason::TwoAnswers);
    }
    match json {
        Json::Array(items) => Ok(items),
        _ => Err(Reason::NotAnArray),
    }
}

/// Cuts what is longer than an array may be; the cut makes it end too early.
fn limited(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST_ARRAY)).unwrap_or(text)
}

fn malformed(error: JsonError, rest: &str) -> Reason {
    match error {
        JsonError::Depth => Reason::TooDeep,
        JsonError::Nodes | JsonError::Digits => Reason::TooLong,
        JsonError::Ends if rest.len() > LONGEST_ARRAY => Reason::TooLong,
        JsonError::Ends | JsonError::Unexpected(_) | JsonError::Keys => Reason::NotJson,
    }
}

fn number(json: &Json<'_>) -> Option<u32> {
    let Json::Number(text) = json else { return None };
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

fn given(item: Json<'_>) -> Given<'_> {
    let mut given = Given { value: None, type_name: None };
    let Json::Object(pairs) = item else { return given };
    for (key, value) in pairs {
        match (key.as_ref(), value) {
            ("value", value) => given.value = Some(value),
            ("type", Json::Text(name)) => given.type_name = Some(Stated::Name(name)),
            // Nothing is stated where a form has to be filled in.
            ("type", Json::Null) => {}
            ("type", _) => given.type_name = Some(Stated::Malformed),
            _ => {}
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> Result<usize, Reason> {
        Answers::read(text).map(|answers| answers.count)
    }

    #[test]
    fn one_block_is_read_wherever_it_stands() {
        let block = r#"<answer>[{"q":1,"value":3}]</answer>"#;
        assert_eq!(count(block), Ok(1));
        assert_eq!(count(&format!("So it is 3.\n{block}\nDone.")), Ok(1));
        assert_eq!(count("<answer>\n[]\n</answer>"), Ok(0));
    }

    #[test]
    fn reasoning_is_not_read() {
        let block = r#"<answer>[{"q":1,"value":3}]</answer>"#;
        for thought in [
            "<think>I put it into <answer>, then </answer>.</think>",
            "no opening tag, <answer>[{\"q\":1,\"value\":4}]</answer> was a draft</think>",
            "<think></think>",
        ] {
            assert_eq!(count(&format!("{thought}{block}")), Ok(1), "{thought}");
        }
        let open = format!("<think>perhaps {block}");
        assert_eq!(count(&open), Err(Reason::ThinkingNotClosed));
        let after = format!("{block}</think>");
        assert_eq!(count(&after), Err(Reason::NoAnswer));
    }

    #[test]
    fn tags_inside_strings_are_text() {
        for value in ["</answer>", "<answer>", "</think>", "<think>", "]</answer>"] {
            let text = format!("<answer>[{{\"q\":1,\"value\":\"{value}\"}}]</answer>");
            let answers = Answers::read(&text).expect("read");
            let Some(Entry::Given(Given { value: Some(Json::Text(read)), .. })) = answers.get(1)
            else {
                panic!("no string in {text}")
            };
            assert_eq!(read, value);
        }
    }

    #[test]
    fn an_ambiguous_text_answers_nothing() {
        let block = r#"<answer>[{"q":1,"value":3}]</answer>"#;
        for text in [
            format!("{block}{block}"),
            format!("{block} or {}", block.replace('3', "4")),
            format!("</answer>{block}"),
            format!("{block}</answer>"),
            format!("{block}<answer>"),
        ] {
            assert_eq!(count(&text), Err(Reason::TwoAnswers), "{text}");
        }
    }

    #[test]
    fn what_is_no_array_has_a_reason() {
        let deep = format!("<answer>{}", "[".repeat(100_000));
        let long = format!("<answer>[{}]</answer>", "1,".repeat(LONGEST_ARRAY));
        let many = format!("<answer>[{}1]</answer>", "1,".repeat(MOST_ENTRIES));
        let number = format!("<answer>[{}]</answer>", "9".repeat(9_999));
        for (text, reason) in [
            ("", Reason::NoAnswer),
            ("<ANSWER>[]</ANSWER>", Reason::NoAnswer),
            ("<answer>[]", Reason::AnswerNotClosed),
            ("<answer>[] []</answer>", Reason::NotJson),
            ("<answer>{\"q\":1,\"value\":3}</answer>", Reason::NotAnArray),
            ("<answer>print(3)</answer>", Reason::NotJson),
            ("<answer>```json\n[]\n```</answer>", Reason::NotJson),
            (deep.as_str(), Reason::TooDeep),
            (long.as_str(), Reason::TooLong),
            (many.as_str(), Reason::TooManyEntries),
            (number.as_str(), Reason::TooLong),
        ] {
            let shown: String = text.chars().take(60).collect();
            assert_eq!(count(text), Err(reason), "{shown}");
        }
    }

    #[test]
    fn code_is_taken_from_the_only_block() {
        assert_eq!(block("<think>a</think><answer>def f(): ...</answer>"), Ok("def f(): ..."));
        for (text, reason) in [
            ("def f(): ...", Reason::NoAnswer),
            ("<answer>def f(): ...", Reason::AnswerNotClosed),
            ("<answer>a</answer><answer>b</answer>", Reason::TwoAnswers),
            ("<answer>a<answer>b</answer>", Reason::TwoAnswers),
            ("<think><answer>a</answer>", Reason::ThinkingNotClosed),
        ] {
            assert_eq!(block(text), Err(reason), "{text}");
        }
    }
}
