//! What happened in each leg of a workflow?
//!
//! In: events, those of several legs mixed. Out: each leg with its steps and
//! what it printed, packed, so that long logs stay small in memory.

use std::collections::BTreeMap;
use std::io::{self, Read, Write as _};
use std::ops::Range;

use backstory_model::{CiConclusion, CiStep};

use super::event::Event;

/// Fast; the log is unpacked and packed again when it is stored.
const LEVEL: i32 = 1;

/// What `act` says of a step that may fail.
const TOLERATED: &str = "Failed but continue next step";

/// Every leg, in order of appearance.
#[derive(Default)]
pub(super) struct Legs {
    pub(super) legs: Vec<Leg>,
    /// How many events belong to no job.
    pub(super) outside: u64,
}

/// One leg of a job's matrix, or a job without one.
pub(super) struct Leg {
    pub(super) name: String,
    pub(super) job_id: String,
    pub(super) matrix: BTreeMap<String, String>,
    pub(super) steps: Vec<LegStep>,
    pub(super) started_at: Option<String>,
    pub(super) finished_at: Option<String>,
    result: Option<CiConclusion>,
    out: zstd::Encoder<'static, Vec<u8>>,
    bytes: u64,
}

/// One step of a leg.
pub(super) struct LegStep {
    key: (String, Vec<String>),
    pub(super) number: u64,
    pub(super) name: String,
    conclusion: Option<CiConclusion>,
    tolerated: bool,
    started_at: Option<String>,
    finished_at: Option<String>,
    /// Where its output stands in that of the leg; steps follow each other.
    pub(super) printed: Range<u64>,
}

/// What a leg printed, packed.
pub(super) struct Printed {
    packed: Vec<u8>,
    pub(super) bytes: u64,
}

impl Printed {
    /// Reads a range of the output.
    pub(super) fn read(&self, range: Range<u64>) -> impl Read + '_ {
        let mut decoder = zstd::Decoder::new(self.packed.as_slice()).expect(MEMORY);
        io::copy(&mut decoder.by_ref().take(range.start), &mut io::sink()).expect(MEMORY);
        decoder.take(range.end - range.start)
    }
}

/// Why packing and unpacking what was just packed cannot fail.
const MEMORY: &str = "packed bytes in memory can be read and written";

impl Legs {
    /// Takes the next event.
    pub(super) fn add(&mut self, event: Event) {
        let Some(name) = &event.job else {
            self.outside += 1;
            return;
        };
        let known = self.legs.iter().position(|leg| leg.name == *name);
        let place = known.unwrap_or(self.legs.len());
        if known.is_none() {
            self.legs.push(Leg::new(name, &event));
        }
        self.legs[place].add(event);
    }
}

impl Leg {
    fn new(name: &str, event: &Event) -> Self {
        Self {
            name: name.to_owned(),
            job_id: event.job_id.clone(),
            matrix: BTreeMap::new(),
            steps: Vec::new(),
            started_at: event.time.clone(),
            finished_at: None,
            result: None,
            out: zstd::Encoder::new(Vec::new(), LEVEL).expect(MEMORY),
            bytes: 0,
        }
    }

    /// Returns the workflow, which stands before the job.
    pub(super) fn workflow(&self) -> &str {
        self.name.split_once('/').map_or("", |(workflow, _)| workflow)
    }

    /// Returns how the leg ended. When one leg fails `act` says so of all, so
    /// that its own steps decide; `alone` says that the job has no other leg.
    pub(super) fn conclusion(&self, alone: bool) -> Option<CiConclusion> {
        let told = self.result?;
        let failed = self.steps.iter().filter_map(LegStep::conclusion).find(|end| end.is_red());
        match failed {
            Some(failed) => Some(failed),
            None if alone || self.steps.is_empty() || told != CiConclusion::Failure => Some(told),
            None => Some(CiConclusion::Success),
        }
    }

    /// Takes out what was printed.
    pub(super) fn printed(&mut self) -> Printed {
        let empty = zstd::Encoder::new(Vec::new(), LEVEL).expect(MEMORY);
        let packed = std::mem::replace(&mut self.out, empty).finish().expect(MEMORY);
        Printed { packed, bytes: self.bytes }
    }

    fn add(&mut self, event: Event) {
        for (key, value) in event.matrix.iter().flatten() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.matrix.insert(key.clone(), text);
        }
        self.finished_at = event.time.clone().or(self.finished_at.take());
        self.result = event.job_result.or(self.result);
        let before = self.bytes;
        if let Some(output) = event.output() {
            let end = if output.ends_with('\n') { "" } else { "\n" };
            for part in [output, end] {
                self.out.write_all(part.as_bytes()).expect(MEMORY);
                self.bytes += part.len() as u64;
            }
        }
        let printed = before..self.bytes;
        if !event.step_id.is_empty() {
            self.step(event, printed);
        }
    }

    fn step(&mut self, event: Event, printed: Range<u64>) {
        let key = (event.stage, event.step_id);
        let known = self.steps.iter().position(|step| step.key == key);
        let place = known.unwrap_or(self.steps.len());
        if known.is_none() {
            self.steps.push(LegStep {
                key,
                number: place as u64 + 1,
                name: event.step,
                conclusion: None,
                tolerated: false,
                started_at: event.time.clone(),
                finished_at: None,
                printed: printed.clone(),
            });
        }
        let step = &mut self.steps[place];
        if step.printed.is_empty() {
            step.printed.start = printed.start;
        }
        step.printed.end = printed.end;
        step.tolerated |= event.msg.trim() == TOLERATED;
        if event.step_result.is_some() {
            (step.conclusion, step.finished_at) = (event.step_result, event.time);
        }
    }
}

impl LegStep {
    /// Returns how it ended; one that may fail ends well, as on GitHub.
    fn conclusion(&self) -> Option<CiConclusion> {
        match self.conclusion {
            Some(CiConclusion::Failure) if self.tolerated => Some(CiConclusion::Success),
            conclusion => conclusion,
        }
    }

    /// Returns the step as a record tells it.
    pub(super) fn record(&self) -> CiStep {
        CiStep {
            number: self.number,
            name: self.name.clone(),
            command: None,
            conclusion: self.conclusion(),
            started_at: self.started_at.clone(),
            finished_at: self.finished_at.clone(),
        }
    }
}
