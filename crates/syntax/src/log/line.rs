//! Where does each line of a CI log begin, and where does its own text?
//!
//! In: the bytes of a log. Out: byte ranges: the line, the text behind what the
//! server put before it (a mark of byte order, the columns of `gh run view
//! --log`, a time), and that text without terminal sequences, with the way back
//! to the stored bytes.

use std::borrow::Cow;
use std::ops::Range;

/// How much of one line is looked at.
const LONGEST: usize = 4 << 10;

/// The longest columns that are looked for before a time.
const LONGEST_COLUMNS: usize = 1 << 10;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One line of a log; every range counts in the bytes of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogLine {
    /// The line without its line end.
    pub range: Range<usize>,
    /// What was printed, without what the server put before it.
    pub text: Range<usize>,
    /// The time, as written; absent for the further lines of one print.
    pub time: Option<Range<usize>>,
    /// The job, from the columns of `gh run view --log`.
    pub job: Option<Range<usize>>,
    /// The step, from the columns of `gh run view --log`.
    pub step: Option<Range<usize>>,
}

/// Splits a log into lines; `\n` and `\r\n` end one, a bare `\r` does not.
pub fn lines(log: &[u8]) -> impl Iterator<Item = LogLine> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= log.len() {
            return None;
        }
        let end = memchr::memchr(b'\n', &log[at..]).map_or(log.len(), |found| at + found);
        let start = std::mem::replace(&mut at, end + 1);
        let end = if end > start && log[end - 1] == b'\r' { end - 1 } else { end };
        Some(line(log, start..end))
    })
}

/// Tells what the server put before the text of a line.
fn line(log: &[u8], range: Range<usize>) -> LogLine {
    let start = skip_mark(log, range.start, range.end);
    let mut line = LogLine { range: range.clone(), text: start..range.end, ..LogLine::default() };
    if let Some(length) = time_length(&log[start..range.end]) {
        return with_time(log, line, start, length);
    }
    let head = &log[start..range.end.min(start + LONGEST_COLUMNS)];
    let mut tabs = memchr::memchr_iter(b'\t', head).map(|tab| start + tab);
    let (Some(first), Some(second)) = (tabs.next(), tabs.next()) else { return line };
    let from = skip_mark(log, second + 1, range.end);
    let Some(length) = time_length(&log[from..range.end]) else { return line };
    (line.job, line.step) = (Some(start..first), Some(first + 1..second));
    with_time(log, line, from, length)
}

fn with_time(log: &[u8], mut line: LogLine, from: usize, length: usize) -> LogLine {
    line.time = Some(from..from + length);
    let text = from + length;
    let space = usize::from(log[text..line.range.end].first() == Some(&b' '));
    line.text = text + space..line.range.end;
    line
}

fn skip_mark(log: &[u8], start: usize, end: usize) -> usize {
    let marked = log[start..end].starts_with(BYTE_ORDER_MARK);
    if marked { start + BYTE_ORDER_MARK.len() } else { start }
}

/// Returns the length of a time such as `2026-01-02T03:04:05.1234567Z` at the
/// start, if a space or the end follows it.
fn time_length(bytes: &[u8]) -> Option<usize> {
    const FORM: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let fits = |(byte, form): (&u8, &u8)| match form {
        b'd' => byte.is_ascii_digit(),
        _ => byte == form,
    };
    if bytes.len() < FORM.len() || !bytes.iter().zip(FORM).all(fits) {
        return None;
    }
    let mut at = FORM.len();
    if bytes.get(at) == Some(&b'.') {
        at += 1 + bytes[at + 1..].iter().take(12).take_while(|byte| byte.is_ascii_digit()).count();
    }
    let zone = bytes.get(at) == Some(&b'Z');
    let ends = bytes.get(at + 1).is_none_or(|byte| *byte == b' ');
    (zone && ends).then_some(at + 1)
}

/// The text of a line as a terminal would show it in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<'l> {
    /// The bytes without terminal sequences.
    pub text: Cow<'l, [u8]>,
    start: usize,
    /// Where each byte of `text` stands in the log, if they are not in a row.
    places: Option<Vec<usize>>,
}

