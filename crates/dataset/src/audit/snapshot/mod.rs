//! Is the story of a snapshot true to its commit?
//!
//! In: the story and the repository. Out: findings. Sorts the files of the tree
//! into written and given again, checks that every read reaches a file that is
//! there, that the writes of a file give its bytes, and that all files together
//! give the tree. Names in thoughts and tasks must be known from the plan.

mod given;
pub(super) mod quoted;

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    BlobId, Delegation, EvidenceId, FileEntry, FileMode, LineRange, PlannedFile, Provenance,
    ReadPart, RepoPath, RepositoryError, SnapshotStory, TreeId, WritingAction, WritingStep,
};

use super::Auditor;
use super::finding::{Checked, Findings, Place, TrajectoryAudit};
use super::worktree::Worktree;
use quoted::{is_quoted, names_in, stands_in};

impl Auditor<'_> {
    /// Audits the story of one snapshot; any number of threads may do so at once.
    pub fn snapshot(&self, story: &SnapshotStory) -> TrajectoryAudit {
        let mut findings = Findings::new(story.id.clone());
        let mut checked = Checked { trajectories: 1, states: 1, ..Checked::default() };
        checked.steps = story.step_count() as u64;
        for step in story.delegations.iter().flat_map(|delegation| &delegation.steps) {
            checked.count_writing(step);
        }
        if let Err(error) = story.schema.check_readable() {
            findings.note(Place::whole("whole/schema"), "a readable version", error);
        }
        let audit = SnapshotAudit::new(self, story, &mut findings);
        if let Err(error) = audit.run() {
            let place = Place::whole("whole/objects");
            findings.note(place, "an object that can be read", error);
        }
        TrajectoryAudit { findings: findings.into_list(), checked }
    }
}

/// The story and what is there at the moment.
struct SnapshotAudit<'a> {
    auditor: &'a Auditor<'a>,
    story: &'a SnapshotStory,
    findings: &'a mut Findings,
    /// The files that are there, with their blobs.
    there: BTreeMap<&'a RepoPath, &'a BlobId>,
    /// The plan by path.
    planned: BTreeMap<&'a RepoPath, &'a PlannedFile>,
}

impl<'a> SnapshotAudit<'a> {
    fn new(auditor: &'a Auditor<'a>, story: &'a SnapshotStory, findings: &'a mut Findings) -> Self {
        let there = story.given.iter().map(|given| (&given.path, &given.blob)).collect();
        let planned = story.plan.files.iter().map(|file| (&file.path, file)).collect();
        Self { auditor, story, findings, there, planned }
    }

    fn run(mut self) -> Result<(), RepositoryError> {
        let story = self.story;
        self.commit()?;
        self.files()?;
        self.plan()?;
        self.requirements()?;
        let mut step = 3;
        for (delegation, planned) in story.delegations.iter().zip(&story.plan.files) {
            self.delegation(step, delegation, planned)?;
            step += 1 + delegation.steps.len();
            self.there.insert(&delegation.path, &delegation.blob);
        }
        self.finish(step);
        self.tree()
    }

    /// Checks the names: the commit, its tree, the unit.
    fn commit(&mut self) -> Result<(), RepositoryError> {
        let story = self.story;
        let place = Place::whole("story/tree");
        let commit = self.auditor.repository().commit(&story.commit)?;
        self.findings.equal(place, "tree", (&commit.tree, &story.tree));
        let digits = &story.commit.as_str()[..12];
        let id = format!("{}@{digits}", story.repo.flat());
        self.findings.equal(place, "unit", (&id.as_str(), &story.id.as_str()));
        Ok(())
    }

