//! What is code worth by the tests it passed?
//!
//! In: the outcomes of tests that a sandbox ran, and the text the code came from. Out: a
//! reward: the share of passed tests, and a bonus for the answer tag. Runs nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::block;
use crate::reason::Reason;
use crate::score::Status;

/// What one test did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitTest {
    /// It passed.
    Passed,
    /// It failed, raised, or broke a limit.
    Failed,
    /// The sandbox failed; the test says nothing about the code.
    Infrastructure,
}

/// Choices of the reward for code.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UnitTestOptions {
    /// What the answer tag adds.
    pub tag_bonus: f64,
    /// Whether the bonus needs a passed test; else the tag alone would pay.
    pub bonus_needs_a_pass: bool,
}

impl Default for UnitTestOptions {
    fn default() -> Self {
        Self { tag_bonus: 0.05, bonus_needs_a_pass: true }
    }
}

/// What code is worth, and why.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct UnitTestOutcome {
    /// From 0 to 1 and the bonus; `None` where there is no judgment.
    pub score: Option<f64>,
    /// What became of the answer.
    pub status: Status,
    /// Why.
    pub reason: Reason,
    /// The share of passed tests.
    pub pass_rate: Option<f64>,
    /// Whether the text has exactly one answer block.
    pub tagged: bool,
}

/// Returns the code that a text answers with, for a sandbox to run.
pub fn code(text: &str) -> Result<&str, Reason> {
    block(text)
}

/// Scores code by the outcomes of its tests.
///
/// `text` is the whole text of the model, `tests` what the sandbox reports for the code
/// that [`code`] takes from it. Without exactly one block there is no code, and the
/// outcomes do not count.
pub fn score_unit_tests(
    text: &str,
    tests: &[UnitTest],
    options: &UnitTestOptions,
) -> UnitTestOutcome {
    let found = code(text);
    let none = |status, reason| UnitTestOutcome {
        score: None,
        status,
        reason,
        pass_rate: None,
        tagged: found.is_ok(),
    };
    if !(0.0..=1.0).contains(&options.tag_bonus) {
        return none(Status::Unusable, Reason::BadOptions);
    }
    if let Err(reason) = found {
        return UnitTestOutcome { score: Some(0.0), ..none(Status::Scored, reason) };
    }
    if tests.contains(&UnitTest::Infrastructure) {
        return none(Status::Infrastructure, Reason::Infrastructure);
    }
    if tests.is_empty() {
        return none(Status::Unusable, Reason::NoTests);
    }
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    let passed = tests.iter().filter(|test| **test == UnitTest::Passed).count();
    let rate = count(passed) / count(tests.len());
    let pays = passed > 0 || !options.bonus_needs_a_pass;
    UnitTestOutcome {
        score: Some(rate + if pays { options.tag_bonus } else { 0.0 }),
        status: Status::Scored,
        reason: Reason::Ok,
        pass_rate: Some(rate),
        tagged: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use UnitTest::{Failed, Infrastructure, Passed};

    const TEXT: &str = "<answer>def f(): ...</answer>";

    fn worth(text: &str, tests: &[UnitTest]) -> Option<f64> {
        score_unit_tests(text, tests, &UnitTestOptions::default()).score
    }

    #[test]
    fn passed_tests_pay_and_the_tag_adds_a_little() {
        assert_eq!(worth(TEXT, &[Passed, Passed]), Some(1.05));
        assert_eq!(worth(TEXT, &[Passed, Failed]), Some(0.55));
        assert_eq!(worth(TEXT, &[Failed, Failed]), Some(0.0));
        let printed = UnitTestOptions { bonus_needs_a_pass: false, ..UnitTestOptions::default() };
        assert_eq!(score_unit_tests(TEXT, &[Failed], &printed).score, Some(0.05));
    }

    #[test]
    fn code_without_its_one_block_is_worth_nothing() {
        for text in ["", "def f(): ...", "<answer>a</answer><answer>b</answer>", "<answer>"] {
            assert_eq!(worth(text, &[Passed, Passed]), Some(0.0), "{text}");
        }
    }

    #[test]
    fn a_sandbox_that_failed_is_no_score() {
        let outcome =
            score_unit_tests(TEXT, &[Passed, Infrastructure], &UnitTestOptions::default());
        assert_eq!((outcome.score, outcome.status), (None, Status::Infrastructure));
        let none = score_unit_tests(TEXT, &[], &UnitTestOptions::default());
        assert_eq!((none.score, none.reason), (None, Reason::NoTests));
        let wild = UnitTestOptions { tag_bonus: f64::NAN, ..UnitTestOptions::default() };
        assert_eq!(score_unit_tests(TEXT, &[Passed], &wild).score, None);
    }
}
