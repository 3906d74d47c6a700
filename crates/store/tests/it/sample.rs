//! Which small run do the tests of this crate build?

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use backstory_model::{
    BlobId, CommitId, Counts, Disposition, Outcome, RepoName, RunManifest, RunOptions,
    SchemaVersion, Sha256, UnitId, UnitKey, WorkUnit,
};
use backstory_store::{Faults, RunDirectory, StoreError, UnitTexts};

pub(crate) fn repo() -> RepoName {
    RepoName::parse("acme/toy").unwrap()
}

pub(crate) fn key(number: u32) -> UnitKey {
    UnitKey::new(format!("{number:064x}")).unwrap()
}

fn commit(number: u32) -> CommitId {
    CommitId::new(format!("{number:040x}")).unwrap()
}

pub(crate) fn disposition(number: u32, trajectory: Option<&[u8]>) -> Disposition {
    let outcome = match trajectory {
        Some(json) => Outcome::Accepted { trajectory: RunDirectory::text_digest(json), steps: 3 },
        None => Outcome::Rejected { reason: "no_change".into(), detail: "nothing".into() },
    };
    let work = WorkUnit {
        key: key(number),
        repo: repo(),
        unit: UnitId::new(format!("acme__toy-{number}")),
        commit: commit(number),
        position: number,
        pull: None,
        pull_head: None,
    };
    let schema = SchemaVersion::CURRENT;
    Disposition {
        schema,
        work,
        outcome,
        labels: None,
        links: Vec::new(),
        execution: None,
        ci: None,
    }
}

/// A stand-in for a trajectory: what the store keeps is JSON text.
pub(crate) fn story(number: u32) -> Vec<u8> {
    format!(r#"{{"schema":{{"major":1,"minor":0}},"number":{number}}}"#).into_bytes()
}

fn put_blobs(run: &RunDirectory, number: u32) -> Result<Vec<BlobId>, StoreError> {
    let own = run.put_blob(format!("content of {number}\n").repeat(20).as_bytes())?;
    let shared = run.put_blob(b"shared by all\n")?;
    Ok(vec![own, shared])
}

/// Does one unit; every third one is rejected.
pub(crate) fn do_unit(run: &RunDirectory, number: u32) -> Result<(), StoreError> {
    if number % 3 == 2 {
        return run.commit_unit(&disposition(number, None), UnitTexts::default(), &[]);
    }
    let json = story(number);
    let blobs = put_blobs(run, number)?;
    let texts = UnitTexts { trajectory: Some(&json), execution: None };
    run.commit_unit(&disposition(number, Some(&json)), texts, &blobs)
}

pub(crate) fn manifest() -> RunManifest {
    RunManifest {
        schema: SchemaVersion::CURRENT,
        tool: "backstory test".into(),
        repositories: BTreeMap::from([(repo(), commit(1))]),
        records: None,
        options: RunOptions::default(),
        snapshots: None,
        counts: Counts::default(),
        links: BTreeMap::new(),
        files: BTreeMap::new(),
    }
}

/// Builds the run from whatever is there already.
pub(crate) fn build(path: &Path, units: u32, faults: Faults) -> Result<RunManifest, StoreError> {
    let run = RunDirectory::open_with(path, Arc::new(faults))?;
    for number in 0..units {
        if run.unit(&key(number)).is_none() {
            do_unit(&run, number)?;
        }
    }
    let mut collection = run.collect()?;
    for number in 0..units {
        collection.append(&run.read_unit(&key(number))?)?;
    }
    collection.seal(manifest())
}

/// Every file below a directory with its bytes, but for the lock.
pub(crate) fn all_bytes(path: &Path) -> BTreeMap<String, Vec<u8>> {
    backstory_store::fs::files_below(path)
        .unwrap()
        .into_iter()
        .filter(|(file, _)| !file.ends_with("run.lock"))
        .map(|(file, _)| {
            let name = file.strip_prefix(path).unwrap().to_string_lossy().into_owned();
            (name, backstory_store::fs::read_file(&file).unwrap())
        })
        .collect()
}

pub(crate) fn sha(digit: char) -> Sha256 {
    Sha256::new(digit.to_string().repeat(64)).unwrap()
}
