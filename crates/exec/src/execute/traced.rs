//! What do the functions that a fix touched do, before it and after?
//!
//! In: a unit whose tests were confirmed, and those tests. Out: for each test the trace of
//! these functions on the base with the test patch and on the head, or why there is none.
//! Every state runs twice, with two seeds of the hash: values that differ are replaced and
//! counted, and a test that takes two ways has no trace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use backstory_model::{
    Ending, EnvironmentRecipe, ExecutedState, ExecutionTrace, FileRole, Language, RepoPath, TestId,
    TestOutcome, TestRunner, TouchedTest,
};
use backstory_store::fs;
use backstory_syntax::{changed_functions, language_of, role_of};

use crate::checkout::VirtualTree;
use crate::environment::{Environment, ToolKind, Toolchains};
use crate::report::command::pytest_from_file;
use crate::report::{ParsedReport, assets, folder};
use crate::trace::{
    FollowedFunction, PLUGIN, ParsedTestTraces, REQUEST_VARIABLE, SIZE_LIMIT, TRACER, TestTrace,
    TestTraceRequest, merged, parse_tests,
};

use super::input::{ExecuteError, ExecuteInput, Provided};
use super::job::{RunParts, job};
use super::report_folder::ReportFolder;
use super::selection::Selection;
use super::trees::{Trees, version};

/// The first minor version of Python that can be followed.
const FIRST_MINOR: u32 = 11;

/// The file of the request and that of the traces, in the report folder.
const REQUEST: &str = "trace_request.json";
const TRACES: &str = "traces.ndjson";

/// What is followed in which tests.
#[derive(Clone, Copy, Debug)]
pub struct TraceAsk<'a> {
    /// The tests that tell the fix, each with what it did before it and after it.
    pub telling: &'a [AskedTest],
    /// The tests that must go on passing.
    pub passing: &'a [AskedTest],
    /// What each test executed on the head; without it no passing test is followed.
    pub executed: &'a [TouchedTest],
    /// The most passing tests that are followed; they call what the fix touched.
    pub most: usize,
    /// The most activations of one test that are kept.
    pub events: u32,
    /// The tools of this machine, which know the versions of interpreters.
    pub toolchains: &'a Toolchains,
}

/// A test to follow, as it was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedTest {
    /// The test.
    pub id: TestId,
    /// What it did on the base with the test patch; nothing is required where it is absent.
    pub before: Option<TestOutcome>,
    /// What it did on the head.
    pub after: TestOutcome,
}

/// Why a unit is not followed at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFollowed {
    /// It is no Python, or its tests are not run by pytest.
    #[error("only tests that pytest runs are followed")]
    Runner,
    /// Its interpreter cannot be followed.
    #[error("Python {version} cannot be followed, only 3.11 and later")]
    Interpreter {
        /// The version.
        version: String,
    },
    /// The gold patch touches no function.
    #[error("the gold patch touches no Python function")]
    NoFunction,
    /// The environment is not to be had.
    #[error("there is no environment: {detail}")]
    Environment {
        /// Why, in one sentence.
        detail: String,
    },
    /// A run did not leave what runs leave.
    #[error("a run of the tests failed: {detail}")]
    Run {
        /// What was seen, in one sentence.
        detail: String,
    },
}

impl NotFollowed {
    /// Returns the word of funnels.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Runner => "runner",
            Self::Interpreter { .. } => "interpreter",
            Self::NoFunction => "no_function",
            Self::Environment { .. } => "environment",
            Self::Run { .. } => "run",
        }
    }
}

/// Why a test has no trace in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Untraced {
    /// It did something else than when it was judged.
    OtherOutcome,
    /// No function that is followed was called.
    NotCalled,
    /// Two runs took different ways.
    Nondeterministic,
}

impl Untraced {
    /// Returns the word of funnels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtherOutcome => "other_outcome",
            Self::NotCalled => "not_called",
            Self::Nondeterministic => "nondeterministic",
        }
    }
}

/// The trace of a test in one state, or why there is none.
pub type TracedState = Result<TestTrace, Untraced>;

