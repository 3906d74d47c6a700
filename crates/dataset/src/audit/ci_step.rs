//! Does every report of CI say and show what the records and the log hold?
//!
//! In: the steps, the records of CI, and the stored logs. Out: what was expected,
//! where a report or a view it leads to breaks its postcondition.

use backstory_model::{
    Action, BlobId, CiConclusion, CiJobRecord, CiRunRecord, CommitId, EvidenceId, Observation,
    Phase, Provenance, RepoPath, Seen, Step, Trajectory, git_object_id,
};

use super::choice::{Broken, demand};
use super::ci_text::shown_text;
use super::replay::is_change;
use super::run_step::frames;
use super::sources::{CiOnCommit, Sources};

/// Returns true for the steps in which CI reports.
pub(super) fn is_report(step: &Step) -> bool {
    matches!(step.action, Action::CiReport { .. })
}

/// Returns the text a report shows.
pub(super) fn output(seen: &Seen) -> Option<&BlobId> {
    match &seen.content {
        Observation::CiLog { output, .. } => Some(output),
        Observation::Hits { .. }
        | Observation::Entries { .. }
        | Observation::Lines { .. }
        | Observation::Applied { .. }
        | Observation::TestOutput { .. } => None,
    }
}

/// What a report says.
#[derive(Clone, Copy)]
struct Said<'a> {
    commit: &'a CommitId,
    workflow: Option<&'a str>,
    job: &'a str,
    step: Option<&'a str>,
    conclusion: CiConclusion,
}

impl<'a> Said<'a> {
    fn of(step: &'a Step) -> Option<Self> {
        let Action::CiReport { commit, workflow, job, step, conclusion } = &step.action else {
            return None;
        };
        let (workflow, step) = (workflow.as_deref(), step.as_deref());
        Some(Self { commit, workflow, job, step, conclusion: *conclusion })
    }

    /// Whether a job of a run is the one that is reported on, whatever came of it.
    fn is_of(&self, run: &CiRunRecord, job: &CiJobRecord) -> bool {
        run.workflow.as_deref() == self.workflow && job.name == self.job
    }
}

/// Checks what a report says, and that it was due.
pub(super) fn said(
    trajectory: &Trajectory,
    index: usize,
    evidence: &[EvidenceId],
    sources: Sources<'_>,
) -> Broken {
    let step = &trajectory.steps[index];
    let said = Said::of(step).ok_or("a report of CI")?;
    let on_commit = sources.evidence.ci_on(said.commit);
    let [run_id, job_id] = evidence else {
        return Err("a run and a job as only evidence".to_owned());
    };
    let named = on_commit.iter().find(|on| EvidenceId::record(&on.run.id) == *run_id);
    let on = named.ok_or("a record of the run on this commit")?;
    let job = on.jobs.iter().find(|job| EvidenceId::record(&job.id) == *job_id);
    let job = job.ok_or("a record of the job in this run")?;
    demand(on.run.commit.eq_ignore_ascii_case(said.commit.as_str()), "the commit of the run")?;
    demand(said.is_of(&on.run, job), "the workflow of the run and the name of the job")?;
    demand(job.conclusion == Some(said.conclusion), "the conclusion of the job")?;
    step_of(job, said)?;
    judged_once(&on_commit, on, job, said.conclusion)?;
    place(trajectory, index, said)
}

/// The step named is the first that failed; a green report names none.
fn step_of(job: &CiJobRecord, said: Said<'_>) -> Broken {
    let red = |conclusion: Option<CiConclusion>| conclusion.is_some_and(CiConclusion::is_red);
    let failed = job.steps.iter().find(|step| red(step.conclusion));
    let failed = failed.filter(|_| said.conclusion.is_red()).map(|step| step.name.as_str());
    demand(failed == said.step, "the first step that failed")
}

/// No run on the commit judges the same job differently.
fn judged_once(
    on_commit: &[CiOnCommit],
    own: &CiOnCommit,
    job: &CiJobRecord,
    conclusion: CiConclusion,
) -> Broken {
    let red = conclusion.is_red();
    demand(red || conclusion.is_green(), "a conclusion that judges the code")?;
    let differs = on_commit.iter().any(|other| {
        other.jobs.iter().any(|found| {
            let same = other.run.workflow == own.run.workflow
                && (&found.name, &found.matrix) == (&job.name, &job.matrix);
            let other = found.conclusion;
            same && other.is_some_and(|how| if red { how.is_green() } else { how.is_red() })
        })
    });
    demand(!differs, "a job that is not red and green on one commit")
}

