//! Do reports, logs and events of CI become records?

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use backstory_records::{ImportOptions, Imported, RecordFolder, import};
use serde_json::Value;

const COMMIT: &str = "6603f5ead061e1a6289a1ce6171be4d1eff59c3b";

/// A folder with files, and a records folder to import them into.
struct Desk {
    temp: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { temp: tempfile::tempdir().expect("a folder") }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.temp.path().join(name);
        let mut file = std::fs::File::create(&path).expect("a new file");
        file.write_all(bytes).expect("room on the disk");
        path
    }

    fn import(&self, path: &Path, commit: Option<&str>) -> Imported {
        let folder = RecordFolder::open(&self.records()).expect("a new folder");
        let options =
            ImportOptions { commit: commit.map(str::to_owned), ..ImportOptions::default() };
        import(&[path.to_owned()], &folder, &options).expect("a readable dump")
    }

    fn records(&self) -> PathBuf {
        self.temp.path().join("records")
    }

    /// Returns the records that were written, without the header.
    fn stored(&self, imported: &Imported) -> Vec<Value> {
        let mut records = Vec::new();
        for file in &imported.files {
            let text = unpacked(&self.records().join(&file.name));
            let lines = text.lines().skip(1);
            records.extend(lines.map(|line| serde_json::from_str(line).expect("JSON")));
        }
        records
    }

    fn log(&self, sha256: &str) -> String {
        unpacked(&self.records().join("logs").join(&sha256[..2]).join(format!("{sha256}.zst")))
    }
}

fn unpacked(path: &Path) -> String {
    let file = std::fs::File::open(path).expect("a stored file");
    let mut text = String::new();
    let mut decoder = zstd::Decoder::new(file).expect("a decoder");
    decoder.read_to_string(&mut text).expect("a whole file");
    text
}

/// Tells tests in short, and everything that could not be read.
fn tests_told(desk: &Desk, imported: &Imported) -> String {
    let mut told = String::new();
    for record in desk.stored(imported) {
        let text = |key: &str| record[key].as_str().unwrap_or("-").to_owned();
        if record["kind"] != "test_result" {
            _ = writeln!(told, "{} {} {}", text("kind"), text("id"), text("name"));
            continue;
        }
        let flaky = if record["flaky"] == true { " flaky" } else { "" };
        let (id, entries) = (record["test"].as_str().unwrap_or("?"), &record["entries"]);
        let (producer, outcome, name) = (text("producer"), text("outcome"), text("raw_name"));
        let line = record["line"].as_u64().map_or(String::new(), |line| format!(" line {line}"));
        let message = text("message").lines().next().unwrap_or_default().to_owned();
        _ = writeln!(
            told,
            "{producer} {outcome}{flaky} x{entries} {id:?} ({} | {} | {name}{line}) {message}",
            text("suite"),
            text("raw_classname"),
        );
    }
    for source in &imported.sources {
        _ = writeln!(told, "{} as {}", source.name, source.dialect.unwrap_or("nothing"));
        for broken in &source.broken {
            let why: String = broken.why.chars().take(120).collect();
            _ = writeln!(told, "  {}: {why}", broken.at);
        }
        for (kind, count) in &source.other {
            _ = writeln!(told, "  other: {count} {kind}");
        }
    }
    told
}

fn report_told(xml: &[u8]) -> String {
    let desk = Desk::new();
    let path = desk.put("report.xml", xml);
    tests_told(&desk, &desk.import(&path, None))
}

macro_rules! report_tests {
    ($($name:ident: $file:literal,)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(report_told(include_bytes!(concat!("reports/", $file))));
        }
    )*};
}

report_tests! {
    pytest_ids_are_rebuilt_and_doubles_keep_the_worst: "pytest.xml",
    pytest_with_files_counts_lines_from_one: "pytest-xunit1.xml",
    attempts_of_pytest_that_read_as_passes_are_flaky: "rerunfailures.xml",
    jest_reports_tell_of_tests_that_are_to_do: "jest.xml",
    vitest_names_the_file_and_the_path_of_the_test: "vitest.xml",
    node_tells_tests_apart_by_their_suites: "node.xml",
    nextest_retries_are_failures_and_flaky_passes: "nextest.xml",
    surefire_and_status_words_are_read: "surefire.xml",
    gotestsum_names_the_package: "gotestsum.xml",
}

