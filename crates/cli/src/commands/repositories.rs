//! Where do the repositories of a finished run lie?
//!
//! In: what was typed, the names the run knows, and where its build found them.
//! Out: opened repositories by name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use backstory_mine::GitRepository;
use backstory_model::RepoName;
use backstory_store::RunDirectory;

use crate::Failure;
use crate::build::{name_of, open_repository};

/// Opens `PATH` or `NAME=PATH`; without a name, the run's only repository is
/// meant, and with nothing typed, the places the build read.
pub(super) fn open_repositories(
    given: &[String],
    run: &RunDirectory,
) -> Result<BTreeMap<RepoName, GitRepository>, Failure> {
    let names: Vec<RepoName> = run
        .manifest()
        .map(|manifest| manifest.repositories.into_keys().collect())
        .unwrap_or_default();
    let mut places = if given.is_empty() { run.sources() } else { BTreeMap::new() };
    for text in given {
        let (name, path) = match split(text) {
            Some((name, path)) => (name, path),
            None => (implied_name(text, given.len(), &names)?, PathBuf::from(text)),
        };
        places.insert(name, path);
    }
    if places.is_empty() {
        let place = run.path().display();
        return Err(Failure::new(format!("where the repositories of `{place}` lie is not known"))
            .hint("name them with `--repo PATH`, or `--repo NAME=PATH` where there are several"));
    }
    places.into_iter().map(|(name, path)| Ok((name, open_repository(&path)?))).collect()
}

fn split(text: &str) -> Option<(RepoName, PathBuf)> {
    let (name, path) = text.split_once('=')?;
    Some((RepoName::parse(name).ok()?, PathBuf::from(path)))
}

fn implied_name(text: &str, given: usize, names: &[RepoName]) -> Result<RepoName, Failure> {
    match names {
        [only] if given == 1 => Ok(only.clone()),
        _ => name_of(&PathBuf::from(text), None),
    }
}
