//! Where does a test runner or a compiler tell of failures?
//!
//! In: the lines of a log one by one, as a terminal shows them. Out: where the
//! part of a failure begins and ends. Every form is told by what its tool
//! writes at the start of a line.

use super::FailureKind;

/// Where a part ends, seen from a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The line is no part of it.
    Before,
    /// The line is its last.
    After,
}

/// Returns the kind of failure whose part begins with a line; `ruled` says
/// whether the line before is a row of `=`.
pub(super) fn begins(text: &[u8], ruled: bool) -> Option<FailureKind> {
    let trimmed = text.trim_ascii();
    let kind = match *trimmed.first()? {
        b'=' => pytest(trimmed)?,
        b'E' | b'F' if ruled && starts(trimmed, &["ERROR: ", "FAIL: "]) => FailureKind::Unittest,
        b'f' if trimmed == b"failures:" => FailureKind::Libtest,
        b'e' if starts(trimmed, &["error[E", "error: "]) => FailureKind::Rustc,
        b'n' if starts(trimmed, &["not ok "]) => FailureKind::NodeTest,
        b'p' if starts(text, &["panic: "]) => FailureKind::GoTest,
        b'-' if starts(trimmed, &["--- FAIL: "]) => FailureKind::GoTest,
        b'*' if starts(trimmed, &["* What went wrong:"]) => FailureKind::Gradle,
        0xe2 => signed(trimmed)?,
        _ => elsewhere(text, trimmed)?,
    };
    Some(kind)
}

/// Tells `==== FAILURES ====` and its like.
fn pytest(trimmed: &[u8]) -> Option<FailureKind> {
    match title(trimmed)? {
        b"FAILURES" => Some(FailureKind::PytestFailures),
        b"ERRORS" => Some(FailureKind::PytestErrors),
        b"short test summary info" => Some(FailureKind::PytestSummary),
        _ => None,
    }
}

/// Returns the title between two rows of `=`.
fn title(trimmed: &[u8]) -> Option<&[u8]> {
    let inner = trimmed.strip_prefix(b"===")?.strip_suffix(b"===")?;
    let start = inner.iter().position(|byte| *byte != b'=')?;
    let end = inner.iter().rposition(|byte| *byte != b'=')?;
    Some(inner[start..=end].trim_ascii())
}

/// Tells the runners of JavaScript that begin with a sign.
fn signed(trimmed: &[u8]) -> Option<FailureKind> {
    let text = std::str::from_utf8(trimmed).ok()?;
    if let Some(name) = text.strip_prefix("● ") {
        return (name != "Console").then_some(FailureKind::Jest);
    }
    if text.starts_with("✖ failing tests:") {
        return Some(FailureKind::NodeTest);
    }
    let inner = text.trim_matches('⎯').trim();
    let failed = inner.starts_with("Failed Tests ") || inner.starts_with("Failed Suites ");
    (text.starts_with('⎯') && failed).then_some(FailureKind::Vitest)
}

/// Tells failures by what stands within or at the end of a line.
fn elsewhere(text: &[u8], trimmed: &[u8]) -> Option<FailureKind> {
    if is_nextest_failure(trimmed) {
        return Some(FailureKind::Nextest);
    }
    if trimmed.ends_with(b"<<< FAILURE!") || trimmed.ends_with(b"<<< ERROR!") {
        return Some(FailureKind::Surefire);
    }
    if matches!(trimmed, b"[ERROR] Failures:" | b"[ERROR] Errors:" | b"Failed tests:") {
        return Some(FailureKind::Surefire);
    }
    if trimmed.ends_with(b" FAILED") && find(trimmed, b" > ") && !trimmed.starts_with(b"> ") {
        return Some(FailureKind::Gradle);
    }
    if let Some(count) = trimmed.strip_suffix(b" failing") {
        let counts = !count.is_empty() && count.iter().all(u8::is_ascii_digit);
        return (counts && text.starts_with(b"  ")).then_some(FailureKind::Mocha);
    }
    let maven = trimmed.starts_with(b"[ERROR] /") && find(trimmed, b":[");
    let compiler = find(trimmed, b": error: ") || find(trimmed, b": error TS");
    (maven || compiler).then_some(FailureKind::Compiler)
}

/// The word may follow the number of the try, as in `TRY 2 FAIL [`.
fn is_nextest_failure(trimmed: &[u8]) -> bool {
    let text = match trimmed.strip_prefix(b"TRY ") {
        Some(rest) => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            rest[digits..].trim_ascii_start()
        }
        None => trimmed,
    };
    starts(text, &["FAIL [", "TIMEOUT [", "SIGABRT [", "SIGSEGV [", "SIGKILL [", "ABORT ["])
}

/// Returns whether a part of a kind ends at a line.
pub(super) fn ends(kind: FailureKind, text: &[u8]) -> Option<Ending> {
    use Ending::{After, Before};
    let trimmed = text.trim_ascii();
    let before = |ends: bool| ends.then_some(Before);
    let after = |ends: bool| ends.then_some(After);
    match kind {
        FailureKind::PytestFailures | FailureKind::PytestErrors => before(title(trimmed).is_some()),
        FailureKind::PytestSummary => after(title(trimmed).is_some()),
        FailureKind::Unittest => before(starts(trimmed, &["Ran "])),
        FailureKind::Libtest => after(starts(trimmed, &["test result: "])),
        FailureKind::Rustc => before(trimmed.is_empty()),
        FailureKind::Compiler => before(!text.starts_with(b" ") && !text.starts_with(b"\t")),
        FailureKind::Nextest => nextest_ends(trimmed),
        FailureKind::Jest => before(
            starts(trimmed, &["Test Suites: ", "Summary of all failing tests", "● "])
                || starts(text, &["PASS ", "FAIL ", "------"]),
        ),
        FailureKind::Vitest => before(starts(trimmed, &["Test Files "])),
        FailureKind::NodeTest => node_ends(trimmed),
        FailureKind::Mocha => before(starts(trimmed, &["npm ERR!", "npm error", "error Command"])),
        FailureKind::GoTest => match text {
            [b'F', b'A', b'I', b'L', ..] => Some(After),
            _ => before(starts(text, &["=== RUN", "--- ", "ok  \t", "PASS"])),
        },
        FailureKind::Surefire => before(
            trimmed.is_empty()
                || starts(trimmed, &["[INFO]", "[ERROR] Tests run", "Tests run:", "Running "])
                || begins(text, false) == Some(FailureKind::Surefire),
        ),
        FailureKind::Gradle => before(trimmed.is_empty() || starts(trimmed, &["* Try:"])),
        FailureKind::ExitCode => Some(Before),
    }
}

fn nextest_ends(trimmed: &[u8]) -> Option<Ending> {
    if starts(trimmed, &["error: test run failed"]) {
        return Some(Ending::After);
    }
    let words = ["PASS [", "SLOW [", "FLAKY ", "SKIP [", "Summary [", "Canceling", "Cancelling"];
    (starts(trimmed, &words) || is_nextest_failure(trimmed)).then_some(Ending::Before)
}

/// The details of a TAP line stand between `---` and `...`.
fn node_ends(trimmed: &[u8]) -> Option<Ending> {
    match trimmed {
        b"..." => Some(Ending::After),
        _ if starts(trimmed, &["not ok ", "ok ", "1..", "# "]) => Some(Ending::Before),
        _ => None,
    }
}

fn starts(text: &[u8], any: &[&str]) -> bool {
    any.iter().any(|word| text.starts_with(word.as_bytes()))
}

fn find(text: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(text, word).is_some()
}
