//! Does the postcondition of every choice hold?
//!
//! In: a trajectory. Out: findings. Each rule of `docs/rules.md` is one check
//! here; the code that made the choice is not known to this module.

use backstory_model::{
    Action, CommitId, Content, EvidenceId, ExecutionId, Observation, Provenance, RepoPath,
    RequirementSource, Role, RuleId, Step, Trajectory,
};
use memchr::memmem;

use super::ci_step;
use super::executed::Runs;
use super::finding::{Findings, Place};
use super::replay::is_change;
use super::run_step::RunChoices;
use super::search::holds_word;
use super::sources::Sources;

/// Checks the choices of all steps.
pub(super) fn check(
    trajectory: &Trajectory,
    runs: Option<&Runs<'_>>,
    sources: Sources<'_>,
    findings: &mut Findings,
) {
    let requirement = match trajectory.steps.first().map(|step| &step.action) {
        Some(Action::Message { text, .. }) => text.as_str(),
        _ => "",
    };
    let writings = trajectory.steps.iter().map(|step| Writing::of(&step.action, sources)).collect();
    let runs = RunChoices { trajectory, runs, sources };
    let choices = Choices { trajectory, runs, sources, requirement, writings };
    for (index, step) in trajectory.steps.iter().enumerate() {
        choices.check_step(index, step, findings);
    }
}

/// What one change wrote and where.
#[derive(Default)]
struct Writing {
    old: Vec<u8>,
    new: Vec<u8>,
    paths: Vec<RepoPath>,
    /// It edits, overwrites, deletes, renames or changes the mode of its first path.
    changes: bool,
}

impl Writing {
    fn of(action: &Action, sources: Sources<'_>) -> Self {
        match action {
            Action::Edit { path, old, new } => Self {
                old: old.clone().into_bytes(),
                new: new.clone().into_bytes(),
                paths: vec![path.clone()],
                changes: true,
            },
            Action::Create { path, content, .. } => {
                let new = match content {
                    Content::Text { blob } => sources.blobs.stored(blob).unwrap_or_default(),
                    Content::Opaque { .. } => Vec::new(),
                };
                Self { old: Vec::new(), new, paths: vec![path.clone()], changes: true }
            }
            Action::Rename { from, to } => {
                Self { paths: vec![from.clone(), to.clone()], changes: true, ..Self::default() }
            }
            Action::Delete { path } | Action::SetMode { path, .. } => {
                Self { paths: vec![path.clone()], changes: true, ..Self::default() }
            }
            Action::Message { .. }
            | Action::Search { .. }
            | Action::List { .. }
            | Action::View { .. }
            | Action::RunTests { .. }
            | Action::CiReport { .. }
            | Action::Finish { .. } => Self::default(),
        }
    }
}

struct Choices<'a> {
    trajectory: &'a Trajectory,
    runs: RunChoices<'a>,
    sources: Sources<'a>,
    requirement: &'a str,
    /// One for every step, empty where nothing is written.
    writings: Vec<Writing>,
}

/// Why a postcondition does not hold: what was expected.
pub(super) type Broken = Result<(), String>;

