//! What is asked about the functions that fixes of a run touched?
//!
//! In: a run. Out: items, the traces of the calls they are about, and a funnel in which
//! every instance, test and call has its place.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use backstory_exec::execute::{BothVersions, FollowedTest, FollowedUnit};
use backstory_model::seed::Seed;
use backstory_model::{Disposition, RepoPath, exit};
use backstory_store::RunDirectory;
use backstory_synth::questions::{
    AskOptions, CallAsker, CallBefore, CallSubject, CalledFile, Dropped, Parting, Questions,
    SameStatements, TracedCall, calls, is_same_call, parting,
};

use super::follow::Following;
use super::rows::{Counts, QuestionFolder, RunTrace, TraceText};
use crate::arguments::QuestionsArgs;
use crate::cost::Cost;
use crate::settings::Settings;
use crate::{Failure, Talk};

/// Where everything went.
#[derive(Default)]
struct Funnel {
    units: usize,
    left_out: BTreeMap<&'static str, usize>,
    instances: usize,
    functions: usize,
    tests: usize,
    untraced: BTreeMap<&'static str, usize>,
    calls: usize,
    over: usize,
    paired: usize,
    before: usize,
    counts: Counts,
}

/// What asking goes on with from instance to instance.
struct Asking<'a> {
    args: &'a QuestionsArgs,
    folder: QuestionFolder,
    asker: CallAsker,
    funnel: Funnel,
}

/// Follows the instances of a run and asks about what their functions did.
pub(super) fn of_run(
    args: &QuestionsArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    let run = RunDirectory::read_only(&args.from)?;
    let python = args.python.as_deref();
    let following =
        Following::open(&run, &args.follow, python, args.machine.clone(), settings, talk)?;
    let units: Vec<Disposition> = run.dispositions()?.collect::<Result<_, _>>()?;
    let folder = QuestionFolder::create(&args.output)?;
    let mut asking =
        Asking { args, folder, asker: CallAsker::default(), funnel: Funnel::default() };
    let stage = talk.stage("units", units.len());
    for unit in &units {
        stage.step();
        asking.funnel.units += 1;
        let execution = match following.confirmed(unit)? {
            Ok(execution) => execution,
            Err(why) => {
                asking.funnel.leave_out(why.as_str());
                continue;
            }
        };
        match following.follow(unit, &execution)? {
            Ok(followed) => asking.instance(unit, &followed)?,
            Err(why) => {
                talk.say(&format!("{}: not followed, {why}", unit.work.unit));
                asking.funnel.leave_out(why.as_str());
            }
        }
    }
    stage.finish();
    asking.folder.finish()?;
    talk.data(&asking.funnel.table(&asking.asker))?;
    let cost = Cost::so_far().rounded();
    talk.say(&format!(
        "{} items in `{}`, {:.1} CPU-seconds",
        asking.funnel.counts.items,
        args.output.display(),
        cost.cpu_seconds
    ));
    Ok(exit::OK)
}

/// The files of an instance in both states, read once.
struct Files<'a> {
    followed: &'a FollowedUnit,
    before: BTreeMap<&'a RepoPath, CalledFile<'a>>,
    after: BTreeMap<&'a RepoPath, CalledFile<'a>>,
}

impl<'a> Files<'a> {
    fn of(followed: &'a FollowedUnit) -> Self {
        let read = |text: fn(&BothVersions) -> &str| {
            let files = followed.files.iter();
            files.filter_map(|(path, both)| Some((path, CalledFile::of(text(both))?))).collect()
        };
        Self { followed, before: read(|both| &both.before), after: read(|both| &both.after) }
    }

    fn versions(&self, call: &TracedCall) -> Option<&'a BothVersions> {
        self.followed.files.get(&RepoPath::parse(&call.path).ok()?)
    }

    /// Returns the file of a call as it was in that state.
    fn of_state(&self, state: State, call: &TracedCall) -> Option<&CalledFile<'a>> {
        let path = RepoPath::parse(&call.path).ok()?;
        match state {
            State::Before => self.before.get(&path),
            State::After => self.after.get(&path),
        }
    }
}

/// The state in which a call was made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    After,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Before => "base_with_tests",
            Self::After => "head",
        }
    }
}

/// One test with the calls of both states.
struct Calls<'a> {
    unit: &'a Disposition,
    test: &'a FollowedTest,
    before: Vec<TracedCall>,
    after: Vec<TracedCall>,
}

impl Calls<'_> {
    /// Returns each call after the fix with the same one before it, then those calls before
    /// the fix that did something else, or of which nothing says that they did the same.
    fn each(&self, files: &Files<'_>) -> Vec<(State, &TracedCall, Option<&TracedCall>)> {
        let twin = |call: &TracedCall| self.before.iter().find(|one| is_same_call(one, call));
        let after = self.after.iter().map(|call| (State::After, call, twin(call)));
        let did_the_same = |call: &&TracedCall| {
            self.after.iter().filter(|one| is_same_call(call, one)).any(|one| {
                let same = files.versions(call).and_then(|both| same(call, one, both));
                same.is_some_and(|same| parting(call, one, &same) == Parting::default())
            })
        };
        let before = self.before.iter().filter(|call| !did_the_same(call));
        after.chain(before.map(|call| (State::Before, call, None))).collect()
    }
}

