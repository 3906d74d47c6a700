//! Does any answer break the verifier, or score out of range?
//!
//! In: the text of a model as bytes. Out: nothing; panics on a broken promise.

#![no_main]

use std::sync::LazyLock;

use backstory_verify::{Item, Profile, RewardOptions, Scorable, Status, Value, code};
use libfuzzer_sys::fuzz_target;

/// The item that the seeds answer, one question of every pure kind.
static MIXED: LazyLock<Scorable> = LazyLock::new(|| {
    scorable(include_str!("../../crates/verify/tests/it/answers/mixed.json"))
});
/// An item that asks for arguments.
static OI: LazyLock<Scorable> =
    LazyLock::new(|| scorable(include_str!("../../crates/verify/tests/it/answers/oi.json")));

fn scorable(row: &str) -> Scorable {
    Item::parse(row).and_then(|item| item.prepare()).expect("a sound item")
}

fuzz_target!(|bytes: &[u8]| {
    for options in [RewardOptions::default(), Profile::Paper.options()] {
        let outcome = MIXED.score_bytes(bytes, &options);
        let score = outcome.score.expect("every text gets a score");
        assert!((0.0..=2.0).contains(&score) && outcome.steps.len() == 7);
        assert!(score == 0.0 || outcome.steps[0].ok, "paid without the final answer");
        assert_eq!(MIXED.score_bytes(bytes, &options), outcome, "judged twice, differently");
        let oi = OI.score_bytes(bytes, &options);
        assert!(oi.score == Some(0.0) || oi.status == Status::Pending);
    }
    let Ok(text) = str::from_utf8(bytes) else { return };
    _ = code(text);
    let Ok(value) = Value::parse(text) else { return };
    for json in [value.canonical(), value.in_order()] {
        let again = Value::parse(&json).expect("what was written is read");
        assert!(again.same(&value) && again.canonical() == value.canonical());
    }
});
