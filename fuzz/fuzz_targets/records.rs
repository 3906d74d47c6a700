//! Does any record file stop the reader, or depend on the order of its lines?
//!
//! In: the bytes of one record file. Out: nothing; panics on a broken promise.

#![no_main]

use backstory_mine::records::{Records, read_bytes};
use backstory_model::RepoName;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let name = RepoName::parse("tidewater/daybook").expect("the name is well formed");
    _ = read_bytes(bytes, None);
    let Ok(records) = read_bytes(bytes, Some(&name)) else { return };
    look_up(&records);
    let Ok(turned) = read_bytes(&turned(bytes), Some(&name)) else { return };
    assert_eq!(records.digest(), turned.digest(), "the order of lines changes the digest");
    assert!(
        records.issue_numbers().eq(turned.issue_numbers()),
        "the order of lines changes what is read"
    );
});

/// Asks for everything once.
fn look_up(records: &Records) {
    for number in records.issue_numbers().chain(0..4) {
        for before in [i64::MIN, 0, 1_707_849_720, i64::MAX] {
            if let Ok((issue, _)) = records.issue_as_it_stood(number, before) {
                assert_eq!(issue.number, number);
                _ = records.comments_on(&issue.id);
            }
        }
        assert!(!records.issue_versions(number).is_empty() || records.issue(number).is_none());
        if let Some(change) = records.change(number) {
            _ = (records.comments_on(&change.id), records.reviews_on(&change.id));
        }
    }
}

/// Turns the order of the lines behind the header around.
fn turned(bytes: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    lines[1..].reverse();
    lines.join(&b'\n')
}
