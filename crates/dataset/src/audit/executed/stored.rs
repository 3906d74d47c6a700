//! What is stored of each run?
//!
//! In: the execution of a unit and the blobs of the run. Out: its runs with their
//! reports and touched lines; what is absent or no report is a finding.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use backstory_model::{BlobId, Execution, ExecutionId, TestReport, TouchedTest, UnitExecution};
use serde::de::DeserializeOwned;

use super::super::finding::{Findings, Place};
use super::super::replay::stored;
use super::super::sources::Sources;

/// One run and what is stored of it.
#[derive(Clone, Debug)]
pub(in crate::audit) struct Run<'a> {
    pub(in crate::audit) execution: &'a Execution,
    /// Empty where none can be read.
    pub(in crate::audit) report: Arc<TestReport>,
    pub(in crate::audit) touched: Option<Arc<Vec<TouchedTest>>>,
}

/// The runs of a unit.
#[derive(Debug)]
pub(in crate::audit) struct Runs<'a> {
    pub(in crate::audit) execution: &'a UnitExecution,
    /// In the order they were made.
    pub(in crate::audit) list: Vec<Run<'a>>,
}

impl<'a> Runs<'a> {
    /// Reads what is stored of every run; equal blobs are read once.
    pub(in crate::audit) fn read(
        execution: &'a UnitExecution,
        sources: Sources<'_>,
        findings: &mut Findings,
    ) -> Self {
        let mut reader = Reader { sources, findings, ids: BTreeSet::new() };
        let (mut reports, mut touched) = (BTreeMap::new(), BTreeMap::new());
        for blob in [&execution.lock, &execution.log].into_iter().flatten() {
            reader.bytes(blob);
        }
        let mutants = execution.mutants.iter().map(|mutant| &mutant.patch);
        for patch in mutants.chain(execution.candidates.iter().map(|candidate| &candidate.patch)) {
            reader.bytes(patch);
        }
        let mut list = Vec::new();
        for run in &execution.executions {
            reader.bytes(&run.output);
            let report = reader.parsed(&run.report, &mut reports).unwrap_or_default();
            let touched = match &run.touched {
                Some(blob) => reader.parsed(blob, &mut touched),
                None => None,
            };
            list.push(Run { execution: run, report, touched });
        }
        Self { execution, list }
    }

    /// Returns the run with this id.
    pub(in crate::audit) fn get(&self, id: &ExecutionId) -> Option<&Run<'a>> {
        self.list.iter().find(|run| run.execution.id == *id)
    }
}

struct Reader<'a, 'f> {
    sources: Sources<'a>,
    findings: &'f mut Findings,
    /// The blobs that were read, so that each is spoken of once.
    ids: BTreeSet<BlobId>,
}

impl Reader<'_, '_> {
    fn bytes(&mut self, id: &BlobId) -> Option<Vec<u8>> {
        if !self.ids.insert(id.clone()) {
            return None;
        }
        stored(self.sources, self.findings, Place::whole("whole/stored"), id)
    }

    fn parsed<T: DeserializeOwned>(
        &mut self,
        id: &BlobId,
        known: &mut BTreeMap<BlobId, Option<Arc<T>>>,
    ) -> Option<Arc<T>> {
        if let Some(parsed) = known.get(id) {
            return parsed.clone();
        }
        let bytes = stored(self.sources, self.findings, Place::whole("whole/stored"), id);
        let parsed = bytes.and_then(|bytes| match serde_json::from_slice::<T>(&bytes) {
            Ok(parsed) => Some(Arc::new(parsed)),
            Err(error) => {
                self.findings.note(super::PLACE, format_args!("a report in blob {id}"), error);
                None
            }
        });
        known.insert(id.clone(), parsed.clone());
        parsed
    }
}
