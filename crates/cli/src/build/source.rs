//! Which repositories and records does a build read, and do they fit together?

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use backstory_mine::records::{self, Records};
use backstory_mine::{GitRepository, MineError, repository_name};
use backstory_model::{CommitId, RepoName, Sha256};
use sha2::Digest as _;

use crate::{Failure, Talk};

/// Which repositories to read.
#[derive(Clone, Debug, Default)]
pub struct SourceRequest {
    /// Where they lie.
    pub repositories: Vec<PathBuf>,
    /// What the one repository is called.
    pub repo_name: Option<String>,
    /// The revision to start from, instead of HEAD.
    pub head: Option<String>,
    /// The folder of the records.
    pub records: Option<PathBuf>,
}

/// One opened repository with its records.
pub struct Source {
    /// What it is called.
    pub name: RepoName,
    /// Its objects.
    pub repo: GitRepository,
    /// The commit the walk starts from.
    pub head: CommitId,
    /// The pull request heads it holds.
    pub pull_heads: BTreeMap<u64, CommitId>,
    /// What the forge says about it.
    pub records: Option<Records>,
    /// The folder of the records, which also holds their logs.
    pub(crate) folder: Option<PathBuf>,
}

impl Source {
    fn open(path: &Path, request: &SourceRequest) -> Result<Self, Failure> {
        let repo = open_repository(path)?;
        let head = repo.resolve(request.head.as_deref())?;
        let name = name_of(path, request.repo_name.as_deref())?;
        Self::reopen(name, repo, head, request.records.as_deref())
    }

    /// Opens the repository of a finished run at the commit it was built from.
    pub(crate) fn reopen(
        name: RepoName,
        repo: GitRepository,
        head: CommitId,
        records: Option<&Path>,
    ) -> Result<Self, Failure> {
        let pull_heads = repo.refs_pull_heads()?;
        let folder = records.map(log_folder);
        let records = match records {
            Some(folder) => Some(records::read_folder(folder, Some(&name))?),
            None => None,
        };
        Ok(Self { name, repo, head, pull_heads, records, folder })
    }

    /// Returns the digest of everything but the objects that determines its units.
    pub fn digest(&self) -> Sha256 {
        let mut hasher = sha2::Sha256::new();
        hasher.update(format!("{} {} {}\n", self.name, self.head, self.side_digest()));
        for (number, head) in &self.pull_heads {
            hasher.update(format!("pull {number} {head}\n"));
        }
        Sha256::from_digest(&hasher.finalize())
    }

    /// Returns the digest of what every unit is read with besides its commits:
    /// the records, the numbers that are known to be pull requests, and what a
    /// partial clone has fetched so far.
    pub fn side_digest(&self) -> Sha256 {
        let mut hasher = sha2::Sha256::new();
        for number in self.pull_heads.keys() {
            hasher.update(format!("pull {number}\n"));
        }
        for pack in self.repo.promisor_packs() {
            hasher.update(format!("promisor {pack}\n"));
        }
        if let Some(records) = &self.records {
            hasher.update(format!("records {}\n", records.digest()));
        }
        Sha256::from_digest(&hasher.finalize())
    }
}

/// Returns the folder in which the logs of records lie: theirs, or that of the one file.
pub(crate) fn log_folder(records: &Path) -> PathBuf {
    let file = records.is_file().then(|| records.parent()).flatten();
    file.unwrap_or(records).to_owned()
}

/// Opens one repository; a path that is not there is told from one without git.
pub(crate) fn open_repository(path: &Path) -> Result<GitRepository, Failure> {
    if !path.exists() {
        return Err(Failure::new(format!("there is nothing at `{}`", path.display()))
            .hint("give a work tree, a bare repository or a `.git` directory"));
    }
    Ok(GitRepository::open(path)?)
}

/// Returns what a repository is called; `.` and `..` stand for what they name.
pub(crate) fn name_of(path: &Path, explicit: Option<&str>) -> Result<RepoName, Failure> {
    let dots = |part: Component<'_>| matches!(part, Component::CurDir | Component::ParentDir);
    let real = if path.components().any(dots) { path.canonicalize().ok() } else { None };
    let named = repository_name(real.as_deref().unwrap_or(path), explicit);
    Ok(named.map_err(|error| match error {
        MineError::NoName { .. } => MineError::NoName { path: path.to_owned() },
        other => other,
    })?)
}

/// Opens every repository, sorted by name, and tells what its records lack.
pub fn open_sources(request: &SourceRequest, talk: &Talk) -> Result<Vec<Source>, Failure> {
    if request.repositories.len() > 1 && (request.repo_name.is_some() || request.head.is_some()) {
        return Err(Failure::new("`--repo-name` and `--head` speak of one repository")
            .hint("build the repositories one by one, or leave the option out"));
    }
    let mut sources = BTreeMap::new();
    for path in &request.repositories {
        let source = Source::open(path, request)?;
        say_left_out(&source, talk);
        say_broken(&source, talk);
        if let Some(twin) = sources.insert(source.name.clone(), source) {
            return Err(Failure::new(format!("two repositories are called `{}`", twin.name))
                .hint("leave one of them out"));
        }
    }
    Ok(sources.into_values().collect())
}

fn say_left_out(source: &Source, talk: &Talk) {
    let place = source.repo.path().display();
    if source.repo.is_shallow() {
        talk.say(&format!(
            "warning: `{place}` is a shallow clone: older commits are missing, and so are their \
             units; `git fetch --unshallow` brings them"
        ));
    }
    if source.repo.is_partial() {
        talk.say(&format!(
            "warning: `{place}` is a partial clone: contents that were not fetched are recorded \
             as missing; clone it again without `--filter` to have them"
        ));
    }
}

fn say_broken(source: &Source, talk: &Talk) {
    let Some(records) = &source.records else { return };
    for line in &records.broken {
        talk.say(&format!("warning: records: `{}` line {}: {}", line.file, line.line, line.why));
    }
    for file in &records.skipped {
        talk.say(&format!("records: `{}` belongs to `{}`, skipped", file.file, file.repo));
    }
}

/// Counts the record lines that could not be read.
pub(super) fn broken_records(sources: &[Source]) -> usize {
    sources.iter().filter_map(|source| source.records.as_ref()).map(|r| r.broken.len()).sum()
}