impl Choices<'_> {
    fn check_step(&self, index: usize, step: &Step, findings: &mut Findings) {
        let number = index + 1;
        if let Some(thought) = &step.thought {
            let place = Place::step(number, "whole/thought").claimed(thought.provenance.tier());
            findings.note(place, "no thought without a published rule", "a thought");
        }
        let tier = step.choice.tier();
        let (rule, outcome, hindsight) = match &step.choice {
            Provenance::Observed { evidence } => {
                ("observed", self.observed(index, step, evidence), false)
            }
            Provenance::Derived { rule, evidence } => {
                let (outcome, hindsight) = self.derived(index, step, rule, evidence);
                (rule.as_str(), outcome, hindsight)
            }
            Provenance::Executed { execution } => {
                ("executed", self.executed(index, step, execution), false)
            }
            Provenance::Synthesized { .. } => {
                let expected = "a choice that no model made".to_owned();
                ("whole/choice", Err(expected), step.hindsight)
            }
        };
        let place = Place::step(number, rule).claimed(tier);
        if let Err(expected) = outcome {
            findings.note(place, expected, format_args!("{:?} by {:?}", step.action, step.choice));
        }
        findings.equal(place, "hindsight", (&hindsight, &step.hindsight));
    }

    fn observed(&self, index: usize, step: &Step, evidence: &[EvidenceId]) -> Broken {
        if ci_step::is_report(step) {
            return ci_step::said(self.trajectory, index, evidence, self.sources);
        }
        let [evidence] = evidence else { return Err("one piece of evidence".to_owned()) };
        let (kind, id) = evidence.parts();
        match (&step.action, kind) {
            (Action::Message { role: Role::User, text }, "record") if index == 0 => {
                self.record(id, text)
            }
            (Action::Message { role: Role::User, text }, "commit") if index == 0 => {
                self.own_message(id, text)
            }
            (Action::Message { role: Role::Agent, text }, "commit") => {
                self.said_by_agent(index, id, text)
            }
            (Action::Finish { message }, "commit") => self.subject(id, message),
            (action, "commit") if is_change(action) => self.only_change(index, step, id),
            _ => Err("a part that can be read off this evidence".to_owned()),
        }
    }

    fn executed(&self, index: usize, step: &Step, execution: &ExecutionId) -> Broken {
        match &step.action {
            Action::View { path, start, end } => {
                self.runs.executed_view(index, (path, (*start, *end)), execution)
            }
            _ => Err("a view of what was executed".to_owned()),
        }
    }

    fn record(&self, id: &str, text: &str) -> Broken {
        let requirement = &self.trajectory.requirement;
        let named = requirement.record.as_ref().filter(|record| record.as_str() == id);
        let source = requirement.source;
        let Some(record) = named.filter(|_| source != RequirementSource::PseudoIssue) else {
            return Err("the record that the requirement names".to_owned());
        };
        let versions = self.sources.evidence.versions(record);
        let texts: Vec<String> = versions
            .iter()
            .map(|version| match version.body.trim() {
                "" => version.title.clone(),
                _ => format!("{}\n\n{}", version.title, version.body),
            })
            .collect();
        if texts.iter().any(|version| version == text) {
            return Ok(());
        }
        Err(match texts.first() {
            Some(version) => format!("the title and body of the record: {version:?}"),
            None => format!("a record `{id}`"),
        })
    }

    fn own_message(&self, id: &str, text: &str) -> Broken {
        let requirement = &self.trajectory.requirement;
        let pseudo = requirement.source == RequirementSource::PseudoIssue;
        let unit = &self.trajectory.unit;
        let own = unit.states.iter().map(|state| &state.commit).chain([&unit.commit]);
        let commit = own.into_iter().find(|commit| commit.as_str() == id);
        let Some(commit) = commit.filter(|_| pseudo && requirement.record.is_none()) else {
            return Err("a commit of the unit, as a pseudo issue without a record".to_owned());
        };
        let message = self.message(commit).ok_or_else(|| format!("a commit {id}"))?;
        if message.trim_end() == text { Ok(()) } else { Err(format!("the message {message:?}")) }
    }

    fn message(&self, commit: &CommitId) -> Option<String> {
        Some(self.sources.repo.commit(commit).ok()?.message)
    }

    fn said_by_agent(&self, index: usize, id: &str, text: &str) -> Broken {
        let states = &self.trajectory.unit.states;
        let at = states.iter().position(|state| state.commit.as_str() == id);
        let at = at.ok_or("the commit of an authored state")?;
        if states[at].message.trim_end() != text {
            return Err(format!("the message {:?}", states[at].message));
        }
        let later = &self.trajectory.steps[index..];
        let open = later.iter().any(|step| {
            is_change(&step.action) && step.state.is_some_and(|state| state as usize <= at)
        });
        if open { Err("the changes of that state before its message".to_owned()) } else { Ok(()) }
    }

    fn subject(&self, id: &str, message: &str) -> Broken {
        let commit = &self.trajectory.unit.commit;
        if commit.as_str() != id {
            return Err("the unit's commit".to_owned());
        }
        let whole = self.message(commit).ok_or_else(|| format!("a commit {id}"))?;
        let subject = whole.split('\n').next().unwrap_or("").trim_end_matches('\r');
        if subject == message { Ok(()) } else { Err(format!("the subject {subject:?}")) }
    }

    fn only_change(&self, index: usize, step: &Step, id: &str) -> Broken {
        self.commit_of_state(step, id)?;
        let alone = self.trajectory.steps.iter().enumerate().all(|(other, candidate)| {
            other == index || !is_change(&candidate.action) || candidate.state != step.state
        });
        if alone { Ok(()) } else { Err("the only change of its state".to_owned()) }
    }

    fn commit_of_state(&self, step: &Step, id: &str) -> Broken {
        let states = &self.trajectory.unit.states;
        let state = step.state.and_then(|state| states.get(state as usize));
        match state {
            Some(state) if state.commit.as_str() == id => Ok(()),
            Some(state) => Err(format!("commit {} of the state", state.commit)),
            None => Err("an authored state".to_owned()),
        }
    }

    fn only_commit_of_state(&self, step: &Step, evidence: &[EvidenceId]) -> Broken {
        match evidence.first().map(EvidenceId::parts) {
            Some(("commit", id)) if evidence.len() == 1 => self.commit_of_state(step, id),
            _ => Err("the commit of the state as only evidence".to_owned()),
        }
    }

    /// Checks a derived choice; also returns whether its rule uses hindsight.
    fn derived(
        &self,
        index: usize,
        step: &Step,
        rule: &RuleId,
        evidence: &[EvidenceId],
    ) -> (Broken, bool) {
        let later = &self.writings[index + 1..];
        match (rule.as_str(), &step.action) {
            ("localize/list-root", Action::List { path, .. }) => {
                let root = path.is_root() && evidence.is_empty();
                (demand(root, "the root, without evidence"), false)
            }
            ("localize/requirement-term", Action::Search { pattern, .. }) => {
                (self.requirement_term(pattern, evidence), false)
            }
            ("localize/test-term", Action::Search { pattern, .. }) => {
                (test_term(later, pattern, evidence), true)
            }
            ("localize/changed-term", Action::Search { pattern, .. }) => {
                (changed_term(later, pattern, evidence), true)
            }
            ("read/search-hit", Action::View { path, start, end }) => {
                (self.search_hit(index, path, (*start, *end), evidence), false)
            }
            ("read/named-file", Action::View { path, .. }) => {
                (self.named_file(path, evidence), false)
            }
            ("read/edit-target", Action::View { path, .. }) => {
                (edit_target(step, later, path, evidence), true)
            }
            ("read/definition", Action::View { start, end, .. }) => {
                (self.definition(index, step, (*start, *end), evidence), true)
            }
            ("read/stack-frame", Action::View { path, start, end }) => {
                (self.runs.stack_frame(index, (path, (*start, *end)), evidence), false)
            }
            ("read/ci-log", Action::View { path, start, end }) => {
                let lines = (path, (*start, *end));
                let steps = &self.trajectory.steps[..index];
                let project = self.trajectory.unit.repo.name();
                (ci_step::named(steps, project, lines, evidence, self.sources), false)
            }
            ("edit/definition-before-use", action) if is_change(action) => {
                (self.only_commit_of_state(step, evidence), false)
            }
            ("edit/tests-first", action) if is_change(action) => {
                let own = self.only_commit_of_state(step, evidence);
                (own.and_then(|()| self.runs.tests_first()), false)
            }
            (rule, Action::RunTests { .. }) => self.runs.run_choice(index, rule, evidence),
            _ => (Err("a published rule for this action".to_owned()), step.hindsight),
        }
    }

    /// Returns the text that a `requirement:S..E` evidence points at.
    fn requirement_part(&self, evidence: &EvidenceId) -> Option<&str> {
        let (kind, range) = evidence.parts();
        let (start, end) = range.split_once("..").filter(|_| kind == "requirement")?;
        self.requirement.get(canonical(start)?..canonical(end)?)
    }

    fn requirement_term(&self, pattern: &str, evidence: &[EvidenceId]) -> Broken {
        let named = |evidence| self.requirement_part(evidence) == Some(pattern);
        demand(
            !evidence.is_empty() && evidence.iter().all(named),
            "evidence whose bytes in the requirement are the pattern",
        )
    }

    fn search_hit(
        &self,
        index: usize,
        path: &RepoPath,
        (start, end): (u32, u32),
        evidence: &[EvidenceId],
    ) -> Broken {
        let holds = |evidence: &EvidenceId| {
            let (kind, number) = evidence.parts();
            let step = canonical(number).filter(|number| kind == "step" && *number <= index);
            let step = step.and_then(|number| self.trajectory.steps.get(number.checked_sub(1)?));
            match step.and_then(|step| step.observation.as_ref()).map(|seen| &seen.content) {
                Some(Observation::Hits { hits, .. }) => {
                    hits.iter().any(|hit| hit.path == *path && (start..=end).contains(&hit.line))
                }
                _ => false,
            }
        };
        demand(
            !evidence.is_empty() && evidence.iter().all(holds),
            "an earlier search that shows a line of this range",
        )
    }

    fn named_file(&self, path: &RepoPath, evidence: &[EvidenceId]) -> Broken {
        let dotted = dotted(path);
        let named = |evidence: &EvidenceId| {
            self.requirement_part(evidence).is_some_and(|part| {
                ends_at_border(path.as_bytes(), part.as_bytes(), b'/')
                    || ends_at_border(&dotted, part.as_bytes(), b'.')
            })
        };
        demand(
            !evidence.is_empty() && evidence.iter().all(named),
            "evidence whose bytes in the requirement name the file",
        )
    }

    fn definition(
        &self,
        index: usize,
        step: &Step,
        (start, end): (u32, u32),
        evidence: &[EvidenceId],
    ) -> Broken {
        let viewed = match step.observation.as_ref().map(|seen| &seen.content) {
            Some(Observation::Lines { blob, .. }) => self.sources.blobs.stored(blob),
            _ => None,
        };
        let viewed = viewed.ok_or("a view whose content is stored")?;
        let (start, end) = (start as usize, end as usize);
        let range: Vec<&[u8]> = viewed
            .split_inclusive(|byte| *byte == b'\n')
            .skip(start.saturating_sub(1))
            .take((end + 1).saturating_sub(start))
            .collect();
        let later = &self.writings[index + 1..];
        let holds = |evidence: &EvidenceId| {
            let (kind, name) = evidence.parts();
            let name = name.as_bytes();
            kind == "symbol"
                && range.iter().any(|line| holds_word(line, name))
                && later.iter().any(|writing| holds_word(&writing.new, name))
        };
        demand(
            !evidence.is_empty() && evidence.iter().all(holds),
            "a symbol that stands in the range and in a later edit",
        )
    }
}

