//! Is every program traced as it runs, and does every bad one have its outcome?
//!
//! Programs run in the sandbox with the system's Python; where there is no sandbox or
//! none of 3.11 or later, the tests are skipped and say so.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use backstory_exec::sandbox::BubblewrapSandbox;
use backstory_exec::trace::{
    FollowedFunction, FunctionCall, Interpreter, PLUGIN, REQUEST_VARIABLE, TestTraceRequest,
    TraceOptions, TracePoint, TraceProgram, Traced, call_functions, parse, parse_tests,
    trace_patiently, trace_programs,
};
use backstory_model::{ActivationEnd, ExecutionTrace, RepoPath, TraceFailure, TraceResult};
use backstory_verify::{CallOutcome, Function};

use serde_json::Value;

use crate::hostile_ground::{Level, options};
use crate::python_forgery::{python_since, run};

/// The system's interpreter, which the sandbox has without a mount.
const PYTHON: &str = "/usr/bin/python3";

struct Tracer {
    sandbox: BubblewrapSandbox,
    interpreter: Interpreter,
}

impl Tracer {
    fn at_hand() -> Option<Self> {
        let ask = "import sys; assert sys.version_info >= (3, 11); \
                   print('%d.%d.%d' % sys.version_info[:3])";
        let said = Command::new(PYTHON).args(["-c", ask]).output().ok();
        let Some(said) = said.filter(|said| said.status.success()) else {
            return skip("no Python 3.11 or later in `/usr/bin`");
        };
        let version = String::from_utf8_lossy(&said.stdout).trim().to_owned();
        match BubblewrapSandbox::probe(options(Level::NoGroups)) {
            Err(error) => skip(&error.to_string()),
            Ok(sandbox) => {
                let program = PYTHON.to_owned();
                let interpreter = Interpreter { program, mounts: Vec::new(), version };
                Some(Self { sandbox, interpreter })
            }
        }
    }

    fn trace(&self, programs: &[TraceProgram], options: &TraceOptions) -> Vec<Traced> {
        let folder = tempfile::tempdir().unwrap();
        trace_programs(programs, options, &self.interpreter, &self.sandbox, folder.path()).unwrap()
    }

    fn one(&self, source: &str, options: &TraceOptions) -> Traced {
        self.trace(&[program(source)], options).remove(0)
    }
}

#[expect(clippy::print_stderr, reason = "whoever reads the tests must know what was left out")]
fn skip<T>(why: &str) -> Option<T> {
    eprintln!("skipped: {why}");
    None
}

/// A program that is called by `f()`.
fn program(source: &str) -> TraceProgram {
    TraceProgram { source: source.to_owned(), entry: "f()".to_owned(), points: Vec::new() }
}

/// A program whose `f` has this body.
fn body(lines: &str) -> TraceProgram {
    program(&format!("def f():\n    {}\n", lines.replace('\n', "\n    ")))
}

fn value(traced: &Traced) -> &str {
    match traced {
        Ok(ExecutionTrace { result: TraceResult::Returned(value), .. }) => value.as_str(),
        other => panic!("no value: {other:?}"),
    }
}