    /// Sorts the files of the commit into written and given again.
    fn files(&mut self) -> Result<(), RepositoryError> {
        let story = self.story;
        let mut expected_given = Vec::new();
        let mut expected_written = BTreeSet::new();
        for file in self.auditor.repository().files(&story.tree)? {
            match given::reason(&file, self.text(&file)?) {
                Some(reason) => expected_given.push((file.path, file.mode, file.id, reason)),
                None => {
                    expected_written.insert((file.path, file.mode, file.id));
                }
            }
        }
        let given: Vec<_> = story
            .given
            .iter()
            .map(|f| (f.path.clone(), f.mode, f.blob.clone(), f.reason))
            .collect();
        self.findings.equal(Place::whole("story/given"), "given", (&expected_given, &given));
        let written: BTreeSet<_> =
            story.delegations.iter().map(|d| (d.path.clone(), d.mode, d.blob.clone())).collect();
        let place = Place::whole("story/plan");
        self.findings.equal(place, "written", (&expected_written, &written));
        let once = written.len() == story.delegations.len();
        self.findings.demand(once, place, "every file once", || "a file twice".to_owned());
        let planned: Vec<&RepoPath> = story.plan.files.iter().map(|file| &file.path).collect();
        let handed: Vec<&RepoPath> = story.delegations.iter().map(|d| &d.path).collect();
        self.findings.equal(place, "files in order", (&planned, &handed));
        Ok(())
    }

    /// Reads a file as text; the kind of what is no text.
    fn text(&self, file: &FileEntry) -> Result<given::Kind, RepositoryError> {
        if !file.mode.is_file() {
            return Ok(given::Kind::Missing);
        }
        let repo = self.auditor.repository();
        let Some(size) = repo.blob_size(&file.id)? else { return Ok(given::Kind::Missing) };
        if size > self.auditor.texts.file_limit {
            return Ok(given::Kind::TooLarge);
        }
        Ok(repo.blob(&file.id)?.map_or(given::Kind::Missing, given::Kind::of))
    }

    /// Checks what the plan says of its files, and which dependencies it cuts.
    fn plan(&mut self) -> Result<(), RepositoryError> {
        let story = self.story;
        let place = Place::step(2, "story/plan");
        self.derived(2, "story/plan", &story.plan.provenance);
        self.hindsight(2, "story/plan", story.plan.hindsight);
        let order: BTreeMap<&RepoPath, usize> =
            story.plan.files.iter().enumerate().map(|(at, file)| (&file.path, at)).collect();
        let given: BTreeSet<&RepoPath> = story.given.iter().map(|given| &given.path).collect();
        for (at, file) in story.plan.files.iter().enumerate() {
            let is_before = |path: &RepoPath| {
                given.contains(path) || order.get(path).is_some_and(|to| *to < at)
            };
            let stray = file.uses.iter().find(|path| !is_before(path));
            self.findings.demand(
                stray.is_none(),
                place,
                "uses files that are there before",
                || format!("`{}` uses {stray:?}", file.path),
            );
            let Some(delegation) = story.delegations.get(at) else { continue };
            let bytes = self.auditor.repository().blob(&delegation.blob)?.unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            let quoted = file.purpose.as_ref().is_none_or(|purpose| is_quoted(purpose, &text));
            self.findings.demand(quoted, place, "a purpose in the words of the file", || {
                format!("`{}`: {:?}", file.path, file.purpose)
            });
            let strange = file.definitions.iter().find(|name| !stands_in(name, &text));
            self.findings.demand(strange.is_none(), place, "definitions named in the file", || {
                format!("`{}`: {strange:?}", file.path)
            });
        }
        for cut in &story.cut_edges {
            let later = order.get(&cut.from).zip(order.get(&cut.to)).is_some_and(|(a, b)| a < b);
            let place = Place::whole("story/order");
            self.findings
                .demand(later, place, "a dependency on a later file", || format!("{cut:?}"));
        }
        Ok(())
    }

    /// Checks that what the requirements quote stands in what they name.
    fn requirements(&mut self) -> Result<(), RepositoryError> {
        let said = &self.story.requirements;
        self.derived(1, "story/requirements", &said.provenance);
        self.hindsight(1, "story/requirements", said.hindsight);
        let mut sources = String::new();
        for evidence in evidence(&said.provenance) {
            if let ("blob", id) = evidence.parts()
                && let Ok(id) = BlobId::new(id)
                && let Some(bytes) = self.auditor.repository().blob(&id)?
            {
                sources += &String::from_utf8_lossy(&bytes);
                sources.push('\n');
            }
        }
        let place = Place::step(1, "story/requirements");
        for quoted in said.text.lines().filter_map(|line| line.strip_prefix("> ")) {
            let stands = sources.lines().any(|line| line.contains(quoted));
            self.findings.demand(stands, place, "a line of its evidence", || quoted.to_owned());
        }
        Ok(())
    }

