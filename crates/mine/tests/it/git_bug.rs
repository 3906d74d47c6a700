//! Do bugs kept in a repository become records with their times?

use backstory_mine::GitRepository;
use backstory_mine::git_bug::{Bug, bugs, has_bugs};
use backstory_model::{BlobId, CommitId, FileMode, Record, RepoName, Sha256, TreeEntry};
use backstory_testkit::{Layout, RepoBuilder};
use sha2::{Digest as _, Sha256 as Hasher};
use tempfile::TempDir;

const OPEN: &str = r#"{"type":1,"timestamp":1000,"nonce":"a","metadata":{"github-url":"https://github.com/ada/tally/issues/12"},"title":"Crash","message":"It crashes.","files":null}"#;

struct Bugs {
    repo: RepoBuilder,
    clock: u64,
}

impl Bugs {
    fn new() -> Self {
        Self { repo: RepoBuilder::new("ada/tally"), clock: 0 }
    }

    fn file(&mut self, name: &str, bytes: &[u8]) -> TreeEntry {
        TreeEntry { name: name.into(), mode: FileMode::Plain, id: self.repo.blob(bytes) }
    }

    fn commit(&mut self, parents: &[&CommitId], mut files: Vec<TreeEntry>) -> CommitId {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let tree = self.repo.raw_tree(&files);
        let parents: Vec<_> = parents.iter().map(|id| format!("parent {id}\n")).collect();
        let parents = parents.concat();
        let who = "<> 5 +0000";
        let text = format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\n");
        self.repo.raw_commit(text.as_bytes())
    }

