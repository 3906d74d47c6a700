//! How likely is the code without a thought, with each version of it, and behind controls?

use backstory_model::RepoName;
use backstory_model::reasoning::{CandidateKind, CandidateRow, ReasonedStep};

use super::paired::Difference;

/// One step in numbers: nats a token of its code.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Course {
    repo: String,
    tokens: f64,
    none: f64,
    /// Behind the first thought; as without one where a guard turned it down.
    initial: f64,
    rounds: Vec<f64>,
    /// Behind the thought that stands.
    end: f64,
    /// Behind the thought that won, before it was decided whether it stands; behind words
    /// that say nothing; behind a thought of another step.
    compared: Option<[f64; 3]>,
    /// How many tokens the thought has at first and after each round.
    lengths: Vec<usize>,
    /// How many the thought has that stands.
    kept_length: usize,
}

/// What a step gains by one comparison, if it was measured for it.
type Gain = fn(&Course) -> Option<f64>;

/// The steps that were measured, as many rounds in each.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Courses {
    rounds: usize,
    steps: Vec<Course>,
}

/// A mean over steps, weighted by their tokens.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mean {
    pub(super) what: String,
    pub(super) steps: usize,
    /// Nats a token.
    pub(super) nats: f64,
}

impl Mean {
    pub(super) fn perplexity(&self) -> f64 {
        self.nats.exp()
    }
}

impl Courses {
    pub(super) fn new(rounds: usize) -> Self {
        Self { rounds, steps: Vec::new() }
    }

    /// Adds a step, if it was searched.
    pub(super) fn add(&mut self, repo: &RepoName, step: &ReasonedStep) {
        self.steps.extend(Course::of(repo, step, self.rounds));
    }

    /// Returns the perplexity without a thought, with the first one, after each round, and
    /// with what stands at the end.
    pub(super) fn by_round(&self) -> Vec<Mean> {
        let mut means = vec![
            self.mean("none", |step| Some(step.none)),
            self.mean("initial", |step| Some(step.initial)),
        ];
        for round in 0..self.rounds {
            let what = format!("round {}", round + 1);
            means.push(self.mean(&what, |step| Some(step.rounds[round])));
        }
        means.push(self.mean("at the end", |step| Some(step.end)));
        means.into_iter().flatten().collect()
    }

    /// Returns the perplexity behind the winner and behind what it is compared with.
    pub(super) fn controls(&self) -> Vec<Mean> {
        let of = |at: usize| move |step: &Course| step.compared.map(|nats| nats[at]);
        let none = |step: &Course| step.compared.map(|_| step.none);
        let means = [
            self.mean("none", none),
            self.mean("filler of equal length", of(1)),
            self.mean("thought of another step", of(2)),
            self.mean("searched thought", of(0)),
        ];
        means.into_iter().flatten().collect()
    }

    fn mean(&self, what: &str, nats: impl Fn(&Course) -> Option<f64>) -> Option<Mean> {
        let known = self.steps.iter().filter_map(|step| Some((step.tokens, nats(step)?)));
        let (steps, tokens, sum) = known.fold((0, 0.0, 0.0), |(steps, tokens, sum), one| {
            (steps + 1, tokens + one.0, sum + one.0 * one.1)
        });
        (steps > 0).then(|| Mean { what: what.to_owned(), steps, nats: sum / tokens })
    }

    /// Returns the gains that are compared, in nats a token.
    pub(super) fn differences(&self) -> Vec<(&'static str, Difference)> {
        let pairs: [(&str, Gain); 5] = [
            ("initial over none", |step| Some(step.none - step.initial)),
            ("end over none", |step| Some(step.none - step.end)),
            ("end over initial", |step| Some(step.initial - step.end)),
            ("searched over filler", |step| step.compared.map(|[won, filler, _]| filler - won)),
            ("searched over another step's", |step| {
                step.compared.map(|[won, _, other]| other - won)
            }),
        ];
        let known = pairs.into_iter().filter_map(|(what, gain)| {
            let steps = self.steps.iter();
            let gains: Vec<(&str, f64)> =
                steps.filter_map(|step| Some((step.repo.as_str(), gain(step)?))).collect();
            Some((what, Difference::of(&gains)?))
        });
        known.collect()
    }

    /// Returns the mean length of the thought at first and after each round.
    pub(super) fn lengths(&self) -> Vec<f64> {
        let mean = |at: usize| {
            let lengths = self.steps.iter().filter_map(|step| step.lengths.get(at));
            let (count, sum) =
                lengths.fold((0, 0), |(count, sum), length| (count + 1, sum + length));
            (count > 0).then(|| real(sum) / real(count))
        };
        (0..=self.rounds).map_while(mean).collect()
    }

    /// Returns how many nats the code gains for each token of the thoughts that stand.
    pub(super) fn gain_per_token(&self) -> Option<f64> {
        let length: usize = self.steps.iter().map(|step| step.kept_length).sum();
        let gained: f64 = self.steps.iter().map(|step| step.tokens * (step.none - step.end)).sum();
        (length > 0).then(|| gained / real(length))
    }
}

impl Course {
    fn of(repo: &RepoName, step: &ReasonedStep, rounds: usize) -> Option<Self> {
        let searched = &step.searched;
        let of_kind =
            |kind: CandidateKind| searched.rows.iter().find(|candidate| candidate.kind == kind);
        let none = searched.nll_none.filter(|_| step.is_decided())?;
        let tokens = of_kind(CandidateKind::None)?.target_tokens?;
        // A round without any candidate that stands is as good as no thought.
        let missing = rounds.saturating_sub(searched.nll_rounds.len());
        let before = std::iter::repeat_n(none, missing);
        let rounds: Vec<f64> =
            before.chain(searched.nll_rounds.iter().copied()).take(rounds).collect();
        let winner = searched.nll_rounds.last().copied();
        let compared = winner.zip(searched.nll_filler).zip(searched.nll_control);
        Some(Self {
            repo: repo.to_string(),
            tokens: real(tokens),
            none,
            initial: searched.nll_initial.unwrap_or(none),
            end: winner.filter(|_| searched.thought.is_some()).unwrap_or(none),
            compared: compared.map(|((winner, filler), other)| [winner, filler, other]),
            lengths: lengths(&searched.rows, rounds.len()),
            kept_length: searched.winner().map_or(0, |row| row.thought_tokens),
            rounds,
        })
    }
}

/// Returns how long the text of the first start is at first and after each round; nothing
/// before there is one.
fn lengths(rows: &[CandidateRow], rounds: usize) -> Vec<usize> {
    let mut current = 0;
    let mut lengths = Vec::new();
    for round in 0..=rounds {
        let is_it = |row: &&CandidateRow| row.start == 0 && row.round == round && row.accepted;
        if let Some(accepted) = rows.iter().rfind(is_it) {
            current = accepted.thought_tokens;
        }
        lengths.push(current);
    }
    lengths
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn real(count: usize) -> f64 {
    count as f64
}