    fn delegation(
        &mut self,
        step: usize,
        delegation: &'a Delegation,
        planned: &PlannedFile,
    ) -> Result<(), RepositoryError> {
        self.derived(step, "story/order", &delegation.task.provenance);
        self.hindsight(step, "story/order", delegation.task.hindsight);
        let mut known: BTreeSet<String> = BTreeSet::new();
        known.insert(planned.path.to_string());
        known.extend(planned.uses.iter().map(ToString::to_string));
        known.extend(planned.definitions.iter().cloned());
        let quoted = planned.purpose.as_ref().map(|purpose| format!("It is for: {purpose}"));
        let own_words = delegation.task.text.replacen(&quoted.unwrap_or_default(), "", 1);
        self.named(step, "story/order", &own_words, &known);
        let reads = planned.uses.iter().filter_map(|path| self.planned.get(path).copied());
        known.extend(reads.flat_map(|file| file.definitions.iter().cloned()));
        let bytes = self.auditor.repository().blob(&delegation.blob)?.unwrap_or_default();
        let lines = line_count(&bytes);
        let mut next = 1;
        for (at, inner) in (step + 1..).zip(&delegation.steps) {
            if let Some(thought) = &inner.thought {
                self.derived(at, "story/thought", &thought.provenance);
                self.named(at, "story/thought", &thought.text, &known);
            }
            match &inner.action {
                WritingAction::Read { .. } => {
                    let place = Place::step(at, "story/read");
                    let early = next == 1;
                    let found = || "a read behind a write".to_owned();
                    self.findings.demand(early, place, "reads before the first write", found);
                    self.read(at, (delegation, planned), inner)?;
                }
                WritingAction::Write { lines: written } => {
                    self.write(at, delegation, inner);
                    let place = Place::step(at, "story/write");
                    let whole = lines == 0 && *written == (LineRange { start: 1, end: 0 });
                    let follows = written.start == next && (whole || written.start <= written.end);
                    self.findings.demand(follows, place, "lines that go on", || {
                        format!("{written:?} where line {next} is next")
                    });
                    next = written.end + 1;
                }
            }
        }
        let place = Place::step(step, "story/write");
        let has_write =
            delegation.steps.iter().any(|s| matches!(s.action, WritingAction::Write { .. }));
        self.findings.demand(
            has_write && next == lines + 1,
            place,
            "all lines of the file",
            || format!("`{}` up to line {} of {lines}", delegation.path, next - 1),
        );
        self.stored(step, &delegation.blob)
    }

    fn read(
        &mut self,
        at: usize,
        (delegation, planned): (&Delegation, &PlannedFile),
        step: &WritingStep,
    ) -> Result<(), RepositoryError> {
        let WritingAction::Read { path, part, blob, shown } = &step.action else { return Ok(()) };
        let place = Place::step(at, "story/read");
        let found = self.there.get(path).copied();
        self.findings.demand(
            found == Some(blob),
            place,
            "the blob of a file that is there",
            || format!("`{path}` is {found:?}"),
        );
        let used = planned.uses.contains(path);
        self.findings.demand(used, place, "a file the plan says is used", || path.to_string());
        let bytes = self.auditor.repository().blob(blob)?.unwrap_or_default();
        let lines = line_count(&bytes);
        let apart = shown.windows(2).all(|pair| pair[0].end < pair[1].start);
        let inside = shown.iter().all(|r| 1 <= r.start && r.start <= r.end && r.end <= lines);
        let fits = match part {
            ReadPart::Whole => shown[..] == [LineRange { start: 1, end: lines }],
            ReadPart::Outline => shown.iter().all(|range| range.start == range.end),
            ReadPart::Definitions => !shown.is_empty(),
        };
        self.findings.demand(apart && inside && fits, place, "lines of the file, in order", || {
            format!("{part:?} {shown:?} of {lines}")
        });
        let why = [EvidenceId::blob(&delegation.blob), EvidenceId::blob(blob)];
        let expected = Provenance::derived("story/read", why);
        self.findings.equal(place, "choice", (&expected, &step.choice));
        let expected = Provenance::observed([EvidenceId::blob(blob)]);
        self.findings.equal(place, "content", (&expected, &step.content));
        self.hindsight(at, "story/read", step.hindsight);
        self.stored(at, blob)
    }