#[test]
fn a_program_is_told_statement_by_statement() {
    let Some(tracer) = Tracer::at_hand() else { return };
    let source = "def g(x):\n    return x + 1\n\ndef f():\n    xs = []\n    for i in range(2):\n        xs.append(g(i))\n    return xs\n";
    let trace = tracer.one(source, &TraceOptions::default()).unwrap();
    let told = trace.activations().unwrap().into_iter().map(|one| {
        let state = match one.ended {
            ActivationEnd::Normally { state } => state
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" "),
            other => format!("{other:?}"),
        };
        format!("{}.{} in {}: {state}", one.statement, one.k, one.frame)
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"
    4.1 in 1: xs=[]
    5.1 in 1: i=0 xs=[]
    6.1 in 1: i=0 xs=[1]
    2.1 in 2: x=0
    5.2 in 1: i=1 xs=[1]
    6.2 in 1: i=1 xs=[1,2]
    2.2 in 3: x=1
    5.3 in 1: i=1 xs=[1,2]
    7.1 in 1: i=1 xs=[1,2]
    ");
    assert_eq!(trace.result, TraceResult::Returned(serde_json::from_str("[1,2]").unwrap()));
}

#[test]
fn values_are_written_where_they_are_asked_for() {
    let Some(tracer) = Tracer::at_hand() else { return };
    let mut program = body("n = 0\nwhile n < 3:\n    n += 1\nreturn n");
    program.points = vec![TracePoint { statement: 4, k: 2 }];
    let trace = tracer.trace(&[program], &TraceOptions::default()).remove(0).unwrap();
    let mut states = Vec::new();
    trace
        .visit_activations(|place, state| {
            if !state.is_empty() {
                states.push((place, state.clone()));
            }
        })
        .unwrap();
    // From the point on the state is known, and nothing of it is written again.
    let first = states.first().unwrap();
    assert_eq!((first.0, first.1["n"].as_str()), (4, "2"));
}

#[test]
fn every_bad_program_has_its_outcome_and_the_next_one_runs() {
    let Some(tracer) = Tracer::at_hand() else { return };
    let cases = [
        ("endless loop", body("while True:\n    pass")),
        ("endless loop in C", body("return sum(iter(int, 1))")),
        ("memory", body("x = 'a' * 10\nwhile True:\n    x += x")),
        ("memory at once", body("return [0] * 10 ** 11")),
        ("output", body("while True:\n    print('x' * 1000)")),
        ("exit", body("import sys\nsys.exit(3)")),
        ("exit at once", body("import os\nos._exit(0)")),
        ("crash", body("import faulthandler\nfaulthandler._sigsegv()")),
        ("signal", body("import os\nos.kill(os.getpid(), 9)")),
        ("recursion", body("return f()")),
        ("recursion caught", body("try:\n    return f()\nexcept RecursionError:\n    return 1")),
        ("thread", body("import _thread\n_thread.start_new_thread(print, ())")),
        ("process", body("import os\nos.system('true')")),
        ("file", body("open('/tmp/canary', 'w')")),
        ("network", body("import socket\nsocket.socket().connect(('127.0.0.1', 9))")),
        ("clock", body("import datetime\nreturn datetime.date.today()")),
        ("hooks", body("import sys\nsys.settrace(None)")),
        ("hooks by a name", body("import sys\ngetattr(sys, 'set' + 'trace')(None)")),
        ("frames", body("g = (1 for x in [1])\nreturn g.gi_frame")),
        ("C types", body("import ctypes")),
        (
            "every descriptor",
            body(
                "import os\nfor n in range(3, 32):\n    try:\n        os.write(n, b'{}\\n')\n    except OSError:\n        pass\nreturn 1",
            ),
        ),
        (
            "every descriptor without end",
            body(
                "import os\nwhile True:\n    for n in range(3, 32):\n        try:\n            os.write(n, b'x' * 10 ** 6)\n        except OSError:\n            pass",
            ),
        ),
        ("no descriptor", body("import os\nos.closerange(3, 99)\nreturn 1")),
        (
            "way",
            body(
                "import os\nn = 0\nfor byte in os.urandom(64):\n    if byte > 127:\n        n += 1\nreturn 1",
            ),
        ),
        ("syntax", program("def f(:\n")),
        (
            "too deep",
            program(&format!("def f():\n    return {}1{}\n", "(".repeat(99), ")".repeat(99))),
        ),
        ("module", program("1 / 0\n")),
        ("huge integer", body("x = 10 ** 100000\nreturn x")),
        (
            "hostile object",
            body(
                "class A:\n    def __repr__(self): 1 / 0\n    __eq__ = __hash__ = __len__ = __str__ = __repr__\n    __class__ = property(__repr__)\n    def __getattribute__(self, name): 1 / 0\nx = A()\nreturn [x]",
            ),
        ),
        ("harmless", body("return 1")),
    ];
    let programs: Vec<TraceProgram> = cases.iter().map(|(_, program)| program.clone()).collect();
    let limits = TraceOptions {
        steps: 20_000,
        wall_milliseconds: 60_000,
        cpu_milliseconds: 1_000,
        ..TraceOptions::default()
    };
    let traced = tracer.trace(&programs, &limits);
    let told = cases.iter().zip(&traced).map(|((name, _), traced)| match traced {
        Ok(trace) => format!("{name}: {}", serde_json::to_string(&trace.result).unwrap()),
        Err(failure) => format!("{name}: {}", serde_json::to_string(failure).unwrap()),
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    endless loop: {"kind":"steps"}
    endless loop in C: {"kind":"timeout","what":"cpu"}
    memory: {"kind":"oom"}
    memory at once: {"kind":"oom"}
    output: {"kind":"output"}
    exit: {"kind":"exit"}
    exit at once: {"kind":"exit"}
    crash: {"kind":"crashed","signal":11}
    signal: {"kind":"forbidden","what":"signals"}
    recursion: {"kind":"recursion"}
    recursion caught: {"kind":"recursion"}
    thread: {"kind":"forbidden","what":"threads"}
    process: {"kind":"forbidden","what":"processes"}
    file: {"kind":"forbidden","what":"files"}
    network: {"kind":"forbidden","what":"network"}
    clock: {"kind":"forbidden","what":"clock"}
    hooks: {"kind":"tampered","what":"hooks"}
    hooks by a name: {"kind":"tampered","what":"hooks"}
    frames: {"kind":"tampered","what":"hooks"}
    C types: {"kind":"tampered","what":"hooks"}
    every descriptor: {"kind":"tampered","what":"channel"}
    every descriptor without end: {"kind":"trace"}
    no descriptor: {"kind":"tampered","what":"tracer"}
    way: {"kind":"nondeterministic"}
    syntax: {"kind":"invalid","what":"syntax"}
    too deep: {"kind":"invalid","what":"too_large"}
    module: {"kind":"module","class":"ZeroDivisionError"}
    huge integer: {"returned":{"truncated":{"class":"int"}}}
    hostile object: {"returned":[{"object":{"class":"f.<locals>.A","fields":[]}}]}
    harmless: {"returned":1}
    "#);
}

#[test]
fn a_program_that_replaces_builtins_is_found_out() {
    let Some(tracer) = Tracer::at_hand() else { return };
    let program = body("import builtins\nbuiltins.sum = None\nreturn 1");
    let what = "builtins".to_owned();
    assert_eq!(
        tracer.trace(&[program], &TraceOptions::default()),
        [Err(TraceFailure::Tampered { what })]
    );
}

#[test]
fn a_program_that_waits_is_ended() {
    let Some(tracer) = Tracer::at_hand() else { return };
    let waits = body("import select\nselect.select([], [], [])");
    let limits = TraceOptions { wall_milliseconds: 500, ..TraceOptions::default() };
    let what = "wall".to_owned();
    assert_eq!(
        tracer.trace(std::slice::from_ref(&waits), &limits),
        [Err(TraceFailure::Timeout { what })]
    );
    // A busy machine is no reason to be ended: it is given more time once.
    let wait = body("import select\nselect.select([], [], [], 1)\nreturn 1");
    let limits = TraceOptions { wall_milliseconds: 300, ..limits };
    let folder = tempfile::tempdir().unwrap();
    let (interpreter, sandbox) = (&tracer.interpreter, &tracer.sandbox);
    let traced =
        trace_patiently(&[wait, waits], &limits, interpreter, sandbox, folder.path()).unwrap();
    assert_eq!(value(&traced[0]), "1");
    assert!(matches!(traced[1], Err(TraceFailure::Timeout { .. })), "{:?}", traced[1]);
}

#[test]
fn values_that_differ_between_runs_are_dropped_and_counted() {
    let Some(tracer) = Tracer::at_hand() else { return };
    let trace = tracer.trace(
        &[body("import os\nx = os.urandom(8)\ny = len(x)\nreturn y, x")],
        &TraceOptions::default(),
    );
    let trace = trace[0].as_ref().unwrap();
    // The variable, what the frame returns, and the result.
    assert_eq!(trace.dropped_values, 3);
    let TraceResult::Returned(value) = &trace.result else { panic!("it returns") };
    assert!(value.is_unknown());
    let last = trace.activations().unwrap().pop().unwrap();
    let ActivationEnd::Normally { state } = last.ended else { panic!("it ends") };
    assert!(state["x"].is_unknown());
    assert_eq!(state["y"].as_str(), "8");
}

#[test]
fn a_program_that_depends_on_the_seed_of_the_hash_is_found_out() {
    let Some(tracer) = Tracer::at_hand() else { return };
    let five = TraceOptions { runs: 5, ..TraceOptions::default() };
    let ordered = body("xs = sorted({'a', 'b', 'c', 'd'})\nreturn xs");
    let unordered = body("xs = list({'a', 'b', 'c', 'd', 'e', 'f', 'g'})\nreturn xs");
    let way = body(
        "n = 0\nfor x in {'a', 'b', 'c', 'd', 'e', 'f', 'g'}:\n    if x == 'a':\n        break\n    n += 1\nreturn 1",
    );
    let traced = tracer.trace(&[ordered, unordered, way], &five);
    assert_eq!(value(&traced[0]), r#"["a","b","c","d"]"#);
    assert!(traced[1].as_ref().unwrap().dropped_values > 0);
    assert_eq!(traced[2], Err(TraceFailure::Nondeterministic));
}

/// Whether two texts come in the same order under two seeds is a matter of luck.
#[test]
fn what_two_seeds_agree_on_is_found_out_by_five() {
    let Some(tracer) = Tracer::at_hand() else { return };
    let pairs = ["'one', 'two'", "'left', 'right'", "'up', 'down'", "'ab', 'cd'"];
    let programs = pairs.map(|pair| body(&format!("return list({{{pair}}})[0]")));
    let differ = |runs: u32| {
        let options = TraceOptions { runs, ..TraceOptions::default() };
        let traced = tracer.trace(&programs, &options);
        traced.iter().filter(|one| one.as_ref().unwrap().dropped_values > 0).count()
    };
    assert!(differ(2) < 4);
    assert_eq!(differ(5), 4);
    // What five agree on is what two did: a row does not depend on how many there are.
    let same = body("xs = {3, 1, 2}\nxs.add(len({'a', 'b'}))\nreturn sorted(xs)");
    let traced = |runs: u32| {
        let options = TraceOptions { runs, ..TraceOptions::default() };
        tracer.trace(std::slice::from_ref(&same), &options)
    };
    assert_eq!(traced(5), traced(2));
}

#[test]
fn a_long_loop_costs_in_proportion() {
    let Some(tracer) = Tracer::at_hand() else { return };
    let lines =
        |n: u32| body(&format!("xs = []\nfor i in range({n}):\n    xs.append(i)\nreturn len(xs)"));
    let limits = TraceOptions {
        cpu_milliseconds: 60_000,
        wall_milliseconds: 60_000,
        ..TraceOptions::default()
    };
    let traced = tracer.trace(&[lines(1_000), lines(10_000)], &limits);
    let sizes: Vec<usize> = traced
        .iter()
        .map(|traced| serde_json::to_vec(traced.as_ref().unwrap()).unwrap().len())
        .collect();
    assert!(sizes[1] <= 12 * sizes[0] && sizes[1] < 1_000_000, "{sizes:?}");
}

#[test]
fn every_frame_has_a_number_of_its_own() {
    let Some(tracer) = Tracer::at_hand() else { return };
    let limits = TraceOptions {
        values: false,
        cpu_milliseconds: 60_000,
        wall_milliseconds: 60_000,
        ..TraceOptions::default()
    };
    let source = "def g():\n    return 1\n\ndef f():\n    for i in range(20000):\n        g()\n";
    let trace = tracer.one(source, &limits).unwrap();
    let activations = trace.activations().unwrap();
    let frames: Vec<u32> =
        activations.iter().filter(|one| one.statement == 2).map(|one| one.frame).collect();
    assert!(frames.len() == 20_000 && frames.is_sorted_by(|one, next| one < next));
}

#[test]
fn types_are_exact() {
    let Some(tracer) = Tracer::at_hand() else { return };
    let lines = "import collections, enum, decimal, fractions\n\
        class Plain:\n    pass\n\
        class Slots:\n    __slots__ = ('a',)\n\
        class Sub(dict):\n    pass\n\
        class Color(enum.Enum):\n    RED = 1\n\
        Named = collections.namedtuple('Named', 'x')\n\
        def gen():\n    yield 1\n\
        return [None, True, 1, 2 ** 70, 1.5, float('inf'), float('nan'), -0.0, 1j, 'a', '3', '', b'b', bytearray(b'c'), [], (), {}, set(), frozenset(), range(3), slice(1, 2), {}.keys(), {1: 2}.values(), {1: 2}.items(), iter([]), iter(()), enumerate([]), zip(), map(len, []), filter(None, []), reversed([]), gen(), (x for x in []), len, [].append, str.upper, gen, type, int, Ellipsis, NotImplemented, object(), ValueError(1), memoryview(b''), collections.deque(), collections.Counter(), decimal.Decimal(1), fractions.Fraction(1), Plain(), Slots(), Sub(), Color.RED, Named(1), collections]";
    let traced = tracer.trace(&[body(lines)], &TraceOptions::default());
    let values: Vec<Value> = serde_json::from_str(value(&traced[0])).unwrap();
    let types: Vec<&str> = values.iter().map(type_of).collect();
    insta::assert_snapshot!(types.join(" "), @"NoneType bool int int float float float float complex str str str bytes bytearray list tuple dict set frozenset range slice dict_keys dict_values dict_items list_iterator tuple_iterator enumerate zip map filter list_reverseiterator generator generator builtin_function_or_method builtin_function_or_method method_descriptor function type type ellipsis NotImplementedType object ValueError memoryview collections.deque collections.Counter decimal.Decimal fractions.Fraction f.<locals>.Plain f.<locals>.Slots f.<locals>.Sub f.<locals>.Color Named module");
}

/// Returns the type that canonical JSON states.
fn type_of(value: &Value) -> &str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(tagged) => {
            let (tag, content) = tagged.iter().next().unwrap();
            content["class"].as_str().unwrap_or(tag)
        }
    }
}

/// Runs the second tracer on its programs, with every Python that is at hand.
#[test]
fn a_second_tracer_of_another_kind_sees_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = root.join("../../python/acceptance/retrace.py");
    let mut versions = 0;
    for name in ["python3.11", "python3.12", "python3.13"] {
        let is_there = Command::new(name).arg("-V").output().is_ok_and(|out| out.status.success());
        if !is_there {
            eprintln!("skipped: no `{name}` is at hand");
            continue;
        }
        versions += 1;
        let out = Command::new(name)
            .arg("-B")
            .arg(&script)
            .arg(root.join("assets/python"))
            .arg("--plant")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stdout);
        assert!(out.status.success(), "{name}: {said}{}", String::from_utf8_lossy(&out.stderr));
        assert!(said.contains(" 0 wrong, "), "{said}");
    }
    eprintln!("{versions} versions of Python");
}

