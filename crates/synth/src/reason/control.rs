//! What is as long as a thought and says nothing of its step?
//!
//! In: the thoughts of other steps and a number of tokens. Out: a text of exactly so many
//! tokens made of them, the same for the same step, and one made of words without content.
//! Whatever a thought gains by its length alone, these gain too.

use backstory_model::seed::Seed;

use super::words::pieces;

/// Makes the control of a step; `None` when the other thoughts are too short.
pub(super) fn control(step: &str, others: &[&str], tokens: usize) -> Option<String> {
    let mut order: Vec<usize> = (0..others.len()).collect();
    Seed::of(&[step, "control"]).generator().shuffle(&mut order);
    let mut text = String::new();
    let mut missing = tokens;
    for at in order {
        let found = pieces(others[at]);
        let taken = missing.min(found.len());
        let Some(last) = taken.checked_sub(1) else { continue };
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&others[at][..found[last].end]);
        missing -= taken;
        if missing == 0 {
            return Some(text);
        }
    }
    None
}

/// Words that say nothing of any code.
const NOTHING: &str = "Now the next part of the work comes, as was said before. This is one part \
    of many, and each of them has its place. What has to be done here is done here, and what is \
    left is left for later. So it goes on from here, one thing after another. ";

/// Makes a text of so many tokens that says nothing.
pub(super) fn filler(tokens: usize) -> String {
    let found = pieces(NOTHING);
    let (rounds, rest) = (tokens / found.len(), tokens % found.len());
    let end = rest.checked_sub(1).map_or(0, |last| found[last].end);
    format!("{}{}", NOTHING.repeat(rounds), &NOTHING[..end]).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{control, filler, pieces};

    #[test]
    fn the_filler_has_exactly_as_many_tokens() {
        for tokens in [0, 1, 10, 59, 60, 61, 62, 63, 300] {
            assert_eq!(pieces(&filler(tokens)).len(), tokens, "{tokens}");
        }
    }

    #[test]
    fn the_control_has_exactly_as_many_tokens() {
        let others = ["One two three.", "Four, five six seven.", ""];
        for tokens in 1..=10 {
            let text = control("step-1", &others, tokens).expect("ten tokens");
            assert_eq!(pieces(&text).len(), tokens, "{text}");
        }
        assert_eq!(control("step-1", &others, 11), None);
        assert_eq!(control("step-1", &[], 1), None);
        assert_eq!(control("step-1", &others, 7), control("step-1", &others, 7));
    }
}
