//! How many answers are scored in a second of one core?
//!
//! In: nothing. Out: one JSON line per kind of text: answers, questions and bytes in each,
//! CPU seconds, and answers per CPU second, once with items that were read before and
//! once with the JSON of the item read every time, as a training loop hands it over.
//! The items are made here: a final output and six questions, one of each pure kind.

#![expect(clippy::print_stdout, reason = "the lines are the output of this program")]

use std::hint::black_box;
use std::time::Duration;

use backstory_verify::{Asked, Item, ItemType, Kind, RewardOptions, Scorable, TypeName, score};
use rustix::time::{ClockId, clock_gettime};

const ITEMS: u32 = 500;
const ROUNDS: u32 = 40;

fn main() {
    let items: Vec<Item> = (0..ITEMS).map(item).collect();
    let rows: Vec<String> =
        items.iter().map(|item| serde_json::to_string(item).expect("an item is JSON")).collect();
    let read: Vec<Scorable> =
        items.iter().map(|item| item.prepare().expect("a sound item")).collect();
    let thought = "Let me follow the loop once more, line by line. ".repeat(250);
    for (name, thought, right) in [
        ("right", "", true),
        ("wrong", "", false),
        ("right, 12 kB of reasoning before it", thought.as_str(), true),
    ] {
        let texts: Vec<String> = (0..ITEMS)
            .map(|seed| format!("<think>{thought}</think>{}", answer(seed, right)))
            .collect();
        measure(name, &texts, &read, &rows);
    }
}

fn measure(name: &str, texts: &[String], read: &[Scorable], rows: &[String]) {
    let options = RewardOptions::default();
    let mean = read.iter().zip(texts).filter_map(|(item, text)| item.score(text, &options).score);
    let mean = mean.sum::<f64>() / f64::from(ITEMS);
    let prepared = seconds(|| {
        for (item, text) in read.iter().zip(texts) {
            black_box(item.score(text, &options));
        }
    });
    let from_json = seconds(|| {
        for (row, text) in rows.iter().zip(texts) {
            black_box(score(row, text, &options));
        }
    });
    let answers = f64::from(ITEMS * ROUNDS);
    let line = serde_json::json!({
        "answers": name,
        "count": ITEMS * ROUNDS,
        "questions": 7,
        "bytes": texts.iter().map(String::len).sum::<usize>() / texts.len(),
        "mean_score": mean,
        "cpu_seconds": (prepared * 1e3).round() / 1e3,
        "per_second": (answers / prepared).round(),
        "per_second_item_read_each_time": (answers / from_json).round(),
    });
    println!("{line}");
}

fn seconds(mut round: impl FnMut()) -> f64 {
    round();
    let start = cpu_time();
    for _ in 0..ROUNDS {
        round();
    }
    cpu_time().saturating_sub(start).as_secs_f64()
}

fn item(seed: u32) -> Item {
    let asked = |q: u32, kind: Kind, answer: String, answer_type: Option<&str>| Asked {
        q,
        question_id: format!("{seed}-{q}"),
        kind,
        answer,
        answer_type: answer_type.map(|name| TypeName::parse(name).expect("a type name")),
        checker: kind.checker(),
        k: Some(1),
        statement_id: Some(seed % 30),
    };
    Item {
        item_id: seed.to_string(),
        item_type: ItemType::IoMixed,
        program_id: seed.to_string(),
        family_id: seed.to_string(),
        prompt: "What does the call return? ".repeat(60),
        questions: vec![
            asked(1, Kind::FinalOutput, output(seed), Some("dict")),
            asked(2, Kind::NextStatement, (seed % 30).to_string(), None),
            asked(3, Kind::VariableValue, words(seed), Some("list")),
            asked(4, Kind::VariableType, "\"collections.deque\"".into(), None),
            asked(5, Kind::Coverage, "true".into(), None),
            asked(6, Kind::ExecutionCount, (seed + 1).to_string(), None),
            asked(7, Kind::Exception, "4".into(), Some("ValueError")),
        ],
        trace_ref: None,
        difficulty: None,
        python_version: "3.12".into(),
        source: "bench".into(),
        license: None,
        function: None,
    }
}

fn output(seed: u32) -> String {
    format!(
        "{{\"dict\":[[\"total\",{seed}.5],[\"seen\",{{\"set\":[1,2,{}]}}],\
         [\"at\",{{\"tuple\":[{seed},null,true]}}]]}}",
        seed + 3
    )
}

fn words(seed: u32) -> String {
    let words: Vec<String> = (0..12).map(|word| format!("\"word {seed} {word}\"")).collect();
    format!("[{}]", words.join(","))
}

fn answer(seed: u32, right: bool) -> String {
    let output = output(if right { seed } else { seed + 1 });
    let (words, next, count) = (words(seed), seed % 30, seed + 1);
    format!(
        "<answer>[{{\"q\":1,\"value\":{output},\"type\":\"dict\"}},{{\"q\":2,\"value\":{next}}},\
         {{\"q\":3,\"value\":{words},\"type\":\"list\"}},\
         {{\"q\":4,\"value\":\"collections.deque\"}},{{\"q\":5,\"value\":true}},\
         {{\"q\":6,\"value\":{count}}},{{\"q\":7,\"value\":4,\"type\":\"ValueError\"}}]</answer>"
    )
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(time.tv_sec.unsigned_abs(), nanoseconds)
}
