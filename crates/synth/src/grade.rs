//! How often does a model answer an item rightly?
//!
//! In: an item and somebody who writes. Out: several answers to its prompt, and, once the
//! verifier that rewards has judged them, how hard the item is for that model and whether
//! that is hard enough and not too hard. An answer is right by the value it gives, never
//! because the right text occurs in it. Touches nothing but the model.

use backstory_model::seed::Seed;
use backstory_model::{CompletionRequest, LanguageModel, LanguageModelError, ModelIdentity};
use backstory_verify::{Band, Difficulty, Item, Outcome, Status};

use crate::lm::complete_each;
use crate::short_id::number_of;

/// How an item is graded.
#[derive(Clone, Debug, PartialEq)]
pub struct GradeOptions {
    /// How many answers are drawn.
    pub samples: u32,
    /// How many of them may be under way at a time.
    pub at_once: usize,
    /// How freely they are drawn.
    pub temperature: f64,
    /// How many tokens each may have.
    pub max_tokens: u32,
    /// Where the draws start.
    pub seed: u64,
    /// Between which numbers of right answers an item is kept.
    pub band: Band,
}

impl Default for GradeOptions {
    /// Ten answers, of which one to three are right.
    fn default() -> Self {
        Self {
            samples: 10,
            at_once: 8,
            temperature: 1.0,
            max_tokens: 2048,
            seed: 0,
            band: Band { least: 1, most: 3 },
        }
    }
}

/// What a model said to an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The answers.
    pub texts: Vec<String>,
    /// Tokens that were read and written, as the model counts them.
    pub tokens: u64,
}

/// Gives a model the prompt of an item as often as the options say.
pub fn answers(
    item: &Item,
    model: &dyn LanguageModel,
    options: &GradeOptions,
) -> Result<Said, LanguageModelError> {
    let start = Seed::new(options.seed).part(number_of(&item.item_id));
    let request = |number: u32| CompletionRequest {
        prompt: item.prompt.clone(),
        max_tokens: options.max_tokens,
        temperature: options.temperature,
        seed: start.part(u64::from(number)).generator().bits(),
        stop: Vec::new(),
    };
    let requests: Vec<CompletionRequest> = (0..options.samples).map(request).collect();
    let completions = complete_each(model, &requests, options.at_once)?;
    let tokens = completions.iter().map(|one| one.prompt_tokens + one.tokens).sum();
    Ok(Said { texts: completions.into_iter().map(|one| one.text).collect(), tokens })
}

/// Where an item lies beside the band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// No answer was right: the item may be out of reach, or broken.
    NeverRight,
    /// Too few answers were right.
    TooHard,
    /// Within the band.
    Within,
    /// Too many answers were right.
    TooEasy,
}

impl Place {
    /// Returns the words of the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverRight => "never right",
            Self::TooHard => "too hard",
            Self::Within => "within the band",
            Self::TooEasy => "too easy",
        }
    }

    fn of(successes: u32, band: Band) -> Self {
        if band.holds(successes) {
            Self::Within
        } else if successes == 0 {
            Self::NeverRight
        } else if successes < band.least {
            Self::TooHard
        } else {
            Self::TooEasy
        }
    }
}

/// What answers to an item came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Grade {
    /// How many were right.
    pub successes: u32,
    /// Where that lies.
    pub place: Place,
    /// The same for the row.
    pub difficulty: Difficulty,
}

/// Counts the right answers; `None` where one of them has no score.
///
/// Right is what the reward is above 0 for: of an item with a final output that output, of
/// any other its one answer.
pub fn grade(outcomes: &[Outcome], model: &ModelIdentity, options: &GradeOptions) -> Option<Grade> {
    let scores: Vec<f64> = outcomes.iter().map(scored).collect::<Option<_>>()?;
    let count = |least: f64| {
        u32::try_from(scores.iter().filter(|score| **score > least).count()).unwrap_or(u32::MAX)
    };
    let (successes, full) = (count(0.0), count(FULL));
    let difficulty = Difficulty::PassRate {
        samples: options.samples,
        successes,
        full: Some(full),
        model: model.model.to_string(),
        revision: model.revision.clone(),
        temperature: Some(options.temperature),
        max_tokens: Some(options.max_tokens),
        seed: Some(options.seed),
        band: Some(options.band),
    };
    Some(Grade { successes, place: Place::of(successes, options.band), difficulty })
}

