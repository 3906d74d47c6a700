//! Does the reward have the arithmetic of the paper, and ours where it says so?

use backstory_verify::{Gate, Item, Kind, Profile, Reason, RewardOptions, Status, score};

use crate::sample::{RIGHT, asked, block, item, mixed, worth};

fn near(one: f64, two: f64) {
    assert!((one - two).abs() < 1e-12, "{one} is not {two}");
}

/// A final output and three steps.
fn three() -> Item {
    Item { questions: mixed().questions.into_iter().take(4).collect(), ..mixed() }
}

fn without_steps() -> Item {
    Item { questions: mixed().questions.into_iter().take(1).collect(), ..mixed() }
}

const WRONG_FINAL: &str = r#"{"q":1,"value":false}"#;
const WRONG_STEP: &str = r#"{"q":4,"value":"list"}"#;

#[test]
fn the_paper_profile_reproduces_the_released_arithmetic() {
    let paper = Profile::Paper.options();
    let worth = |item: &Item, entries: &[&str]| worth(item, &block(entries), &paper);
    // Honest: 2. Final only: 1. One of three steps wrong: 1.667. Final wrong: 0.
    near(worth(&three(), &RIGHT[..4]), 2.0);
    let none = [RIGHT[0], r#"{"q":2,"value":9}"#, r#"{"q":3,"value":9}"#, WRONG_STEP];
    near(worth(&three(), &none), 1.0);
    near(worth(&three(), &[RIGHT[0], RIGHT[1], RIGHT[2], WRONG_STEP]), 5.0 / 3.0);
    near(worth(&three(), &[WRONG_FINAL, RIGHT[1], RIGHT[2], RIGHT[3]]), 0.0);
    // A wrong number of entries leaves the final answer; no questions double it.
    near(worth(&three(), &RIGHT[..3]), 1.0);
    near(worth(&three(), &RIGHT[..5]), 1.0);
    near(worth(&without_steps(), &RIGHT[..1]), 2.0);
    near(worth(&without_steps(), &[WRONG_FINAL]), 0.0);
}

#[test]
fn the_strict_profile_judges_by_number_and_drops_what_asks_nothing() {
    let strict = RewardOptions::default();
    let worth_of = |entries: &[&str]| worth(&three(), &block(entries), &strict);
    near(worth_of(&RIGHT[..4]), 2.0);
    near(worth_of(&RIGHT[..3]), 5.0 / 3.0);
    near(worth_of(&RIGHT[..5]), 2.0);
    near(worth_of(&[WRONG_FINAL, RIGHT[1], RIGHT[2], RIGHT[3]]), 0.0);
    near(worth_of(&[RIGHT[3], RIGHT[0], RIGHT[2], RIGHT[1]]), 2.0);

    let row = serde_json::to_string(&without_steps()).expect("json");
    let outcome = score(&row, &block(&RIGHT[..1]), &strict);
    assert_eq!((outcome.score, outcome.status), (None, Status::Dropped));
    assert_eq!((outcome.io, outcome.reason), (Some(1.0), Reason::NoQuestions));
}

#[test]
fn options_change_what_they_name() {
    let steps = block(&[WRONG_FINAL, RIGHT[1], RIGHT[2], WRONG_STEP]);
    let open = RewardOptions { gate: Gate::None, ..RewardOptions::default() };
    near(worth(&three(), &steps, &open), 2.0 / 3.0);
    let last = RewardOptions { alpha: 0.0, ..RewardOptions::default() };
    near(worth(&three(), &block(&RIGHT[..1]), &last), 2.0);
    let weights = [(Kind::VariableType, 2.0), (Kind::NextStatement, 0.0)].into_iter().collect();
    let weighted = RewardOptions { weights, ..RewardOptions::default() };
    let text = block(&[RIGHT[0], RIGHT[1], RIGHT[2], WRONG_STEP]);
    near(worth(&three(), &text, &weighted), 2.0 * (0.5 + 0.5 / 3.0));
}

#[test]
fn options_out_of_range_give_no_score() {
    let negative = [(Kind::Coverage, -1.0)].into_iter().collect();
    let nothing = Kind::ALL.into_iter().map(|kind| (kind, 0.0)).collect();
    for options in [
        RewardOptions { alpha: f64::NAN, ..RewardOptions::default() },
        RewardOptions { alpha: 1.5, ..RewardOptions::default() },
        RewardOptions { weights: negative, ..RewardOptions::default() },
        RewardOptions { weights: nothing, ..RewardOptions::default() },
    ] {
        let row = serde_json::to_string(&mixed()).expect("json");
        let outcome = score(&row, &block(&RIGHT), &options);
        assert_eq!((outcome.score, outcome.reason), (None, Reason::BadOptions));
    }
}

#[test]
fn a_question_alone_is_worth_all_or_nothing() {
    let alone = item(
        backstory_verify::ItemType::Single,
        vec![asked(1, Kind::NextStatement, "{\"state\":\"end\"}", None)],
    );
    let strict = RewardOptions::default();
    for right in [r#"{"q":1,"value":{"state":"end"}}"#, r#"{"q":1,"value":"end"}"#] {
        near(worth(&alone, &block(&[right]), &strict), 2.0);
    }
    near(worth(&alone, &block(&[r#"{"q":1,"value":"not_executed"}"#]), &strict), 0.0);
}
