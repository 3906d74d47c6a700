//! Does every row say what it can say?

use std::collections::BTreeSet;

use backstory_model::reasoning::{CandidateKind, CandidateRow};
use backstory_model::seed::Seed;
use backstory_store::RunDirectory;

use super::leaks::tokens;
use super::{StepAudit, same};

impl StepAudit<'_> {
    /// Checks the rows one by one, and what they sum up to.
    pub(super) fn rows(&mut self) {
        let searched = &self.step.searched;
        for row in &searched.rows {
            if let Err(found) = self.row(row) {
                self.findings.note(self.at("reason/row"), "a row that holds together", found);
            }
        }
        if let Err(found) = self.begins_with_the_thought_it_had() {
            let expected = "the thought of the step as the first candidate";
            self.findings.note(self.at("reason/row"), expected, found);
        }
        let named: BTreeSet<_> =
            searched.rows.iter().filter_map(|r| r.text_hash.as_ref()).collect();
        let texts: BTreeSet<_> = searched.texts.keys().collect();
        self.findings.equal(self.at("reason/row"), "texts", (&named, &texts));
        for (hash, text) in &searched.texts {
            let digest = RunDirectory::text_digest(text.as_bytes());
            self.findings.equal(self.at("reason/row"), "text", (&digest, hash));
        }
        let sums = searched.rows.iter().fold([0, 0, 0], |[scored, prompted, written], row| {
            [
                scored + row.tokens_scored,
                prompted + row.tokens_prompted,
                written + row.tokens_written,
            ]
        });
        let told = [searched.tokens_scored, searched.tokens_prompted, searched.tokens_written];
        self.findings.equal(self.at("reason/row"), "tokens", (&sums, &told));
    }

    /// Checks what the first start begins with, if the step was worth a search.
    fn begins_with_the_thought_it_had(&self) -> Result<(), String> {
        let is_first = |row: &&CandidateRow| row.kind == CandidateKind::Initial && row.start == 0;
        let first = self.step.searched.rows.iter().find(is_first);
        let begun = first.and_then(|row| self.text(row.text_hash.as_ref()));
        let had = self.around.had.map(|thought| thought.text.as_str());
        let is_same = begun == had.filter(|_| self.step.is_decided());
        if is_same { Ok(()) } else { Err(format!("{begun:?}, not {had:?}")) }
    }

    fn row(&self, row: &CandidateRow) -> Result<(), String> {
        let searched = &self.step.searched;
        let told = format!("{:?} of round {}", row.kind, row.round);
        let wrong = |what: &str| Err(format!("{told}: {what}"));
        if row.step_id != searched.step_id || row.scorer != self.search.scorer {
            return wrong("another step or scorer");
        }
        let perplexity = match (row.nll_target, row.ppl_target) {
            (Some(nll), Some(ppl)) => same(nll.exp(), ppl) && row.target_tokens > Some(0),
            (None, None) => row.target_tokens.is_none() && row.tokens_scored == 0,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !perplexity {
            return wrong("a perplexity of another likelihood");
        }
        let none = searched.nll_none.zip(row.nll_none);
        if none.is_some_and(|(none, told)| !same(none, told)) {
            return wrong("another likelihood without a thought");
        }
        let text = self.text(row.text_hash.as_ref());
        if text.map_or(0, |text| tokens(text).len()) != row.thought_tokens {
            return wrong("another number of tokens");
        }
        if !self.is_written_by(row) {
            return wrong("another writer or seed");
        }
        Ok(())
    }

    /// Checks who wrote a candidate, and from which seed.
    fn is_written_by(&self, row: &CandidateRow) -> bool {
        let first = row.kind == CandidateKind::Initial && row.start == 0;
        let is_written = match row.kind {
            CandidateKind::Rewrite => true,
            CandidateKind::Initial => !first,
            CandidateKind::None | CandidateKind::Filler | CandidateKind::Control => false,
        };
        if !is_written {
            return row.generator.is_none() && row.seed.is_none() && row.prompt_hash.is_none();
        }
        let parts = [self.search.options.seed, row.start as u64, row.round as u64];
        let [all, start, round] = parts.map(|number| number.to_string());
        let candidate = row.candidate.to_string();
        let seed = Seed::of(&[&all, &row.step_id, &start, &round, &candidate]).generator().bits();
        row.generator.as_ref() == Some(&self.search.writer) && row.seed == Some(seed)
    }
}
