//! How do the lines of a log become groups, steps, failures and places?
//!
//! In: the bytes of a log. Out: its parts. Goes over the lines once and holds
//! what it found, each list within a limit.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

use super::place::named_lines;
use super::section::{Ending, begins, ends};
use super::{
    FailureKind, FailurePart, LAST_LINES, LogGroup, LogLine, LogParts, LogStep, NamedPlace, Shown,
    StepExit, lines, shown,
};

/// The most entries of each list.
const MOST: usize = 2_000;

/// The most lines of one part.
const MOST_LINES: usize = 2_000;

/// What the server writes when a command ended.
const ENDED: &[u8] = b"##[error]Process completed with exit code ";

/// Where the steps of a job are over.
const OVER: [&[u8]; 3] =
    [b"Post job cleanup.", b"Cleaning up orphan processes", b"Prepare all required actions"];

pub(super) fn read(log: &[u8]) -> LogParts {
    let unnamed = LogStep { title: 0..0, range: 0..0, exit: None, errors: 0 };
    let mut reading = Reading { log, step: Some(unnamed), ..Reading::default() };
    for line in lines(log) {
        let shown = shown(log, &line.text);
        reading.line(&line, &shown);
    }
    reading.close_failure(log.len());
    reading.close_step(log.len());
    reading.close_group(log.len(), false);
    reading.parts.failures.sort_by_key(|part| (part.range.start, part.range.end));
    places(&mut reading.parts, log);
    reading.parts
}

#[derive(Default)]
struct Reading<'l> {
    log: &'l [u8],
    parts: LogParts,
    group: Option<LogGroup>,
    /// The step that is going on; before the first one, an unnamed one that
    /// counts only if it says how it ended.
    step: Option<LogStep>,
    /// The columns of the step, where the log has columns.
    columns: Option<(&'l [u8], &'l [u8])>,
    failure: Option<(FailureKind, usize, usize)>,
    /// Where the last lines of the step begin.
    last: VecDeque<usize>,
    /// A row of `=` is the line before.
    ruled: bool,
    /// The Go test that began last, and where.
    go_test: Option<(&'l [u8], usize)>,
    /// Where the line before ends.
    end: usize,
}

impl<'l> Reading<'l> {
    fn line(&mut self, line: &LogLine, shown: &Shown<'l>) {
        let text: &[u8] = &shown.text;
        self.columns(line);
        if let Some(title) = text.strip_prefix(b"##[group]") {
            self.open_group(line, shown.stored(&(text.len() - title.len()..text.len())), title);
        } else if text.starts_with(b"##[endgroup]") {
            self.close_group(line.range.end, true);
        } else if OVER.contains(&text) && self.columns.is_none() {
            self.close_failure(self.end);
            self.close_step(line.range.start);
        } else {
            self.printed(line, text);
        }
        self.ruled = text.len() > 20 && text.iter().all(|byte| *byte == b'=');
        self.end = line.range.end;
    }

    /// Begins a step where the columns name another one.
    fn columns(&mut self, line: &LogLine) {
        let (Some(job), Some(step)) = (&line.job, &line.step) else { return };
        let columns = (&self.log[job.clone()], &self.log[step.clone()]);
        if matches!(columns.1, b"UNKNOWN STEP" | b"") || self.columns == Some(columns) {
            return;
        }
        self.columns = Some(columns);
        self.begin_step(line.range.start, step.clone());
    }

    fn open_group(&mut self, line: &LogLine, title: Range<usize>, words: &[u8]) {
        self.close_group(self.end, false);
        if words.starts_with(b"Run ") && self.columns.is_none() {
            self.begin_step(line.range.start, title.clone());
        }
        self.group = Some(LogGroup { title, range: line.range.clone(), closed: false });
    }

    fn begin_step(&mut self, start: usize, title: Range<usize>) {
        self.close_failure(self.end);
        self.close_step(start);
        self.step = Some(LogStep { title, range: start..start, exit: None, errors: 0 });
    }

    /// Takes a line that is no mark of a group.
    fn printed(&mut self, line: &LogLine, text: &'_ [u8]) {
        let at = line.range.start;
        if text.starts_with(b"##[error]") {
            self.error(line, text);
        } else if let Some(step) = self.step.as_mut().filter(|_| !text.trim_ascii().is_empty()) {
            // Who prints on has not ended: the line before was forged.
            step.exit = None;
        }
        self.failing(line, text);
        self.last.push_back(at);
        if self.last.len() > LAST_LINES {
            self.last.pop_front();
        }
    }

    fn error(&mut self, line: &LogLine, text: &[u8]) {
        let Some(step) = &mut self.step else { return };
        step.errors = step.errors.saturating_add(1);
        step.exit = exit_code(text).map(|code| StepExit { code, range: line.range.clone() });
    }

