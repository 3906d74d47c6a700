//! Do record files of our own go in as they are?

use std::io::{Read as _, Write as _};
use std::path::Path;

use backstory_records::{ImportOptions, Imported, RecordFolder, import};

const LINES: &str = concat!(
    r#"{"kind":"header","format":"backstory-records","version":1,"source":"test","repo":"acme/toy"}"#,
    "\n",
    r#"{"kind":"issue","id":"issue:1","number":1,"title":"Crash","surprise":{"kept":true}}"#,
    "\n",
    r#"{"kind":"ci_run","id":"run:1","commit":"b","conclusion":"a word of next year"}"#,
    "\n",
);

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let mut file = std::fs::File::create(folder.join(name)).expect("a new file");
    file.write_all(bytes).expect("room on the disk");
}

fn imported(from: &Path, to: &Path) -> Imported {
    let folder = RecordFolder::open(to).expect("a new folder");
    import(&[from.to_owned()], &folder, &ImportOptions::default()).expect("a readable dump")
}

fn unpacked(path: &Path) -> String {
    let file = std::fs::File::open(path).expect("the record file");
    let mut text = String::new();
    let mut decoder = zstd::Decoder::new(file).expect("a decoder");
    decoder.read_to_string(&mut text).expect("a whole file");
    text
}

#[test]
fn lines_stay_as_they_are_and_a_second_import_adds_nothing() {
    let temp = tempfile::tempdir().expect("a folder");
    put(temp.path(), "a.ndjson", LINES.as_bytes());
    let to = temp.path().join("records");
    let first = imported(&temp.path().join("a.ndjson"), &to);
    let name = &first.files[0].name;
    let stored = unpacked(&to.join(name));
    assert_eq!(
        stored.lines().skip(1).collect::<Vec<_>>(),
        LINES.lines().skip(1).collect::<Vec<_>>()
    );
    let again = imported(&to.join(name), &to);
    assert_eq!((again.files[0].name.as_str(), again.files[0].known), (name.as_str(), true));
}

#[test]
fn broken_lines_are_told_with_their_place_and_the_rest_is_kept() {
    let temp = tempfile::tempdir().expect("a folder");
    let text = format!("{LINES}{{\"kind\":\"issue\"}}\nno json\n{{\"kind\":\"milestone\"}}\n");
    put(temp.path(), "a.ndjson", text.as_bytes());
    put(temp.path(), "b.bin", b"\x00\x01 nothing known");
    let to = tempfile::tempdir().expect("a folder");
    let told = imported(temp.path(), &to.path().join("records"));
    insta::assert_debug_snapshot!(told.sources);
}
