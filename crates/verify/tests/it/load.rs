//! Does a busy machine change a score?

use std::thread;

use backstory_verify::{Outcome, RewardOptions, Scorable, Status};

use crate::sample::{RIGHT, block, mixed, oi};

/// A right answer, one for every fault of a single entry, and texts that take their time.
fn answers() -> Vec<String> {
    let mut all = vec![block(&RIGHT), String::new(), "<answer>[".to_owned()];
    for place in 0..RIGHT.len() {
        let mut some = RIGHT.to_vec();
        some.remove(place);
        all.push(block(&some));
        some.insert(place, "{\"q\":9,\"value\":1}");
        all.push(block(&some));
    }
    let deep =
        format!("<answer>[{{\"q\":1,\"value\":{}1{}}}]</answer>", "[".repeat(60), "]".repeat(60));
    let long = format!("<answer>[{{\"q\":3,\"value\":[{}0]}}]</answer>", "1,".repeat(50_000));
    all.extend([deep, long, "<think>".repeat(10_000)]);
    all
}

fn scored(item: &Scorable, answers: &[String]) -> Vec<Outcome> {
    answers.iter().map(|text| item.score(text, &RewardOptions::default())).collect()
}

#[test]
fn sixteen_threads_beside_each_other_score_what_one_does() {
    let answers = answers();
    for item in [mixed(), oi()].map(|item| item.prepare().expect("a sound item")) {
        let alone = scored(&item, &answers);
        assert!(alone.iter().all(|one| matches!(one.status, Status::Scored | Status::Pending)));
        let beside: Vec<Vec<Outcome>> = thread::scope(|scope| {
            let threads: Vec<_> =
                (0..16).map(|_| scope.spawn(|| scored(&item, &answers))).collect();
            threads.into_iter().map(|one| one.join().expect("a thread that scores")).collect()
        });
        assert!(beside.iter().all(|one| *one == alone));
    }
}
