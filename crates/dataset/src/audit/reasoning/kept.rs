//! Does a thought stand exactly where it beats none and the one of another step?

use backstory_model::reasoning::{CandidateKind, CandidateRow, Reason};
use backstory_model::{BlobId, EvidenceId, Provenance, SnapshotStory, Thought};

use super::leaks::tokens;
use super::{About, StepAudit, same};
use crate::audit::snapshot::quoted::names_in;

impl StepAudit<'_> {
    /// Decides again, and checks how the thought that stands is known.
    pub(super) fn kept(&mut self) {
        let decided = self.decided();
        let searched = &self.step.searched;
        match decided {
            Ok(expected) => {
                self.findings.equal(
                    self.at("reason/kept"),
                    "reason",
                    (&expected, &searched.dropped),
                );
                let stands = searched.thought.is_some() == expected.is_none()
                    && searched.thought.is_some() == self.step.provenance.is_some();
                let found = || format!("{:?}", searched.thought);
                let expected = "a thought where none is dropped";
                self.findings.demand(stands, self.at("reason/kept"), expected, found);
            }
            Err(found) => {
                self.findings.note(self.at("reason/kept"), "controls that hold together", found);
            }
        }
        if let Some(thought) = self.step.thought()
            && let Err(found) = self.known(&thought)
        {
            let place = self.at("reason/known").claimed(thought.provenance.tier());
            self.findings.note(place, "a thought that is known as its row says", found);
        }
    }

    fn of_kind(&self, kind: CandidateKind) -> Option<&CandidateRow> {
        self.step.searched.rows.iter().find(|row| row.kind == kind)
    }

    /// Returns why there is no thought, if there is none.
    fn decided(&self) -> Result<Option<Reason>, String> {
        let searched = &self.step.searched;
        let options = &self.search.options;
        let none = self.of_kind(CandidateKind::None).and_then(|row| row.nll_target);
        let Some(none) = none else { return Ok(Some(Reason::OverWindow)) };
        if searched.nll_none.is_none_or(|told| !same(told, none)) {
            return Err(format!("{:?} without a thought, not {none}", searched.nll_none));
        }
        if options.gate.is_some_and(|gate| !(gate.low..=gate.high).contains(&none)) {
            return Ok(Some(Reason::OutsideGate));
        }
        if searched.dropped == Some(Reason::NotInferable) && searched.rows.len() == 1 {
            return Ok(searched.dropped);
        }
        let Some((winner, _)) = self.best()? else { return Ok(Some(Reason::NoCandidate)) };
        if winner.nll >= none - options.min_gain {
            return Ok(Some(Reason::NotBetterThanNone));
        }
        let text = self.text(winner.hash.as_ref()).unwrap_or_default();
        let control = self.controls(text)?;
        if control.is_some_and(|control| winner.nll >= control) {
            return Ok(Some(Reason::NotBetterThanOther));
        }
        if searched.thought.as_deref() == Some(text) {
            Ok(None)
        } else {
            Err("another thought than the one that won".to_owned())
        }
    }

    /// Checks the texts the winner was compared with; returns the likelihood behind the
    /// thought of another step.
    fn controls(&self, winner: &str) -> Result<Option<f64>, String> {
        let searched = &self.step.searched;
        let filler = self.of_kind(CandidateKind::Filler).and_then(|row| row.nll_target);
        let control = self.of_kind(CandidateKind::Control);
        let measured = (filler, control.and_then(|row| row.nll_target));
        if measured != (searched.nll_filler, searched.nll_control) {
            return Err(format!("controls {measured:?}"));
        }
        let length = tokens(winner).len();
        for kind in [CandidateKind::Filler, CandidateKind::Control] {
            if self.of_kind(kind).is_some_and(|row| row.thought_tokens != length) {
                return Err(format!("{kind:?} of another length than {length}"));
            }
        }
        let others = &self.around.others;
        let said: usize = others.iter().map(|other| tokens(other).len()).sum();
        let Some(control) = control else {
            // Other steps have too little to say.
            return if said < length { Ok(None) } else { Err("no control".to_owned()) };
        };
        let text = self.text(control.text_hash.as_ref()).unwrap_or_default();
        let whole: usize =
            others.iter().filter(|other| text.contains(**other)).map(|o| o.len()).sum();
        let begun = others.iter().any(|other| {
            text.rsplit('\n').next().is_some_and(|last| !last.is_empty() && other.contains(last))
        });
        if whole == 0 && !begun {
            return Err("a control that no other step thinks".to_owned());
        }
        Ok(measured.1)
    }

    /// Checks how the thought that stands is known.
    fn known(&self, thought: &Thought) -> Result<(), String> {
        let told = format!("{:?}", thought.provenance);
        let row = self.step.searched.winner().ok_or("no row of it")?;
        let expected = match (&row.generator, &row.prompt_hash, row.seed) {
            (None, ..) => {
                let had = self.around.had.filter(|had| had.text == thought.text);
                had.map(|had| had.provenance.clone())
            }
            (Some(_), None, _) => {
                Some(Provenance::derived("story/searched", self.rests_on(&thought.text)?))
            }
            (Some(writer), Some(_), Some(seed)) => {
                let prompt = self.stored_prompt(row, &thought.provenance)?;
                Some(Provenance::Synthesized { model: writer.model.clone(), prompt, seed })
            }
            (Some(_), Some(_), None) => None,
        };
        if expected.as_ref() == Some(&thought.provenance) { Ok(()) } else { Err(told) }
    }

    /// Returns what a text rests on that was written by rule.
    fn rests_on(&self, text: &str) -> Result<Vec<EvidenceId>, String> {
        match &self.around.about {
            About::Write { story, blob } => is_planned(story, text, blob),
            About::Action { before, .. } => Ok(before.evidence(text)),
        }
    }
}

/// Checks that every name in code marks stands in the plan; returns the file.
fn is_planned(story: &SnapshotStory, text: &str, blob: &BlobId) -> Result<Vec<EvidenceId>, String> {
    let is_planned = |name: &str| {
        story.plan.files.iter().any(|file| {
            file.path.to_string() == name || file.definitions.iter().any(|known| known == name)
        })
    };
    match names_in(text).find(|name| !is_planned(name)) {
        None => Ok(vec![EvidenceId::blob(blob)]),
        Some(name) => Err(format!("`{name}`, which the plan does not name")),
    }
}