    fn pack(&mut self, parents: &[&CommitId], clock: u64, ops: &[&str]) -> CommitId {
        let json = format!(r#"{{"author":{{"id":"ada"}},"ops":[{}]}}"#, ops.join(","));
        let files = vec![
            self.file("ops", json.as_bytes()),
            self.file("version-4", b""),
            self.file(&format!("edit-clock-{clock}"), b""),
        ];
        self.commit(parents, files)
    }

    /// Adds a bug of one pack for each of `packs`.
    fn bug(&mut self, packs: &[&[&str]]) {
        let mut head: Option<CommitId> = None;
        for ops in packs {
            self.clock += 1;
            let clock = self.clock;
            head = Some(self.pack(&head.iter().collect::<Vec<_>>(), clock, ops));
        }
        let name = name_of(packs[0][0]);
        self.repo.set_ref(&format!("refs/bugs/{name}"), &head.expect("a bug has a pack"));
    }

    fn read(&self) -> (TempDir, Vec<Bug>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = self.repo.write(folder.path(), Layout::Bare);
        let repo = GitRepository::open(&path).expect("a repository");
        let name = RepoName::parse("ada/tally").expect("a name");
        assert!(has_bugs(&repo).expect("refs can be read"));
        let read = bugs(&repo, &name).expect("refs can be read").collect();
        (folder, read)
    }

    fn only(&self) -> Bug {
        let (_folder, mut read) = self.read();
        assert_eq!(read.len(), 1);
        read.remove(0)
    }
}

fn name_of(operation: &str) -> String {
    Sha256::from_digest(&Hasher::digest(operation)).to_string()
}

/// Tells records in short lines.
fn told(bug: &Bug) -> Vec<String> {
    let line = |record: &Record| match record {
        Record::Issue(issue) => format!(
            "{} {} {:?} {:?} {} {:?}",
            issue.observed_at.as_deref().unwrap_or("-"),
            issue.id,
            issue.title,
            issue.body.as_deref().unwrap_or("-"),
            issue.state.as_deref().unwrap_or("-"),
            issue.labels
        ),
        Record::Comment(comment) => format!(
            "{} {} {:?} by {:?}",
            comment.observed_at.as_deref().unwrap_or("-"),
            comment.id,
            comment.body.as_deref().unwrap_or("-"),
            comment.author
        ),
        Record::Event(event) => format!(
            "{} {} {:?} {:?}",
            event.created_at.as_deref().unwrap_or("-"),
            event.event,
            event.from,
            event.to
        ),
        other => format!("{other:?}"),
    };
    bug.records.iter().map(|told| line(&told.record)).collect()
}

fn edit(at: i64, target: &str, message: &str) -> String {
    format!(r#"{{"type":6,"timestamp":{at},"target":"{target}","message":"{message}"}}"#)
}

#[test]
fn every_change_of_the_text_is_a_version_of_its_own_time() {
    let mut repo = Bugs::new();
    // A bridge writes the edits of the message before the renaming that came in between.
    let edit = edit(3000, &name_of(OPEN), "It crashes on empty input.");
    repo.bug(&[
        &[OPEN, &edit],
        &[r#"{"type":2,"timestamp":2000,"title":"Crash of the parser","was":"Crash"}"#],
        &[r#"{"type":5,"timestamp":2500,"added":["bug","ui"],"removed":null}"#],
        &[r#"{"type":5,"timestamp":2600,"added":[],"removed":["ui"]}"#],
        &[r#"{"type":4,"timestamp":4000,"status":2}"#, r#"{"type":4,"timestamp":5000,"status":1}"#],
    ]);
    insta::assert_snapshot!(told(&repo.only()).join("\n"), @r#"
    1970-01-01T00:16:40Z issue:12 "Crash" "It crashes." open []
    1970-01-01T00:33:20Z issue:12 "Crash of the parser" "It crashes." open []
    1970-01-01T00:33:20Z renamed Some("Crash") Some("Crash of the parser")
    1970-01-01T00:41:40Z labeled None Some("bug")
    1970-01-01T00:41:40Z labeled None Some("ui")
    1970-01-01T00:43:20Z unlabeled Some("ui") None
    1970-01-01T00:50:00Z issue:12 "Crash of the parser" "It crashes on empty input." open ["bug"]
    1970-01-01T01:06:40Z closed None None
    1970-01-01T01:23:20Z reopened None None
    "#);
}

#[test]
fn comments_have_the_ids_of_the_forge_and_keep_their_versions() {
    let mut repo = Bugs::new();
    let comment = r#"{"type":3,"timestamp":1500,"metadata":{"github-url":"https://github.com/ada/tally/issues/12#issuecomment-77"},"message":"Me to."}"#;
    let edit = edit(1600, &name_of(comment), "Me too.");
    repo.bug(&[&[OPEN], &[comment, r#"{"type":3,"timestamp":1550,"message":"By hand."}"#, &edit]]);
    insta::assert_snapshot!(told(&repo.only()).join("\n"), @r#"
    1970-01-01T00:16:40Z issue:12 "Crash" "It crashes." open []
    1970-01-01T00:25:00Z comment:77 "Me to." by None
    1970-01-01T00:25:50Z comment:1f71aa9874e773d7bc4518105e13566d58a5ba7e6f01c13232076381ff374971 "By hand." by None
    1970-01-01T00:26:40Z comment:77 "Me too." by None
    "#);
}

#[test]
fn the_name_of_an_author_is_the_login_and_deleted_accounts_have_none() {
    for (version, author) in [
        (r#"{"version":2,"name":"Ada Fields","login":"ada"}"#, Some("ada")),
        (r#"{"version":2,"name":"Ada Fields"}"#, Some("Ada Fields")),
        (r#"{"name":"Deleted user","login":"ghost","metadata":{"github-login":"ghost"}}"#, None),
    ] {
        let mut repo = Bugs::new();
        let file = repo.file("version", version.as_bytes());
        let identity = repo.commit(&[], vec![file]);
        repo.repo.set_ref("refs/identities/ada", &identity);
        repo.bug(&[&[OPEN]]);
        let Record::Issue(issue) = &repo.only().records[0].record else { panic!("an issue") };
        assert_eq!(issue.author.as_deref(), author);
    }
}

#[test]
fn a_bug_of_no_forge_or_of_another_repository_has_no_number() {
    for url in [
        "",
        r#""metadata":{"github-url":"https://github.com/bob/tally/issues/12"},"#,
        r#""metadata":{"github-url":"https://github.com/ada/tally/pull/12"},"#,
    ] {
        let mut repo = Bugs::new();
        let open = format!(r#"{{"type":1,"timestamp":1,{url}"title":"A","message":""}}"#);
        repo.bug(&[&[&open]]);
        let Record::Issue(issue) = &repo.only().records[0].record else { panic!("an issue") };
        assert_eq!(
            (issue.number, issue.id.as_str()),
            (0, format!("issue:{}", name_of(&open)).as_str())
        );
    }
}

#[test]
fn a_bug_exported_to_a_forge_has_the_number_it_got_there() {
    let mut repo = Bugs::new();
    let open = r#"{"type":1,"timestamp":1,"title":"A","message":"b"}"#;
    let target = name_of(open);
    let url = format!(
        r#"{{"type":8,"timestamp":2,"target":"{target}","new_metadata":{{"gitlab-url":"https://gitlab.com/ada/tally/-/issues/3"}}}}"#
    );
    repo.bug(&[&[open, &url]]);
    let bug = repo.only();
    let Record::Issue(issue) = &bug.records[0].record else { panic!("an issue") };
    assert_eq!(issue.number, 3);
    assert_eq!(bug.other.get("metadata"), Some(&1));
}

#[test]
fn packs_of_two_machines_are_put_in_the_order_of_their_clocks() {
    let mut repo = Bugs::new();
    let first = repo.pack(&[], 1, &[OPEN]);
    let late = repo.pack(&[&first], 7, &[r#"{"type":2,"timestamp":1900,"title":"Third"}"#]);
    let early = repo.pack(&[&first], 5, &[r#"{"type":2,"timestamp":2000,"title":"Second"}"#]);
    let merge = repo.pack(&[&late, &early], 8, &[]);
    repo.repo.set_ref(&format!("refs/bugs/{}", name_of(OPEN)), &merge);
    // The clock of the second machine is wrong: what came later is not dated before it.
    insta::assert_snapshot!(told(&repo.only()).join("\n"), @r#"
    1970-01-01T00:16:40Z issue:12 "Crash" "It crashes." open []
    1970-01-01T00:33:20Z renamed Some("Crash") Some("Second")
    1970-01-01T00:33:20Z issue:12 "Third" "It crashes." open []
    1970-01-01T00:33:20Z renamed Some("Second") Some("Third")
    "#);
}

#[test]
fn operations_of_unknown_kinds_are_counted() {
    let mut repo = Bugs::new();
    let lost = edit(5, "nothing", "x");
    repo.bug(&[&[OPEN, r#"{"type":99,"timestamp":1}"#, r#"{"type":7,"timestamp":1}"#, &lost]]);
    let bug = repo.only();
    assert_eq!(bug.records.len(), 1);
    assert_eq!(
        bug.other.iter().map(|(kind, count)| format!("{kind}: {count}")).collect::<Vec<_>>(),
        ["edit of an unknown comment: 1", "no operation: 1", "operation 99: 1"]
    );
}

#[test]
fn a_bug_that_cannot_be_read_is_told_and_the_others_are_read() {
    let mut repo = Bugs::new();
    repo.bug(&[&[OPEN]]);
    repo.repo.switch("elsewhere");
    let code = repo.repo.commit("Start", [("a", "one\n")]);
    repo.repo.set_ref("refs/bugs/1-code", &code);
    let missing = r#"{"type":3,"timestamp":1500}"#;
    for (name, ops) in [
        ("2-no-opening", r#"{"type":3,"timestamp":1500,"message":"x"}"#),
        ("3-missing", missing),
        ("4-time", r#"{"type":1,"timestamp":99999999999999999,"title":"a","message":""}"#),
        ("5-json", "nonsense"),
    ] {
        let head = repo.pack(&[], 1, &[ops]);
        repo.repo.set_ref(&format!("refs/bugs/{name}"), &head);
    }
    let ops = repo.file("ops", b"{}");
    let old = repo.file("version-2", b"");
    let head = repo.commit(&[], vec![ops, old]);
    repo.repo.set_ref("refs/bugs/6-version", &head);
    let gone = BlobId::new("ab".repeat(20)).expect("an id");
    let ops = TreeEntry { name: b"ops".to_vec(), mode: FileMode::Plain, id: gone };
    let files = vec![ops, repo.file("version-4", b""), repo.file("edit-clock-1", b"")];
    let head = repo.commit(&[], files);
    repo.repo.set_ref("refs/bugs/7-gone", &head);
    let (_folder, read) = repo.read();
    let broken: Vec<_> = read.iter().filter_map(|bug| bug.broken.as_deref()).collect();
    assert_eq!(read.iter().filter(|bug| bug.broken.is_none()).count(), 1);
    insta::assert_snapshot!(broken.join("\n"), @"
    commit `a5a9006961249c05ba64584e80db15e9d353fa16` holds no `ops` file
    its first operation does not open it
    operation `5f5223ffaa86ca7e4d0349d5b5aee643cc8c9cc759367038052c9025faf8491d` cannot be read: a part is missing
    operation `ee015da5e86aa476e57b265140c55b72a760f75ead74dacbca12a59ebfb0138a` cannot be read: its time is out of range
    the operations of commit `ebb45711966262a804adb85f021078b15456ae3e` cannot be read: expected ident at line 1 column 32
    commit `80fd1de37bee6f82e42ff76696de519c1ee61050` has `version-2`; this build reads `version-4`
    the operations of commit `6861909d085f0334daaba0e1740d74a9ec6464ba` cannot be read: it is missing
    ");
}
