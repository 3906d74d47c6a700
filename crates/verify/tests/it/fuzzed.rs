//! Does any text break the verifier, or earn what it should not?

use backstory_verify::score_unit_tests;
use backstory_verify::{Item, Profile, RewardOptions, Status, UnitTest, UnitTestOptions};
use proptest::prelude::*;

use crate::sample::{RIGHT, block, mixed, oi};

/// Pieces that answers are made of, in any order.
fn answer() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        4 => prop::sample::select(RIGHT.to_vec()).prop_map(str::to_owned),
        1 => Just(block(&RIGHT)),
        6 => prop::sample::select(vec![
            "<answer>", "</answer>", "<think>", "</think>", "[", "]", "{", "}", ",", ":", "\"",
            "\"q\":", "\"value\":", "\"type\":", "null", "1", "-0", "1e999", "\\u", "\\ud800",
            "{\"set\":[", "{\"dict\":[[", "{\"int\":\"", "{\"ref\":0}", "{\"state\":\"end\"}", "\n",
        ]).prop_map(str::to_owned),
        2 => any::<String>(),
    ];
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

fn scorable(item: &Item) -> backstory_verify::Scorable {
    item.prepare().expect("a sound item")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_gets_an_outcome_in_range(text in answer()) {
        for options in [RewardOptions::default(), Profile::Paper.options()] {
            let outcome = scorable(&mixed()).score(&text, &options);
            let score = outcome.score.expect("a score");
            prop_assert!((0.0..=2.0).contains(&score));
            prop_assert_eq!(outcome.steps.len(), 7);
            prop_assert_eq!(&scorable(&mixed()).score(&text, &options), &outcome);
            // Step credit exists only on top of a right final answer.
            prop_assert!(score == 0.0 || outcome.steps[0].ok);
            let oi = scorable(&oi()).score(&text, &options);
            prop_assert!(oi.score == Some(0.0) || oi.status == Status::Pending);
        }
        let tests = [UnitTest::Failed];
        let code = score_unit_tests(&text, &tests, &UnitTestOptions::default());
        prop_assert_eq!(code.score, Some(0.0));
    }

    #[test]
    fn bytes_are_read_too(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let outcome = scorable(&mixed()).score_bytes(&bytes, &RewardOptions::default());
        prop_assert_eq!(outcome.score, Some(0.0));
    }
}