/// The report stands behind the changes of its commit, and the passage it belongs
/// to has both ends.
fn place(trajectory: &Trajectory, index: usize, said: Said<'_>) -> Broken {
    let states = &trajectory.unit.states;
    let state = states.iter().position(|state| state.commit == *said.commit);
    let state = state.ok_or("a commit of an authored state")?;
    let (before, after) = trajectory.steps.split_at(index);
    let last = before.iter().rev().find(|step| is_change(&step.action));
    let own = last.and_then(|last| last.state).is_some_and(|last| last as usize == state);
    demand(own, "the changes of its commit right before it")?;
    let ends = state + 1 == states.len();
    let phase = if ends { Phase::Validation } else { Phase::Debugging };
    demand(trajectory.steps[index].phase == phase, "validation on the last state, else debugging")?;
    let other = |steps: &[Step], red: bool| {
        steps.iter().filter_map(Said::of).any(|other| {
            (other.workflow, other.job) == (said.workflow, said.job)
                && if red { other.conclusion.is_red() } else { other.conclusion.is_green() }
        })
    };
    if said.conclusion.is_red() {
        demand(other(&after[1..], false), "a later report that the same job is green")
    } else {
        demand(other(before, true), "an earlier report that the same job is red")
    }
}

/// Checks that a report shows the bytes it names, by the rule `show/ci-log`.
pub(super) fn shown(step: &Step, sources: Sources<'_>) -> Broken {
    let said = Said::of(step).ok_or("a report of CI")?;
    let Some(Seen {
        content: Observation::CiLog { log, start, end, output },
        provenance: Provenance::Observed { evidence },
    }) = &step.observation
    else {
        return Err("an observed part of a log".to_owned());
    };
    let only = matches!(&evidence[..], [only] if *only == EvidenceId::record(log));
    demand(only, "the record of the log as only evidence")?;
    let Provenance::Observed { evidence: chosen } = &step.choice else {
        return Err("a report that was observed".to_owned());
    };
    let on_commit = sources.evidence.ci_on(said.commit);
    let is_own = |job: &&CiJobRecord| chosen.get(1) == Some(&EvidenceId::record(&job.id));
    let job = on_commit.iter().flat_map(|on| &on.jobs).find(is_own);
    let job = job.ok_or("a record of the job")?;
    let of_job = on_commit.iter().flat_map(|on| &on.logs).find(|record| {
        record.id == *log && (job.log.as_ref() == Some(log) || record.job.as_ref() == Some(&job.id))
    });
    let record = of_job.ok_or("a log of the job")?;
    demand(start < end && *end <= record.bytes, "a part of the log")?;
    let bytes = sources.evidence.log_part(record, *start..*end);
    let text = shown_text(&bytes.ok_or("a stored log with the digest of its record")?);
    demand(git_object_id("blob", text.as_bytes()) == *output, "the text of these bytes")
}

/// `read/ci-log`: an earlier report shows the path with a line of the range.
pub(super) fn named(
    before: &[Step],
    project: &str,
    (path, (start, end)): (&RepoPath, (u32, u32)),
    evidence: &[EvidenceId],
    sources: Sources<'_>,
) -> Broken {
    let [evidence] = evidence else { return Err("one piece of evidence".to_owned()) };
    let (kind, digits) = evidence.parts();
    let number = digits.parse::<usize>().ok().filter(|n| n.to_string() == digits);
    let number = number.filter(|_| kind == "step").and_then(|number| number.checked_sub(1));
    let step = number.and_then(|number| before.get(number)).filter(|step| is_report(step));
    let step = step.ok_or("an earlier report of CI")?;
    let output = step.observation.as_ref().and_then(output).ok_or("a report with a log")?;
    let text = sources.blobs.stored(output).ok_or("a text that is stored")?;
    let root = format!("/{project}/{project}/");
    let roots: [&[u8]; 2] = [b"./", root.as_bytes()];
    let met = frames(&text, path, &roots).any(|line| (start..=end).contains(&line));
    demand(met, "a log that names a line of the range")
}
