//! How many steps, candidates, leaks and tokens were there, and how likely is the code?

use std::collections::BTreeMap;

use backstory_model::reasoning::{CandidateKind, CandidateRow, ReasonedStep};
use backstory_model::{Provenance, Tier};
use serde::Serialize;

/// What the searched steps of a run come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    /// Steps that were searched.
    pub steps: u64,
    /// Steps with a thought at the end, by how it is known.
    pub kept: BTreeMap<Tier, u64>,
    /// Steps that keep the thought they had, because it won.
    pub kept_initial: u64,
    /// Steps without one, or that were not worth a search, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
    /// What was written in each round, and what of it stood.
    pub rounds: BTreeMap<usize, Round>,
    /// Candidates that a guard turned down, by guard.
    pub leaks: BTreeMap<&'static str, u64>,
    /// Thoughts that stand and share 13 tokens in a row with their code.
    pub kept_with_runs: u64,
    /// How likely the code is.
    pub measured: Measured,
    /// Tokens that were scored.
    pub tokens_scored: u64,
    /// Tokens of prompts.
    pub tokens_prompted: u64,
    /// Tokens that were written.
    pub tokens_written: u64,
}

/// What was written in one round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Round {
    /// Texts.
    pub candidates: u64,
    /// Those that took the place of the current one.
    pub accepted: u64,
    /// Those a guard turned down.
    pub turned_down: u64,
}

/// How likely the code of the steps is that were measured with and without a thought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Measured {
    /// Steps.
    pub steps: u64,
    /// Tokens of their code.
    pub tokens: u64,
    nats_none: f64,
    nats_end: f64,
}

impl Measured {
    /// Returns the perplexity without thoughts; `None` where nothing was measured.
    pub fn ppl_none(&self) -> Option<f64> {
        self.ppl(self.nats_none)
    }

    /// Returns the perplexity with the thoughts that stand at the end.
    pub fn ppl_end(&self) -> Option<f64> {
        self.ppl(self.nats_end)
    }

    #[expect(clippy::cast_precision_loss, reason = "tokens stay far below 2^53")]
    fn ppl(&self, nats: f64) -> Option<f64> {
        (self.tokens > 0).then(|| (nats / self.tokens as f64).exp())
    }

    #[expect(clippy::cast_precision_loss, reason = "tokens stay far below 2^53")]
    fn add(&mut self, step: &ReasonedStep) {
        let searched = &step.searched;
        let none = searched.rows.iter().find(|row| row.kind == CandidateKind::None);
        let tokens = none.and_then(|row| row.target_tokens);
        let (Some(tokens), Some(none)) = (tokens, searched.nll_none) else { return };
        let kept = searched.thought.as_ref().and(searched.nll_rounds.last());
        let end = kept.copied().unwrap_or(none);
        self.steps += 1;
        self.tokens += tokens as u64;
        self.nats_none += none * tokens as f64;
        self.nats_end += end * tokens as f64;
    }
}

impl Tally {
    /// Adds one step.
    pub fn add(&mut self, step: &ReasonedStep) {
        let searched = &step.searched;
        self.steps += 1;
        if let Some(reason) = searched.dropped {
            *self.dropped.entry(reason.as_str()).or_default() += 1;
        }
        if searched.thought.is_some()
            && let Some(tier) = step.provenance.as_ref().map(Provenance::tier)
        {
            *self.kept.entry(tier).or_default() += 1;
            let winner = searched.winner();
            let is_initial = winner.is_some_and(|row| row.generator.is_none());
            self.kept_initial += u64::from(is_initial);
            let guards = winner.and_then(|row| row.guards.as_ref());
            self.kept_with_runs += u64::from(guards.is_some_and(|found| found.ngram13 > 0));
        }
        for row in &searched.rows {
            self.add_row(row);
        }
        self.measured.add(step);
        self.tokens_scored += searched.tokens_scored;
        self.tokens_prompted += searched.tokens_prompted;
        self.tokens_written += searched.tokens_written;
    }

    fn add_row(&mut self, row: &CandidateRow) {
        if !matches!(row.kind, CandidateKind::Initial | CandidateKind::Rewrite) {
            return;
        }
        let round = self.rounds.entry(row.round).or_default();
        round.candidates += 1;
        round.accepted += u64::from(row.accepted);
        round.turned_down += u64::from(!row.leaks.is_empty());
        for leak in &row.leaks {
            *self.leaks.entry(leak.as_str()).or_default() += 1;
        }
    }

    /// Returns the lines for people: what, and how much.
    pub fn rows(&self) -> Vec<(String, String)> {
        let mut rows = vec![("steps searched".to_owned(), self.steps.to_string())];
        let kept = self.kept.iter();
        rows.extend(
            kept.map(|(tier, n)| (format!("with a thought, {}", tier.as_str()), n.to_string())),
        );
        rows.push(("of these the one they had".to_owned(), self.kept_initial.to_string()));
        let dropped = self.dropped.iter();
        rows.extend(dropped.map(|(why, n)| (format!("without, {why}"), n.to_string())));
        for (round, told) in &self.rounds {
            let Round { candidates, accepted, turned_down } = told;
            let said = format!("{accepted} of {candidates}, {turned_down} turned down");
            rows.push((format!("accepted, round {round}"), said));
        }
        rows.extend(self.leaks.iter().map(|(leak, n)| (format!("leaks, {leak}"), n.to_string())));
        if let (Some(none), Some(end)) = (self.measured.ppl_none(), self.measured.ppl_end()) {
            rows.push(("perplexity, no thought".to_owned(), format!("{none:.3}")));
            rows.push(("perplexity, searched".to_owned(), format!("{end:.3}")));
        }
        rows.push(("tokens scored".to_owned(), self.tokens_scored.to_string()));
        rows.push(("tokens prompted".to_owned(), self.tokens_prompted.to_string()));
        rows.push(("tokens written".to_owned(), self.tokens_written.to_string()));
        rows
    }
}
