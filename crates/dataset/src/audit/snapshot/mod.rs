//! Is the story of a snapshot true to its commit?
//!
//! In: the story and the repository. Out: findings. Sorts the files of the tree
//! into written and given again, checks that every read reaches a file that is
//! there, that the writes of a file give its bytes, and that all files together
//! give the tree. Names in thoughts and tasks must be known from the plan.

mod agent;
mod circles;
mod given;
mod imports;
pub(super) mod quoted;
mod stub;

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    BlobId, EvidenceId, FileEntry, FileMode, HandedFile, PlannedFile, Provenance, RepoPath,
    RepositoryError, SnapshotStory, TreeId,
};

use super::Auditor;
use super::finding::{Checked, Findings, Place, TrajectoryAudit};
use super::worktree::Worktree;
use quoted::{is_quoted, names_in, stands_in};
use stub::Stub;

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
    /// The stubs that were written, those of files that are there by now included.
    stubs: BTreeMap<&'a RepoPath, Stub<'a>>,
    /// The plan by path.
    planned: BTreeMap<&'a RepoPath, &'a PlannedFile>,
}

impl<'a> SnapshotAudit<'a> {
    fn new(auditor: &'a Auditor<'a>, story: &'a SnapshotStory, findings: &'a mut Findings) -> Self {
        let there = story.given.iter().map(|given| (&given.path, &given.blob)).collect();
        let planned = story.plan.files.iter().map(|file| (&file.path, file)).collect();
        Self { auditor, story, findings, there, stubs: BTreeMap::new(), planned }
    }

    fn run(mut self) -> Result<(), RepositoryError> {
        let story = self.story;
        self.commit()?;
        self.files()?;
        self.plan()?;
        self.circles()?;
        self.requirements()?;
        let mut step = 3;
        for delegation in &story.delegations {
            self.delegation(step, delegation)?;
            step += 1 + delegation.steps.len();
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
            story.written().map(|d| (d.path.clone(), d.mode, d.blob.clone())).collect();
        let place = Place::whole("story/plan");
        self.findings.equal(place, "written", (&expected_written, &written));
        let once = written.len() == story.written().count();
        self.findings.demand(once, place, "every file once", || "a file twice".to_owned());
        let planned: Vec<&RepoPath> = story.plan.files.iter().map(|file| &file.path).collect();
        let handed: Vec<&RepoPath> = story.written().map(|file| file.path).collect();
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
        let handed: Vec<HandedFile<'_>> = story.written().collect();
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
            let Some(handed) = handed.get(at) else { continue };
            let bytes = self.auditor.repository().blob(handed.blob)?.unwrap_or_default();
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
        let written = self.story.written().count();
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
            .chain(self.story.written().map(|file| (file.path, file.mode)))
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
