//! What does one operation on a bug do?
//!
//! In: an operation as git-bug stores it. Out: its kind with what belongs to it.
//! An operation is named by the digest of its bytes, as git-bug names it.

use std::collections::BTreeMap;

use backstory_model::Sha256;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256 as Hasher};

use super::BugError;

/// One operation.
#[derive(Debug)]
pub(super) struct Operation {
    /// Its name.
    pub(super) id: String,
    /// When it was made, as its author's clock said.
    pub(super) at: Timestamp,
    /// Who made it.
    pub(super) author: Option<String>,
    /// Where the forge shows it, if it was bridged.
    pub(super) url: Option<String>,
    /// What it does.
    pub(super) act: Act,
    /// Its bytes.
    pub(super) raw: Box<RawValue>,
}

/// What an operation does.
#[derive(Debug)]
pub(super) enum Act {
    Open { title: String, message: String },
    Rename { title: String },
    Comment { message: String },
    Close,
    Reopen,
    Label { added: Vec<String>, removed: Vec<String> },
    EditComment { target: String, message: String },
    SetUrl { target: String, url: String },
    Other { kind: String },
}

#[derive(Deserialize)]
struct Stored {
    #[serde(rename = "type")]
    kind: u64,
    timestamp: i64,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    status: Option<u64>,
    #[serde(default)]
    added: Option<Vec<String>>,
    #[serde(default)]
    removed: Option<Vec<String>>,
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    new_metadata: Option<BTreeMap<String, String>>,
}

impl Operation {
    /// Reads an operation.
    pub(super) fn read(raw: Box<RawValue>, author: Option<String>) -> Result<Self, BugError> {
        let id = Sha256::from_digest(&Hasher::digest(raw.get())).to_string();
        let broken = |why: &str| BugError::Operation { id: id.clone(), why: why.to_owned() };
        let mut stored: Stored =
            serde_json::from_str(raw.get()).map_err(|error| broken(&error.to_string()))?;
        let at = Timestamp::from_second(stored.timestamp)
            .map_err(|_| broken("its time is out of range"))?;
        let url = stored.metadata.take().and_then(url);
        let act = act(stored).ok_or_else(|| broken("a part is missing"))?;
        Ok(Self { id, at, author, url, act, raw })
    }
}

/// Sorts an operation by its kind; `None` when a part of it is missing.
fn act(stored: Stored) -> Option<Act> {
    Some(match stored.kind {
        1 => Act::Open { title: stored.title?, message: stored.message? },
        2 => Act::Rename { title: stored.title? },
        3 => Act::Comment { message: stored.message? },
        4 => match stored.status? {
            1 => Act::Reopen,
            2 => Act::Close,
            other => Act::Other { kind: format!("status {other}") },
        },
        5 => Act::Label {
            added: stored.added.unwrap_or_default(),
            removed: stored.removed.unwrap_or_default(),
        },
        6 => Act::EditComment { target: stored.target?, message: stored.message? },
        8 => match stored.new_metadata.and_then(url) {
            Some(url) => Act::SetUrl { target: stored.target?, url },
            None => Act::Other { kind: "metadata".to_owned() },
        },
        7 => Act::Other { kind: "no operation".to_owned() },
        other => Act::Other { kind: format!("operation {other}") },
    })
}

/// Returns the address a bridge noted down.
fn url(mut metadata: BTreeMap<String, String>) -> Option<String> {
    ["github-url", "gitlab-url"].into_iter().find_map(|key| metadata.remove(key))
}
