//! Which history does this test run on?
//!
//! In: commits, merges and refs, written as calls. Out: git objects in memory,
//! with the same ids on every machine, ready to be written to disk or asked
//! through the `Repository` port. A wrong call stops the test.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    BlobId, Commit, CommitId, FileMode, RepoName, RepoPath, Signature, TreeEntry, TreeId,
};

use crate::draft::Draft;
use crate::edit::Edit;
use crate::graph;
use crate::layout::Storage;
use crate::memory::MemoryRepository;
use crate::merge::merge_files;
use crate::object::{Files, Kind, Objects, commit_bytes, tree_bytes};

/// The first commit of a history is made at 2024-01-01 09:00 UTC, each later one an hour on.
const FIRST_COMMIT_AT: i64 = 1_704_099_600;

/// Says why a commit cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Both sides changed the path and no edit says what it becomes.
    #[error("`{path}` conflicts in `{subject}`")]
    Conflict {
        /// The path.
        path: RepoPath,
        /// The first line of the message.
        subject: String,
    },
    /// A text to replace is missing or not unique.
    #[error("a text to replace occurs {count} times in `{path}` in `{subject}`")]
    Anchor {
        /// The path.
        path: RepoPath,
        /// The first line of the message.
        subject: String,
        /// How often the text occurs.
        count: usize,
    },
    /// An edit names a path that is not there.
    #[error("`{path}` does not exist in `{subject}`")]
    NoSuchPath {
        /// The path.
        path: RepoPath,
        /// The first line of the message.
        subject: String,
    },
}

/// Builds one git repository.
#[derive(Clone, Debug)]
pub struct RepoBuilder {
    name: RepoName,
    pub(crate) objects: Objects,
    pub(crate) refs: BTreeMap<String, BlobId>,
    pub(crate) branch: String,
    pub(crate) storage: Storage,
    files: BTreeMap<CommitId, Files>,
    made: i64,
}

impl RepoBuilder {
    /// Starts an empty repository named `owner/name` on branch `main`.
    ///
    /// # Panics
    ///
    /// When the name is not of that form.
    pub fn new(name: &str) -> Self {
        Self {
            name: RepoName::parse(name).expect("a repository is named owner/name"),
            objects: Objects::default(),
            refs: BTreeMap::new(),
            branch: "main".to_owned(),
            storage: Storage::default(),
            files: BTreeMap::new(),
            made: 0,
        }
    }

    /// Returns the name.
    pub fn name(&self) -> &RepoName {
        &self.name
    }

    /// Returns the storage oddities, to set some.
    pub fn storage(&mut self) -> &mut Storage {
        &mut self.storage
    }

    /// Returns the tip of the branch that commits go to.
    ///
    /// # Panics
    ///
    /// When the branch has no commit.
    pub fn head(&self) -> CommitId {
        self.tip().expect("the branch has a commit")
    }

    /// Returns the tip of any branch.
    pub fn tip_of(&self, branch: &str) -> Option<CommitId> {
        self.refs.get(&format!("refs/heads/{branch}")).map(as_commit)
    }

    fn tip(&self) -> Option<CommitId> {
        self.tip_of(&self.branch)
    }

