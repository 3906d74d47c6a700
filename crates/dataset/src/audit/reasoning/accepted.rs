//! Does the best candidate of each round stand, and only if it is better?

use backstory_model::Sha256;
use backstory_model::reasoning::{CandidateKind, CandidateRow, Reason};

use super::{StepAudit, same};

/// A candidate that stands.
#[derive(Clone)]
pub(super) struct Standing {
    pub(super) nll: f64,
    pub(super) hash: Option<Sha256>,
}

/// The end of one start, and the likelihood after each of its rounds.
pub(super) type Course = (Standing, Vec<f64>);

impl StepAudit<'_> {
    /// Goes through the rounds again.
    pub(super) fn accepted(&mut self) {
        if let Err(found) = self.rounds() {
            let expected = "the best candidate of each round, if it is better";
            self.findings.note(self.at("reason/accepted"), expected, found);
        }
    }

    fn rounds(&self) -> Result<(), String> {
        let searched = &self.step.searched;
        if searched.rows.first().map(|row| row.kind) != Some(CandidateKind::None) {
            return Err("no row without a thought first".to_owned());
        }
        let initial = searched.nll_initial;
        let known = self.start(0)?.1;
        if !alike(initial, known) {
            return Err(format!("{initial:?} behind the first thought, not {known:?}"));
        }
        let course = self.best()?.map(|(_, course)| course).unwrap_or_default();
        let told = &searched.nll_rounds;
        if course.len() != told.len() || course.iter().zip(told).any(|(a, b)| !same(*a, *b)) {
            return Err(format!("rounds {told:?}, not {course:?}"));
        }
        if told.windows(2).any(|pair| pair[1] > pair[0]) {
            return Err(format!("rounds {told:?} that get worse"));
        }
        Ok(())
    }

    /// Returns the best of all starts, the first of equals.
    pub(super) fn best(&self) -> Result<Option<Course>, String> {
        let mut best: Option<Course> = None;
        for start in 0..self.search.options.starts.max(1) {
            let Some(course) = self.start(start)?.0 else { continue };
            if best.as_ref().is_none_or(|(other, _)| course.0.nll < other.nll) {
                best = Some(course);
            }
        }
        Ok(best)
    }

    /// Goes through one start; returns its end and the likelihood it began with.
    fn start(&self, start: usize) -> Result<(Option<Course>, Option<f64>), String> {
        let rows = |kind: CandidateKind, round: usize| -> Vec<&CandidateRow> {
            let rows = self.step.searched.rows.iter();
            rows.filter(|r| r.kind == kind && r.start == start && r.round == round).collect()
        };
        let first = rows(CandidateKind::Initial, 0);
        let mut current = None;
        self.judged(&first, &mut current)?;
        let begun = current.as_ref().map(|standing: &Standing| standing.nll);
        let mut course = Vec::new();
        for round in 1..=self.search.options.rounds {
            let rows = rows(CandidateKind::Rewrite, round);
            if self.is_searched() && rows.len() != self.search.options.candidates {
                return Err(format!("{} candidates in round {round}", rows.len()));
            }
            self.judged(&rows, &mut current)?;
            course.extend(current.as_ref().map(|standing| standing.nll));
        }
        Ok((current.map(|current| (current, course)), begun))
    }

    /// Returns false for steps that were not worth a search.
    fn is_searched(&self) -> bool {
        self.step.is_decided()
    }

    /// Goes through the candidates of one round.
    fn judged(&self, rows: &[&CandidateRow], current: &mut Option<Standing>) -> Result<(), String> {
        let before = current.as_ref().and_then(|standing| standing.hash.clone());
        let scored = rows.iter().filter_map(|row| Some((*row, row.nll_target?)));
        let lowest = scored.clone().map(|(_, nll)| nll).fold(f64::INFINITY, f64::min);
        let least = self.search.options.min_gain;
        let is_better = current.as_ref().is_none_or(|standing| lowest < standing.nll - least);
        let mut open = is_better;
        for row in rows {
            let told = format!("candidate {} of round {}", row.candidate, row.round);
            if row.kind == CandidateKind::Rewrite && row.parent_hash != before {
                return Err(format!("{told} is to replace another text"));
            }
            let wins = open && row.nll_target.is_some_and(|nll| nll <= lowest);
            if row.accepted != wins {
                return Err(format!("{told} accepted: {}", row.accepted));
            }
            if row.accepted != row.reason.is_none() {
                return Err(format!("{told} with the reason {:?}", row.reason));
            }
            let turned_down =
                matches!(row.reason, Some(Reason::Guard | Reason::Empty | Reason::SeenBefore));
            if turned_down && row.nll_target.is_some() {
                return Err(format!("{told} turned down and scored"));
            }
            if wins {
                open = false;
                *current = Some(Standing { nll: lowest, hash: row.text_hash.clone() });
            }
        }
        Ok(())
    }
}

fn alike(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => same(one, other),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}
