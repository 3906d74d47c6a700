//! Does a run give back what was put into it?

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use backstory_model::Outcome;
use backstory_store::{Faults, RunDirectory, RunState, StoreError, fs};
use proptest::prelude::*;

use crate::sample::{all_bytes, build, disposition, do_unit, key, repo, sha, story};

#[test]
fn a_run_gives_back_dispositions_in_collect_order() {
    let temp = tempfile::tempdir().unwrap();
    build(temp.path(), 7, Faults::none()).unwrap();
    let run = RunDirectory::read_only(temp.path()).unwrap();
    let units: Vec<String> =
        run.dispositions().unwrap().map(|line| line.unwrap().work.unit.to_string()).collect();
    let expected: Vec<String> = (0..7).map(|number| format!("acme__toy-{number}")).collect();
    assert_eq!(units, expected);
}

#[test]
fn a_unit_gives_back_its_trajectory_text() {
    let temp = tempfile::tempdir().unwrap();
    build(temp.path(), 2, Faults::none()).unwrap();
    let run = RunDirectory::read_only(temp.path()).unwrap();
    let unit = run.unit(&key(1)).unwrap();
    assert!(matches!(unit.disposition.outcome, Outcome::Accepted { .. }));
    assert_eq!(run.trajectory_json(&unit.disposition).unwrap(), story(1));
    assert_eq!(unit.blobs.len(), 2);
}

#[test]
fn two_directories_hold_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    build(one.path(), 5, Faults::none()).unwrap();
    build(two.path(), 5, Faults::none()).unwrap();
    assert_eq!(all_bytes(one.path()), all_bytes(two.path()));
}

#[test]
fn a_smaller_run_in_the_same_directory_leaves_nothing_of_the_larger_one() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    build(one.path(), 6, Faults::none()).unwrap();
    build(one.path(), 2, Faults::none()).unwrap();
    build(two.path(), 2, Faults::none()).unwrap();
    assert_eq!(all_bytes(one.path()), all_bytes(two.path()));
}

#[test]
fn committing_a_unit_twice_changes_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let run = RunDirectory::open(temp.path()).unwrap();
    do_unit(&run, 1).unwrap();
    let before = all_bytes(temp.path());
    do_unit(&run, 1).unwrap();
    assert_eq!(all_bytes(temp.path()), before);
}

#[test]
fn a_second_build_on_one_run_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let _first = RunDirectory::open(temp.path()).unwrap();
    assert!(matches!(RunDirectory::open(temp.path()), Err(StoreError::Locked { .. })));
    assert!(matches!(RunDirectory::open_worker(temp.path()), Err(StoreError::Locked { .. })));
}

#[test]
fn two_workers_share_a_run_and_keep_a_build_out() {
    let temp = tempfile::tempdir().unwrap();
    let one = RunDirectory::open_worker(temp.path()).unwrap();
    let two = RunDirectory::open_worker(temp.path()).unwrap();
    do_unit(&one, 1).unwrap();
    do_unit(&two, 3).unwrap();
    assert!(matches!(RunDirectory::open(temp.path()), Err(StoreError::Locked { .. })));
    drop((one, two));
    let run = RunDirectory::open(temp.path()).unwrap();
    assert!(run.unit(&key(1)).is_some() && run.unit(&key(3)).is_some());
}

#[test]
fn a_directory_with_other_files_is_no_run() {
    let temp = tempfile::tempdir().unwrap();
    backstory_store::fs::write_file(&temp.path().join("letter.txt"), b"dear").unwrap();
    assert!(matches!(RunDirectory::open(temp.path()), Err(StoreError::NotARun { .. })));
    assert!(matches!(RunDirectory::read_only(temp.path()), Err(StoreError::NoRun { .. })));
}