#[test]
fn a_report_cut_or_changed_anywhere_is_no_other_trace() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trace");
    for name in ["report-3.11", "report-3.12"] {
        let bytes = backstory_store::fs::read_file(&folder.join(name)).unwrap();
        let whole = parse(&bytes, "3.12.1");
        assert!(whole.complete && whole.programs.len() == 5, "{:?}", whole.fault);
        for end in 0..bytes.len() {
            let part = parse(&bytes[..end], "3.12.1");
            assert!(!part.complete);
            assert_eq!(part.programs, whole.programs[..part.programs.len()]);
        }
        // An event that cannot follow the one before it.
        let text = String::from_utf8(bytes).unwrap();
        for (from, to) in [("\nb5\n", "\nb99\n"), ("\ny[1]", "\ng7"), ("\nb7\ne", "\nb7\nb7")] {
            let changed = parse(text.replacen(from, to, 1).as_bytes(), "3.12.1");
            let what = "events".to_owned();
            let fault = changed.fault.is_some();
            let tampered = changed.programs.first() == Some(&Err(TraceFailure::Tampered { what }));
            assert!(fault || tampered, "{from:?}");
        }
    }
}

/// Traces functions of `lib.py` while the tests of `test_lib.py` run; tells each test's
/// executions, or `None` where nothing can run them.
fn told_of_tests(names: &[&str], lib: &str, tests: &str) -> Option<String> {
    let Some(python) = python_since(11) else {
        return skip("no Python 3.11 or later with pytest is at hand");
    };
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| {
        backstory_store::fs::write_file(&folder.path().join(name), text).unwrap();
    };
    write("lib.py", lib.as_bytes());
    write("test_lib.py", tests.as_bytes());
    let out = folder.path().join("traces");
    let path = RepoPath::parse("lib.py").unwrap();
    let function = |name: &&str| FollowedFunction { path: path.clone(), name: (*name).to_owned() };
    let request = TestTraceRequest {
        root: folder.path().display().to_string(),
        out: out.display().to_string(),
        functions: names.iter().map(function).collect(),
        tests: None,
        events: 1000,
    };
    write("request", &request.to_json());
    let request = folder.path().join("request");
    // One tracer at a time.
    let variables = [(REQUEST_VARIABLE, request.to_str().unwrap()), ("BACKSTORY_TOUCHED", "")];
    let done = run(&python, folder.path(), &PLUGIN, &variables);
    assert_eq!(done.status, 0, "{}", done.output);
    let parsed = parse_tests(&backstory_store::fs::read_file(&out).unwrap(), "3.12.1");
    assert_eq!(parsed.faults, 0);
    let told =
        parsed.tests.iter().map(|test| format!("{}: {}", test.test, executions(&test.trace)));
    Some(told.collect::<Vec<_>>().join("\n"))
}

