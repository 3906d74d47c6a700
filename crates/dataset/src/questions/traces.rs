//! Where is the trace that an item names?
//!
//! In: a folder of questions. Out: traces by their digests, each read when it is asked
//! for. Items of one trace stand together, so the last one is kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use backstory_model::{ExecutionTrace, TraceResult};
use backstory_store::fs;
use backstory_verify::Value;
use serde::Deserialize;

use super::ReadError;

/// The file of traces.
const TRACES: &str = "traces.jsonl";

/// A trace as it stands in the file.
#[derive(Debug, Deserialize)]
pub(super) struct TraceRow {
    /// The file of the function that was called; none of a program.
    #[serde(default)]
    pub(super) path: Option<String>,
    /// What happened.
    pub(super) trace: ExecutionTrace,
}

impl TraceRow {
    /// Returns what the call returned, if that is known.
    pub(super) fn returned(&self) -> Option<Value> {
        match &self.trace.result {
            TraceResult::Returned(text) => Value::parse(text.as_str()).ok(),
            TraceResult::Raised(_) | TraceResult::Part => None,
        }
    }

    /// Returns the place of the file that the prompts show.
    pub(super) fn shown(&self) -> Option<u32> {
        let path = self.path.as_deref().unwrap_or_default();
        let place = self.trace.files.iter().position(|file| file.path == path)?;
        u32::try_from(place).ok()
    }
}

/// The traces of a folder.
pub(super) struct Traces {
    path: PathBuf,
    file: BufReader<File>,
    /// The number of the line and where it begins.
    places: BTreeMap<String, (usize, u64)>,
    last: Option<(String, TraceRow)>,
}

#[derive(Deserialize)]
struct Named {
    trace_ref: String,
}

impl Traces {
    /// Notes where every trace of a folder begins.
    pub(super) fn open(folder: &Path) -> Result<Self, ReadError> {
        let path = folder.join(TRACES);
        let mut file = BufReader::new(fs::open(&path)?);
        let mut places = BTreeMap::new();
        let (mut line, mut text, mut at) = (0, String::new(), 0);
        loop {
            text.clear();
            line += 1;
            let read = file.read_line(&mut text);
            let read =
                read.map_err(|source| ReadError::Line { path: path.clone(), line, source })?;
            if read == 0 {
                return Ok(Self { path, file, places, last: None });
            }
            if !text.trim().is_empty() {
                let named: Named = serde_json::from_str(&text)
                    .map_err(|source| ReadError::Trace { path: path.clone(), line, source })?;
                places.insert(named.trace_ref, (line, at));
            }
            at += read as u64;
        }
    }

    /// Returns a trace; `None` where the file has none of this name.
    pub(super) fn get(&mut self, name: &str) -> Result<Option<&TraceRow>, ReadError> {
        let Some((line, at)) = self.places.get(name).copied() else { return Ok(None) };
        if self.last.as_ref().is_none_or(|(last, _)| last != name) {
            let mut text = String::new();
            let read = self.file.seek(SeekFrom::Start(at));
            read.and_then(|_| self.file.read_line(&mut text))
                .map_err(|source| ReadError::Line { path: self.path.clone(), line, source })?;
            let row = serde_json::from_str(&text).map_err(|source| ReadError::Trace {
                path: self.path.clone(),
                line,
                source,
            })?;
            self.last = Some((name.to_owned(), row));
        }
        Ok(self.last.as_ref().map(|(_, row)| row))
    }
}
