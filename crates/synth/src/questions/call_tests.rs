//! Is nothing asked about a call that a reader of the prompt cannot know?

use std::collections::BTreeSet;

use backstory_model::{
    ExecutionTrace, SchemaVersion, TraceEvent, TraceResult, TracedFile, TracedFunction,
    TracedStatement, Unasked, ValueText, Variables,
};
use backstory_verify::{Item, Kind, RewardOptions, score};

use super::{
    AskOptions, CallAsker, CallBefore, CallSubject, CalledFile, Dropped, Parting, Questions,
    SameStatements, TracedCall, calls, is_same_call, parting,
};

const BEFORE: &str = "\
def pick(values, key):
    found = []
    for one in values:
        if one >= key:
            found.append(one)
    log(found)
    count = len(found)
    return count
";

fn after() -> String {
    BEFORE.replace(">=", ">")
}

fn file() -> TracedFile {
    let statement = |line: u32, end_line: u32, column: u32, kind: &str, parent: u32| {
        let kind = kind.to_owned();
        let end_column = 0;
        TracedStatement {
            line,
            column,
            end_line,
            end_column,
            kind,
            parent,
            unasked: None,
            silent: false,
        }
    };
    let statements = vec![
        statement(1, 8, 0, "FunctionDef", 0),
        statement(2, 2, 4, "Assign", 1),
        statement(3, 5, 4, "For", 1),
        statement(4, 5, 8, "If", 3),
        statement(5, 5, 12, "Expr", 4),
        statement(6, 6, 4, "Expr", 1),
        statement(7, 7, 4, "Assign", 1),
        statement(8, 8, 4, "Return", 1),
    ];
    TracedFile { path: "src/pick.py".to_owned(), statements }
}

fn set(values: &[(&str, &str)]) -> Variables {
    let value = |text: &str| ValueText::new(text.to_owned()).unwrap();
    values.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect()
}

/// What `pick([1, 2], 1)` does where these of its values are found.
fn events(found: &[u32]) -> Vec<TraceEvent> {
    let given = [("values", "[1,2]"), ("key", "1")];
    let mut events = vec![TraceEvent::Call { function: 0, set: set(&given) }];
    let mut did = |statement: u32, changed: &[(&str, &str)]| {
        events.push(TraceEvent::Begin(statement));
        events.push(TraceEvent::End { set: set(changed), unset: Vec::new() });
    };
    did(2, &[("found", "[]")]);
    let mut kept = Vec::new();
    for one in [1, 2] {
        did(3, &[("one", &one.to_string())]);
        did(4, &[]);
        if found.contains(&one) {
            kept.push(one.to_string());
            did(5, &[("found", &format!("[{}]", kept.join(",")))]);
        }
    }
    did(3, &[]);
    did(6, &[]);
    let count = found.len().to_string();
    did(7, &[("count", &count)]);
    did(8, &[]);
    let value = ValueText::new(count);
    events.push(TraceEvent::Return { value });
    events
}

fn trace(events: Vec<TraceEvent>) -> ExecutionTrace {
    ExecutionTrace {
        schema: SchemaVersion::CURRENT,
        python: "3.12.1".to_owned(),
        files: vec![file()],
        functions: vec![TracedFunction { name: "pick".to_owned(), line: 1, file: 0 }],
        events,
        result: TraceResult::Part,
        library_frames: 0,
        dropped_values: 0,
    }
}

fn call(found: &[u32]) -> TracedCall {
    calls(&trace(events(found))).calls.remove(0)
}

fn same(old: &str, new: &str) -> SameStatements {
    SameStatements::of((old, &file()), (new, &file()))
}

fn asked(before: Option<&TracedCall>, call: &TracedCall) -> Questions {
    let text = after();
    let file = CalledFile::of(&text).unwrap();
    let same = same(BEFORE, &text);
    let before = before.map(|call| CallBefore { call, same: &same, text: BEFORE });
    let subject = CallSubject {
        call,
        file: &file,
        repository: concat!("a", "/b"),
        before,
        trace_ref: "0123",
    };
    let options = AskOptions { control: 100, data: 100, ..AskOptions::default() };
    CallAsker::default().ask(&subject, options)
}

