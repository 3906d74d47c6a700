//! What does one `testcase` of a report say?
//!
//! In: its attributes and the elements within. Out: a case with its outcome.

use backstory_model::TestOutcome;
use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;

/// The longest attribute that is read.
const LONGEST_ATTRIBUTE: usize = 64 << 10;

/// How much is kept of what is said about a failure.
const LONGEST_MESSAGE: usize = 16 << 10;

/// One test case, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JunitCase {
    /// The suites around it, outermost first, ` > ` between them.
    pub suite: Option<String>,
    /// The class name.
    pub class: Option<String>,
    /// The name.
    pub name: String,
    /// The file.
    pub file: Option<String>,
    /// The line, as written.
    pub line: Option<u64>,
    /// What it did; `None` where no element says anything, which most producers
    /// mean as a pass.
    pub outcome: Option<TestOutcome>,
    /// Whether an attempt failed and a later one passed.
    pub flaky: bool,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<u64>,
    /// What is said about its failure.
    pub message: Option<String>,
}

impl JunitCase {
    /// Reads the attributes.
    pub(super) fn begin(
        element: &BytesStart<'_>,
        suite: Option<String>,
    ) -> Result<Self, &'static str> {
        let mut case = Self { suite, ..Self::default() };
        let mut named = false;
        each_attribute(element, |key, value| match key {
            b"classname" => case.class = Some(value),
            b"name" => (case.name, named) = (value, true),
            b"file" => case.file = Some(value).filter(|file| !file.is_empty()),
            b"line" => case.line = value.parse().ok(),
            b"time" => case.duration_ms = milliseconds(&value),
            b"status" | b"result" => case.outcome = case.outcome.or(from_status(&value)),
            _ => {}
        })?;
        if named { Ok(case) } else { Err("a test case has no name") }
    }

    /// Takes an element within; returns whether its text is about the failure.
    pub(super) fn element(&mut self, element: &BytesStart<'_>) -> Result<bool, &'static str> {
        let (mut kind, mut message) = (String::new(), None);
        let name = element.name();
        let outcome = match name.as_ref() {
            b"failure" | b"flakyFailure" | b"rerunFailure" => TestOutcome::Failed,
            b"error" | b"flakyError" | b"rerunError" => TestOutcome::Errored,
            b"skipped" => TestOutcome::Skipped,
            _ => return Ok(false),
        };
        each_attribute(element, |key, value| match key {
            b"type" => kind = value,
            b"message" => message = Some(value),
            _ => {}
        })?;
        let outcome = match (outcome, kind.as_str()) {
            (TestOutcome::Skipped, "pytest.xfail") => TestOutcome::XFailed,
            (TestOutcome::Failed, "test timeout") => TestOutcome::TimedOut,
            (outcome, _) => outcome,
        };
        self.flaky |= matches!(name.as_ref(), b"flakyFailure" | b"flakyError");
        let worse = self.outcome.is_none_or(|known| known.worst(outcome) != known);
        self.outcome = Some(self.outcome.map_or(outcome, |known| known.worst(outcome)));
        if worse && outcome.is_failure() {
            self.message = message.map(|text| cut(&text).to_owned());
        }
        Ok(worse && outcome.is_failure())
    }

    /// Adds the text of a failure; it stands in place of the short message.
    pub(super) fn text(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.message = Some(cut(text.trim_matches(['\n', '\r'])).to_owned());
        }
    }
}

/// Reads every attribute, entities of XML resolved.
pub(super) fn each_attribute(
    element: &BytesStart<'_>,
    mut take: impl FnMut(&[u8], String),
) -> Result<(), &'static str> {
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|_| "an attribute is not well formed")?;
        if attribute.value.len() > LONGEST_ATTRIBUTE {
            return Err("an attribute is longer than 64 KiB");
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|_| "an attribute holds an unknown entity or is not UTF-8")?;
        take(attribute.key.as_ref(), value.into_owned());
    }
    Ok(())
}

/// What Google Test and others say without an element.
fn from_status(status: &str) -> Option<TestOutcome> {
    match status {
        "notrun" | "disabled" | "ignored" | "skipped" | "suppressed" => Some(TestOutcome::Skipped),
        "failed" | "failure" | "fail" => Some(TestOutcome::Failed),
        "error" | "broken" => Some(TestOutcome::Errored),
        _ => None,
    }
}

/// Reads seconds such as `0.25` or `1,234.5`.
fn milliseconds(text: &str) -> Option<u64> {
    let seconds: f64 = text.replace(',', "").trim().parse().ok()?;
    let milliseconds = std::time::Duration::try_from_secs_f64(seconds).ok()?.as_millis();
    u64::try_from(milliseconds).ok()
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_MESSAGE)]
}