/// Tells the executions of a trace and the functions they belong to.
fn executions(trace: &ExecutionTrace) -> String {
    let functions: Vec<&str> = trace.functions.iter().map(|one| &one.name[..]).collect();
    let ends = trace.activations().unwrap().into_iter().map(|one| match one.ended {
        ActivationEnd::Normally { state } => {
            format!("{}.{} {}", one.statement, one.k, serde_json::to_string(&state).unwrap())
        }
        other => format!("{}.{} {other:?}", one.statement, one.k),
    });
    format!("{} {}", functions.join("+"), ends.collect::<Vec<_>>().join(", "))
}

#[test]
fn functions_are_followed_while_tests_run() {
    let lib = "def double(x):\n    y = x * 2\n    return y\n\ndef other():\n    return double(1)\n";
    let tests = "import lib\n\ndef test_one():\n    assert lib.other() == 2\n\ndef test_none():\n    assert True\n\ndef test_two():\n    assert [lib.double(x) for x in (1, 'a')] == [2, 'aa']\n";
    let Some(told) = told_of_tests(&["double"], lib, tests) else { return };
    insta::assert_snapshot!(told, @r#"
    test_lib.py::test_one: double 2.1 {"x":1,"y":2}, 3.1 {"x":1,"y":2}
    test_lib.py::test_two: double 2.1 {"x":1,"y":2}, 3.1 {"x":1,"y":2}, 2.2 {"x":"a","y":"aa"}, 3.2 {"x":"a","y":"aa"}
    "#);
}

#[test]
fn functions_keep_their_names_from_test_to_test() {
    let lib =
        "def one(x):\n    return x\n\ndef two(x):\n    return x\n\ndef three(x):\n    return x\n";
    let tests = "import lib\n\ndef test_one():\n    lib.one(1)\n\ndef test_none():\n    pass\n\ndef test_two():\n    lib.two(2)\n    lib.one(1)\n\ndef test_three():\n    lib.three(3)\n    lib.two(2)\n";
    let Some(told) = told_of_tests(&["one", "two", "three"], lib, tests) else { return };
    insta::assert_snapshot!(told, @r#"
    test_lib.py::test_one: one 2.1 {"x":1}
    test_lib.py::test_two: two+one 4.1 {"x":2}, 2.1 {"x":1}
    test_lib.py::test_three: three+two 6.1 {"x":3}, 4.1 {"x":2}
    "#);
}

#[test]
fn functions_are_called_with_values_and_every_bad_call_has_its_outcome() {
    let Some(tracer) = Tracer::at_hand() else { return };
    let source = "def f(a, b=0):\n    if a == 'loop':\n        while True:\n            b += 1\n    \
                  if a == 'set':\n        return list({'a', 'b', 'c', 'd', 'e', 'f'})\n    return [a, b]\n";
    let call = |entry: &str, arguments: &str| {
        let function = Function {
            entry: entry.to_owned(),
            source: source.to_owned(),
            arguments: "[]".to_owned(),
        };
        let Ok(backstory_verify::Value::List(arguments)) =
            backstory_verify::Value::parse(arguments)
        else {
            panic!("{arguments} is no list");
        };
        FunctionCall { function, arguments }
    };
    let calls = [
        call("f", "[{\"tuple\":[1,{\"float\":\"nan\"}]},{\"dict\":[[\"it's\",{\"set\":[]}]]}]"),
        call("f", "[]"),
        call("f", "[\"loop\"]"),
        call("f", "[\"set\"]"),
        call("f", "[{\"object\":{\"class\":\"a.B\",\"fields\":[]}}]"),
        call("f(1) or f", "[]"),
        call("g", "[]"),
        call("f", "[\"); import os; (\"]"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let (interpreter, sandbox) = (&tracer.interpreter, &tracer.sandbox);
    let said = call_functions(&calls, interpreter, sandbox, folder.path()).unwrap();
    let said: Vec<String> = said
        .iter()
        .map(|outcome| match outcome {
            CallOutcome::Returned(value) => value.in_order(),
            CallOutcome::Raised(class) => format!("raised {class}"),
            other => format!("{other:?}"),
        })
        .collect();
    insta::assert_debug_snapshot!(said, @r#"
    [
        "[{\"tuple\":[1,{\"float\":\"nan\"}]},{\"dict\":[[\"it's\",{\"set\":[]}]]}]",
        "raised TypeError",
        "Limit",
        "Unreadable",
        "Unreadable",
        "Unreadable",
        "raised NameError",
        "[\"); import os; (\",0]",
    ]
    "#);
}

/// Calls that take a good part of their CPU time come to the same beside sixteen threads that
/// do nothing but take time from them.
#[test]
fn a_busy_machine_changes_no_call() {
    let Some(tracer) = Tracer::at_hand() else { return };
    let function = Function {
        entry: "f".to_owned(),
        source: "def f(a):\n    while a < 0:\n        a -= 1\n    return sum(range(a))\n"
            .to_owned(),
        arguments: "[1]".to_owned(),
    };
    let call = |number: i64| FunctionCall {
        function: function.clone(),
        arguments: vec![backstory_verify::Value::parse(&number.to_string()).unwrap()],
    };
    let calls = [call(3), call(8_000_000), call(-1), call(9_000_000)];
    let (interpreter, sandbox) = (&tracer.interpreter, &tracer.sandbox);
    let said = || {
        let folder = tempfile::tempdir().unwrap();
        let outcomes = call_functions(&calls, interpreter, sandbox, folder.path()).unwrap();
        outcomes.iter().map(|outcome| format!("{outcome:?}")).collect::<Vec<_>>()
    };
    let alone = said();
    let over = AtomicBool::new(false);
    let beside = thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let beside = said();
        over.store(true, Ordering::Relaxed);
        beside
    });
    assert_eq!(beside, alone);
    assert!(alone[1].starts_with("Returned") && alone[2] == "Limit", "{alone:?}");
}
