//! Which two tests are planted to see whether verdicts can be believed?
//!
//! In: the head, a test file of it and a seed. Out: the head with one file more,
//! and the ids of the test that must pass and the one that must fail.

use std::sync::Arc;

use backstory_model::{FileMode, RepoPath, Repository, RepositoryError, TestId, TestRunner};

use crate::checkout::{Changes, VirtualTree};
use crate::report::canary::{CanaryPlace, canaries};

use super::trees::version;

/// The planted tests.
pub(super) struct Planted {
    /// The tree that holds them.
    pub(super) tree: VirtualTree,
    /// Their file.
    pub(super) file: String,
    /// The one that must pass.
    pub(super) passes: TestId,
    /// The one that must fail.
    pub(super) fails: TestId,
}

/// Plants two tests beside a test file.
pub(super) fn plant(
    repo: &dyn Repository,
    head: &VirtualTree,
    runner: TestRunner,
    beside: &str,
    seed: u64,
) -> Result<Planted, RepositoryError> {
    let text = text_of(repo, head, beside)?.unwrap_or_default();
    let package = match runner {
        TestRunner::Nextest => rust_package(repo, head, beside)?,
        TestRunner::GoTest => go_package(repo, head, beside)?,
        TestRunner::Pytest
        | TestRunner::Unittest
        | TestRunner::NodeTest
        | TestRunner::Jest
        | TestRunner::Vitest
        | TestRunner::Mocha => String::new(),
    };
    let place = CanaryPlace { runner, beside, text: &text, package: &package };
    let canaries = canaries(&place, seed);
    let content = Some((FileMode::Plain, Arc::from(canaries.text.into_bytes())));
    let changes = Changes::from([(RepoPath::from(canaries.path.as_str()), content)]);
    Ok(Planted {
        tree: head.with(&changes),
        file: canaries.path,
        passes: canaries.passes,
        fails: canaries.fails,
    })
}

fn text_of(
    repo: &dyn Repository,
    tree: &VirtualTree,
    path: &str,
) -> Result<Option<String>, RepositoryError> {
    let version = version(repo, tree, &RepoPath::from(path))?;
    Ok(version.map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Returns the folders above a file, the nearest first, each with its slash.
fn folders_above(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.rmatch_indices('/').map(|(at, _)| at + 1);
    ends.chain([0]).map(|end| &path[..end])
}

/// Returns the name of the Cargo package a file belongs to.
fn rust_package(
    repo: &dyn Repository,
    tree: &VirtualTree,
    file: &str,
) -> Result<String, RepositoryError> {
    for folder in folders_above(file) {
        let Some(text) = text_of(repo, tree, &format!("{folder}Cargo.toml"))? else { continue };
        let manifest: toml::Table = text.parse().unwrap_or_default();
        let name = manifest.get("package").and_then(|package| package.get("name"));
        if let Some(name) = name.and_then(toml::Value::as_str) {
            return Ok(name.to_owned());
        }
    }
    Ok(String::new())
}

/// Returns the import path of the Go package a file belongs to.
fn go_package(
    repo: &dyn Repository,
    tree: &VirtualTree,
    file: &str,
) -> Result<String, RepositoryError> {
    let directory = file.rsplit_once('/').map_or("", |(directory, _)| directory);
    for folder in folders_above(file) {
        let Some(text) = text_of(repo, tree, &format!("{folder}go.mod"))? else { continue };
        let module = text.lines().find_map(|line| line.strip_prefix("module "));
        let below = directory[folder.len().min(directory.len())..].trim_start_matches('/');
        let module = module.unwrap_or_default().trim();
        return Ok(if below.is_empty() { module.to_owned() } else { format!("{module}/{below}") });
    }
    Ok(String::new())
}