#[test]
fn hostile_reports_are_told_and_stop_nothing() {
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>\
        <testsuite><testcase name=\"&b;\"/></testsuite>";
    let external = "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><testsuite/>";
    let unknown = "<testsuite><testcase name=\"&b;\"/><testcase name=\"good\"><failure>&b;&#65;\
        </failure></testcase></testsuite>";
    let long = format!(
        "<testsuite><testcase name=\"{}\"/><testcase name=\"good\"/></testsuite>",
        "x".repeat(10 << 20)
    );
    let deep = format!("<testsuite><testcase name=\"good\"/>{}", "<a>".repeat(100_000));
    let cut = "<testsuite><testcase name=\"good\"/><testcase name=\"no end\"><failure>";
    let crossed = "<testsuite><testcase name=\"good\"/><a></b></testsuite>";
    let nameless = "<testsuite><testcase/><testcase name=\"good\"/></testsuite>";
    let outside = "<testsuite><error message=\"m\"/><testcase name=\"good\"/></testsuite>";
    let empty = "<testsuites></testsuites>";
    let mut told = String::new();
    for xml in [laughs, external, unknown, &long, &deep, cut, crossed, nameless, outside, empty] {
        _ = writeln!(told, "{}", report_told(xml.as_bytes()));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn events_of_act_become_runs_jobs_and_logs() {
    let desk = Desk::new();
    let path = desk.put("act.ndjson", include_bytes!("act/matrix.ndjson"));
    let none = desk.import(&path, None);
    assert_eq!(none.sources[0].broken_count, 1);
    let imported = desk.import(&path, Some(COMMIT));
    let mut told = format!("{:?}\n", imported.sources[0].other);
    for record in desk.stored(&imported) {
        if let Some(sha256) = record["sha256"].as_str() {
            let (job, step) = (record["job"].as_str().unwrap_or("-"), &record["step"]);
            _ = writeln!(told, "log of {job} step {step}: {:?}", desk.log(sha256));
        } else {
            let record = serde_json::to_string_pretty(&record).expect("JSON");
            _ = writeln!(told, "{record}");
        }
    }
    insta::assert_snapshot!(told);
}

const JOB_LOG: &str = "\u{feff}2026-03-01T10:00:00.1234567Z one\r\nmore\n";

#[test]
fn logs_are_stored_as_they_are_with_their_jobs() {
    let desk = Desk::new();
    let time = "2026-03-01T10:00:00.1234567Z";
    let end = "Cleaning up orphan processes";
    let run = format!("a b\ts\t{time} one\na b\tt\t{time} {end}\nc\ts\t{time} two\n");
    std::fs::create_dir(desk.temp.path().join("dump")).expect("a new folder");
    desk.put("dump/job.txt", JOB_LOG.as_bytes());
    desk.put("dump/run.log", run.as_bytes());
    desk.put("dump/notes.txt", b"no log");
    let imported = desk.import(&desk.temp.path().join("dump"), Some(COMMIT));
    let mut told = String::new();
    for record in desk.stored(&imported) {
        _ = writeln!(told, "{record}");
        if let Some(sha256) = record["sha256"].as_str() {
            _ = writeln!(told, "  {:?}", desk.log(sha256));
        }
    }
    insta::assert_snapshot!(told);
    assert_eq!(imported.sources[1].dialect, None);
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(*name, options).expect("a member");
        writer.write_all(bytes).expect("memory does not fail");
    }
    writer.finish().expect("memory does not fail").into_inner()
}

#[test]
fn archives_are_read_by_member_and_nothing_is_unpacked() {
    let desk = Desk::new();
    let bomb = vec![b' '; 64 << 20];
    let report = b"<testsuite><testcase name=\"good\"/><testcase/></testsuite>";
    let inner = zipped(&[("a.xml", report)]);
    let bytes = zipped(&[
        ("0_build.txt", JOB_LOG.as_bytes()),
        ("build/2_Run tests.txt", JOB_LOG.as_bytes()),
        ("../../escape.xml", report),
        ("/etc/escape.xml", report),
        ("inner.zip", &inner),
        ("notes.md", b"nothing"),
        ("bomb.xml", &[b"<testsuite>".as_slice(), &bomb].concat()),
    ]);
    let path = desk.put("logs.zip", &bytes);
    let imported = desk.import(&path, Some(COMMIT));
    let told = tests_told(&desk, &imported);
    assert!(!desk.temp.path().join("escape.xml").exists());
    insta::assert_snapshot!(told);
    let cut = desk.put("cut.zip", &bytes[..bytes.len() / 2]);
    assert_eq!(desk.import(&cut, None).sources[0].broken_count, 1);
}

#[test]
fn a_second_import_of_ci_adds_nothing() {
    let desk = Desk::new();
    let path = desk.put("report.xml", include_bytes!("reports/pytest.xml"));
    let first = desk.import(&path, Some(COMMIT));
    let again = desk.import(&path, Some(COMMIT));
    assert_eq!(first.files[0].name, again.files[0].name);
    assert!(again.files[0].known);
}
