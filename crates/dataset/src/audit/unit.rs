//! Is the unit what the repository says?
//!
//! In: a unit and the repository. Out: findings about its id, its commits and
//! trees, its authored states, and its counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{
    AuthoredState, BlobId, ChangeUnit, Commit, CommitId, EvidenceId, FileMode, LinkMethod,
    RecordId, RepositoryError, Sequence, Trajectory, TreeChange, TreeId,
};

use super::finding::{Findings, Place};
use super::sources::Sources;
use super::text::{Reading, Text, Texts};
use super::worktree::Worktree;

const SMALL_SOURCE_FILES: u32 = 5;
const SMALL_FILES: u32 = 25;
const EXCERPT_CHARACTERS: usize = 120;

/// Checks the unit of a trajectory.
pub(super) fn check(
    trajectory: &Trajectory,
    sources: Sources<'_>,
    texts: &Texts,
    findings: &mut Findings,
) {
    let mut check = Check { unit: &trajectory.unit, sources, texts, findings };
    check.name();
    let outcome =
        check.commits().and_then(|()| check.labels()).and_then(|()| check.license(trajectory));
    if let Err(error) = outcome {
        let place = Place::whole("whole/objects");
        check.findings.note(place, "an object that can be read", error);
    }
    check.links();
}

struct Check<'a, 'f> {
    unit: &'a ChangeUnit,
    sources: Sources<'a>,
    texts: &'a Texts,
    findings: &'f mut Findings,
}

const IDENTITY: Place<'static> = Place { step: None, rule: "unit/identity", tier: None };
const STATES: Place<'static> = Place { step: None, rule: "unit/states", tier: None };
const LABELS: Place<'static> = Place { step: None, rule: "unit/labels", tier: None };
const LINKS: Place<'static> = Place { step: None, rule: "unit/links", tier: None };

impl Check<'_, '_> {
    /// Checks the id: the pull request number, or twelve digits of the commit.
    fn name(&mut self) {
        let unit = self.unit;
        let named = match unit.pull {
            Some(pull) => format!("{}-{pull}", unit.repo.flat()),
            None => format!("{}-{}", unit.repo.flat(), &unit.commit.as_str()[..12]),
        };
        let rest = unit.id.as_str().strip_prefix(&named);
        let counted = |rest: &str| {
            let number = rest.strip_prefix('.').and_then(|digits| digits.parse::<u32>().ok());
            number.is_some_and(|number| number >= 2 && format!(".{number}") == rest)
        };
        let good = rest.is_some_and(|rest| rest.is_empty() || counted(rest));
        self.findings.demand(good, IDENTITY, &format!("id {named}"), || unit.id.to_string());
    }

    fn commits(&mut self) -> Result<(), RepositoryError> {
        let unit = self.unit;
        let own = self.sources.repo.commit(&unit.commit)?;
        let findings = &mut *self.findings;
        findings.equal(IDENTITY, "first parent", (&own.parents.first().cloned(), &unit.parent));
        let is_first = unit.position == 0;
        findings.equal(IDENTITY, "position 0", (&unit.parent.is_none(), &is_first));
        let base_tree = match &unit.base {
            Some(base) => self.sources.repo.commit(base)?.tree,
            None => TreeId::empty(),
        };
        self.findings.equal(IDENTITY, "base tree", (&base_tree, &unit.base_tree));
        let head = self.sources.repo.commit(&unit.head)?;
        self.findings.equal(IDENTITY, "head tree", (&head.tree, &unit.head_tree));
        self.states()?;
        let from_parent = unit.base == unit.parent && unit.head == unit.commit;
        if from_parent {
            return Ok(());
        }
        let base = match &unit.parent {
            Some(parent) => self.sources.repo.merge_base(parent, &unit.head)?,
            None => None,
        };
        self.findings.equal(IDENTITY, "base", (&base, &unit.base));
        self.same_patch(&own)
    }

    fn states(&mut self) -> Result<(), RepositoryError> {
        let unit = self.unit;
        let mut before: Option<&CommitId> = unit.base.as_ref();
        for state in &unit.states {
            let commit = self.sources.repo.commit(&state.commit)?;
            let said = AuthoredState {
                commit: commit.id,
                tree: commit.tree,
                message: commit.message,
                authored_at: commit.author.seconds,
            };
            self.findings.equal(STATES, "state", (&said, state));
            if unit.sequence == Sequence::Authored {
                let parents: Vec<CommitId> = before.cloned().into_iter().collect();
                self.findings.equal(STATES, "parents", (&parents, &commit.parents));
            }
            before = Some(&state.commit);
        }
        self.findings.equal(STATES, "last state", (&Some(&unit.head), &before));
        let collapsed = unit.sequence != Sequence::Authored;
        let good = !unit.states.is_empty() && (!collapsed || unit.states.len() == 1);
        self.findings.demand(good, STATES, "one state, or the authored ones", || {
            format!("{} states", unit.states.len())
        });
        Ok(())
    }

