//! What do record files in our own format hold?
//!
//! In: lines as `docs/records.md` describes them. Out: the same lines, byte for
//! byte, so that exporting and importing again changes nothing.

use backstory_model::{RecordHeader, RepoName};
use backstory_store::lines::{Line, LineReader};

use super::sink::{Position, Sink};
use super::{Dialect, Input};
use crate::line::record_of;
use crate::{LONGEST_ITEM, RECORD_FORMAT_VERSION, RecordsError};

/// Record files of our own.
pub(super) struct Neutral;

impl Dialect for Neutral {
    fn name(&self) -> &'static str {
        "backstory records"
    }

    fn recognizes(&self, _: &str, head: &[u8]) -> bool {
        let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        serde_json::from_slice::<RecordHeader>(line)
            .is_ok_and(|header| header.kind == "header" && header.format == "backstory-records")
    }

    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
        let mut lines = LineReader::new(&mut *input.reader, LONGEST_ITEM);
        let mut number = 0;
        loop {
            let line = match lines.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(()),
                Err(error) => {
                    sink.broken(Position::Line(number + 1), format!("the file is cut: {error}"));
                    return Ok(());
                }
            };
            number += 1;
            let at = Position::Line(number);
            match line {
                Line::TooLong => {
                    sink.broken(at, format!("longer than {} MiB", LONGEST_ITEM >> 20));
                }
                Line::Whole(line) if number == 1 => header(line, sink),
                Line::Whole(line) if line.trim_ascii().is_empty() => {}
                Line::Whole(line) => match record_of(line) {
                    Ok(Some(record)) => sink.line(record.kind(), line.trim_ascii_end())?,
                    Ok(None) => sink.other("other"),
                    Err(why) => sink.broken(at, why),
                },
            }
        }
    }
}

fn header(line: &[u8], sink: &mut Sink<'_>) {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    match serde_json::from_slice::<RecordHeader>(line) {
        Ok(header) if header.version == RECORD_FORMAT_VERSION => {
            let repo = header.repo.as_deref().and_then(|name| RepoName::parse(name).ok());
            sink.set_repo(repo.as_ref());
        }
        Ok(header) => sink.broken(
            Position::Line(1),
            format!("format version {} is not {RECORD_FORMAT_VERSION}", header.version),
        ),
        Err(error) => sink.broken(Position::Line(1), error),
    }
}
