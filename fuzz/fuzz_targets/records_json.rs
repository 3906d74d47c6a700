//! Does any dump stop the importer, or make it write a record that it cannot read?
//!
//! In: the bytes of one file of a dump. Out: nothing; panics on a broken promise.

#![no_main]

use std::fs::File;
use std::io::Write as _;

use backstory_records::{ImportOptions, RecordFolder, import};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let temp = tempfile::tempdir().expect("a folder");
    let dump = temp.path().join("dump.json");
    let mut file = File::create(&dump).expect("a new file");
    file.write_all(bytes).expect("room on the disk");
    let folder = RecordFolder::open(&temp.path().join("records")).expect("a new folder");
    let options = ImportOptions::default();
    let told = import(&[dump], &folder, &options).expect("only a broken machine stops an import");
    for file in &told.files {
        let again = import(&[folder.path().join(&file.name)], &folder, &options)
            .expect("only a broken machine stops an import");
        let source = &again.sources[0];
        assert_eq!(source.broken_count, 0, "a record was written that cannot be read");
        assert_eq!(source.records.values().sum::<u64>(), file.records, "a record is lost");
    }
});