    /// Goes on with the part of a failure, or begins one.
    fn failing(&mut self, line: &LogLine, text: &[u8]) {
        let at = line.range.start;
        if let Some((kind, _, count)) = &mut self.failure {
            *count += 1;
            let (kind, count) = (*kind, *count);
            if text.starts_with(ENDED) || count >= MOST_LINES {
                self.close_failure(self.end);
            } else {
                match ends(kind, text) {
                    Some(Ending::After) => return self.close_failure(line.range.end),
                    Some(Ending::Before) => self.close_failure(self.end),
                    None => return,
                }
            }
        }
        if let Some(kind) = begins(text, self.ruled) {
            self.failure = Some((kind, self.begin_of(kind, text, at), 0));
        }
        self.go_run(line, text);
    }

    /// Verbose Go tests print before the line that says that they failed.
    fn begin_of(&self, kind: FailureKind, text: &[u8], at: usize) -> usize {
        let name =
            text.strip_prefix(b"--- FAIL: ").and_then(|rest| rest.split(|b| *b == b' ').next());
        match (kind, name, self.go_test) {
            (FailureKind::GoTest, Some(name), Some((running, start))) if name == running => start,
            _ => at,
        }
    }

    fn go_run(&mut self, line: &LogLine, text: &[u8]) {
        let prefix = b"=== RUN   ";
        if text.starts_with(prefix) && !text.contains(&b'/') {
            let name = &self.log[line.text.start + prefix.len()..line.text.end];
            self.go_test = Some((name, line.range.start));
        }
    }

    fn close_failure(&mut self, end: usize) {
        let Some((kind, start, _)) = self.failure.take() else { return };
        let named = self.step.as_ref().is_some_and(|step| !step.title.is_empty());
        let step = named.then_some(self.parts.steps.len());
        self.add_failure(FailurePart { kind, range: start..end.max(start), step });
    }

    fn add_failure(&mut self, part: FailurePart) {
        if self.parts.failures.len() < MOST && !part.range.is_empty() {
            self.parts.failures.push(part);
        } else {
            self.parts.limited |= !part.range.is_empty();
        }
    }

    fn close_step(&mut self, end: usize) {
        let last = std::mem::take(&mut self.last);
        let Some(mut step) = self.step.take() else { return };
        step.range.end = end;
        if step.title.is_empty() {
            if step.exit.is_none() {
                return;
            }
            for part in &mut self.parts.failures {
                part.step = Some(0);
            }
        }
        if self.parts.steps.len() >= MOST {
            self.parts.limited = true;
            return;
        }
        if let Some(exit) = step.exit.as_ref().filter(|exit| exit.code != 0) {
            let before = |start: &&usize| **start >= step.range.start && **start < exit.range.start;
            if let Some(start) = last.iter().find(before) {
                let step = Some(self.parts.steps.len());
                let range = *start..end_of_line_before(self.log, exit.range.start);
                self.add_failure(FailurePart { kind: FailureKind::ExitCode, range, step });
            }
        }
        self.parts.steps.push(step);
    }

    fn close_group(&mut self, end: usize, closed: bool) {
        let Some(mut group) = self.group.take() else { return };
        (group.range.end, group.closed) = (end, closed);
        if self.parts.groups.len() < MOST {
            self.parts.groups.push(group);
        } else {
            self.parts.limited = true;
        }
    }
}

/// Returns where the line that stands before `start` ends.
fn end_of_line_before(log: &[u8], start: usize) -> usize {
    let line = log[..start].strip_suffix(b"\n").unwrap_or(&log[..start]);
    line.strip_suffix(b"\r").unwrap_or(line).len()
}

/// Returns the code in `##[error]Process completed with exit code 1.`
fn exit_code(text: &[u8]) -> Option<i32> {
    let code = text.strip_prefix(ENDED)?.trim_ascii().strip_suffix(b".")?;
    std::str::from_utf8(code).ok()?.parse().ok()
}

/// Adds the lines of files that the failures name.
fn places(parts: &mut LogParts, log: &[u8]) {
    for (failure, part) in parts.failures.iter().enumerate() {
        let mut known = BTreeSet::new();
        let start = part.range.start;
        for line in lines(&log[start..part.range.end]) {
            let text = start + line.text.start..start + line.text.end;
            let shown = shown(log, &text);
            for named in named_lines(&shown.text) {
                if !known.insert((named.path.clone(), named.line)) {
                    continue;
                }
                if parts.places.len() >= MOST {
                    parts.limited = true;
                    return;
                }
                let range = shown.stored(&named.range);
                let (path, line) = (named.path, named.line);
                parts.places.push(NamedPlace { path, line, range, failure });
            }
        }
    }
}
