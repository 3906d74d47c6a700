//! Are arguments judged by calling our copy of the function, and by nothing else?

use std::cell::RefCell;

use backstory_verify::{
    CallOutcome, Function, Int, Item, Reason, RewardOptions, Status, TypeName, Value, score,
    score_with,
};

use crate::sample::{block, oi};

fn row(item: &Item) -> String {
    serde_json::to_string(item).expect("json")
}

fn answer(arguments: &str) -> String {
    block(&[&format!("{{\"q\":1,\"value\":{arguments}}}")])
}

/// Does what the function of the item does.
fn add(_: &Function, arguments: &[Value]) -> CallOutcome {
    match arguments {
        [Value::Int(one), Value::Int(two)] => match (one.small(), two.small()) {
            (Some(one), Some(two)) => CallOutcome::Returned(Value::Int(Int::from(one + two))),
            _ => CallOutcome::Limit,
        },
        [Value::Float(one), Value::Float(two)] => CallOutcome::Returned(Value::Float(one + two)),
        _ => CallOutcome::Raised(TypeName::parse("TypeError").expect("a type")),
    }
}

fn settled(arguments: &str) -> (Option<f64>, Reason) {
    let options = RewardOptions::default();
    let outcome = score_with(&row(&oi()), &answer(arguments), &options, &add);
    (outcome.score, outcome.steps[0].reason)
}

#[test]
fn arguments_are_judged_by_the_result() {
    assert_eq!(settled("[1,2]"), (Some(2.0), Reason::Ok));
    assert_eq!(settled("[-4,7]"), (Some(2.0), Reason::Ok));
    assert_eq!(settled("[2,2]"), (Some(0.0), Reason::WrongResult));
    assert_eq!(settled("[1.0,2.0]"), (Some(0.0), Reason::WrongResult));
    assert_eq!(settled("[]"), (Some(0.0), Reason::CallRaised));
    assert_eq!(settled("[99999999999999999999,1]"), (Some(0.0), Reason::CallLimit));
    assert_eq!(settled("3"), (Some(0.0), Reason::MalformedArguments));
    assert_eq!(settled("{\"tuple\":[1,2]}"), (Some(0.0), Reason::MalformedArguments));
    assert_eq!(settled("\"f(1, 2)\""), (Some(0.0), Reason::MalformedArguments));
}

#[test]
fn without_a_caller_the_answer_waits() {
    let text = answer("[{\"dict\":[[\"b\",1],[\"a\",2]]},{\"set\":[2,1]}]");
    let outcome = score(&row(&oi()), &text, &RewardOptions::default());
    assert_eq!((outcome.score, outcome.status), (None, Status::Pending));
    // The order of a dict may be seen by the function, that of a set is nobody's choice.
    let pending = outcome.pending.expect("arguments");
    assert_eq!(pending.arguments, "[{\"dict\":[[\"b\",1],[\"a\",2]]},{\"set\":[1,2]}]");
    let wrong = score(&row(&oi()), "no answer", &RewardOptions::default());
    assert_eq!((wrong.score, wrong.status), (Some(0.0), Status::Scored));
}

#[test]
fn a_sandbox_that_failed_is_never_a_score() {
    let broken = |_: &Function, _: &[Value]| CallOutcome::Infrastructure("no sandbox".into());
    let outcome = score_with(&row(&oi()), &answer("[1,2]"), &RewardOptions::default(), &broken);
    assert_eq!((outcome.score, outcome.status), (None, Status::Infrastructure));
    let unreadable = |_: &Function, _: &[Value]| CallOutcome::Unreadable;
    let outcome = score_with(&row(&oi()), &answer("[1,2]"), &RewardOptions::default(), &unreadable);
    assert_eq!(outcome.score, Some(0.0));
}

#[test]
fn what_is_called_is_our_copy() {
    let seen = RefCell::new(Vec::new());
    let caller = |function: &Function, _: &[Value]| {
        seen.borrow_mut().push(function.clone());
        CallOutcome::Returned(Value::None)
    };
    let text = format!("def f(a, b):\n    return 3\n{}", answer("[0,0]"));
    let outcome = score_with(&row(&oi()), &text, &RewardOptions::default(), &caller);
    assert_eq!(outcome.score, Some(0.0));
    assert_eq!(Some(seen.take()), oi().function.map(|function| vec![function]));
}

#[test]
fn an_item_without_its_function_cannot_be_scored() {
    let item = Item { function: None, ..oi() };
    let outcome = score(&row(&item), &answer("[1,2]"), &RewardOptions::default());
    assert_eq!((outcome.score, outcome.reason), (None, Reason::BadItem));
}