/// What only the maximum of 2 is above.
const FULL: f64 = 2.0 - 1e-9;

fn scored(outcome: &Outcome) -> Option<f64> {
    outcome.score.filter(|_| outcome.status == Status::Scored)
}

#[cfg(test)]
mod tests {
    use backstory_model::{ModelId, ScorerPolicy};
    use backstory_verify::{RewardOptions, score};

    use super::*;

    const MIXED: &str = r#"{"item_id":"a","type":"io_mixed","program_id":"p","family_id":"f",
        "prompt":"What?","questions":[
        {"q":1,"question_id":"a1","kind":"final_output","answer":"1","answer_type":"int",
         "checker":"value"},
        {"q":2,"question_id":"a2","kind":"coverage","answer":"true","checker":"boolean"}],
        "python_version":"3.12.1","source":"grammar"}"#;

    fn graded(said: &[&str], band: Band) -> Option<Grade> {
        let outcomes: Vec<Outcome> =
            said.iter().map(|text| score(MIXED, text, &RewardOptions::default())).collect();
        let model = ModelIdentity {
            model: ModelId::new("m"),
            revision: None,
            tokenizer_hash: None,
            policy: ScorerPolicy::OffPolicy,
        };
        let samples = u32::try_from(said.len()).unwrap();
        grade(&outcomes, &model, &GradeOptions { samples, band, ..GradeOptions::default() })
    }

    #[test]
    fn right_is_the_value_and_not_its_text() {
        let said = [
            "It returns 1, and True: the answer is 1.",
            r#"<answer>[{"q":1,"value":"1"},{"q":2,"value":true}]</answer>"#,
            r#"<answer>[{"q":1,"value":true},{"q":2,"value":true}]</answer>"#,
            r#"<answer>[{"q":1,"value":11},{"q":2,"value":true}]</answer>"#,
            r#"<answer>[{"q":1,"value":1},{"q":2,"value":false}]</answer>"#,
            r#"<answer>[{"q":1,"value":1},{"q":2,"value":true}]</answer>"#,
        ];
        let found = graded(&said, Band { least: 1, most: 3 }).unwrap();
        assert_eq!((found.successes, found.place), (2, Place::Within));
        let Difficulty::PassRate { samples, full, .. } = found.difficulty else { panic!() };
        assert_eq!((samples, full), (6, Some(1)));
        assert!(said.iter().all(|text| text.contains('1')));
    }

    #[test]
    fn both_sides_of_the_band_leave_out() {
        let right = r#"<answer>[{"q":1,"value":1},{"q":2,"value":true}]</answer>"#;
        let band = Band { least: 2, most: 3 };
        let places: Vec<Place> = (0..=4)
            .map(|count| {
                let said: Vec<&str> =
                    (0..4).map(|at| if at < count { right } else { "no" }).collect();
                graded(&said, band).unwrap().place
            })
            .collect();
        let wanted =
            [Place::NeverRight, Place::TooHard, Place::Within, Place::Within, Place::TooEasy];
        assert_eq!(places, wanted);
    }

    #[test]
    fn an_answer_without_a_score_grades_nothing() {
        let broken = score("{}", "1", &RewardOptions::default());
        let model = ModelIdentity {
            model: ModelId::new("m"),
            revision: None,
            tokenizer_hash: None,
            policy: ScorerPolicy::OffPolicy,
        };
        assert_eq!(grade(&[broken], &model, &GradeOptions::default()), None);
    }
}
