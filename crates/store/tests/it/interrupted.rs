//! Is a run that was stopped anywhere the same run in the end?

use backstory_store::{Faults, RunDirectory, StoreError, fs};

use crate::sample::{all_bytes, build};

const UNITS: u32 = 4;

/// Runs `attempt` with k = 1, 2, … until it passes clean; returns that k.
fn sweep(mut attempt: impl FnMut(u64) -> Result<(), StoreError>) -> u64 {
    (1..10_000).find(|k| attempt(*k).is_ok()).expect("some run passes clean")
}

#[test]
fn a_build_killed_at_any_step_resumes_to_the_same_bytes() {
    let undisturbed = tempfile::tempdir().unwrap();
    build(undisturbed.path(), UNITS, Faults::none()).unwrap();
    let expected = all_bytes(undisturbed.path());
    let steps = sweep(|k| {
        let temp = tempfile::tempdir().unwrap();
        let killed = build(temp.path(), UNITS, Faults::killed_at(k)).map(|_| ());
        build(temp.path(), UNITS, Faults::none()).unwrap();
        assert_eq!(all_bytes(temp.path()), expected, "killed at step {k}");
        killed
    });
    assert!(steps > 30, "the sweep met only {steps} steps");
}

#[test]
fn a_disk_full_at_any_step_is_an_error_and_tears_nothing() {
    let undisturbed = tempfile::tempdir().unwrap();
    build(undisturbed.path(), UNITS, Faults::none()).unwrap();
    let expected = all_bytes(undisturbed.path());
    sweep(|k| {
        let temp = tempfile::tempdir().unwrap();
        let broken = build(temp.path(), UNITS, Faults::full_disk_at(k)).map(|_| ());
        if let Err(error) = &broken {
            assert!(error.is_disk_full(), "step {k}: {error}");
            let whole = RunDirectory::read_only(temp.path())
                .is_ok_and(|run| run.is_sealed() && run.verify().is_ok_and(|d| d.is_empty()));
            assert!(!whole, "step {k} failed and left a run that claims to be whole");
        }
        build(temp.path(), UNITS, Faults::none()).unwrap();
        assert_eq!(all_bytes(temp.path()), expected, "disk full at step {k}");
        broken
    });
}

#[test]
fn a_sealed_run_killed_while_it_is_built_again_never_claims_to_be_whole() {
    sweep(|k| {
        let temp = tempfile::tempdir().unwrap();
        build(temp.path(), UNITS, Faults::none()).unwrap();
        let killed = build(temp.path(), 2, Faults::killed_at(k)).map(|_| ());
        let run = RunDirectory::read_only(temp.path()).unwrap();
        if run.is_sealed() {
            assert_eq!(run.verify().unwrap(), [], "killed at step {k}");
        }
        killed
    });
}

#[test]
fn what_the_dead_began_is_removed_and_what_the_living_write_is_not() {
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str| temp.path().join(name);
    // What a process that is gone has left, and names that mean something else.
    let stay = ["log.zst", ".log.part", ".hidden", ".log.12x.part"];
    for name in stay.into_iter().chain([".log.1234567.part"]) {
        fs::write_file(&at(name), b"begun").unwrap();
    }
    let living = fs::NewFile::create(&at("log")).unwrap();
    fs::remove_abandoned(temp.path()).unwrap();
    let left = fs::entries(temp.path()).unwrap();
    assert_eq!(left.len(), stay.len() + 1, "{left:?}");
    assert!(!at(".log.1234567.part").exists());
    living.commit().unwrap();
    assert!(at("log").exists());
}