/// One test in both states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedTest {
    /// The test.
    pub id: TestId,
    /// On the base with the test patch.
    pub before: TracedState,
    /// On the head.
    pub after: TracedState,
}

/// Both versions of a file whose functions are followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BothVersions {
    /// On the base with the test patch; empty if it is not there.
    pub before: String,
    /// On the head.
    pub after: String,
}

/// What the functions that a fix touched did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedUnit {
    /// The version of the interpreter.
    pub python: String,
    /// The functions that the gold patch touches.
    pub functions: Vec<FollowedFunction>,
    /// Changed lines that lie in no function.
    pub outside: usize,
    /// The files of the functions.
    pub files: BTreeMap<RepoPath, BothVersions>,
    /// The tests, in the order they were asked for.
    pub tests: Vec<FollowedTest>,
}

/// What a unit has to be followed: its functions and their files.
#[derive(Default)]
struct Touched {
    functions: Vec<FollowedFunction>,
    outside: usize,
    files: BTreeMap<RepoPath, BothVersions>,
}

/// Returns the functions that the gold patch of a unit touches, with both versions of
/// their files.
fn touched(input: &ExecuteInput<'_>, trees: &Trees) -> Result<Touched, ExecuteError> {
    let mut touched = Touched::default();
    for path in input.gold_side.keys() {
        let is_source = role_of(path) == FileRole::Source;
        if !is_source || language_of(path) != Some(Language::Python) {
            continue;
        }
        let text = |tree: &VirtualTree| -> Result<Option<String>, ExecuteError> {
            let bytes = version(input.repo, tree, path)?.map(|(_, bytes)| bytes.to_vec());
            Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
        };
        let before = text(&trees.with_tests)?.unwrap_or_default();
        let after = text(&trees.head)?.unwrap_or_default();
        let Some(changed) = changed_functions(&before, &after) else { continue };
        touched.outside += changed.outside;
        let function = |name| FollowedFunction { path: path.clone(), name };
        touched.functions.extend(changed.names.into_iter().map(function));
        touched.files.insert(path.clone(), BothVersions { before, after });
    }
    Ok(touched)
}

/// Follows the functions that a fix touched while tests run, before the fix and after it.
///
/// What the unit does to itself is a [`NotFollowed`]; an error is a machine that cannot go
/// on, or a user who stopped it.
pub fn follow_unit(
    input: &ExecuteInput<'_>,
    ask: TraceAsk<'_>,
) -> Result<Result<FollowedUnit, NotFollowed>, ExecuteError> {
    let Some(base) = &input.unit.base else { return Ok(Err(NotFollowed::NoFunction)) };
    let trees = Trees::of(input)?;
    let touched = touched(input, &trees)?;
    if touched.functions.is_empty() {
        return Ok(Err(NotFollowed::NoFunction));
    }
    let tests = chosen(&ask, &touched.functions);
    let (recipe, environment) = match environment(input, &trees)? {
        Ok(ready) => ready,
        Err(why) => return Ok(Err(why)),
    };
    let python = match interpreter(&recipe, ask.toolchains) {
        Ok(python) => python,
        Err(why) => return Ok(Err(why)),
    };
    let tracer = input.scratch.join(format!("{}.tracer", input.unit.id));
    write_tracer(&tracer)?;
    let follower = Follower {
        input,
        tests: &tests,
        events: ask.events,
        environment: &environment,
        functions: &touched.functions,
        python: &python,
        tracer,
        base_time: input.repo.commit(base)?.committer.seconds,
    };
    let before = follower.state(&trees.with_tests, &ExecutedState::BaseWithTests)?;
    let after = follower.state(&trees.head, &ExecutedState::Head)?;
    fs::remove_dirs(&follower.tracer)?;
    Ok(both(before, after).map(|(before, after)| {
        let tests = tests.iter().map(|test| FollowedTest {
            id: test.id.clone(),
            before: before.of(test, test.before),
            after: after.of(test, Some(test.after)),
        });
        FollowedUnit {
            python: python.clone(),
            tests: tests.collect(),
            functions: touched.functions.clone(),
            outside: touched.outside,
            files: touched.files,
        }
    }))
}