    fn write(&mut self, at: usize, delegation: &Delegation, step: &WritingStep) {
        let place = Place::step(at, "story/write");
        let blob = EvidenceId::blob(&delegation.blob);
        let expected = Provenance::derived("story/write", [blob.clone()]);
        self.findings.equal(place, "choice", (&expected, &step.choice));
        let expected = Provenance::observed([blob]);
        self.findings.equal(place, "content", (&expected, &step.content));
        self.hindsight(at, "story/write", step.hindsight);
    }

    /// Checks that the run holds the bytes that are shown.
    fn stored(&mut self, step: usize, blob: &BlobId) -> Result<(), RepositoryError> {
        let stored = self.auditor.sources.blobs.stored(blob);
        let held = self.auditor.repository().blob(blob)?;
        let same = stored.as_deref() == held.as_deref();
        let place = Place::step(step, "story/content");
        self.findings.demand(same, place, "the bytes of the repository", || format!("{blob}"));
        Ok(())
    }

    fn derived(&mut self, step: usize, rule: &str, provenance: &Provenance) {
        let place = Place::step(step, rule).claimed(provenance.tier());
        let named =
            matches!(provenance, Provenance::Derived { rule: told, .. } if told.as_str() == rule);
        self.findings
            .demand(named, place, "a part derived by this rule", || format!("{provenance:?}"));
    }

    fn hindsight(&mut self, step: usize, rule: &str, hindsight: bool) {
        let found = || "no mark".to_owned();
        self.findings.demand(hindsight, Place::step(step, rule), "the mark of hindsight", found);
    }

    /// Checks that every name in code marks is known.
    fn named(&mut self, step: usize, rule: &str, text: &str, known: &BTreeSet<String>) {
        for name in names_in(text).filter(|name| !known.contains(*name)) {
            let place = Place::step(step, rule);
            self.findings.note(place, "a name of the plan", format_args!("`{name}`"));
        }
    }

    fn finish(&mut self, step: usize) {
        let said = &self.story.finish;
        self.derived(step, "story/finish", &said.provenance);
        let place = Place::step(step, "story/finish");
        let written = self.story.delegations.len();
        let number = if written == 1 { "one".to_owned() } else { written.to_string() };
        let names_it = said.text.split_whitespace().any(|word| word == number);
        self.findings.demand(
            names_it && !said.hindsight,
            place,
            "how many files are written",
            || said.text.clone(),
        );
    }

    /// Rebuilds the tree from what is there at the end.
    fn tree(self) -> Result<(), RepositoryError> {
        let modes: BTreeMap<&RepoPath, FileMode> = self
            .story
            .given
            .iter()
            .map(|given| (&given.path, given.mode))
            .chain(self.story.delegations.iter().map(|d| (&d.path, d.mode)))
            .collect();
        let mut worktree = Worktree::new(self.auditor.repository(), &TreeId::empty());
        for (path, blob) in &self.there {
            let mode = modes.get(path).copied().unwrap_or(FileMode::Plain);
            worktree.set(path, Some((mode, (*blob).clone())))?;
        }
        let found = worktree.tree_id();
        self.findings.equal(Place::whole("story/tree"), "tree", (&self.story.tree, &found));
        Ok(())
    }
}

fn evidence(provenance: &Provenance) -> &[EvidenceId] {
    match provenance {
        Provenance::Observed { evidence } | Provenance::Derived { evidence, .. } => evidence,
        Provenance::Executed { .. } | Provenance::Synthesized { .. } => &[],
    }
}

fn line_count(bytes: &[u8]) -> u32 {
    let ended = memchr::memchr_iter(b'\n', bytes).count();
    let open = usize::from(bytes.last().is_some_and(|last| *last != b'\n'));
    u32::try_from(ended + open).unwrap_or(u32::MAX)
}
