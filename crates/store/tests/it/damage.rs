//! Does every altered byte show?

use std::path::Path;

use backstory_store::{Damage, Faults, LogReader, RunDirectory, StoreError, fs};

use crate::sample::{all_bytes, build, do_unit, key, sha};

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read_file(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write_file(path, &bytes).unwrap();
}

#[test]
fn an_intact_run_has_no_damage() {
    let temp = tempfile::tempdir().unwrap();
    build(temp.path(), 4, Faults::none()).unwrap();
    let run = RunDirectory::read_only(temp.path()).unwrap();
    assert!(run.is_sealed());
    assert_eq!(run.verify().unwrap(), []);
}

#[test]
fn a_flipped_byte_in_any_file_is_found() {
    let temp = tempfile::tempdir().unwrap();
    build(temp.path(), 3, Faults::none()).unwrap();
    for (name, bytes) in all_bytes(temp.path()) {
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            flip(&temp.path().join(&name), at);
            let run = RunDirectory::read_only(temp.path()).unwrap();
            let clean = run.verify().is_ok_and(|damage| damage.is_empty());
            assert!(!clean, "byte {at} of {name} was altered unseen");
            flip(&temp.path().join(&name), at);
        }
    }
}

#[test]
fn missing_and_unlisted_files_are_found() {
    let temp = tempfile::tempdir().unwrap();
    build(temp.path(), 1, Faults::none()).unwrap();
    let run = RunDirectory::read_only(temp.path()).unwrap();
    fs::remove_file(&run.log_path()).unwrap();
    fs::write_file(&temp.path().join("notes.txt"), b"mine").unwrap();
    assert_eq!(
        run.verify().unwrap(),
        [
            Damage::Missing { path: "log/dispositions.jsonl.zst".into() },
            Damage::Unlisted { path: "notes.txt".into() },
        ]
    );
}

#[test]
fn a_file_of_the_run_that_is_swapped_for_another_size_changes_the_listing() {
    let temp = tempfile::tempdir().unwrap();
    build(temp.path(), 1, Faults::none()).unwrap();
    let run = RunDirectory::read_only(temp.path()).unwrap();
    let before = run.listing_digest().unwrap();
    fs::write_file(&run.log_path(), b"short").unwrap();
    assert_ne!(run.listing_digest().unwrap(), before);
}

#[test]
fn a_torn_unit_is_not_done_and_is_done_again() {
    let temp = tempfile::tempdir().unwrap();
    let run = RunDirectory::open(temp.path()).unwrap();
    do_unit(&run, 1).unwrap();
    let intact = all_bytes(temp.path());
    for name in ["result.json", "trajectory.json.zst"] {
        let path = run.unit_path(&key(1)).join(name);
        let bytes = fs::read_file(&path).unwrap();
        for length in 0..bytes.len() {
            fs::write_file(&path, &bytes[..length]).unwrap();
            assert!(run.unit(&key(1)).is_none(), "{name} cut to {length} bytes counts as done");
        }
        do_unit(&run, 1).unwrap();
        assert_eq!(all_bytes(temp.path()), intact);
    }
}

#[test]
fn a_torn_blob_is_written_again() {
    let temp = tempfile::tempdir().unwrap();
    let id = RunDirectory::open(temp.path()).unwrap().put_blob(b"some text\n").unwrap();
    let run = RunDirectory::open(temp.path()).unwrap();
    fs::write_file(&run.blob_path(&id), b"").unwrap();
    assert!(matches!(run.blob(&id), Err(StoreError::Damaged { .. })));
    run.put_blob(b"some text\n").unwrap();
    assert_eq!(run.blob(&id).unwrap(), b"some text\n");
}

#[test]
fn a_log_cut_at_any_byte_gives_every_line_before_the_cut_and_then_says_so() {
    let temp = tempfile::tempdir().unwrap();
    build(temp.path(), 5, Faults::none()).unwrap();
    let path = RunDirectory::read_only(temp.path()).unwrap().log_path();
    let bytes = fs::read_file(&path).unwrap();
    let mut whole_lines = 0;
    for length in 0..bytes.len() {
        fs::write_file(&path, &bytes[..length]).unwrap();
        let Ok(log) = LogReader::open(&path) else { continue };
        let read: Vec<_> = log.collect();
        assert!(matches!(read.last(), Some(Err(_))), "a cut at {length} went unnoticed");
        assert!(read.len() > whole_lines, "a cut at {length} lost a line");
        whole_lines = whole_lines.max(read.len() - 1);
    }
    assert_eq!(whole_lines, 5);
}

#[test]
fn a_file_of_a_later_version_is_refused_by_its_version() {
    let temp = tempfile::tempdir().unwrap();
    build(temp.path(), 1, Faults::none()).unwrap();
    let run = RunDirectory::read_only(temp.path()).unwrap();
    fs::write_file(&run.manifest_path(), br#"{"schema":{"major":9,"minor":0},"new":1}"#).unwrap();
    let error = run.manifest().unwrap_err();
    assert!(matches!(error, StoreError::Schema { .. }), "{error}");
}

#[test]
fn a_manifest_of_another_run_is_found() {
    let temp = tempfile::tempdir().unwrap();
    build(temp.path(), 1, Faults::none()).unwrap();
    let run = RunDirectory::read_only(temp.path()).unwrap();
    let digest = format!("{}  manifest.json\n", sha('0'));
    fs::write_file(&run.manifest_digest_path(), digest.as_bytes()).unwrap();
    assert!(!run.is_sealed());
    let damage = run.verify().unwrap();
    assert!(matches!(&damage[..], [Damage::Altered { path, .. }] if path == "manifest.json"));
}