fn both<T, E>(one: Result<T, E>, other: Result<T, E>) -> Result<(T, T), E> {
    Ok((one?, other?))
}

type Ready = (Box<EnvironmentRecipe>, Box<Environment>);

/// Chooses the tests to follow: all that tell the fix, and some that must go on passing.
fn chosen(ask: &TraceAsk<'_>, functions: &[FollowedFunction]) -> Vec<AskedTest> {
    let followed: BTreeSet<(String, &str)> =
        functions.iter().map(|one| (one.path.to_string(), &one.name[..])).collect();
    let calls = |test: &TouchedTest| {
        test.files.iter().any(|file| {
            let mut entered = file.functions.iter();
            entered.any(|(name, _)| followed.contains(&(file.path.clone(), name.as_str())))
        })
    };
    let calling: BTreeSet<&TestId> = ask
        .executed
        .iter()
        .filter(|test| calls(test))
        .filter_map(|test| test.test.as_ref())
        .collect();
    let passing = ask.passing.iter().filter(|test| calling.contains(&test.id)).take(ask.most);
    ask.telling.iter().chain(passing).cloned().collect()
}

/// Provides the environment that the tests were judged in.
fn environment(
    input: &ExecuteInput<'_>,
    trees: &Trees,
) -> Result<Result<Ready, NotFollowed>, ExecuteError> {
    let touched: Vec<&RepoPath> = input.test_side.keys().collect();
    let files = Selection::of(&touched, &trees.head).files(&trees.head);
    let layer = input.checkout.layer(input.repo, &trees.base)?;
    Ok(match input.environments.provide(input.unit, &files, &layer)? {
        Provided::Ready { recipe, environment } => Ok((recipe, environment)),
        Provided::Failed { detail, .. }
        | Provided::Unsupported { detail }
        | Provided::Infrastructure { detail } => Err(NotFollowed::Environment { detail }),
    })
}

/// Returns the version of the interpreter of a recipe if it can be followed.
fn interpreter(recipe: &EnvironmentRecipe, toolchains: &Toolchains) -> Result<String, NotFollowed> {
    if recipe.runner != TestRunner::Pytest {
        return Err(NotFollowed::Runner);
    }
    let wanted = recipe.toolchain.trim_start_matches("python");
    let minor = wanted.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
    if minor.is_none_or(|minor| minor < FIRST_MINOR) {
        return Err(NotFollowed::Interpreter { version: wanted.to_owned() });
    }
    let is_it =
        |version: &&str| version.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'));
    let found = toolchains.versions(ToolKind::Python).find(is_it);
    Ok(found.unwrap_or(wanted).to_owned())
}

/// Lays reporters and tracer into one folder.
fn write_tracer(folder: &Path) -> Result<(), ExecuteError> {
    fs::remove_dirs(folder)?;
    fs::create_dirs(folder)?;
    for (name, content) in assets::all().chain(TRACER) {
        fs::write_file(&folder.join(name), content.as_bytes())?;
    }
    Ok(())
}

/// Runs the tests of one unit with the tracer on.
struct Follower<'a> {
    input: &'a ExecuteInput<'a>,
    tests: &'a [AskedTest],
    events: u32,
    environment: &'a Environment,
    functions: &'a [FollowedFunction],
    python: &'a str,
    tracer: PathBuf,
    base_time: i64,
}

/// What two runs of one state showed.
struct TwoRuns {
    outcomes: [BTreeMap<TestId, TestOutcome>; 2],
    traces: [BTreeMap<TestId, TestTrace>; 2],
}