#[test]
fn a_run_without_manifest_is_incomplete() {
    let temp = tempfile::tempdir().unwrap();
    drop(RunDirectory::open(temp.path()).unwrap());
    let run = RunDirectory::read_only(temp.path()).unwrap();
    assert!(matches!(run.manifest(), Err(StoreError::Incomplete { .. })));
    assert!(matches!(run.put_blob(b"x"), Err(StoreError::ReadOnly { .. })));
}

#[test]
fn the_ledger_remembers_a_run_and_survives_being_garbage() {
    let temp = tempfile::tempdir().unwrap();
    let state =
        RunState { run_key: sha('a'), listing: sha('b'), cpu_seconds: 1.5, peak_rss_mb: 20.0 };
    {
        let run = RunDirectory::open(temp.path()).unwrap();
        let mut ledger = run.ledger().unwrap();
        ledger.complete(&state).unwrap();
        ledger.attempted([(&key(1), "accepted")]).unwrap();
        ledger.attempted([(&key(1), "accepted")]).unwrap();
    }
    let run = RunDirectory::open(temp.path()).unwrap();
    let ledger = run.ledger().unwrap();
    assert_eq!(ledger.last_run().unwrap(), Some(state));
    assert_eq!(ledger.attempts(&key(1)).unwrap(), Some((2, "accepted".to_owned())));
    drop(ledger);
    backstory_store::fs::write_file(&temp.path().join("state.sqlite"), b"no database at all, but long enough to be looked at as one by the reader.............................").unwrap();
    assert_eq!(run.ledger().unwrap().last_run().unwrap(), None);
}

#[test]
fn a_new_file_that_is_not_committed_leaves_nothing() {
    use std::io::Write as _;
    let temp = tempfile::tempdir().unwrap();
    let place = temp.path().join("table");
    let mut file = backstory_store::fs::NewFile::create(&place).unwrap();
    file.write_all(b"half").unwrap();
    drop(file);
    assert!(backstory_store::fs::entries(temp.path()).unwrap().is_empty());
}

#[test]
fn an_error_names_the_path() {
    let temp = tempfile::tempdir().unwrap();
    let place = temp.path().join("absent").join("file");
    let error = backstory_store::fs::write_file(&place, b"x").unwrap_err();
    assert_eq!(error.to_string(), format!("failed to write `{}`", place.display()));
}

#[test]
fn a_rejected_unit_has_no_trajectory() {
    let temp = tempfile::tempdir().unwrap();
    let run = RunDirectory::open(temp.path()).unwrap();
    do_unit(&run, 2).unwrap();
    let error = run.trajectory_json(&disposition(2, None)).unwrap_err();
    assert!(error.to_string().ends_with("is damaged: the unit was rejected"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_byte_sequence_survives_as_a_blob(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let temp = tempfile::tempdir().unwrap();
        let run = RunDirectory::open(temp.path()).unwrap();
        let id = run.put_blob(&bytes).unwrap();
        prop_assert_eq!(run.blob(&id).unwrap(), bytes);
    }
}

#[test]
fn who_only_reads_finds_the_sources_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("a run? 100 %");
    let name = repo();
    {
        let run = RunDirectory::open(&place).unwrap();
        run.ledger().unwrap().set_sources([(&name, Path::new("/srv/toy"))]).unwrap();
    }
    let closed = |mode: u32| {
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    closed(0o555);
    let sources = RunDirectory::read_only(&place).unwrap().sources();
    closed(0o755);
    assert_eq!(sources, BTreeMap::from([(name, PathBuf::from("/srv/toy"))]));
}

#[test]
fn who_only_reads_leaves_a_damaged_ledger_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    drop(RunDirectory::open(folder.path()).unwrap());
    let ledger = folder.path().join("state.sqlite");
    fs::write_file(&ledger, b"no database at all").unwrap();
    let sources = RunDirectory::read_only(folder.path()).unwrap().sources();
    assert!(sources.is_empty());
    assert_eq!(fs::read_file(&ledger).unwrap(), b"no database at all");
}