    /// Commits these edits on top of the branch.
    ///
    /// # Panics
    ///
    /// When an edit names a path that is not there.
    pub fn commit<P, E>(
        &mut self,
        draft: impl Into<Draft>,
        edits: impl IntoIterator<Item = (P, E)>,
    ) -> CommitId
    where
        P: Into<RepoPath>,
        E: Into<Edit>,
    {
        self.try_commit(draft.into(), collect(edits)).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn try_commit(
        &mut self,
        draft: Draft,
        edits: Vec<(RepoPath, Edit)>,
    ) -> Result<CommitId, BuildError> {
        let parents: Vec<CommitId> = self.tip().into_iter().collect();
        let files = parents.first().map(|tip| self.files[tip].clone()).unwrap_or_default();
        self.apply(draft, parents, files, edits)
    }

    /// Makes a branch at this commit and goes on there.
    pub fn branch_from(&mut self, branch: &str, at: &CommitId) {
        self.set_ref(&format!("refs/heads/{branch}"), at);
        branch.clone_into(&mut self.branch);
    }

    /// Goes on with another branch; one without commits starts a history of its own.
    pub fn switch(&mut self, branch: &str) {
        branch.clone_into(&mut self.branch);
    }

    /// Removes a branch, keeping its commits.
    pub fn delete_branch(&mut self, branch: &str) {
        self.refs.remove(&format!("refs/heads/{branch}"));
    }

    /// Merges commits into the branch (two or more make an octopus); the edits
    /// settle conflicts and are applied to the merged files.
    ///
    /// # Panics
    ///
    /// When a conflict is left, or an edit names a path that is not there.
    pub fn merge<P, E>(
        &mut self,
        draft: impl Into<Draft>,
        others: &[CommitId],
        edits: impl IntoIterator<Item = (P, E)>,
    ) -> CommitId
    where
        P: Into<RepoPath>,
        E: Into<Edit>,
    {
        self.try_merge(draft.into(), others, collect(edits))
            .unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn try_merge(
        &mut self,
        draft: Draft,
        others: &[CommitId],
        edits: Vec<(RepoPath, Edit)>,
    ) -> Result<CommitId, BuildError> {
        let mut files = self.files[&self.head()].clone();
        for other in others {
            let base = self.base_of(&self.head(), other);
            files = self.merged(&draft, (&base, &files, &self.files[other].clone()), &edits)?;
        }
        let mut parents = vec![self.head()];
        parents.extend_from_slice(others);
        self.apply(draft, parents, files, edits)
    }

    /// Puts everything a branch did since its merge base into one commit.
    ///
    /// # Panics
    ///
    /// As [`RepoBuilder::merge`].
    pub fn squash<P, E>(
        &mut self,
        draft: impl Into<Draft>,
        other: &CommitId,
        edits: impl IntoIterator<Item = (P, E)>,
    ) -> CommitId
    where
        P: Into<RepoPath>,
        E: Into<Edit>,
    {
        self.try_squash(draft.into(), other, collect(edits))
            .unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn try_squash(
        &mut self,
        draft: Draft,
        other: &CommitId,
        edits: Vec<(RepoPath, Edit)>,
    ) -> Result<CommitId, BuildError> {
        let base = self.base_of(&self.head(), other);
        let ours = self.files[&self.head()].clone();
        let files = self.merged(&draft, (&base, &ours, &self.files[other].clone()), &edits)?;
        self.apply(draft, vec![self.head()], files, edits)
    }

    /// Repeats what one commit did to its first parent on top of the branch, as
    /// a rebase does; author and message are kept unless the draft says otherwise.
    ///
    /// # Panics
    ///
    /// When a conflict is left.
    pub fn cherry_pick(&mut self, commit: &CommitId, committer: Option<Signature>) -> CommitId {
        let draft = self.picked_draft(commit, committer);
        self.try_cherry_pick(draft, commit, Vec::new()).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn picked_draft(&self, commit: &CommitId, committer: Option<Signature>) -> Draft {
        let picked = self.objects.commit(commit).expect("a picked commit is in the history");
        Draft { message: picked.message, author: Some(picked.author), committer }
    }

    pub(crate) fn try_cherry_pick(
        &mut self,
        draft: Draft,
        commit: &CommitId,
        edits: Vec<(RepoPath, Edit)>,
    ) -> Result<CommitId, BuildError> {
        let before = self.before(commit);
        let ours = self.files[&self.head()].clone();
        let files = self.merged(&draft, (&before, &ours, &self.files[commit].clone()), &edits)?;
        self.apply(draft, vec![self.head()], files, edits)
    }

    /// Repeats every commit of another branch; edits settle the conflicts of the last.
    pub(crate) fn try_rebase(
        &mut self,
        other: &CommitId,
        committer: Option<&Signature>,
        edits: &[(RepoPath, Edit)],
    ) -> Result<CommitId, BuildError> {
        let parents = |id: &CommitId| self.read_commit(id).parents;
        let known = graph::ancestors(&self.head(), &parents);
        let mut picked = graph::ancestors(other, &parents);
        picked.retain(|id| !known.contains(id));
        while let Some(commit) = picked.pop() {
            let edits = if picked.is_empty() { edits.to_vec() } else { Vec::new() };
            let draft = self.picked_draft(&commit, committer.cloned());
            self.try_cherry_pick(draft, &commit, edits)?;
        }
        Ok(self.head())
    }

    /// Undoes what one commit did to its first parent.
    ///
    /// # Panics
    ///
    /// When a conflict is left.
    pub fn revert(&mut self, draft: impl Into<Draft>, commit: &CommitId) -> CommitId {
        self.try_revert(draft.into(), commit, Vec::new()).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn try_revert(
        &mut self,
        draft: Draft,
        commit: &CommitId,
        edits: Vec<(RepoPath, Edit)>,
    ) -> Result<CommitId, BuildError> {
        let (before, after) = (self.before(commit), self.files[commit].clone());
        let ours = self.files[&self.head()].clone();
        let files = self.merged(&draft, (&after, &ours, &before), &edits)?;
        self.apply(draft, vec![self.head()], files, edits)
    }

    /// Keeps a commit as the head of pull request `number`: `refs/pull/N/head`.
    pub fn pull_head(&mut self, number: u64, commit: &CommitId) {
        self.set_ref(&format!("refs/pull/{number}/head"), commit);
    }

    /// Keeps a commit as the head of merge request `number`: `refs/merge-requests/N/head`.
    pub fn merge_request_head(&mut self, number: u64, commit: &CommitId) {
        self.set_ref(&format!("refs/merge-requests/{number}/head"), commit);
    }

    /// Writes a lightweight tag.
    pub fn tag(&mut self, name: &str, commit: &CommitId) {
        self.set_ref(&format!("refs/tags/{name}"), commit);
    }

    /// Writes any ref.
    pub fn set_ref(&mut self, name: &str, commit: &CommitId) {
        self.refs.insert(name.to_owned(), as_object(commit.as_str()));
    }

    /// Writes an annotated tag.
    pub fn annotated_tag(&mut self, name: &str, commit: &CommitId, message: &str) {
        let text = format!(
            "object {commit}\ntype commit\ntag {name}\n\
             tagger Ada Fields <ada@example.org> {FIRST_COMMIT_AT} +0000\n\n{message}\n"
        );
        let id = self.objects.add(Kind::Tag, text.into_bytes());
        self.refs.insert(format!("refs/tags/{name}"), id);
    }

    /// Adds a blob that no tree has to name.
    pub fn blob(&mut self, bytes: &[u8]) -> BlobId {
        self.objects.add(Kind::Blob, bytes.to_vec())
    }

    /// Adds a tree exactly as given: unsorted, duplicated or hostile names included.
    ///
    /// # Panics
    ///
    /// When an object id were not a tree id, which cannot be.
    pub fn raw_tree(&mut self, entries: &[TreeEntry]) -> TreeId {
        let id = self.objects.add(Kind::Tree, tree_bytes(entries));
        TreeId::new(id.as_str()).expect("an object id has 40 digits")
    }

    /// Adds a commit object exactly as given; no further commit can build on it.
    pub fn raw_commit(&mut self, content: &[u8]) -> CommitId {
        as_commit(&self.objects.add(Kind::Commit, content.to_vec()))
    }

    /// Returns one commit.
    ///
    /// # Panics
    ///
    /// When the commit is not in the history.
    pub fn read_commit(&self, id: &CommitId) -> Commit {
        self.objects.commit(id).expect("the commit is in the history")
    }

    /// Returns the bytes of a file at a commit.
    pub fn file(&self, commit: &CommitId, path: &RepoPath) -> Option<Vec<u8>> {
        let (_, id) = self.files.get(commit)?.get(path)?;
        self.objects.content(Kind::Blob, id.as_str()).map(|bytes| bytes.to_vec())
    }

    /// Returns the paths of a commit.
    pub fn paths(&self, commit: &CommitId) -> BTreeSet<RepoPath> {
        self.files.get(commit).map(|files| files.keys().cloned().collect()).unwrap_or_default()
    }

    /// Returns the same objects through the `Repository` port, dropped blobs absent.
    pub fn memory(&self) -> MemoryRepository {
        MemoryRepository::new(&self.objects, &self.storage.dropped)
    }

    fn base_of(&self, one: &CommitId, other: &CommitId) -> Files {
        let parents =
            |id: &CommitId| self.objects.commit(id).map(|c| c.parents).unwrap_or_default();
        let base = graph::merge_base(one, other, &parents);
        base.map(|id| self.files[&id].clone()).unwrap_or_default()
    }

    fn before(&self, commit: &CommitId) -> Files {
        let parent = self.read_commit(commit).parents.into_iter().next();
        parent.map(|id| self.files[&id].clone()).unwrap_or_default()
    }

    fn merged(
        &mut self,
        draft: &Draft,
        (base, ours, theirs): (&Files, &Files, &Files),
        edits: &[(RepoPath, Edit)],
    ) -> Result<Files, BuildError> {
        let (files, conflicts) = merge_files(&mut self.objects, base, ours, theirs);
        let open =
            conflicts.into_iter().find(|path| edits.iter().all(|(edited, _)| edited != path));
        match open {
            Some(path) => Err(BuildError::Conflict { path, subject: subject(draft) }),
            None => Ok(files),
        }
    }

    fn apply(
        &mut self,
        draft: Draft,
        parents: Vec<CommitId>,
        mut files: Files,
        edits: Vec<(RepoPath, Edit)>,
    ) -> Result<CommitId, BuildError> {
        for (path, edit) in edits {
            let edit = match edit {
                Edit::Replace(pairs) => self.replaced(&files, &path, &pairs, &draft)?,
                other => other,
            };
            if self.apply_edit(&mut files, &path, edit).is_none() {
                return Err(BuildError::NoSuchPath { path, subject: subject(&draft) });
            }
        }
        Ok(self.record(draft, parents, files))
    }

    /// Turns replacements into the whole new text.
    fn replaced(
        &self,
        files: &Files,
        path: &RepoPath,
        pairs: &[(String, String)],
        draft: &Draft,
    ) -> Result<Edit, BuildError> {
        let missing = || BuildError::NoSuchPath { path: path.clone(), subject: subject(draft) };
        let (_, id) = files.get(path).ok_or_else(missing)?;
        let bytes = self.objects.content(Kind::Blob, id.as_str()).ok_or_else(missing)?;
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        for (old, new) in pairs {
            let count = text.matches(old.as_str()).count();
            if count != 1 {
                let (path, subject) = (path.clone(), subject(draft));
                return Err(BuildError::Anchor { path, subject, count });
            }
            text = text.replacen(old.as_str(), new, 1);
        }
        Ok(Edit::from(text))
    }

    fn apply_edit(&mut self, files: &mut Files, path: &RepoPath, edit: Edit) -> Option<()> {
        let entry = match edit {
            Edit::Replace(_) => return None,
            Edit::Write(bytes) => {
                let mode = files.get(path).map_or(FileMode::Plain, |(mode, _)| *mode);
                (mode, self.blob(&bytes))
            }
            Edit::WriteExecutable(bytes) => (FileMode::Executable, self.blob(&bytes)),
            Edit::WriteGroupWritable(bytes) => (FileMode::GroupWritable, self.blob(&bytes)),
            Edit::MakeExecutable => (FileMode::Executable, files.get(path)?.1.clone()),
            Edit::MakePlain => (FileMode::Plain, files.get(path)?.1.clone()),
            Edit::Symlink(target) => (FileMode::Symlink, self.blob(&target)),
            Edit::Submodule(commit) => (FileMode::Submodule, as_object(commit.as_str())),
            Edit::MoveFrom(from) => files.remove(&from)?,
            Edit::Delete => {
                let count = files.len();
                files.retain(|old, _| old != path && !old.is_below(path));
                return (files.len() < count).then_some(());
            }
        };
        files.insert(path.clone(), entry);
        Some(())
    }

    fn record(&mut self, draft: Draft, parents: Vec<CommitId>, files: Files) -> CommitId {
        let author = draft.author.unwrap_or_else(|| self.default_signature());
        let committer = draft.committer.unwrap_or_else(|| author.clone());
        let tree = self.objects.add_files(&files);
        let mut commit = Commit {
            id: CommitId::from_digest(&[0; 20]),
            tree,
            parents,
            author,
            committer,
            message: draft.message,
        };
        commit.id = as_commit(&self.objects.add(Kind::Commit, commit_bytes(&commit)));
        self.files.insert(commit.id.clone(), files);
        self.made += 1;
        self.set_ref(&format!("refs/heads/{}", self.branch), &commit.id);
        commit.id
    }

    fn default_signature(&self) -> Signature {
        Signature {
            name: "Ada Fields".to_owned(),
            email: "ada@example.org".to_owned(),
            seconds: FIRST_COMMIT_AT + self.made * 3600,
            offset_minutes: 0,
        }
    }
}

fn collect<P, E>(edits: impl IntoIterator<Item = (P, E)>) -> Vec<(RepoPath, Edit)>
where
    P: Into<RepoPath>,
    E: Into<Edit>,
{
    edits.into_iter().map(|(path, edit)| (path.into(), edit.into())).collect()
}

fn subject(draft: &Draft) -> String {
    draft.message.lines().next().unwrap_or_default().to_owned()
}

fn as_commit(id: &BlobId) -> CommitId {
    CommitId::new(id.as_str()).expect("an object id has 40 digits")
}

fn as_object(id: &str) -> BlobId {
    BlobId::new(id).expect("an object id has 40 digits")
}
