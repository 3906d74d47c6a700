//! How are rows written, so that a command that is stopped leaves no half file?

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use backstory_dataset::questions::ITEMS;
use backstory_model::{ExecutionTrace, Sha256};
use backstory_store::fs::{self, NewFile};
use backstory_synth::questions::{Balance, Dropped};
use backstory_verify::{Item, Kind};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::Digest as _;

use crate::Failure;

/// A file of JSON rows, one a line; it is in its place once it is finished.
pub(super) struct Rows {
    place: PathBuf,
    file: NewFile,
}

impl Rows {
    /// Begins a file.
    pub(super) fn create(place: &Path) -> Result<Self, Failure> {
        Ok(Self { place: place.to_owned(), file: NewFile::create(place)? })
    }

    /// Writes one row.
    pub(super) fn write(&mut self, row: &impl Serialize) -> Result<(), Failure> {
        let mut text = json(row)?;
        text.push('\n');
        let written = self.file.write_all(text.as_bytes());
        let failed =
            |error| Failure::of(error, &format!("failed to write `{}`", self.place.display()));
        written.map_err(failed)
    }

    /// Puts the file in its place.
    pub(super) fn finish(self) -> Result<(), Failure> {
        Ok(self.file.commit()?)
    }
}

/// A trace as text, and the digest that names it.
pub(super) struct TraceText {
    pub(super) trace_ref: String,
    pub(super) text: Box<RawValue>,
}

impl TraceText {
    /// Writes a trace once.
    pub(super) fn of(trace: &ExecutionTrace) -> Result<Self, Failure> {
        let failed = |error| Failure::of(error, "failed to write a trace");
        let text = serde_json::value::to_raw_value(trace).map_err(failed)?;
        let digest = sha2::Sha256::digest(text.get().as_bytes());
        Ok(Self { trace_ref: Sha256::from_digest(&digest).to_string(), text })
    }
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::of(error, "failed to write a row"))
}

/// A trace of a run as it stands on disk.
#[derive(Serialize)]
pub(super) struct RunTrace<'a> {
    pub(super) trace_ref: &'a str,
    /// What items call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) program_id: Option<&'a str>,
    pub(super) instance: &'a str,
    /// `base_with_tests` or `head`.
    pub(super) state: &'static str,
    pub(super) test: &'a str,
    /// The function that was called, where the trace is one call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<&'a str>,
    /// Which call of it in the test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) call: Option<u32>,
    /// Whether the test did more than was kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) cut: bool,
    /// The trace of the same call before the fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before_ref: Option<&'a str>,
    pub(super) trace: &'a RawValue,
}

/// What a line of traces says of its names.
#[derive(Deserialize)]
struct NamedTrace<'a> {
    #[serde(borrow)]
    trace_ref: Cow<'a, str>,
    #[serde(borrow, default)]
    before_ref: Option<Cow<'a, str>>,
}

/// The file of traces.
const TRACES: &str = "traces.jsonl";

/// The folder that questions are written to.
pub(super) struct QuestionFolder {
    items: Rows,
    traces: Rows,
}

impl QuestionFolder {
    /// Begins both files.
    pub(super) fn create(folder: &Path) -> Result<Self, Failure> {
        fs::create_dirs(folder)?;
        let file = |name| Rows::create(&folder.join(name));
        Ok(Self { items: file(ITEMS)?, traces: file(TRACES)? })
    }

    /// Writes items and, first, the row of the trace that they name.
    pub(super) fn write(&mut self, items: &[Item], trace: &impl Serialize) -> Result<(), Failure> {
        if !items.is_empty() {
            self.traces.write(trace)?;
        }
        items.iter().try_for_each(|item| self.items.write(item))
    }

    /// Writes an item whose trace is written alone.
    pub(super) fn item(&mut self, item: &Item) -> Result<(), Failure> {
        self.items.write(item)
    }

    /// Writes the traces of another folder that are named, and those that these name.
    pub(super) fn traces_of(
        &mut self,
        folder: &Path,
        mut named: BTreeSet<String>,
    ) -> Result<(), Failure> {
        let path = folder.join(TRACES);
        if !path.exists() {
            return Ok(());
        }
        let text = fs::read_text(&path)?;
        let mut lines = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let told: NamedTrace<'_> = serde_json::from_str(line).map_err(|error| {
                Failure::of(error, &format!("line {number} of `{}` is no trace", path.display()))
            })?;
            lines.push((told, line));
        }
        let before = lines.iter().filter(|(told, _)| named.contains(&*told.trace_ref));
        let before: Vec<String> =
            before.filter_map(|(told, _)| Some(told.before_ref.as_deref()?.to_owned())).collect();
        named.extend(before);
        for (_, line) in lines.iter().filter(|(told, _)| named.contains(&*told.trace_ref)) {
            let failed = |error| Failure::of(error, "failed to read a trace");
            self.traces.write(&serde_json::from_str::<&RawValue>(line).map_err(failed)?)?;
        }
        Ok(())
    }

    /// Puts both files in their places; items come last, because they name traces.
    pub(super) fn finish(self) -> Result<(), Failure> {
        self.traces.finish()?;
        self.items.finish()
    }
}

/// How many items and questions there are, and what was not asked.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) items: usize,
    kinds: BTreeMap<Kind, usize>,
    dropped: BTreeMap<Dropped, usize>,
}

impl Counts {
    /// Counts what came of one subject.
    pub(super) fn add(&mut self, items: &[Item], dropped: &BTreeMap<Dropped, usize>) {
        self.items += items.len();
        for one in items.iter().flat_map(|item| &item.questions) {
            *self.kinds.entry(one.kind).or_default() += 1;
        }
        for (why, count) in dropped {
            *self.dropped.entry(*why).or_default() += count;
        }
    }

    /// Returns the end of a funnel.
    pub(super) fn table(&self, balance: &Balance) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        for (why, count) in &self.dropped {
            let _ = writeln!(text, "{:<28}{count:>9}", format!("  not asked: {}", why.as_str()));
        }
        let _ = writeln!(text, "{:<28}{:>9}", "items", self.items);
        let (most, rarest) = (balance.most_frequent(), balance.rarest_states());
        for (kind, count) in &self.kinds {
            let share = most.get(kind).map_or(String::new(), |(most, all)| {
                let share = |count: usize| count * 100 / (*all).max(1);
                let rarest = rarest
                    .get(kind)
                    .map_or(String::new(), |rarest| format!(", rarest state {}%", share(*rarest)));
                format!("  most frequent answer {}%{rarest}", share(*most))
            });
            let _ = writeln!(text, "{:<28}{count:>9}{share}", format!("  {kind}"));
        }
        text
    }
}
