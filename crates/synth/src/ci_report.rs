//! Which steps tell what CI said about an authored state?
//!
//! In: the reports on the state. Out: a step for each, and after one that is red
//! the views of the lines its log names.

use std::collections::BTreeMap;

use backstory_model::{
    Action, BlobId, CiReport, EvidenceId, FileMode, LineRange, Observation, Phase, Provenance,
    RepoPath, RepositoryError, Seen,
};

use crate::ci::{places, shown_text, work_trees};
use crate::reading::{View, around};
use crate::run::named_lines;
use crate::writer::Writer;

/// So many of the places a log names are looked at.
const LOOKED_AT: usize = 4;

impl Writer<'_> {
    /// Writes the reports on a state; returns true when one of them is red.
    pub fn reports_of_ci(&mut self, index: usize) -> Result<bool, RepositoryError> {
        self.last_report = None;
        let evidence = &self.input.evidence.ci;
        let own = evidence.reports.iter().filter(|report| report.state as usize == index);
        for report in own {
            let text = self.report_of_ci(report, index);
            if report.conclusion.is_red() {
                self.last_report = Some((self.steps.len(), text));
                self.views_of_report(index)?;
            }
        }
        Ok(self.last_report.is_some())
    }

    fn report_of_ci(&mut self, report: &CiReport, index: usize) -> String {
        let last = index + 1 == self.input.unit.states.len();
        let phase = if last { Phase::Validation } else { Phase::Debugging };
        let text = shown_text(&report.log.bytes);
        let content = Observation::CiLog {
            log: report.log.log.clone(),
            start: report.log.start,
            end: report.log.end,
            output: self.store(text.clone().into_bytes()),
        };
        let action = Action::CiReport {
            commit: report.commit.clone(),
            workflow: report.workflow.clone(),
            job: report.name.clone(),
            step: report.step.clone(),
            conclusion: report.conclusion,
        };
        let said = [EvidenceId::record(&report.run), EvidenceId::record(&report.job)];
        let provenance = Provenance::observed([EvidenceId::record(&report.log.log)]);
        self.push(phase, action, Provenance::observed(said), Some(Seen { content, provenance }));
        text
    }

    /// Reads the first places of the last report that nothing has shown yet.
    fn views_of_report(&mut self, index: usize) -> Result<(), RepositoryError> {
        let Some((number, text)) = self.last_report.clone() else { return Ok(()) };
        let input = self.input;
        let tree = &input.unit.states[index].tree;
        let listed = input.repo.files(tree)?.into_iter().filter(|file| file.mode.is_file());
        let files: BTreeMap<RepoPath, BlobId> = listed.map(|file| (file.path, file.id)).collect();
        let shown = self.shown_by(index + 1);
        let named = places(&text, input.unit.repo.name(), &files);
        for (path, line) in named.into_iter().take(LOOKED_AT) {
            let blob = files[&path].clone();
            let Ok(text) = input.texts.text(input.repo, FileMode::Plain, &blob)? else { continue };
            let total = text.line_count();
            if line == 0 || line > total || self.seen.holds(&path, line) {
                continue;
            }
            let structure = (input.parse)(&path, &blob, text.bytes());
            let lines = around(structure.as_deref(), line, total);
            let choice = Provenance::derived("read/ci-log", [EvidenceId::step(number)]);
            let view = View { path, blob, text, lines, choice, hindsight: false };
            self.view(view, shown.clone());
        }
        Ok(())
    }

    /// Says how the last report leads to these lines, if it does.
    pub fn report_leads_to(&self, path: &RepoPath, lines: LineRange) -> Option<Provenance> {
        let (number, text) = self.last_report.as_ref()?;
        let roots = work_trees(self.input.unit.repo.name());
        let named = named_lines(text.as_bytes(), path, &roots).any(|line| lines.contains(line));
        named.then(|| Provenance::derived("read/ci-log", [EvidenceId::step(*number)]))
    }
}
