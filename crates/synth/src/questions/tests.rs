//! Are the answers those of the trace, and is no answer right too often?

use std::collections::BTreeMap;

use backstory_model::seed::Seed;
use backstory_model::{
    ExecutionTrace, SchemaVersion, TraceEvent, TraceResult, TracedFile, TracedFunction,
    TracedStatement, Unasked, ValueText, Variables,
};
use backstory_verify::{Function, Item, ItemType, Kind, RewardOptions, score};

use super::{AskOptions, Balance, Dropped, Questions, Subject, ask};

const SOURCE: &str = "\
def total(n):
    found = []
    for i in range(n):
        if i % 2:
            found.append(i)
    return found
";

fn statement(line: u32, kind: &str, parent: u32) -> TracedStatement {
    TracedStatement {
        line,
        column: 0,
        end_line: line,
        end_column: 9,
        kind: kind.to_owned(),
        parent,
        unasked: (kind == "FunctionDef").then_some(Unasked::Definition),
        silent: false,
    }
}

fn set(values: &[(&str, &str)]) -> Variables {
    let value = |text: &str| ValueText::new(text.to_owned()).unwrap();
    values.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect()
}

fn end(values: &[(&str, &str)]) -> TraceEvent {
    TraceEvent::End { set: set(values), unset: Vec::new() }
}

/// The trace of `total(2)`.
fn trace() -> ExecutionTrace {
    let events = vec![
        TraceEvent::Call { function: 0, set: set(&[("n", "2")]) },
        TraceEvent::Begin(2),
        end(&[("found", "[]"), ("n", "2")]),
        TraceEvent::Begin(3),
        end(&[("i", "0")]),
        TraceEvent::Begin(4),
        end(&[]),
        TraceEvent::Begin(3),
        end(&[("i", "1")]),
        TraceEvent::Begin(4),
        end(&[]),
        TraceEvent::Begin(5),
        end(&[("found", "[1]")]),
        TraceEvent::Begin(3),
        end(&[]),
        TraceEvent::Begin(6),
        end(&[]),
        TraceEvent::Return { value: ValueText::new("[1]".to_owned()) },
    ];
    let statements = [
        (1, "FunctionDef", 0),
        (2, "Assign", 1),
        (3, "For", 1),
        (4, "If", 3),
        (5, "Expr", 4),
        (6, "Return", 1),
    ];
    let statements = statements.map(|(line, kind, parent)| statement(line, kind, parent)).into();
    ExecutionTrace {
        schema: SchemaVersion::CURRENT,
        python: "3.12.1".to_owned(),
        files: vec![TracedFile { path: String::new(), statements }],
        functions: vec![TracedFunction { name: "total".to_owned(), line: 1, file: 0 }],
        events,
        result: TraceResult::Returned(ValueText::new("[1]".to_owned()).unwrap()),
        library_frames: 0,
        dropped_values: 0,
    }
}

fn asked(trace: &ExecutionTrace, options: AskOptions, balance: &mut Balance) -> Questions {
    let subject = Subject {
        program_id: "p1",
        family_id: "f1",
        source: SOURCE,
        file: 0,
        shown: vec![1..=6],
        call: "total(2)",
        function: Some(Function {
            entry: "total".to_owned(),
            source: SOURCE.to_owned(),
            arguments: "[2]".to_owned(),
        }),
        origin: "grammar",
        license: None,
        trace,
        trace_ref: "0123",
    };
    ask(&subject, options, balance)
}

fn answers(questions: &Questions) -> BTreeMap<(Kind, Option<u32>, Option<u32>), String> {
    let all = questions.items.iter().flat_map(|item| &item.questions);
    all.map(|one| ((one.kind, one.statement_id, one.k), one.answer.clone())).collect()
}

/// Everything that there is to ask.
fn everything() -> AskOptions {
    AskOptions { control: 100, data: 100, seed: Seed::new(1) }
}

#[test]
fn answers_are_those_of_the_trace() {
    let mut found = BTreeMap::new();
    for seed in 0..30 {
        let options = AskOptions { seed: Seed::new(seed), ..everything() };
        found.extend(answers(&asked(&trace(), options, &mut Balance::default())));
    }
    let of = |kind, statement, k| found.get(&(kind, Some(statement), k)).map(String::as_str);
    assert_eq!(of(Kind::NextStatement, 3, Some(3)), Some("6"), "the last look of a loop counts");
    assert_eq!(of(Kind::NextStatement, 4, Some(1)), Some("3"));
    assert_eq!(of(Kind::NextStatement, 6, Some(1)), Some("{\"state\":\"end\"}"));
    assert_eq!(of(Kind::ExecutionCount, 3, None), Some("3"));
    assert_eq!(found.get(&(Kind::FinalOutput, None, None)).map(String::as_str), Some("[1]"));
    assert!(
        found.keys().all(|(_, statement, _)| *statement != Some(1)),
        "a definition is asked about"
    );
}

