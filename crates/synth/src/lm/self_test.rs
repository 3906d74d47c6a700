//! Does a model score a fixed text as a language model would?
//!
//! In: a model. Out: what it said, or the sentence that tells what is wrong. Engines that
//! do not compute the log-probabilities of a prompt often answer all the same: with
//! zeros, with one number for all, with others each time.

use backstory_model::{Continuation, LanguageModel, LanguageModelError, Score};

/// The text every model is asked first.
pub const FIXED_TEXT: &str = "def add(first, second):\n    \"\"\"Return the sum of two numbers.\"\"\"\n    return first + second\n\n\nprint(add(2, 3))\n";

/// Where the target of the test begins: behind the docstring.
pub(super) const FIXED_SPLIT: usize = 65;

/// The mean of a token lies between these for any model of code that works, in nats.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 0.005..=15.0;

/// How far two answers may lie apart, in nats for each token: engines add in another
/// order when they are busy.
const DRIFT: f64 = 0.02;

/// What a model said.
#[derive(Clone, Debug, PartialEq)]
pub struct SelfTest {
    /// Tokens of the whole text.
    pub tokens: u64,
    /// Tokens of the target.
    pub target_tokens: usize,
    /// Mean negative log-likelihood of the target, in nats a token.
    pub mean_nll: f64,
    /// How far two answers lay apart, in nats a token.
    pub drift: f64,
}

/// Scores the fixed text twice, once alone and once beside another one.
pub fn self_test(model: &dyn LanguageModel) -> Result<SelfTest, LanguageModelError> {
    let (context, target) = FIXED_TEXT.split_at(FIXED_SPLIT);
    let alone = model.score(context, target)?;
    let both = [target, "    pass\n"].map(|target| Continuation { given: "", target });
    let beside = model.score_each(context, &both)?;
    let wrong = |why: String| LanguageModelError::CannotScore {
        model: model.identity().model.clone(),
        why,
    };
    let [again, _] = beside.as_slice() else {
        let (asked, answered) = (both.len(), beside.len());
        let model = model.identity().model.clone();
        return Err(LanguageModelError::Incomplete { model, asked, answered });
    };
    // Adding zero turns the negative zero of an engine that gives zeros into a plain one.
    let mean_nll = alone.mean_nll() + 0.0;
    if !PLAUSIBLE.contains(&mean_nll) {
        return Err(wrong(format!("a fixed text has {mean_nll:.4} nats a token")));
    }
    if alone.target_tokens() > 1 && is_flat(&alone) {
        return Err(wrong("every token of a fixed text is equally likely".to_owned()));
    }
    let drift = drift(&alone, again)
        .ok_or_else(|| wrong("a fixed text has other tokens the second time".to_owned()))?;
    if drift > DRIFT {
        return Err(wrong(format!("two answers lie {drift:.4} nats a token apart")));
    }
    Ok(SelfTest { tokens: alone.tokens(), target_tokens: alone.target_tokens(), mean_nll, drift })
}

fn is_flat(score: &Score) -> bool {
    score.logprobs().windows(2).all(|pair| (pair[0] - pair[1]).abs() < 1e-9)
}

/// Returns the largest difference of two answers at a token; `None` for other tokens.
fn drift(one: &Score, other: &Score) -> Option<f64> {
    let same = one.target_tokens() == other.target_tokens() && one.tokens() == other.tokens();
    let pairs = one.logprobs().iter().zip(other.logprobs());
    same.then(|| pairs.map(|(one, other)| (one - other).abs()).fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::{FIXED_SPLIT, FIXED_TEXT};

    #[test]
    fn the_target_begins_at_a_line() {
        assert!(FIXED_TEXT[..FIXED_SPLIT].ends_with("\"\"\"\n"), "{FIXED_SPLIT}");
        assert!(FIXED_TEXT[FIXED_SPLIT..].starts_with("    return"));
    }
}
