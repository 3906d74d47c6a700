//! How long is a thought of another step, cut to the length of this one?
//!
//! In: the thoughts of other steps and a number of tokens. Out: a text of exactly so many
//! tokens made of them, the same for the same step. Whatever a thought gains by its length
//! alone, this text gains too.

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

#[cfg(test)]
mod tests {
    use super::{control, pieces};

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