    /// Checks that base to head is the change that reached the mainline: the same
    /// files, and in each the same lines gained and lost.
    fn same_patch(&mut self, own: &Commit) -> Result<(), RepositoryError> {
        let parent = match &self.unit.parent {
            Some(parent) => self.sources.repo.commit(parent)?.tree,
            None => TreeId::empty(),
        };
        let merged = self.sources.repo.changes(&parent, &own.tree)?;
        let authored = self.sources.repo.changes(&self.unit.base_tree, &self.unit.head_tree)?;
        let paths = |changes: &[TreeChange]| -> Vec<_> {
            changes.iter().map(|change| change.path.clone()).collect()
        };
        let (expected, found) = (paths(&merged), paths(&authored));
        self.findings.equal(STATES, "changed paths", (&expected, &found));
        if expected != found {
            return Ok(());
        }
        for (merged, authored) in merged.iter().zip(&authored) {
            if (&merged.before, &merged.after) == (&authored.before, &authored.after) {
                continue;
            }
            let (expected, found) = (self.balance(merged)?, self.balance(authored)?);
            let what = format!("lines of `{}`", merged.path);
            self.findings.demand(expected == found, STATES, "the change that was merged", || {
                format!("other {what}")
            });
        }
        Ok(())
    }

    /// Counts for every line how often the change adds it; removals count negative.
    /// A content that is not text counts as one line, its id.
    fn balance(&self, change: &TreeChange) -> Result<BTreeMap<Vec<u8>, i64>, RepositoryError> {
        let mut balance = BTreeMap::<Vec<u8>, i64>::new();
        for (side, sign) in [(&change.before, -1), (&change.after, 1)] {
            let Some((mode, id)) = side else { continue };
            let lines = match self.read(*mode, id)?.text() {
                Some(text) => {
                    text.bytes().split_inclusive(|b| *b == b'\n').map(Vec::from).collect()
                }
                None => vec![id.as_str().as_bytes().to_vec()],
            };
            for line in lines {
                *balance.entry(line).or_default() += sign;
            }
        }
        balance.retain(|_, count| *count != 0);
        Ok(balance)
    }

    fn read(&self, mode: FileMode, id: &BlobId) -> Result<Reading, RepositoryError> {
        if mode == FileMode::Submodule {
            return Ok(Reading::Opaque);
        }
        self.texts.read(self.sources.repo, id)
    }

    /// Checks the counts that follow from the two trees alone. Which file is a
    /// test is the author's grammar and is not decided a second time.
    fn labels(&mut self) -> Result<(), RepositoryError> {
        let labels = &self.unit.labels;
        let own = self.sources.repo.commit(&self.unit.commit)?;
        let parent = match &self.unit.parent {
            Some(parent) => self.sources.repo.commit(parent)?.tree,
            None => TreeId::empty(),
        };
        let changes = self.sources.repo.changes(&parent, &own.tree)?;
        let files = u32::try_from(changes.len()).unwrap_or(u32::MAX);
        self.findings.equal(LABELS, "files", (&files, &labels.files));
        let small = labels.source_files <= SMALL_SOURCE_FILES && files <= SMALL_FILES;
        self.findings.equal(LABELS, "small", (&small, &labels.small));
        let sorted = labels.source_files + labels.test_files <= files
            && labels.inline_test_files <= labels.source_files;
        self.findings
            .demand(sorted, LABELS, "no more files than there are", || format!("{labels:?}"));
        self.lines(&changes)
    }

    /// Checks the line counts: whatever the diff, their difference is the
    /// difference of the lengths, and moved lines can only add to both.
    fn lines(&mut self, changes: &[TreeChange]) -> Result<(), RepositoryError> {
        let labels = &self.unit.labels;
        let (mut added, mut removed, mut opaque, mut links) = (0_i64, 0_i64, 0_u32, 0_u32);
        for change in changes {
            let sides = change.before.iter().chain(&change.after);
            let mut is_opaque = false;
            for (mode, id) in sides.clone() {
                is_opaque |= self.read(*mode, id)?.text().is_none();
            }
            opaque += u32::from(is_opaque);
            let is_link = sides.clone().any(|(mode, _)| !mode.is_file());
            links += u32::from(is_link && !is_opaque);
            if !is_opaque && !is_link {
                let balance = self.balance(change)?;
                added += balance.values().filter(|count| **count > 0).sum::<i64>();
                removed -= balance.values().filter(|count| **count < 0).sum::<i64>();
            }
        }
        let good = (opaque..=opaque + links).contains(&labels.opaque_files);
        self.findings.demand(good, LABELS, &format!("{opaque} opaque files"), || {
            labels.opaque_files.to_string()
        });
        let moved = i64::from(labels.lines_added) - added;
        let good = moved >= 0 && (moved == i64::from(labels.lines_removed) - removed || links > 0);
        let expected = format!("{added} lines added, {removed} removed, and those that moved");
        self.findings.demand(good, LABELS, &expected, || {
            format!("{} added, {} removed", labels.lines_added, labels.lines_removed)
        });
        Ok(())
    }

