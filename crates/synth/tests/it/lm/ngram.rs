//! Does the counter of bytes behave as a language model?

use backstory_model::{CompletionEnd, CompletionRequest, Continuation, LanguageModel as _};
use backstory_synth::lm::{NgramModel, NgramOptions, self_test};
use proptest::prelude::*;

const DOCUMENT: &str = "def add(first, second):\n    return first + second\n\n\n\
    def scale(vector, factor):\n    return [part * factor for part in vector]\n";

fn model() -> NgramModel {
    NgramModel::learn(&[DOCUMENT], NgramOptions::default())
}

fn request(seed: u64, temperature: f64) -> CompletionRequest {
    CompletionRequest {
        prompt: "def add(".to_owned(),
        max_tokens: 40,
        temperature,
        seed,
        stop: Vec::new(),
    }
}

#[test]
fn it_passes_the_test_every_model_has_to_pass() {
    let tested = self_test(&model()).expect("a model that works");
    assert_eq!((tested.tokens, tested.drift), (110, 0.0));
}

#[test]
fn what_it_learned_is_more_likely() {
    let score = |target: &str| model().score("\n", target).expect("a score").mean_nll();
    assert!(score("def add(first") < score("qzx vdd(wwwww") / 2.0);
}

#[test]
fn what_the_text_says_before_counts() {
    let target = "    remaining_tickets = venue.capacity - sold\n";
    let ask = |given: &str| {
        let asked = [Continuation { given, target }];
        model().score_each("class Venue:\n", &asked).expect("a score")[0].mean_nll()
    };
    let helpful = ask("# the remaining tickets: the capacity of the venue less what was sold\n");
    let useless = ask("# an entirely unrelated remark about colors of a morning by the sea\n");
    assert!(helpful < useless - 0.1, "{helpful} {useless}");
}

#[test]
fn the_most_likely_text_is_what_it_learned() {
    let model = NgramModel::learn(&["one two three four five"], NgramOptions::default());
    let ask = CompletionRequest { prompt: "one tw".to_owned(), max_tokens: 12, ..request(1, 0.0) };
    let written = model.complete(&ask).expect("a text");
    assert_eq!((written.text.as_str(), written.end), ("o three four", CompletionEnd::Length));
    assert_eq!((written.prompt_tokens, written.tokens), (6, 12));
    let stop = vec!["four".to_owned(), "three".to_owned()];
    let written = model.complete(&CompletionRequest { stop, ..ask }).expect("a text");
    assert_eq!((written.text.as_str(), written.end), ("o ", CompletionEnd::Stop));
}

#[test]
fn the_seed_decides() {
    let write = |seed| model().complete(&request(seed, 1.0)).expect("a text").text;
    assert_eq!(write(7), write(7));
    assert!((0..9).any(|seed| write(seed) != write(7)));
}

#[test]
fn its_name_tells_what_it_learned() {
    let other = NgramModel::learn(&["x"], NgramOptions::default());
    assert_ne!(other.identity().revision, model().identity().revision);
    let joined = NgramModel::learn(&["ab", "c"], NgramOptions::default());
    let split = NgramModel::learn(&["a", "bc"], NgramOptions::default());
    assert_ne!(joined.identity().revision, split.identity().revision);
}

#[test]
fn an_empty_target_has_no_score() {
    let error = model().score("x", "").expect_err("nothing");
    assert_eq!(error.to_string(), "there is no text to score");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Behind any text, the next bytes share a probability of one, and a score is theirs.
    #[test]
    fn the_next_bytes_sum_to_one(text in "[ -~\nß😀]{0,60}", target in "[a-zß(]{1,3}") {
        let model = model();
        let shares = model.distribution(&text);
        prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        prop_assert!(shares.iter().all(|share| *share > 0.0));
        let score = model.score(&text, &target).expect("a score");
        prop_assert_eq!(score.target_tokens(), target.len());
        prop_assert_eq!(score.tokens_before, text.len());
        let first = shares[usize::from(target.as_bytes()[0])].ln();
        prop_assert!((score.logprobs()[0] - first).abs() < 1e-9);
    }

    /// The likelihood of a text does not depend on where it is cut.
    #[test]
    fn scores_add_up(text in "[a-z \n]{2,40}", at in 1_usize..39) {
        let at = at.min(text.len() - 1);
        let model = model();
        let whole = model.score("", &text).expect("a score").sum();
        let parts = model.score("", &text[..at]).expect("a score").sum()
            + model.score(&text[..at], &text[at..]).expect("a score").sum();
        prop_assert!((whole - parts).abs() < 1e-9);
    }

    /// However freely it writes, what comes out is text.
    #[test]
    fn what_it_writes_is_text(seed in any::<u64>(), prompt in "[ß😀é]{0,8}") {
        let ask = CompletionRequest { prompt, ..request(seed, 3.0) };
        let written = NgramModel::learn(&["ß😀é€"], NgramOptions::default()).complete(&ask).expect("a text");
        let whole = !written.text.contains('\u{fffd}');
        prop_assert!(whole);
        prop_assert!(written.tokens <= 40);
    }
}
