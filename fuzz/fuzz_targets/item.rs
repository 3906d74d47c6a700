//! Does any row break the reader of items, or have a right answer that is not right?
//!
//! In: a row as text. Out: nothing; panics on a broken promise.

#![no_main]

use backstory_verify::{Checker, Item, ItemType, RewardOptions, Status};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(item) = Item::parse(text) else { return };
    _ = item.difficulty.as_ref().map(|difficulty| difficulty.is_sound());
    let written = serde_json::to_string(&item).expect("an item can be written");
    assert_eq!(Item::parse(&written).expect("what was written is read"), item);
    let Ok(scorable) = item.prepare() else { return };
    let gold = item.gold_answer().expect("a sound item has a right answer");
    let outcome = scorable.score(&gold, &RewardOptions::default());
    let waits = item.questions.iter().any(|asked| asked.kind.checker() == Checker::Call);
    match outcome.status {
        Status::Pending => assert!(waits, "nothing is to be called"),
        // Without questions about the way there is no score to give.
        Status::Dropped => assert_eq!(item.item_type, ItemType::IoMixed),
        Status::Scored => assert!(outcome.score.is_some_and(|score| score > 1.999), "{gold}"),
        Status::Unusable | Status::Infrastructure => panic!("{outcome:?}"),
    }
});
