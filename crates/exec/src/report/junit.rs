//! What does a `JUnit` file say about each test?
//!
//! In: XML that nobody trusts. Out: its test cases, in order. Reads no document
//! type, expands no entity of the file's own, and has limits of depth and number.

use backstory_model::TestOutcome;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

/// The deepest nesting that is read.
const DEEPEST: usize = 32;

/// The most test cases that are read.
const MOST_CASES: usize = 1_000_000;

/// The longest name that is read.
const LONGEST_NAME: usize = 64 << 10;

/// One test case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What it belongs to.
    pub class: String,
    /// Its name.
    pub name: String,
    /// What it did.
    pub outcome: TestOutcome,
}

/// Says why a text is no `JUnit` file.
#[derive(Debug, thiserror::Error)]
pub enum JunitError {
    /// It is not well-formed XML.
    #[error("the JUnit file is not well formed")]
    Malformed(#[from] quick_xml::Error),
    /// It holds what no runner writes.
    #[error("the JUnit file holds {0}")]
    Foreign(&'static str),
    /// It ends before its outermost element does.
    #[error("the JUnit file ends early")]
    Cut,
}

/// Reads a whole file.
pub fn parse(bytes: &[u8]) -> Result<Vec<Case>, JunitError> {
    let mut reader = Reader::from_reader(bytes);
    let mut reading = Reading::default();
    loop {
        match reader.read_event()? {
            Event::Start(element) => {
                reading.open(&element)?;
                reading.depth += 1;
                if reading.depth > DEEPEST {
                    return Err(JunitError::Foreign("too many levels"));
                }
            }
            Event::Empty(element) => {
                reading.open(&element)?;
                reading.close(element.name().as_ref());
            }
            Event::End(element) => {
                reading.depth = reading.depth.saturating_sub(1);
                reading.close(element.name().as_ref());
            }
            Event::DocType(_) => return Err(JunitError::Foreign("a document type")),
            Event::Eof => break,
            _ => {}
        }
    }
    if reading.depth > 0 || !reading.began {
        return Err(JunitError::Cut);
    }
    Ok(reading.cases)
}

#[derive(Default)]
struct Reading {
    cases: Vec<Case>,
    depth: usize,
    began: bool,
    in_case: bool,
}

impl Reading {
    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), JunitError> {
        self.began = true;
        let name = element.name();
        if name.as_ref() == b"testcase" {
            if self.cases.len() >= MOST_CASES {
                return Err(JunitError::Foreign("too many test cases"));
            }
            let (class, name) = (attribute(element, b"classname")?, attribute(element, b"name")?);
            self.cases.push(Case { class, name, outcome: TestOutcome::Passed });
            self.in_case = true;
        } else if let (true, Some(case)) = (self.in_case, self.cases.last_mut()) {
            let outcome = match name.as_ref() {
                b"failure" if attribute(element, b"type")? == "test timeout" => {
                    TestOutcome::TimedOut
                }
                // A test that fails once and passes later in one run has failed in it.
                b"failure" | b"flakyFailure" | b"rerunFailure" => TestOutcome::Failed,
                b"error" | b"flakyError" | b"rerunError" => TestOutcome::Errored,
                b"skipped" => TestOutcome::Skipped,
                _ => return Ok(()),
            };
            case.outcome = case.outcome.worst(outcome);
        }
        Ok(())
    }

    fn close(&mut self, name: &[u8]) {
        if name == b"testcase" {
            self.in_case = false;
        }
    }
}

fn attribute(element: &BytesStart<'_>, wanted: &[u8]) -> Result<String, JunitError> {
    for attribute in element.attributes() {
        let attribute = attribute.map_err(quick_xml::Error::from)?;
        if attribute.key.as_ref() == wanted {
            if attribute.value.len() > LONGEST_NAME {
                return Err(JunitError::Foreign("too long a name"));
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0)?;
            return Ok(value.into_owned());
        }
    }
    Ok(String::new())
}