impl Follower<'_> {
    /// Runs a state twice, with two seeds of the hash.
    fn state(
        &self,
        tree: &VirtualTree,
        state: &ExecutedState,
    ) -> Result<Result<TwoRuns, NotFollowed>, ExecuteError> {
        let one = self.run(tree, state, 1)?;
        let other = self.run(tree, state, 2)?;
        Ok(both(one, other).map(|(one, other)| {
            let outcomes = |report: &ParsedReport| {
                report.report.results.iter().map(|one| (one.id.clone(), one.outcome)).collect()
            };
            let traces = |traces: ParsedTestTraces| {
                traces.tests.into_iter().map(|one| (one.test.clone(), one)).collect()
            };
            TwoRuns {
                outcomes: [outcomes(&one.0), outcomes(&other.0)],
                traces: [traces(one.1), traces(other.1)],
            }
        }))
    }

    fn run(
        &self,
        tree: &VirtualTree,
        state: &ExecutedState,
        number: u32,
    ) -> Result<Result<(ParsedReport, ParsedTestTraces), NotFollowed>, ExecuteError> {
        let input = self.input;
        let word = if *state == ExecutedState::Head { "head" } else { "base_with_tests" };
        let layer = input.checkout.layer(input.repo, tree)?;
        let tests: Vec<TestId> = self.tests.iter().map(|test| test.id.clone()).collect();
        let mut command = pytest_from_file(&tests);
        let request = TestTraceRequest {
            root: "/work".to_owned(),
            out: format!("/report/{TRACES}"),
            functions: self.functions.to_vec(),
            tests: Some(tests),
            events: self.events,
        };
        command.inputs.insert(REQUEST.to_owned(), request.to_json());
        command.variables.insert(REQUEST_VARIABLE.to_owned(), format!("/report/{REQUEST}"));
        // The plugins stand where pytest looks for its options.
        let place = command.run.iter().position(|word| word == "pytest").map_or(0, |at| at + 1);
        command.run.splice(place..place, PLUGIN.map(str::to_owned));
        let name = format!("{}.trace.{word}.{number}", input.unit.id);
        let folder = ReportFolder::create(input.scratch.join(&name), command.inputs.iter())?;
        let mut job = job(&RunParts {
            name,
            layer: layer.path,
            environment: self.environment,
            command: &command,
            reporters: &self.tracer,
            report: folder.path(),
            limits: &input.options.limits,
            base_time: self.base_time,
            traced: false,
        });
        job.variables.insert("PYTHONHASHSEED".to_owned(), (number - 1).to_string());
        let result = input.sandbox.run(&job);
        let report = folder.report(TestRunner::Pytest);
        let traces = folder::read(folder.path(), TRACES, SIZE_LIMIT);
        folder.remove()?;
        let (result, report, traces) = (result?, report?, traces?);
        if result.ending == Ending::Canceled {
            return Err(ExecuteError::Canceled { unit: input.unit.id.to_string() });
        }
        if !report.report.complete {
            let detail = format!("`{word}` ended before its report did");
            return Ok(Err(NotFollowed::Run { detail }));
        }
        let traces = parse_tests(&traces.unwrap_or_default(), self.python);
        if traces.faults > 0 {
            let detail = format!("{} lines of the traces of `{word}` are none", traces.faults);
            return Ok(Err(NotFollowed::Run { detail }));
        }
        Ok(Ok((report, traces)))
    }
}

impl TwoRuns {
    /// Returns what a test did, if both runs say so.
    fn of(&self, test: &AskedTest, wanted: Option<TestOutcome>) -> TracedState {
        let did = |run: usize| self.outcomes[run].get(&test.id).copied();
        let as_wanted = |did: Option<TestOutcome>| match wanted {
            // A test that failed may fail in another way, e.g., while it is set up.
            Some(wanted) => did.is_some_and(|did| did.is_pass() == wanted.is_pass()),
            None => true,
        };
        if !as_wanted(did(0)) || !as_wanted(did(1)) || did(0) != did(1) {
            return Err(Untraced::OtherOutcome);
        }
        match self.traces.each_ref().map(|run| run.get(&test.id)) {
            [Some(one), Some(other)] if one.cut == other.cut => {
                let both: Vec<ExecutionTrace> = vec![one.trace.clone(), other.trace.clone()];
                let trace = merged(both).ok_or(Untraced::Nondeterministic)?;
                Ok(TestTrace { test: test.id.clone(), trace, cut: one.cut })
            }
            [None, None] => Err(Untraced::NotCalled),
            _ => Err(Untraced::Nondeterministic),
        }
    }
}
