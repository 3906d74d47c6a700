//! Which records does a forge hold that the folder does not?
//!
//! In: a repository of a forge, a token, and ways to send requests and to wait. Out:
//! a record file of what is new, and logs. What was fetched is in a journal before it
//! is used, so that a collection that was killed goes on with the next request; what
//! a collection learned about the forge is kept in `collect/` beside the record
//! files, so that the next one asks only for what changed. Touches that folder and
//! the servers of the forge, and reads no clock.

mod address;
mod artifact;
mod client;
mod conversation;
mod error;
mod gitea;
mod github;
mod gitlab;
mod harvest;
mod http;
mod journal;
mod list;
mod plan;
mod report;
mod runs;
mod state;
mod transport;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use backstory_model::{RepoName, Sha256};
use backstory_store::fs;
use sha2::{Digest as _, Sha256 as Hasher};

pub use error::CollectError;
pub use http::Http;
pub use report::{Collected, Gap, Missing, Part};
pub use transport::{Clock, Request, Response, Transport};

use self::address::Origin;
use self::client::{Client, Token};
use self::conversation::Conversation;
use self::gitea::Gitea;
use self::github::GitHub;
use self::gitlab::GitLab;
use self::harvest::Harvest;
use self::journal::Journal;
use self::list::Gathering;
use self::plan::Plan;
use self::state::State;
use crate::{RecordFolder, RecordsError};

/// A server of repositories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forge {
    /// GitHub, or GitHub Enterprise.
    GitHub,
    /// GitLab.
    GitLab,
    /// Gitea or Forgejo.
    Gitea,
}

impl Forge {
    /// Returns the word used for it in file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Gitea => "gitea",
        }
    }

    /// Returns where its interface is, unless the user says otherwise.
    pub fn usual_base(self) -> Option<&'static str> {
        match self {
            Self::GitHub => Some("https://api.github.com"),
            Self::GitLab => Some("https://gitlab.com/api/v4"),
            Self::Gitea => None,
        }
    }

    fn accept(self) -> &'static str {
        match self {
            Self::GitHub => github::ACCEPT,
            Self::GitLab => gitlab::ACCEPT,
            Self::Gitea => gitea::ACCEPT,
        }
    }

    fn token(self, secret: &str) -> Token {
        let (header, prefix) = match self {
            Self::GitHub => ("authorization", "Bearer "),
            Self::GitLab => ("private-token", ""),
            Self::Gitea => ("authorization", "token "),
        };
        Token { header, prefix, secret: secret.to_owned() }
    }
}

/// What is collected, and from where.
#[derive(Clone, Debug)]
pub struct CollectOptions {
    /// The forge.
    pub forge: Forge,
    /// The repository.
    pub repo: RepoName,
    /// Where the forge has it, if not under its name: `group/subgroup/project`.
    pub path: Option<String>,
    /// Where the interface of the forge is.
    pub base: String,
    /// The token, if there is one. It goes to the server of `base` alone.
    pub token: Option<String>,
    /// Which parts.
    pub parts: BTreeSet<Part>,
    /// Only runs of CI made at this time or later, RFC 3339.
    pub since: Option<String>,
    /// On the first collection, only runs of CI of so many days.
    pub first_days: Option<u32>,
    /// No more downloads once so many bytes of them were read.
    pub max_bytes: Option<u64>,
}

impl CollectOptions {
    /// Returns where the forge has the repository.
    fn path(&self) -> String {
        self.path.clone().unwrap_or_else(|| self.repo.to_string())
    }
}

/// Collects what is new of a repository into a records folder.
pub fn collect(
    folder: &RecordFolder,
    options: &CollectOptions,
    transport: &dyn Transport,
    clock: &dyn Clock,
) -> Result<Collected, CollectError> {
    let CollectOptions { forge, repo, base, .. } = options;
    let token = options.token.as_deref().map(|secret| forge.token(secret));
    let client = Client::new(transport, clock, base, token, forge.accept())?;
    let place = place_of(folder, options)?;
    fs::create_dirs(&place)?;
    let state_path = place.join("state.json");
    let plan = Plan {
        parts: options.parts.clone(),
        since: options.since.clone(),
        first_days: options.first_days,
        max_bytes: options.max_bytes,
        state: State::default(),
    };
    let journal = place.join(journal_name(&plan)?);
    let state = State::read(&state_path)?;
    let opened = Journal::open(&journal)?;
    let (talk, plan) = Conversation::begin(client, opened, folder, Plan { state, ..plan })?;
    let harvest = Harvest::new(folder.writer(forge.as_str(), forge.as_str(), Some(repo))?);
    let artifacts = place.join("artifacts");
    let mut gathering = Gathering { talk, harvest, artifacts, fetched: Vec::new() };
    let learned = match forge {
        Forge::GitHub => GitHub::new(repo, &plan).collect(&mut gathering)?,
        Forge::GitLab => GitLab::new(&options.path(), &plan).collect(&mut gathering)?,
        Forge::Gitea => Gitea::new(repo, &plan).collect(&mut gathering)?,
    };
    finish(gathering, folder, &learned, &state_path, &journal)
}

/// Puts the record file in its place, then what was learned, and ends the journal.
///
/// A kill between the steps repeats them: each gives the same file again.
fn finish(
    gathering: Gathering<'_>,
    folder: &RecordFolder,
    learned: &State,
    state_path: &Path,
    journal: &Path,
) -> Result<Collected, CollectError> {
    let Gathering { talk, harvest, artifacts, fetched } = gathering;
    let (mut told, opened) = talk.end();
    let (file, records) = harvest.finish()?;
    told.records = records;
    told.files.extend(file);
    let (files, read) = artifact::import_all(&fetched, folder)?;
    told.files.extend(files);
    // Another collection may have ended meanwhile, with other parts.
    let mut state = State::read(state_path)?;
    state.lists.extend(learned.lists.clone());
    state.runs.extend(learned.runs.clone());
    state.write(state_path)?;
    fs::remove_file(journal)?;
    drop(opened);
    artifact::forget(&read, &artifacts)?;
    Ok(told)
}

/// Returns the folder of what is known about a repository of a forge.
fn place_of(folder: &RecordFolder, options: &CollectOptions) -> Result<PathBuf, CollectError> {
    let CollectOptions { forge, base, .. } = options;
    let wrong = || CollectError::Address { url: base.clone() };
    let origin = Origin::of(base).ok_or_else(wrong)?;
    let usual = forge.usual_base().and_then(Origin::of);
    let server = if usual == Some(origin.clone()) {
        String::new()
    } else {
        format!("+{}", address::escape(&origin.to_string()))
    };
    let path: Vec<String> = options.path().split('/').map(address::escape).collect();
    let name = format!("{}{server}+{}", forge.as_str(), path.join("+"));
    Ok(folder.path().join("collect").join(name))
}

/// Names a journal by what is asked for, so that another choice begins another one.
fn journal_name(plan: &Plan) -> Result<String, CollectError> {
    let told = |source| RecordsError::Json { id: "plan".to_owned(), source };
    let json = serde_json::to_vec(plan).map_err(told)?;
    let digest = Sha256::from_digest(&Hasher::digest(&json));
    Ok(format!("journal-{}", &digest.as_str()[..16]))
}