    fn license(&mut self, trajectory: &Trajectory) -> Result<(), RepositoryError> {
        let Some(license) = &trajectory.license else { return Ok(()) };
        let place = Place::whole("unit/license");
        let mut base = Worktree::new(self.sources.repo, &self.unit.base_tree);
        let blob = base.get(&license.path)?.map(|(_, blob)| blob);
        self.findings.equal(place, "license file", (&blob, &Some(license.blob.clone())));
        let good = !license.spdx.is_empty() && !license.spdx.contains(char::is_control);
        self.findings.demand(good, place, "an SPDX expression", || license.spdx.clone());
        Ok(())
    }

    fn links(&mut self) {
        let mut changed = None;
        for link in &self.unit.links {
            let number = link.number.to_string();
            let holds = |text: &String| text.contains(&link.excerpt) && holds_number(text, &number);
            let mut texts = self.texts_of(&link.evidence);
            if link.method == LinkMethod::PullHead {
                // The ref is not an object; what can be checked is where it points.
                texts.push(format!("pull request head {number}"));
            } else if link.evidence == EvidenceId::commit(&self.unit.commit) {
                let changed = changed.get_or_insert_with(|| self.changed_texts());
                texts.extend(changed.iter().flatten().cloned());
            }
            let closed_then = link.method != LinkMethod::ClosedAtMerge
                || self.committed_at().is_some_and(|at| closed_at(&link.excerpt, at));
            let good = closed_then
                && link.confidence <= 100
                && link.excerpt.chars().count() <= EXCERPT_CHARACTERS
                && !link.excerpt.is_empty()
                && texts.iter().any(holds);
            self.findings.demand(good, LINKS, "evidence with this excerpt and number", || {
                format!("{link:?}")
            });
        }
    }

    /// Returns when the mainline commit was made.
    fn committed_at(&self) -> Option<i64> {
        Some(self.sources.repo.commit(&self.unit.commit).ok()?.committer.seconds)
    }

    /// Returns the paths and the new texts of the files the mainline commit changes.
    fn changed_texts(&self) -> Result<Vec<String>, RepositoryError> {
        let repo = self.sources.repo;
        let own = repo.commit(&self.unit.commit)?;
        let before = match &self.unit.parent {
            Some(parent) => repo.commit(parent)?.tree,
            None => TreeId::empty(),
        };
        let mut texts = Vec::new();
        for change in repo.changes(&before, &own.tree)? {
            texts.push(change.path.to_string());
            if let Some((mode, id)) = &change.after
                && let Some(text) = self.read(*mode, id)?.text()
            {
                texts.push(joined(&String::from_utf8_lossy(text.bytes())));
            }
        }
        Ok(texts)
    }

    /// Returns the texts a piece of evidence stands for.
    fn texts_of(&self, evidence: &EvidenceId) -> Vec<String> {
        let repo = self.sources.repo;
        match evidence.parts() {
            ("commit", id) => {
                let commit = CommitId::new(id).ok().and_then(|id| repo.commit(&id).ok());
                commit.map(|commit| joined(&commit.message)).into_iter().collect()
            }
            ("blob", id) => {
                let reading = BlobId::new(id).ok().and_then(|id| self.texts.read(repo, &id).ok());
                let text = reading.as_ref().and_then(Reading::text).map(Arc::as_ref);
                let whole = |text: &Text| joined(&String::from_utf8_lossy(text.bytes()));
                text.map(whole).into_iter().collect()
            }
            ("record", id) => {
                let versions = self.sources.evidence.versions(&RecordId::new(id));
                versions
                    .iter()
                    .map(|text| {
                        let numbers: Vec<String> =
                            text.numbers.iter().map(u64::to_string).collect();
                        joined(&format!("{} {} {}", text.title, text.body, numbers.join(" ")))
                    })
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Returns true for `closed TIME` with a time up to three seconds after `merged`.
fn closed_at(excerpt: &str, merged: i64) -> bool {
    let time =
        excerpt.strip_prefix("closed ").and_then(|time| time.parse::<jiff::Timestamp>().ok());
    time.is_some_and(|time| (0..=3).contains(&(time.as_second() - merged)))
}

/// Returns the words of a text with one blank between them, as excerpts have them;
/// control characters separate words.
fn joined(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns true when the number stands in the text, not as a part of a longer one.
fn holds_number(text: &str, number: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits == number)
}