impl Shown<'_> {
    /// Returns where a range of the shown text stands in the log.
    pub fn stored(&self, range: &Range<usize>) -> Range<usize> {
        match &self.places {
            None => self.start + range.start..self.start + range.end,
            Some(places) => {
                let place = |at: usize| places.get(at).copied();
                let start = place(range.start).unwrap_or(self.start);
                let last = if range.is_empty() { None } else { place(range.end - 1) };
                start..last.map_or(start, |last| last + 1)
            }
        }
    }
}

/// Takes terminal sequences out of the text of a line, and what a bare carriage
/// return wrote over; looks at the first 4 KiB.
pub fn shown<'l>(log: &'l [u8], text: &Range<usize>) -> Shown<'l> {
    let bytes = &log[text.start..text.end.min(text.start + LONGEST)];
    if memchr::memchr2(0x1b, b'\r', bytes).is_none() {
        return Shown { text: Cow::Borrowed(bytes), start: text.start, places: None };
    }
    let (mut kept, mut places) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            0x1b => at += sequence_length(&bytes[at..]),
            b'\r' if bytes[at..].iter().any(|byte| *byte != b'\r') => {
                kept.clear();
                places.clear();
                at += 1;
            }
            b'\r' => at += 1,
            byte => {
                kept.push(byte);
                places.push(text.start + at);
                at += 1;
            }
        }
    }
    Shown { text: Cow::Owned(kept), start: text.start, places: Some(places) }
}

/// Returns the length of the terminal sequence at the start, at least one byte.
fn sequence_length(bytes: &[u8]) -> usize {
    let until = |ends: fn(&u8) -> bool| {
        let found = bytes[2..].iter().position(ends);
        found.map_or(bytes.len(), |at| at + 3)
    };
    match bytes.get(1) {
        Some(b'[') => until(|byte| (0x40..=0x7e).contains(byte)),
        Some(b']') => until(|byte| matches!(byte, 0x07 | 0x5c)),
        Some(b'(' | b')') => bytes.len().min(3),
        Some(_) => 2,
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{lines, shown};

    fn texts(log: &[u8]) -> Vec<(bool, String)> {
        let text = |line: super::LogLine| {
            let shown = shown(log, &line.text);
            (line.time.is_some(), String::from_utf8_lossy(&shown.text).into_owned())
        };
        lines(log).map(text).collect()
    }

    #[test]
    fn lines_are_told_without_what_the_server_put_before_them() {
        let log = b"\xef\xbb\xbf2026-01-02T03:04:05.1234567Z first\r\ncontinued\n\
            2026-01-02T03:04:05Z\n\
            build\tRun tests\t\xef\xbb\xbf2026-01-02T03:04:05.12Z a\tb\n\
            2026-01-02T03:04:05.1Zx\nno end";
        let expected = [
            (true, "first"),
            (false, "continued"),
            (true, ""),
            (true, "a\tb"),
            (false, "2026-01-02T03:04:05.1Zx"),
            (false, "no end"),
        ];
        let expected = expected.map(|(time, text)| (time, text.to_owned()));
        assert_eq!(texts(log), expected);
    }

    #[test]
    fn what_a_terminal_shows_leads_back_to_the_stored_bytes() {
        let log = b"10%\r\x1b[31mfa\x1b[1mil\x1b[0m\x1b]0;title\x07ed";
        let shown = shown(log, &(0..log.len()));
        assert_eq!(shown.text.as_ref(), b"failed");
        let stored = shown.stored(&(2..5));
        assert!(log[stored.clone()].starts_with(b"il"), "{stored:?}");
        assert!(log[stored].ends_with(b"e"));
        assert_eq!(shown.stored(&(6..6)).len(), 0);
    }

    #[test]
    fn a_sequence_without_an_end_takes_the_rest_of_the_line() {
        for log in [b"a\x1b".as_slice(), b"a\x1b[", b"a\x1b[3", b"a\x1b]0;t"] {
            assert_eq!(shown(log, &(0..log.len())).text.as_ref(), b"a");
        }
    }
}