#[test]
fn right_answers_have_full_marks_and_others_have_not() {
    let questions = asked(&trace(), AskOptions::default(), &mut Balance::default());
    let [mixed, arguments] = &questions.items[..] else { panic!("{:?}", questions.items) };
    assert_eq!((mixed.item_type, arguments.item_type), (ItemType::IoMixed, ItemType::Oi));
    let row = |item: &Item| serde_json::to_string(item).unwrap();
    let gold = mixed.gold_answer().unwrap();
    let right = score(&row(mixed), &gold, &RewardOptions::default());
    assert!(right.score.is_some_and(|score| (score - 2.0).abs() < 1e-12), "{right:?}");
    // The planted fault: one answer of another question.
    let wrong = gold.replacen("\"value\":[1]", "\"value\":[2]", 1);
    let wrong = score(&row(mixed), &wrong, &RewardOptions::default());
    assert!(wrong.score.is_some_and(|score| score < 0.1), "{wrong:?}");
}

#[test]
fn a_prompt_says_what_an_execution_is_and_shows_the_statements() {
    let options = AskOptions { control: 2, data: 2, seed: Seed::new(5) };
    let questions = asked(&trace(), options, &mut Balance::default());
    let prompts: Vec<&str> = questions.items.iter().map(|item| &item.prompt[..]).collect();
    insta::assert_snapshot!(prompts.join("\n=====\n"));
}

#[test]
fn what_is_unclear_is_dropped_with_its_reason() {
    let mut silent = trace();
    silent.files[0].statements[4].silent = true;
    let questions = asked(&silent, everything(), &mut Balance::default());
    assert!(questions.dropped[&Dropped::UnclearSuccessor] > 0);
    assert!(answers(&questions).keys().all(|(kind, ..)| *kind != Kind::NextStatement));

    let mut truncated = trace();
    truncated.result = TraceResult::Returned(ValueText::differs());
    let questions = asked(&truncated, everything(), &mut Balance::default());
    assert_eq!(questions.dropped[&Dropped::NoOutcome], 1);
    assert!(questions.items.iter().all(|item| item.item_type == ItemType::Single));

    let mut broken = trace();
    broken.events.insert(1, TraceEvent::Begin(99));
    let questions = asked(&broken, everything(), &mut Balance::default());
    assert_eq!((questions.items.len(), questions.dropped[&Dropped::Contradiction]), (0, 1));
}

#[test]
fn where_an_exception_began_is_asked_only_where_it_is_clear() {
    let mut raised = trace();
    raised.events.truncate(15);
    raised.events.push(TraceEvent::Begin(6));
    raised.events.push(TraceEvent::Raise("ValueError".to_owned()));
    raised.events.push(TraceEvent::Unwind("ValueError".to_owned()));
    raised.result = TraceResult::Raised("ValueError".to_owned());
    let found = answers(&asked(&raised, everything(), &mut Balance::default()));
    assert_eq!(found[&(Kind::Exception, None, None)], "6");
    // A statement that ran on the way out may have raised another one.
    raised.events.insert(17, end(&[]));
    raised.events.insert(17, TraceEvent::Begin(2));
    let questions = asked(&raised, everything(), &mut Balance::default());
    assert!(questions.dropped.contains_key(&Dropped::UnclearOrigin));
}

#[test]
fn a_long_loop_makes_rows_no_larger_than_a_short_one() {
    let turns = |count: u32| {
        let mut long = trace();
        let turn = |at: u32| {
            let changed = [("i", at.to_string())];
            let changed: Vec<_> = changed.iter().map(|(name, value)| (*name, &value[..])).collect();
            [TraceEvent::Begin(3), end(&changed), TraceEvent::Begin(4), end(&[])]
        };
        long.events.splice(3..7, (0..count).flat_map(turn));
        let items = asked(&long, AskOptions::default(), &mut Balance::default()).items;
        items.iter().map(|item| serde_json::to_string(item).unwrap().len()).sum::<usize>()
    };
    let (short, long) = (turns(10), turns(10_000));
    assert!(short > 1000 && long < 2 * short, "{short} and {long} bytes");
}

#[test]
fn no_answer_is_right_too_often() {
    let mut balance = Balance::default();
    for seed in 0..200 {
        let options = AskOptions { seed: Seed::new(seed), ..AskOptions::default() };
        asked(&trace(), options, &mut balance);
    }
    for (kind, (most, all)) in balance.most_frequent() {
        let share = if kind == Kind::Coverage { 56 } else { 30 };
        assert!(all < 25 || most * 100 <= all * share, "{kind}: {most} of {all}");
    }
}

