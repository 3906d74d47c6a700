//! Which steps are hard enough to be worth a thought, and still easy enough to be inferred?
//!
//! In: the wanted steps, each scored without a thought in the stories as they are. Out: the
//! likelihoods between which a step is searched, at two percentiles of all.

use std::str::FromStr;

use backstory_dataset::snapshot::Verdict;
use backstory_model::LanguageModelError;
use backstory_model::reasoning::{Gate, GateScore, Percentiles};
use backstory_synth::lm::Answers;

use super::Engine;
use super::questions::Questions;
use super::wanted::Drawn;
use crate::Failure;
use crate::talk::Stage;

/// What is typed as `LOW..HIGH`.
pub(crate) fn percentiles(typed: &str) -> Result<Percentiles, String> {
    let ends = typed.split_once("..").and_then(|(low, high)| {
        Some(Percentiles { low: usize::from_str(low).ok()?, high: usize::from_str(high).ok()? })
    });
    ends.filter(|ends| ends.low < ends.high && ends.high <= 100)
        .ok_or_else(|| "two percentiles are wanted, e.g., `20..80`".to_owned())
}

/// A gate that was set, and what that cost.
#[derive(Default)]
pub(super) struct GateSet {
    /// Its limits; `None` where no step is wanted, or no gate.
    pub(super) gate: Option<Gate>,
    /// What it was set by.
    pub(super) scores: Vec<GateScore>,
    /// Tokens the scorer had to read.
    pub(super) tokens: u64,
}

impl GateSet {
    /// Scores every wanted step without a thought and sets the gate.
    pub(super) fn of(
        questions: Questions<'_>,
        drawn: &Drawn,
        (engine, answers): (&Engine, &dyn Answers),
        (percentiles, stage): (Percentiles, Stage),
    ) -> Result<Self, Failure> {
        let mut set = Self::default();
        for wanted in &drawn.stories {
            questions.each(wanted, |question| {
                match engine.score_without(&question.step, answers) {
                    Ok(score) => {
                        set.tokens += score.tokens();
                        let step_id = question.step.id.to_owned();
                        set.scores.push(GateScore { step_id, nll: score.mean_nll() });
                    }
                    // Such a step is not searched whatever the gate says.
                    Err(LanguageModelError::OverWindow { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
                stage.step();
                Ok(Verdict::Stays)
            })?;
        }
        stage.finish();
        let likelihoods: Vec<f64> = set.scores.iter().map(|score| score.nll).collect();
        set.gate = Gate::between(&likelihoods, percentiles.low, percentiles.high);
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::{Percentiles, percentiles};

    #[test]
    fn percentiles_are_two_numbers_up_to_a_hundred() {
        assert_eq!(percentiles("20..80"), Ok(Percentiles { low: 20, high: 80 }));
        for typed in ["20", "80..20", "20..101", "..", "a..b", "5..5"] {
            assert!(percentiles(typed).is_err(), "{typed}");
        }
    }
}
