//! Does the model in this process score as the published figures of its kind say?
//!
//! Needs the feature `engine`, and the weights that `BACKSTORY_WEIGHTS` names
//! (`SmolLM2-135M-Instruct`); without them every test says that it was skipped.
#![cfg(feature = "engine")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;

use backstory_lm::{LoadError, LocalModel};
use backstory_model::{
    CompletionRequest, Continuation, LanguageModel, LanguageModelError, ScorerPolicy,
};

#[expect(clippy::print_stderr, reason = "whoever reads the tests must know what was left out")]
fn weights() -> Option<PathBuf> {
    // Named when the tests are built, because tests have no settings to read.
    let named = option_env!("BACKSTORY_WEIGHTS").filter(|name| !name.is_empty());
    if named.is_none() {
        eprintln!("skipped: `BACKSTORY_WEIGHTS` names no weights");
    }
    named.map(PathBuf::from)
}

fn model() -> Option<LocalModel> {
    weights().map(|path| LocalModel::load(&path, ScorerPolicy::OffPolicy).unwrap())
}

const CODE: &str = "def find(items, wanted):
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        if items[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low
";

const HEAD: &str = "import bisect\n\n\n";

/// Returns the mean log-likelihood of a token of the code behind some words.
fn behind(model: &LocalModel, words: &str) -> f64 {
    -model.score(&format!("{HEAD}{words}"), CODE).unwrap().mean_nll()
}

#[test]
fn words_that_fit_make_code_likelier_and_scrambled_code_is_unlikely() {
    let Some(model) = model() else { return };
    let fitting =
        behind(&model, "# Binary search: halve the sorted list until the place is found.\n");
    let none = behind(&model, "");
    let other =
        behind(&model, "# Send a mail to everybody who has not paid for the tickets yet.\n");
    let mut lines: Vec<&str> = CODE.lines().collect();
    lines.reverse();
    let scrambled = -model.score(HEAD, &lines.join("\n")).unwrap().mean_nll();
    assert!(
        fitting > none && none > other && other > scrambled,
        "{fitting} {none} {other} {scrambled}"
    );
    assert!((-1.5..-0.05).contains(&fitting) && scrambled < -1.5, "{fitting} {scrambled}");
}

/// What vLLM 0.32.0 said of `FIXED` with these weights in 32-bit floats on a CPU: its tokens
/// but the first, to six digits.
#[expect(clippy::unreadable_literal, reason = "as they were recorded")]
const RECORDED: [f64; 32] = [
    -7.765975, -1.227196, -7.557059, -0.700293, -0.251129, -0.212821, -0.468285, -3.876216,
    -2.786033, -0.805412, -1.518826, -0.0054, -1.229258, -0.474298, -0.512413, -0.023178,
    -0.333901, -0.240024, -0.000746, -0.01385, -3.124221, -0.000211, -3.266192, -0.009346, -0.046,
    -0.203309, -1.942457, -0.007856, -0.005405, -0.249953, -0.013112, -2.840182,
];

const FIXED: &str = "def add(first, second):\n    \"\"\"Return the sum of two numbers.\"\"\"\n    \
    return first + second\n\n\nprint(add(2, 3))\n";

#[test]
fn an_engine_with_which_it_shares_no_code_says_the_same_of_every_token() {
    let Some(model) = model() else { return };
    let (first, rest) = FIXED.split_at("def".len());
    let score = model.score(first, rest).unwrap();
    assert_eq!((score.tokens_before, score.target_tokens()), (1, RECORDED.len()));
    let pairs = score.logprobs().iter().zip(RECORDED);
    let apart = pairs.map(|(own, other)| (own - other).abs()).fold(0.0, f64::max);
    assert!(apart < 1e-4, "{apart} nats at a token");
}

#[test]
fn a_context_that_is_read_once_changes_nothing() {
    let Some(model) = model() else { return };
    let context = format!("{HEAD}{CODE}\n\n{}", CODE.replace("find", "search"));
    let given = ["", "# One.\n", "# Another thing entirely.\n"];
    let each = given.map(|given| Continuation { given, target: CODE });
    let together = model.score_each(&context, &each).unwrap();
    for (one, given) in together.iter().zip(given) {
        let alone = model.score(&format!("{context}{given}"), CODE).unwrap();
        assert_eq!((one.tokens(), one.target_tokens()), (alone.tokens(), alone.target_tokens()));
        let apart =
            one.logprobs().iter().zip(alone.logprobs()).map(|(one, other)| (one - other).abs());
        let apart = apart.fold(0.0, f64::max);
        assert!(apart < 1e-4, "{apart} nats at a token");
    }
}

#[test]
fn eight_texts_behind_one_context_cost_a_fourth() {
    let Some(model) = model() else { return };
    let context = format!("{HEAD}{}", CODE.repeat(8));
    let thoughts: Vec<String> = (0..8).map(|at| format!("# Thought {at}.\n")).collect();
    let naive: u64 = thoughts
        .iter()
        .map(|given| {
            model.score_each(&context, &[Continuation { given, target: "x = 1\n" }]).unwrap()[0]
                .tokens()
        })
        .sum();
    let computed = model.tokens_computed();
    assert!(naive > 4 * computed, "{computed} of {naive} tokens were computed");
}

#[test]
fn likelihoods_are_those_of_all_tokens_and_sum_to_one() {
    let Some(model) = model() else { return };
    // The digits of a number are tokens of their own.
    let score = model.score("x = ", "1234567\n").unwrap();
    assert_eq!(score.target_tokens(), 8);
    let digits: f64 = (0..10)
        .map(|digit| {
            model.score("The first digit of 7 is ", &digit.to_string()).unwrap().sum().exp()
        })
        .sum();
    assert!((0.2..1.0).contains(&digits), "{digits}");
}

#[test]
fn every_text_is_spelled_by_its_tokens() {
    let Some(model) = model() else { return };
    for target in ["é\u{1f600}\u{0}\r\n\ttail", "<|im_end|>", "  \n \u{fffd}", "12٣4"] {
        let score = model.score("a", target).unwrap();
        assert!(score.target_tokens() > 0, "{target:?}");
    }
    // A token that holds the end of the context belongs to the target.
    let score = model.score("if x:\n    retur", "n x\n").unwrap();
    assert!(score.straddles);
}

#[test]
fn what_cannot_be_scored_is_said() {
    let Some(model) = model() else { return };
    let nothing = model.score("a", "").unwrap_err();
    assert!(matches!(nothing, LanguageModelError::NothingToScore));
    let first = model.score("", "a").unwrap_err();
    assert!(matches!(first, LanguageModelError::MissingLogprob { token: 0, .. }));
    let long = model.score("a", &" b".repeat(9000)).unwrap_err();
    assert!(matches!(long, LanguageModelError::OverWindow { .. }));
}

#[test]
fn a_text_goes_on_the_same_way_twice() {
    let Some(model) = model() else { return };
    let request = CompletionRequest {
        prompt: "def add(first, second):\n    return".to_owned(),
        max_tokens: 12,
        temperature: 0.0,
        seed: 0,
        stop: vec!["\n".to_owned()],
    };
    let written = model.complete(&request).unwrap();
    assert_eq!(written.text.trim(), "first + second");
    assert_eq!(model.complete(&request).unwrap(), written);
    let drawn = CompletionRequest { temperature: 1.0, seed: 7, stop: Vec::new(), ..request };
    assert_eq!(model.complete(&drawn).unwrap(), model.complete(&drawn).unwrap());
}

#[test]
fn a_file_that_is_no_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.gguf");
    let refused = |path: &PathBuf| LocalModel::load(path, ScorerPolicy::OffPolicy).err().unwrap();
    assert!(matches!(refused(&path), LoadError::Read { .. }));
    std::fs::File::create(&path).unwrap();
    assert!(matches!(refused(&path), LoadError::Engine { .. }));
}