fn places(items: &[Item], kind: Kind) -> BTreeSet<(Option<u32>, Option<u32>)> {
    let all = items.iter().flat_map(|item| &item.questions).filter(|one| one.kind == kind);
    all.map(|one| (one.statement_id, one.k)).collect()
}

#[test]
fn a_trace_is_split_into_its_calls() {
    let mut whole = events(&[2]);
    whole.extend(events(&[1, 2]));
    whole.push(TraceEvent::Call {
        function: 0,
        set: set(&[("key", r#"{"object":{"class":"A","number":71}}"#)]),
    });
    whole.push(TraceEvent::Unwind("TypeError".to_owned()));
    whole.push(TraceEvent::Call { function: 0, set: Variables::new() });
    whole.push(TraceEvent::Yield { value: None });
    whole.push(TraceEvent::Call { function: 0, set: Variables::new() });
    let found = calls(&trace(whole));
    let numbers: Vec<u32> = found.calls.iter().map(|call| call.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(
        found.calls[0].trace.result,
        TraceResult::Returned(ValueText::new("1".to_owned()).unwrap())
    );
    assert_eq!(found.calls[2].trace.result, TraceResult::Raised("TypeError".to_owned()));
    // Objects are numbered anew, so that equal calls are equal.
    let Some(TraceEvent::Call { set, .. }) = found.calls[2].trace.events.first() else { panic!() };
    assert_eq!(set["key"].as_str(), r#"{"object":{"class":"A","number":1}}"#);
    assert_eq!((found.dropped[&Dropped::Suspended], found.dropped[&Dropped::CutOff]), (1, 1));
}

#[test]
fn nothing_is_asked_across_what_is_not_shown() {
    let questions = asked(None, &call(&[2]));
    let items = &questions.items;
    let successors = places(items, Kind::NextStatement);
    assert!(successors.contains(&(Some(4), Some(1))) && successors.contains(&(Some(3), Some(3))));
    assert!(successors.iter().all(|(statement, _)| *statement != Some(6)), "a call of `log`");
    let outcome = items.iter().find(|item| item.questions[0].kind == Kind::FinalOutput).unwrap();
    assert!(
        outcome.prompt.contains("now execution 1 of statement [7] begins"),
        "{}",
        outcome.prompt
    );
    assert!(outcome.prompt.contains("found = [2]"), "{}", outcome.prompt);
    for item in items {
        let row = serde_json::to_string(item).unwrap();
        let gold = item.gold_answer().unwrap();
        let right = score(&row, &gold, &RewardOptions::default());
        assert!(right.score.is_some_and(|score| score > 1.999), "{right:?}");
    }
    insta::assert_snapshot!(items[0].prompt);
}

/// Asks about the call of `pick` in a file of another text.
fn asked_of(text: &str, call: &TracedCall) -> Questions {
    let file = CalledFile::of(text).unwrap();
    let repository = "a";
    let subject = CallSubject { call, file: &file, repository, before: None, trace_ref: "0123" };
    let options = AskOptions { control: 100, data: 100, ..AskOptions::default() };
    CallAsker::default().ask(&subject, options)
}

#[test]
fn a_call_that_does_not_run_the_body_is_not_asked_about() {
    let text = after();
    assert!(!asked_of(&text, &call(&[2])).items.is_empty());
    let suspending = [
        text.replace("def pick", "async def pick"),
        text.replace("log(found)", "yield found"),
        text.replace("log(found)", "log((yield))"),
    ];
    for text in suspending {
        let questions = asked_of(&text, &call(&[2]));
        assert!(questions.items.is_empty(), "{text}");
        assert_eq!(questions.dropped[&Dropped::Suspended], 1);
    }
    // The `yield` of a function inside says nothing of the one around it.
    let inside = text.replace("log(found)", "log(lambda: (yield))");
    assert!(!asked_of(&inside, &call(&[2])).items.is_empty());
}

#[test]
fn a_decorated_function_is_shown_with_its_decorator() {
    let text = format!("@kept\n{}", after());
    let mut call = call(&[2]);
    for statement in &mut call.trace.files[0].statements {
        statement.line += 1;
        statement.end_line += 1;
    }
    let questions = asked_of(&text, &call);
    let prompt = &questions.items[0].prompt;
    assert!(prompt.contains("@kept\n"), "{prompt}");
    assert!(prompt.contains("def pick(values, key):\n"), "{prompt}");
}

#[test]
fn how_often_an_annotation_was_executed_is_not_told() {
    let mut call = call(&[2]);
    call.trace.files[0].statements[1].unasked = Some(Unasked::NoCode);
    let items = asked_of(&after(), &call).items;
    let prompts: Vec<&str> = items.iter().map(|item| &item.prompt[..]).collect();
    assert!(prompts.iter().any(|prompt| prompt.contains("how often: [3] 3,")), "{prompts:?}");
}

#[test]
fn of_a_return_alone_nothing_is_asked_on_the_way() {
    let text = after().replace("count = len(found)", "count = size(found)");
    let items = asked_of(&text, &call(&[2])).items;
    let all = items.iter().flat_map(|item| &item.questions);
    let beyond: Vec<_> = all.filter(|one| one.statement_id >= Some(7)).collect();
    assert!(beyond.is_empty(), "{beyond:?}");
}

#[test]
fn what_changed_behind_the_text_is_not_asked() {
    // Something else changed `key` while a value was appended: two names for one list.
    let mut call = call(&[2]);
    let appended =
        call.trace.events.iter_mut().rfind(
            |event| matches!(event, TraceEvent::End { set, .. } if set.contains_key("found")),
        );
    let Some(TraceEvent::End { set: changed, .. }) = appended else { panic!() };
    changed.insert("key".to_owned(), ValueText::new("[2]".to_owned()).unwrap());
    let questions = asked(None, &call);
    assert!(!places(&questions.items, Kind::VariableValue).contains(&(Some(5), Some(1))));
}

#[test]
fn a_fixed_value_is_the_first_one_that_differs() {
    let (before, after) = (call(&[1, 2]), call(&[2]));
    let questions = asked(Some(&before), &after);
    let mut fixed =
        questions.items.iter().filter(|item| item.questions[0].kind == Kind::FixedValue);
    let item = fixed.next().unwrap();
    assert_eq!((item.questions[0].statement_id, item.questions[0].k), (Some(5), Some(1)));
    assert_eq!(item.questions[0].answer, "[2]");
    assert!(item.prompt.contains("Before the fix, `found` was [1] right after"), "{}", item.prompt);
    assert!(item.prompt.contains("if one >= key:"), "the old version is shown");
    let other = fixed.next().unwrap();
    assert!(other.prompt.contains("`count` was 2 right after"), "{}", other.prompt);
    assert_eq!(fixed.next(), None, "one for each variable");
    assert!(places(&asked(Some(&after), &after).items, Kind::FixedValue).is_empty());
}

#[test]
fn two_runs_part_where_the_fix_tells() {
    let (before, after_call) = (call(&[1, 2]), call(&[2]));
    assert!(is_same_call(&before, &after_call));
    let found = parting(&before, &after_call, &same(BEFORE, &after()));
    // The header of the `if` is not the same, so the ways part where it is met.
    assert_eq!(found.way, Some((Some((4, 1)), Some((4, 1)))));
    let unchanged = same(BEFORE, BEFORE);
    assert_eq!(parting(&before, &before, &unchanged), Parting::default());
    let found = parting(&before, &after_call, &unchanged);
    assert_eq!(found.way, Some((Some((5, 1)), Some((3, 2)))));
}
