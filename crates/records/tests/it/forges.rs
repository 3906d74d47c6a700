//! Do dumps of GitLab, Gitea and Jenkins become records?

use std::io::{Read as _, Write as _};
use std::path::Path;

use backstory_records::{ImportOptions, Imported, RecordFolder, import};
use serde_json::Value;

/// Imports one file; returns the account and the records without what is absent.
fn imported(name: &str, text: &str, options: &ImportOptions) -> (Imported, String) {
    let temp = tempfile::tempdir().expect("a folder");
    let file = temp.path().join("dump").join(name);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a new folder");
    let mut out = std::fs::File::create(&file).expect("a new file");
    out.write_all(text.as_bytes()).expect("room on the disk");
    let to = temp.path().join("records");
    let folder = RecordFolder::open(&to).expect("a new folder");
    let told = import(&[temp.path().join("dump")], &folder, options).expect("a readable dump");
    let lines: Vec<String> = told.files.iter().map(|file| records(&to.join(&file.name))).collect();
    (told, lines.concat())
}

fn records(path: &Path) -> String {
    let file = std::fs::File::open(path).expect("the record file");
    let mut text = String::new();
    zstd::Decoder::new(file).expect("a decoder").read_to_string(&mut text).expect("a whole file");
    text.lines().map(|line| shown(line) + "\n").collect()
}

fn shown(line: &str) -> String {
    let mut value: Value = serde_json::from_str(line).expect("a record");
    let fields = value.as_object_mut().expect("a record is an object");
    fields.retain(|name, value| {
        let empty = value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(serde_json::Map::is_empty);
        name != "raw" && !value.is_null() && !empty
    });
    value.to_string()
}

fn told(name: &str, text: &str) -> String {
    let options = ImportOptions {
        observed_at: Some("2025-01-01T00:00:00Z".to_owned()),
        ..Default::default()
    };
    let (account, records) = imported(name, text, &options);
    let source = &account.sources[0];
    let broken: Vec<_> =
        source.broken.iter().map(|item| format!("broken {}: {}\n", item.at, item.why)).collect();
    format!("{:?} {:?}\n{}{records}", source.dialect, source.other, broken.concat())
}

