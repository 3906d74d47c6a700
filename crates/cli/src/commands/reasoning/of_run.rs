//! What is asked about the functions that fixes of a run touched?
//!
//! In: a run. Out: items, the traces of the calls they are about, and a funnel in which
//! every instance, test and call has its place.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use backstory_exec::execute::{FollowedTest, FollowedUnit};
use backstory_model::seed::Seed;
use backstory_model::{Disposition, RepoPath, exit};
use backstory_store::RunDirectory;
use backstory_synth::questions::{
    AskOptions, CallAsker, CallBefore, CallSubject, CalledFile, Dropped, Questions, SameStatements,
    TracedCall, calls, is_same_call,
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

/// One test with the calls of both states.
struct Calls<'a> {
    test: &'a FollowedTest,
    before: Vec<TracedCall>,
    after: Vec<TracedCall>,
}

impl Asking<'_> {
    fn instance(&mut self, unit: &Disposition, followed: &FollowedUnit) -> Result<(), Failure> {
        self.funnel.instances += 1;
        self.funnel.functions += followed.functions.len();
        let files: BTreeMap<&RepoPath, CalledFile<'_>> = followed
            .files
            .iter()
            .filter_map(|(path, both)| Some((path, CalledFile::of(&both.after)?)))
            .collect();
        let mut left = self.args.questions;
        for test in &followed.tests {
            self.funnel.tests += 1;
            let Some(calls) = self.calls(test) else { continue };
            self.test(unit, followed, &files, &calls, &mut left)?;
        }
        Ok(())
    }

    /// Splits the traces of a test; `None` where it has none after the fix.
    fn calls<'t>(&mut self, test: &'t FollowedTest) -> Option<Calls<'t>> {
        let after = match &test.after {
            Ok(traced) => calls(&traced.trace),
            Err(why) => {
                *self.funnel.untraced.entry(why.as_str()).or_default() += 1;
                return None;
            }
        };
        self.funnel.counts.add(&[], &after.dropped);
        let before = test.before.as_ref().map(|traced| calls(&traced.trace).calls);
        Some(Calls { test, before: before.unwrap_or_default(), after: after.calls })
    }

    fn test(
        &mut self,
        unit: &Disposition,
        followed: &FollowedUnit,
        files: &BTreeMap<&RepoPath, CalledFile<'_>>,
        calls: &Calls<'_>,
        left: &mut usize,
    ) -> Result<(), Failure> {
        let mut of_function: BTreeMap<&str, usize> = BTreeMap::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for call in &calls.after {
            self.funnel.calls += 1;
            let count = of_function.entry(&call.function).or_default();
            if *count >= self.args.calls || *left == 0 {
                self.funnel.over += 1;
                continue;
            }
            let Some(path) = RepoPath::parse(&call.path).ok() else { continue };
            let (Some(file), Some(versions)) = (files.get(&path), followed.files.get(&path)) else {
                continue;
            };
            let text = TraceText::of(&call.trace)?;
            if !seen.insert(text.trace_ref.clone()) {
                self.funnel.counts.add(&[], &BTreeMap::from([(Dropped::Repeated, 1)]));
                continue;
            }
            *count += 1;
            let twin = calls.before.iter().find(|one| is_same_call(one, call));
            let twin_text = twin.map(|twin| TraceText::of(&twin.trace)).transpose()?;
            self.funnel.paired += usize::from(twin.is_some());
            let same = twin.and_then(|twin| same(twin, call, &versions.before, &versions.after));
            let before = twin.zip(same.as_ref()).map(|(twin, same)| CallBefore {
                call: twin,
                same,
                text: &versions.before,
            });
            let subject = CallSubject {
                call,
                file,
                repository: &unit.work.repo.to_string(),
                before,
                trace_ref: &text.trace_ref,
            };
            let asked = self.ask(&subject, left);
            let program_id = asked.items.first().map(|item| item.program_id.clone());
            let row = RunTrace {
                trace_ref: &text.trace_ref,
                program_id: program_id.as_deref(),
                instance: unit.work.unit.as_str(),
                state: "head",
                test: calls.test.id.as_str(),
                function: Some(&call.function),
                path: Some(&call.path),
                call: Some(call.number),
                cut: false,
                before_ref: twin_text.as_ref().map(|text| text.trace_ref.as_str()),
                trace: &text.text,
            };
            self.folder.write(&asked.items, &row)?;
        }
        Ok(())
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
fn same(before: &TracedCall, after: &TracedCall, old: &str, new: &str) -> Option<SameStatements> {
    let file =
        |call: &TracedCall| call.trace.files.iter().find(|file| file.path == call.path).cloned();
    Some(SameStatements::of((old, &file(before)?), (new, &file(after)?)))
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
        row("  with one before the fix", self.paired);
        text + &self.counts.table(&asker.balance)
    }
}