pub(super) fn demand(holds: bool, expected: &str) -> Broken {
    if holds { Ok(()) } else { Err(expected.to_owned()) }
}

fn changed_term(later: &[Writing], text: &str, evidence: &[EvidenceId]) -> Broken {
    let pattern = text.as_bytes();
    let holds = |text: &[u8]| memmem::find(text, pattern).is_some();
    let occurs = later.iter().any(|writing| {
        holds(&writing.old)
            || holds(&writing.new)
            || writing.paths.iter().any(|path| holds(path.as_bytes()))
    });
    demand(occurs, "a pattern that occurs in a later change")?;
    let named = |evidence: &EvidenceId| evidence.parts() == ("symbol", text);
    demand(evidence.iter().all(named), "no evidence but the pattern itself")
}

fn test_term(later: &[Writing], text: &str, evidence: &[EvidenceId]) -> Broken {
    let is_test = |path: &RepoPath| {
        let path = path.as_bytes().to_ascii_lowercase();
        memmem::find(&path, b"test").is_some() || memmem::find(&path, b"spec").is_some()
    };
    let occurs = later.iter().any(|writing| {
        writing.paths.iter().any(is_test) && holds_word(&writing.new, text.as_bytes())
    });
    demand(occurs, "a word that a later change of a test writes")?;
    let named = matches!(evidence, [only] if only.parts() == ("symbol", text));
    demand(named, "the pattern as only evidence")
}