#[test]
fn issues_and_merge_requests_of_gitlab_have_the_numbers_of_their_project() {
    insta::assert_snapshot!(told("dump.json", r#"[
        {"id":900,"iid":12,"title":"Crash","description":"It crashes.","state":"opened","labels":["bug"],
         "author":{"username":"ada"},"created_at":"2020-01-01T00:00:00.500Z","updated_at":"2020-01-02T00:00:00Z",
         "web_url":"https://gitlab.example.org/acme/toy/-/issues/12"},
        {"id":901,"iid":3,"title":"Fix it","description":"Closes #12","state":"merged","source_branch":"fix",
         "author":{"username":"ghost"},"sha":"aa","merge_commit_sha":null,"squash_commit_sha":"cc",
         "diff_refs":{"base_sha":"bb","head_sha":"aa","start_sha":"bb"},"merged_at":"2020-01-03T00:00:00Z",
         "head_pipeline":{"id":77,"sha":"aa","ref":"fix","status":"failed","source":"push"},
         "web_url":"https://gitlab.example.org/acme/toy/-/merge_requests/3"},
        {"id":902,"iid":4,"title":"Short","state":"closed","web_url":"https://gitlab.example.org/acme/toy/merge_requests/4"},
        {"iid":1,"title":"1.0","start_date":null,"web_url":"https://gitlab.example.org/acme/toy/-/milestones/1"},
        {"iid":5,"title":null,"web_url":"https://gitlab.example.org/acme/toy/-/issues/5"}
    ]"#), @r#"
    Some("gitlab") {"milestone": 1}
    broken byte 1030: `title` is missing
    {"kind":"header","format":"backstory-records","version":1,"source":"import","repo":"acme/toy"}
    {"kind":"issue","id":"issue:12","number":12,"title":"Crash","body":"It crashes.","author":"ada","state":"open","labels":["bug"],"created_at":"2020-01-01T00:00:00.5Z","updated_at":"2020-01-02T00:00:00Z","observed_at":"2025-01-01T00:00:00Z","url":"https://gitlab.example.org/acme/toy/-/issues/12"}
    {"kind":"change","id":"change:3","number":3,"title":"Fix it","body":"Closes #12","state":"merged","base_sha":"bb","head_sha":"aa","merge_sha":"cc","merged_at":"2020-01-03T00:00:00Z","observed_at":"2025-01-01T00:00:00Z","url":"https://gitlab.example.org/acme/toy/-/merge_requests/3"}
    {"kind":"ci_run","id":"run:77","commit":"aa","change":3,"attempt":1,"event":"push","branch":"fix","conclusion":"failure","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"change","id":"change:4","number":4,"title":"Short","state":"closed","observed_at":"2025-01-01T00:00:00Z","url":"https://gitlab.example.org/acme/toy/merge_requests/4"}
    "#);
}

#[test]
fn notes_of_gitlab_are_comments_and_those_of_the_server_are_events() {
    insta::assert_snapshot!(told("issues/12/notes.json", r#"[
        {"id":1,"body":"Me too.","system":false,"noteable_type":"Issue","noteable_iid":12,"author":{"username":"bob"}},
        {"id":2,"body":"changed title from **Crash{- now-}** to **Crash{+ of the parser+}**","system":true,"noteable_type":"Issue","noteable_iid":12},
        {"id":3,"body":"mentioned in commit 1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e","system":true,"noteable_type":"Issue"},
        {"id":4,"body":"closed via merge request !3","system":true,"noteable_type":"Issue","noteable_iid":12},
        {"id":5,"body":"On a commit.","system":false,"noteable_type":"Commit"},
        {"id":"d1","individual_note":false,"notes":[
          {"id":6,"body":"Why?","noteable_type":"MergeRequest","noteable_iid":3,"position":{"new_path":"a.py","new_line":7,"head_sha":"aa"}},
          {"id":7,"body":"Because.","noteable_type":"MergeRequest","noteable_iid":3}]}
    ]"#), @r#"
    Some("gitlab") {"note on something else": 1}
    {"kind":"header","format":"backstory-records","version":1,"source":"import"}
    {"kind":"comment","id":"comment:1","on":"issue:12","author":"bob","body":"Me too.","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"event","id":"event:2","on":"issue:12","event":"renamed","from":"Crash now","to":"Crash of the parser","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"event","id":"event:3","on":"issue:12","event":"referenced","commit":"1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e","to":"mentioned in commit 1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"event","id":"event:4","on":"issue:12","event":"closed","number":3,"to":"closed via merge request !3","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"comment","id":"comment:6","on":"change:3","body":"Why?","path":"a.py","line":7,"commit":"aa","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"comment","id":"comment:7","on":"change:3","body":"Because.","in_reply_to":"comment:6","observed_at":"2025-01-01T00:00:00Z"}
    "#);
}

#[test]
fn versions_of_a_merge_request_keep_the_heads_that_were_pushed() {
    let versions = r#"[{"id":110,"merge_request_id":900,"head_commit_sha":"aa","base_commit_sha":"bb","created_at":"2020-01-02T00:00:00Z"}]"#;
    insta::assert_snapshot!(told("projects/1/merge_requests/3/versions.json", versions), @r#"
    Some("gitlab") {}
    {"kind":"header","format":"backstory-records","version":1,"source":"import"}
    {"kind":"event","id":"event:version:110","on":"change:3","event":"head_ref_pushed","commit":"aa","from":"bb","created_at":"2020-01-02T00:00:00Z","observed_at":"2025-01-01T00:00:00Z"}
    "#);
    insta::assert_snapshot!(told("versions.json", versions), @r#"
    Some("gitlab") {}
    broken byte 1: nothing tells which merge request it belongs to
    "#);
}

#[test]
fn the_ci_of_gitlab_tells_runs_jobs_and_tests() {
    let text = r#"
        {"id":77,"sha":"aa","ref":"main","status":"running","source":"push","web_url":"https://gitlab.example.org/acme/toy/-/pipelines/77"}
        {"id":5,"name":"test","stage":"check","status":"success","pipeline":{"id":77,"sha":"aa","ref":"main","status":"failed"},"started_at":"2020-01-01T00:00:00Z"}
        {"total_count":3,"test_suites":[{"name":"unit","test_cases":[
          {"name":"a","classname":"T","status":"success","execution_time":0.25},
          {"name":"a","classname":"T","status":"failed","execution_time":1,"system_output":"boom"},
          {"name":"b","classname":"T","status":"error","file":"t.py","stack_trace":"line 1"}]}]}"#;
    insta::assert_snapshot!(told("pipelines/77.json", text), @r#"
    Some("gitlab") {}
    {"kind":"header","format":"backstory-records","version":1,"source":"import","repo":"acme/toy"}
    {"kind":"ci_run","id":"run:77","commit":"aa","attempt":1,"event":"push","branch":"main","url":"https://gitlab.example.org/acme/toy/-/pipelines/77","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"ci_job","id":"job:5","run":"run:77","name":"test","conclusion":"success","started_at":"2020-01-01T00:00:00Z","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"ci_run","id":"run:77","commit":"aa","attempt":1,"branch":"main","conclusion":"failure","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"test_result","id":"test:run:77/100a6eb66574b8df","job":"run:77","producer":"unknown","suite":"unit","raw_classname":"T","raw_name":"a","outcome":"failed","entries":2,"flaky":true,"duration_ms":250,"message":"boom","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"test_result","id":"test:run:77/3d04ed6b29bef4ce","job":"run:77","producer":"unknown","suite":"unit","raw_classname":"T","raw_name":"b","file":"t.py","outcome":"errored","entries":1,"flaky":false,"message":"line 1","observed_at":"2025-01-01T00:00:00Z"}
    "#);
}

#[test]
fn gitea_differs_from_github_in_timelines_reviews_and_runs() {
    insta::assert_snapshot!(told("gitea.json", r#"[
        {"id":1,"number":12,"title":"Crash","body":"b","state":"open","user":{"login":"Ghost"},"original_author":"","original_author_id":0,"html_url":"https://codeberg.org/acme/toy/issues/12","created_at":"2020-01-01T02:00:00+02:00"},
        {"id":2,"number":3,"title":"Fix","state":"closed","merged":true,"merged_at":"2020-01-03T00:00:00Z","merge_commit_sha":"cc","head":{"sha":"aa"},"base":{"sha":"bb"},"user":{"login":"ada"},"html_url":"https://codeberg.org/acme/toy/pulls/3","comments_count":1},
        {"id":3,"body":"Me too.","issue_url":"https://codeberg.org/acme/toy/issues/12","pull_request_url":"","user":{"login":"bob"},"original_author":""},
        {"id":4,"type":"close","body":"","issue_url":"https://codeberg.org/acme/toy/issues/12","pull_request_url":"","ref_comment":null,"user":{"login":"ada"},"created_at":"2020-01-03T00:00:01Z"},
        {"id":5,"type":"label","body":"1","label":{"name":"bug"},"issue_url":"https://codeberg.org/acme/toy/issues/12","pull_request_url":"","ref_comment":null},
        {"id":6,"type":"commit_ref","ref_commit_sha":"aa","issue_url":"https://codeberg.org/acme/toy/issues/12","ref_comment":null},
        {"id":7,"type":"comment","body":"Hm.","issue_url":"https://codeberg.org/acme/toy/issues/12","ref_comment":null,"user":{"login":"bob"}},
        {"id":8,"state":"REQUEST_CHANGES","body":"No.","comments_count":0,"commit_id":"aa","pull_request_url":"https://codeberg.org/acme/toy/pulls/3","html_url":"https://codeberg.org/acme/toy/pulls/3#issuecomment-8","user":{"login":"bob"}},
        {"id":9,"run_number":4,"head_sha":"aa","head_branch":"main","status":"failure","workflow_id":"ci.yml","event":"push","updated_at":"2020-01-02T00:00:00Z"}
    ]"#), @r#"
    Some("gitea") {}
    {"kind":"header","format":"backstory-records","version":1,"source":"import","repo":"acme/toy"}
    {"kind":"issue","id":"issue:12","number":12,"title":"Crash","body":"b","state":"open","created_at":"2020-01-01T00:00:00Z","observed_at":"2025-01-01T00:00:00Z","url":"https://codeberg.org/acme/toy/issues/12"}
    {"kind":"change","id":"change:3","number":3,"title":"Fix","author":"ada","state":"merged","base_sha":"bb","head_sha":"aa","merge_sha":"cc","merged_at":"2020-01-03T00:00:00Z","observed_at":"2025-01-01T00:00:00Z","url":"https://codeberg.org/acme/toy/pulls/3"}
    {"kind":"comment","id":"comment:3","on":"issue:12","author":"bob","body":"Me too.","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"event","id":"event:4","on":"issue:12","event":"closed","author":"ada","created_at":"2020-01-03T00:00:01Z","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"event","id":"event:5","on":"issue:12","event":"labeled","to":"bug","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"event","id":"event:6","on":"issue:12","event":"referenced","commit":"aa","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"comment","id":"comment:7","on":"issue:12","author":"bob","body":"Hm.","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"review","id":"review:8","on":"change:3","author":"bob","state":"changes_requested","body":"No.","commit":"aa","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"ci_run","id":"run:9","commit":"aa","workflow":"ci.yml","attempt":1,"event":"push","branch":"main","conclusion":"failure","finished_at":"2020-01-02T00:00:00Z","observed_at":"2025-01-01T00:00:00Z"}
    "#);
}

const JENKINS: &str = r#"{"actions":[],"buildable":true,"builds":[
    {"number":12,"queueId":1,"url":"https://ci.example.org/job/a/job/b/12/","result":"UNSTABLE","building":false,"timestamp":1458874078582,"duration":1000,
     "actions":[{},{"causes":[{"_class":"hudson.triggers.SCMTrigger$SCMTriggerCause"}]},
       {"lastBuiltRevision":{"SHA1":"aa","branch":[{"SHA1":"aa","name":"refs/remotes/origin/main"}]},"remoteUrls":["git@example.org:acme/toy.git"]}]},
    {"number":13,"queueId":2,"url":"https://ci.example.org/job/a/job/b/13/","result":null,"building":true,"timestamp":1458874078582,"duration":0,
     "actions":[{"lastBuiltRevision":{"SHA1":"aa","branch":[]},"remoteUrls":["https://example.org/acme/toy"]},
       {"lastBuiltRevision":{"SHA1":"ff","branch":[]},"remoteUrls":["https://example.org/acme/library"]}]},
    {"number":14,"url":"nowhere","actions":[]}],"name":"b"}"#;

#[test]
fn builds_of_jenkins_are_runs_of_one_commit() {
    insta::assert_snapshot!(told("b.json", JENKINS), @r#"
    Some("jenkins") {"build of no single commit": 1}
    broken byte 807: nothing tells which job it belongs to
    {"kind":"header","format":"backstory-records","version":1,"source":"import","repo":"acme/toy"}
    {"kind":"ci_run","id":"run:a/b/12","commit":"aa","workflow":"a/b","attempt":1,"event":"push","branch":"main","conclusion":"failure","url":"https://ci.example.org/job/a/job/b/12/","created_at":"2016-03-25T02:47:58.582Z","started_at":"2016-03-25T02:47:58.582Z","finished_at":"2016-03-25T02:47:59.582Z","observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"ci_job","id":"job:a/b/12","run":"run:a/b/12","name":"a/b/12","conclusion":"failure","started_at":"2016-03-25T02:47:58.582Z","finished_at":"2016-03-25T02:47:59.582Z","observed_at":"2025-01-01T00:00:00Z"}
    "#);
}

#[test]
fn of_several_repositories_in_a_build_the_one_asked_for_counts() {
    let repo = backstory_model::RepoName::parse("acme/toy").expect("a name");
    let options = ImportOptions { repo: Some(repo), ..Default::default() };
    let (account, records) = imported("b.json", JENKINS, &options);
    assert!(records.contains(r#""id":"run:a/b/13","commit":"aa""#), "{records}");
    assert_eq!(account.sources[0].records.get("ci_run"), Some(&2));
}

#[test]
fn a_test_report_of_jenkins_belongs_to_the_build_in_its_path() {
    let report = r#"{"failCount":1,"suites":[{"name":"s","cases":[
        {"className":"T","name":"a","status":"FIXED","duration":0.5},
        {"className":"T","name":"b","status":"REGRESSION","errorDetails":"boom","errorStackTrace":"at T"}]}]}"#;
    insta::assert_snapshot!(told("job/a/job/b/12/testReport/api/json", report), @r#"
    Some("jenkins") {}
    {"kind":"header","format":"backstory-records","version":1,"source":"import"}
    {"kind":"test_result","id":"test:a/b/12/902d77a2264fe90c","job":"job:a/b/12","producer":"unknown","suite":"s","raw_classname":"T","raw_name":"a","outcome":"passed","entries":1,"flaky":false,"duration_ms":500,"observed_at":"2025-01-01T00:00:00Z"}
    {"kind":"test_result","id":"test:a/b/12/d2485b64c864316a","job":"job:a/b/12","producer":"unknown","suite":"s","raw_classname":"T","raw_name":"b","outcome":"failed","entries":1,"flaky":false,"message":"boom\nat T","observed_at":"2025-01-01T00:00:00Z"}
    "#);
}

#[test]
fn what_is_broken_is_told_and_the_rest_is_read() {
    let text = r#"[{"iid":"x","title":"a","description":"","web_url":""},
        {"iid":1,"title":7},{"iid":2,"title":"good"},{"iid":3,"title":"cu"#;
    insta::assert_snapshot!(told("cut.json", text), @r#"
    Some("gitlab") {}
    broken byte 1: `iid` is not a whole number
    broken byte 64: `title` is not text
    broken byte 109: the file ends inside this object
    {"kind":"header","format":"backstory-records","version":1,"source":"import"}
    {"kind":"issue","id":"issue:2","number":2,"title":"good","observed_at":"2025-01-01T00:00:00Z"}
    "#);
}