/// How many calls of each function of a test were asked about, and which traces they had.
#[derive(Default)]
struct Seen {
    counts: BTreeMap<(&'static str, String), usize>,
    traces: BTreeSet<String>,
}

impl Asking<'_> {
    fn instance(&mut self, unit: &Disposition, followed: &FollowedUnit) -> Result<(), Failure> {
        self.funnel.instances += 1;
        self.funnel.functions += followed.functions.len();
        let files = Files::of(followed);
        let mut left = self.args.questions;
        for test in &followed.tests {
            self.funnel.tests += 1;
            let Some(calls) = self.calls(unit, test) else { continue };
            let mut seen = Seen::default();
            for (state, call, twin) in calls.each(&files) {
                self.funnel.calls += 1;
                let count = seen.counts.entry((state.as_str(), call.function.clone())).or_default();
                if *count >= self.args.calls || left == 0 {
                    self.funnel.over += 1;
                    continue;
                }
                let text = TraceText::of(&call.trace)?;
                if !seen.traces.insert(text.trace_ref.clone()) {
                    self.funnel.counts.add(&[], &BTreeMap::from([(Dropped::Repeated, 1)]));
                    continue;
                }
                *count += 1;
                self.funnel.before += usize::from(state == State::Before);
                self.funnel.paired += usize::from(twin.is_some());
                self.call(&calls, &files, (state, call, twin), &text, &mut left)?;
            }
        }
        Ok(())
    }

    /// Splits the traces of a test; `None` where it has none after the fix.
    fn calls<'t>(&mut self, unit: &'t Disposition, test: &'t FollowedTest) -> Option<Calls<'t>> {
        let after = match &test.after {
            Ok(traced) => calls(&traced.trace),
            Err(why) => {
                *self.funnel.untraced.entry(why.as_str()).or_default() += 1;
                return None;
            }
        };
        self.funnel.counts.add(&[], &after.dropped);
        let before = test.before.as_ref().map(|traced| calls(&traced.trace).calls);
        Some(Calls { unit, test, before: before.unwrap_or_default(), after: after.calls })
    }

    /// Asks about one call and writes what was asked.
    fn call(
        &mut self,
        calls: &Calls<'_>,
        files: &Files<'_>,
        (state, call, twin): (State, &TracedCall, Option<&TracedCall>),
        text: &TraceText,
        left: &mut usize,
    ) -> Result<(), Failure> {
        let (Some(file), Some(versions)) = (files.of_state(state, call), files.versions(call))
        else {
            return Ok(());
        };
        let same = twin.and_then(|twin| same(twin, call, versions));
        let before = twin.zip(same.as_ref());
        let subject = CallSubject {
            call,
            file,
            repository: &calls.unit.work.repo.to_string(),
            before: before.map(|(call, same)| CallBefore { call, same, text: &versions.before }),
            trace_ref: &text.trace_ref,
        };
        let asked = self.ask(&subject, left);
        let before_ref = twin.map(|twin| TraceText::of(&twin.trace)).transpose()?;
        self.folder.write(
            &asked.items,
            &RunTrace {
                trace_ref: &text.trace_ref,
                program_id: asked.items.first().map(|item| &item.program_id[..]),
                instance: calls.unit.work.unit.as_str(),
                state: state.as_str(),
                test: calls.test.id.as_str(),
                function: Some(&call.function),
                path: Some(&call.path),
                call: Some(call.number),
                cut: false,
                before_ref: before_ref.as_ref().map(|text| &text.trace_ref[..]),
                trace: &text.text,
            },
        )
    }

    fn ask(&mut self, subject: &CallSubject<'_>, left: &mut usize) -> Questions {
        let args = self.args;
        let options =
            AskOptions { control: args.control, data: args.data, seed: Seed::new(args.seed) };
        let asked = self.asker.ask(subject, options);
        self.funnel.counts.add(&asked.items, &asked.dropped);
        let questions: usize = asked.items.iter().map(|item| item.questions.len()).sum();
        *left = left.saturating_sub(questions);
        asked
    }
}

/// Finds the statements that a fix left as they were.
fn same(before: &TracedCall, after: &TracedCall, texts: &BothVersions) -> Option<SameStatements> {
    let (old, new) = (before.file()?, after.file()?);
    Some(SameStatements::of((&texts.before, old), (&texts.after, new)))
}

impl Funnel {
    fn leave_out(&mut self, why: &'static str) {
        *self.left_out.entry(why).or_default() += 1;
    }

    fn table(&self, asker: &CallAsker) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let mut row = |name: &str, count: usize| {
            let _ = writeln!(text, "{name:<28}{count:>9}");
        };
        row("units", self.units);
        for (why, count) in &self.left_out {
            row(&format!("  left out: {why}"), *count);
        }
        row("instances", self.instances);
        row("functions", self.functions);
        row("tests", self.tests);
        for (why, count) in &self.untraced {
            row(&format!("  no trace: {why}"), *count);
        }
        row("calls", self.calls);
        row("  over the limits", self.over);
        row("  with the same before the fix", self.paired);
        row("  before the fix, otherwise", self.before);
        text + &self.counts.table(&asker.balance)
    }
}