fn edit_target(step: &Step, later: &[Writing], path: &RepoPath, evidence: &[EvidenceId]) -> Broken {
    let target = later.iter().any(|writing| writing.changes && writing.paths.first() == Some(path));
    demand(target, "a path that a later step changes")?;
    let viewed = match step.observation.as_ref().map(|seen| &seen.content) {
        Some(Observation::Lines { blob, .. }) => Some(EvidenceId::blob(blob)),
        _ => None,
    };
    let named = |evidence: &EvidenceId| Some(evidence) == viewed.as_ref();
    demand(evidence.iter().all(named), "no evidence but the viewed blob")
}

/// Reads a number that is written without sign or leading zeros.
fn canonical(digits: &str) -> Option<usize> {
    digits.parse::<usize>().ok().filter(|number| number.to_string() == digits)
}

/// Returns the path with dots for slashes and without its extension.
fn dotted(path: &RepoPath) -> Vec<u8> {
    let bytes = path.as_bytes();
    let name = bytes.len() - path.file_name().len();
    let stem = match bytes.iter().rposition(|byte| *byte == b'.') {
        Some(dot) if dot > name => &bytes[..dot],
        _ => bytes,
    };
    stem.iter().map(|byte| if *byte == b'/' { b'.' } else { *byte }).collect()
}

/// Returns true when the whole ends with the part, at a component border.
fn ends_at_border(whole: &[u8], part: &[u8], border: u8) -> bool {
    match whole.strip_suffix(part) {
        Some(before) => !part.is_empty() && (before.is_empty() || before.ends_with(&[border])),
        None => false,
    }
}
