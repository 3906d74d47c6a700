//! How hard is an item, and how was that found?
//!
//! In and out: the part of a row that says so. A pass rate holds everything that another
//! reader needs to draw the line elsewhere: how many answers, of which model, how freely,
//! and between which bounds an item was kept. Touches nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How hard an item is, and how that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "measure", rename_all = "snake_case", deny_unknown_fields)]
pub enum Difficulty {
    /// Counted off the program and its trace, without a model.
    Structural {
        /// The level, from 1.
        level: u32,
    },
    /// Answers of a model, judged by this verifier.
    PassRate {
        /// How many answers were drawn.
        samples: u32,
        /// How many of them were right: of an item with a final output, that output.
        successes: u32,
        /// How many were worth the maximum, steps included.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        full: Option<u32>,
        /// Which model answered.
        model: String,
        /// Which version of its weights, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<String>,
        /// How freely it answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        temperature: Option<f64>,
        /// How many tokens an answer might have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_tokens: Option<u32>,
        /// Where the draws started.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seed: Option<u64>,
        /// Between which bounds items were kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        band: Option<Band>,
    },
}

/// How many right answers an item may have, both bounds among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// With fewer it is too hard.
    pub least: u32,
    /// With more it is too easy.
    pub most: u32,
}

impl Band {
    /// Says whether so many right answers lie within.
    pub fn holds(self, successes: u32) -> bool {
        (self.least..=self.most).contains(&successes)
    }
}

impl Difficulty {
    /// Says whether its numbers can be true together.
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Structural { level } => *level > 0,
            Self::PassRate { samples, successes, full, temperature, band, .. } => {
                *samples > 0
                    && successes <= samples
                    && full.is_none_or(|full| full <= *successes)
                    && temperature.is_none_or(|number| number.is_finite() && number >= 0.0)
                    && band.is_none_or(|band| band.most <= *samples && band.holds(*successes))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Difficulty;

    fn is_sound(json: &str) -> bool {
        serde_json::from_str::<Difficulty>(json).expect("a difficulty").is_sound()
    }

    #[test]
    fn numbers_that_contradict_each_other_are_found() {
        let good = r#"{"measure":"pass_rate","samples":10,"successes":3,"full":1,"model":"m",
            "temperature":1.0,"max_tokens":2048,"seed":0,"band":{"least":1,"most":3}}"#;
        assert!(is_sound(good));
        for (part, fault) in [
            ("\"samples\":10", "\"samples\":2"),
            ("\"samples\":10", "\"samples\":0"),
            ("\"successes\":3", "\"successes\":4"),
            ("\"successes\":3", "\"successes\":0"),
            ("\"full\":1", "\"full\":4"),
            ("\"most\":3", "\"most\":11"),
            ("\"temperature\":1.0", "\"temperature\":-1.0"),
        ] {
            assert!(!is_sound(&good.replace(part, fault)), "{fault}");
        }
        assert!(!is_sound(r#"{"measure":"structural","level":0}"#));
    }

    #[test]
    fn rows_of_before_are_read() {
        assert!(is_sound(r#"{"measure":"pass_rate","samples":8,"successes":0,"model":"m"}"#));
        assert!(is_sound(r#"{"measure":"structural","level":4}"#));
    }
}
