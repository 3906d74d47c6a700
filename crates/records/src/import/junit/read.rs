//! Which test cases does a report hold?
//!
//! In: XML that nobody trusts. Out: its cases in order, its marks, and what could
//! not be read, with its byte. Refuses a document type, expands no entity of the
//! file's own, and holds one piece of bounded size besides the cases.

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::bounded::Bounded;
use super::case::{JunitCase, each_attribute};
use super::producer::Marks;
use crate::LONGEST_ITEM;

/// The deepest nesting that is read.
const DEEPEST: usize = 64;

/// The most test cases that are read.
const MOST_CASES: usize = 1_000_000;

/// How much text of cases is kept.
const MOST_TEXT: usize = 256 << 20;

/// How much text of one failure is looked at.
const LONGEST_TEXT: usize = 64 << 10;

/// What a report holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JunitReport {
    /// Its cases, in order.
    pub cases: Vec<JunitCase>,
    /// What could not be read, and at which byte.
    pub broken: Vec<(u64, String)>,
    /// What tells who wrote it.
    pub(super) marks: Marks,
}

/// Reads a report to its end, or to where it cannot be read on.
pub fn read_junit(input: impl BufRead) -> JunitReport {
    let mut reader = Reader::from_reader(Bounded::new(input, LONGEST_ITEM));
    let mut reading = Reading::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        reader.get_mut().begin();
        let at = reader.buffer_position();
        let done = match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => {
                reading.end(at);
                break;
            }
            Ok(event) => reading.event(&event, at),
            Err(error) => Err(told(&error)),
        };
        if let Err(why) = done {
            let at = reader.error_position().max(at);
            reading.report.broken.push((at, format!("{why}; the rest is not read")));
            break;
        }
    }
    reading.report
}

fn told(error: &Error) -> String {
    match error {
        Error::Io(error) => format!("the report cannot be read: {error}"),
        error => format!("the XML is not well formed: {error}"),
    }
}

#[derive(Default)]
struct Reading {
    report: JunitReport,
    depth: usize,
    suites: Vec<String>,
    case: Option<Open>,
    kept: usize,
}

/// A test case whose end is not read yet.
struct Open {
    case: JunitCase,
    depth: usize,
    text: Option<String>,
}

impl Reading {
    /// Takes one event; the error ends the reading.
    fn event(&mut self, event: &Event<'_>, at: u64) -> Result<(), String> {
        match event {
            Event::Start(element) => {
                self.open(element, at)?;
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(format!("elements are nested deeper than {DEEPEST}"));
                }
            }
            Event::Empty(element) => {
                self.open(element, at)?;
                self.close(element.name().as_ref());
            }
            Event::End(element) => {
                self.depth = self.depth.saturating_sub(1);
                self.close(element.name().as_ref());
            }
            Event::Text(text) => self.text(text),
            Event::CData(text) => self.text(text),
            Event::GeneralRef(entity) => self.entity(entity),
            Event::DocType(_) => return Err("the report has a document type".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn open(&mut self, element: &BytesStart<'_>, at: u64) -> Result<(), String> {
        let name = element.name();
        match (name.as_ref(), &mut self.case) {
            (b"testsuites" | b"testsuite" | b"property", _) => self.suite(element, at),
            (b"testcase", None) => self.begin_case(element, at)?,
            (_, Some(open)) if self.depth == open.depth + 1 => match open.case.element(element) {
                Ok(about) => open.text = about.then(String::new),
                Err(why) => self.report.broken.push((at, why.to_owned())),
            },
            (b"error" | b"failure", None) => {
                let why = "a failure is reported outside of any test";
                self.report.broken.push((at, why.to_owned()));
            }
            _ => {}
        }
        Ok(())
    }

    fn suite(&mut self, element: &BytesStart<'_>, at: u64) {
        let name = element.name();
        let mut called = String::new();
        let marks = &mut self.report.marks;
        let read = each_attribute(element, |key, value| {
            marks.attribute(name.as_ref(), key, &value);
            if key == b"name" {
                called = value;
            }
        });
        if let Err(why) = read {
            self.report.broken.push((at, why.to_owned()));
        }
        if name.as_ref() == b"testsuite" {
            self.suites.push(called);
        }
    }

    fn begin_case(&mut self, element: &BytesStart<'_>, at: u64) -> Result<(), String> {
        if self.report.cases.len() >= MOST_CASES || self.kept > MOST_TEXT {
            return Err("the report holds too much".to_owned());
        }
        let names: Vec<&str> = self.suites.iter().map(String::as_str).collect();
        let suite = Some(names.join(" > ")).filter(|suite| !suite.is_empty());
        match JunitCase::begin(element, suite) {
            Ok(case) => self.case = Some(Open { case, depth: self.depth, text: None }),
            Err(why) => self.report.broken.push((at, why.to_owned())),
        }
        Ok(())
    }

    fn text(&mut self, bytes: &[u8]) {
        let Some(text) = self.case.as_mut().and_then(|open| open.text.as_mut()) else { return };
        let room = LONGEST_TEXT.saturating_sub(text.len());
        text.push_str(&String::from_utf8_lossy(&bytes[..bytes.len().min(room)]));
    }

    /// Characters by number and the five of XML are resolved; others stay as they are.
    fn entity(&mut self, entity: &BytesRef<'_>) {
        let known = entity.resolve_char_ref().ok().flatten().map(String::from);
        let resolved = known.or_else(|| {
            let name = entity.decode().ok()?;
            let resolved = quick_xml::escape::resolve_predefined_entity(&name);
            Some(resolved.map_or_else(|| format!("&{name};"), str::to_owned))
        });
        self.text(resolved.unwrap_or_default().as_bytes());
    }

    fn close(&mut self, name: &[u8]) {
        match (name, self.case.take()) {
            (b"testsuite", open) => {
                self.suites.pop();
                self.case = open;
            }
            (b"testcase", Some(open)) if open.depth == self.depth => {
                let case = open.case;
                let texts = [&case.suite, &case.class, &case.message];
                let length = texts.into_iter().flatten().map(String::len).sum::<usize>();
                self.kept += length + case.name.len();
                self.report.cases.push(case);
            }
            (_, Some(mut open)) if open.depth + 1 == self.depth => {
                if let Some(text) = open.text.take() {
                    open.case.text(&text);
                }
                self.case = Some(open);
            }
            (_, open) => self.case = open,
        }
    }

    fn end(&mut self, at: u64) {
        if self.depth > 0 {
            // A case that is cut did not say how it ended.
            self.report.broken.push((at, "the report ends early".to_owned()));
        }
    }
}