/// The trace of `total(0)`, in which the body of the loop is never reached.
fn short_trace() -> ExecutionTrace {
    let mut short = trace();
    short.events.truncate(1);
    short.events.extend([
        TraceEvent::Begin(2),
        end(&[("found", "[]"), ("n", "0")]),
        TraceEvent::Begin(3),
        end(&[]),
        TraceEvent::Begin(6),
        end(&[]),
        TraceEvent::Return { value: ValueText::new("[]".to_owned()) },
    ]);
    short.result = TraceResult::Returned(ValueText::new("[]".to_owned()).unwrap());
    short
}

#[test]
fn every_state_that_may_be_an_answer_is_one_often_enough() {
    let mut balance = Balance::default();
    for seed in 0..400 {
        let trace = if seed % 3 == 0 { short_trace() } else { trace() };
        let options = AskOptions { seed: Seed::new(seed), ..AskOptions::default() };
        asked(&trace, options, &mut balance);
    }
    let most = balance.most_frequent();
    let rarest = balance.rarest_states();
    let kinds = [Kind::NextStatement, Kind::VariableValue, Kind::VariableType];
    for kind in kinds {
        let (all, rare) = (most[&kind].1, rarest[&kind]);
        assert!(rare * 100 >= all * 4, "{kind}: {rare} of {all}");
    }
    // Who always says the state that is right most often is still nearly always wrong.
    assert!(kinds.iter().all(|kind| most[kind].0 * 100 <= most[kind].1 * 30), "{most:?}");
}

const TWO: &str = "\
def half(n):
    m = n // 2
    return m
def quarter(n):
    a = n + 0
    b = half(a)
    c = half(b)
    return c
";

/// The trace of `quarter(8)`, whose function is defined second.
fn nested_trace() -> ExecutionTrace {
    let call = |statement: u32, given: &str, gives: &str, name: &str| {
        vec![
            TraceEvent::Begin(statement),
            TraceEvent::Call { function: 1, set: set(&[("n", given)]) },
            TraceEvent::Begin(2),
            end(&[("m", gives)]),
            TraceEvent::Begin(3),
            end(&[]),
            TraceEvent::Return { value: ValueText::new(gives.to_owned()) },
            end(&[(name, gives)]),
        ]
    };
    let start = vec![
        TraceEvent::Call { function: 0, set: set(&[("n", "8")]) },
        TraceEvent::Begin(5),
        end(&[("a", "8"), ("n", "8")]),
    ];
    let last = vec![
        TraceEvent::Begin(8),
        end(&[]),
        TraceEvent::Return { value: ValueText::new("2".to_owned()) },
    ];
    let events = [start, call(6, "8", "4", "b"), call(7, "4", "2", "c"), last].concat();
    let statements = [
        (1, "FunctionDef", 0),
        (2, "Assign", 1),
        (3, "Return", 1),
        (4, "FunctionDef", 0),
        (5, "Assign", 4),
        (6, "Assign", 4),
        (7, "Assign", 4),
        (8, "Return", 4),
    ];
    let statements = statements.map(|(line, kind, parent)| statement(line, kind, parent)).into();
    let function = |name: &str, line| TracedFunction { name: name.to_owned(), line, file: 0 };
    ExecutionTrace {
        files: vec![TracedFile { path: String::new(), statements }],
        functions: vec![function("quarter", 4), function("half", 1)],
        events,
        result: TraceResult::Returned(ValueText::new("2".to_owned()).unwrap()),
        ..trace()
    }
}

/// Two of the five executions that change a variable call a function of the program.
#[test]
fn statements_that_call_a_function_of_the_program_are_asked_about_in_proportion() {
    let (mut calling, mut all) = (0, 0);
    for seed in 0..300 {
        let options = AskOptions { control: 0, data: 1, seed: Seed::new(seed) };
        let trace = nested_trace();
        let subject = Subject {
            program_id: &format!("p{seed}"),
            family_id: "f",
            source: TWO,
            file: 0,
            shown: vec![1..=8],
            call: "quarter(8)",
            function: None,
            origin: "grammar",
            license: None,
            trace: &trace,
            trace_ref: "0123",
        };
        let questions = ask(&subject, options, &mut Balance::default());
        let found = answers(&questions);
        let of_data = found.iter().filter(|((kind, ..), _)| *kind == Kind::VariableValue);
        for ((_, statement, k), answer) in of_data.filter(|(_, answer)| !answer.contains("state")) {
            all += 1;
            calling += usize::from(matches!(statement, Some(6 | 7)));
            assert!(k.is_some_and(|k| k <= 2), "{statement:?} {k:?}");
            // What stands after the call came back, and not before it.
            assert!(*statement != Some(6) || ["4", "8"].contains(&&answer[..]), "{answer}");
        }
    }
    assert!(all > 50 && calling * 5 >= all, "{calling} of {all}");
}
