//! Which commit does a name mean?

use backstory_mine::{GitRepository, MineError};
use backstory_model::{CommitId, TreeEntry};
use backstory_testkit::{Layout, RepoBuilder};
use tempfile::{TempDir, tempdir};

struct Opened {
    repo: GitRepository,
    _directory: TempDir,
}

fn open(builder: &RepoBuilder) -> Opened {
    let directory = tempdir().unwrap();
    let repo = GitRepository::open(&builder.write(directory.path(), Layout::Bare)).unwrap();
    Opened { repo, _directory: directory }
}

fn one_commit() -> (RepoBuilder, CommitId) {
    let mut builder = RepoBuilder::new("ada/tally");
    let first = builder.commit("Start", [("a", "1\n")]);
    (builder, first)
}

#[test]
fn branches_tags_and_ids_name_commits() {
    let (mut builder, first) = one_commit();
    let second = builder.commit("Go on", [("a", "2\n")]);
    builder.tag("v1", &first);
    builder.annotated_tag("v2", &second, "Two");
    builder.pull_head(7, &first);
    let opened = open(&builder);
    for (name, commit) in [
        ("main", &second),
        ("refs/heads/main", &second),
        ("v1", &first),
        ("v2", &second),
        ("refs/pull/7/head", &first),
        (first.as_str(), &first),
        (&first.as_str()[..9], &first),
        (&second.as_str().to_uppercase()[..12], &second),
    ] {
        assert_eq!(&opened.repo.resolve(Some(name)).unwrap(), commit, "{name}");
    }
    assert_eq!(opened.repo.resolve(None).unwrap(), second);
}

#[test]
fn a_detached_head_is_a_commit() {
    let (mut builder, first) = one_commit();
    builder.storage().detached = true;
    assert_eq!(open(&builder).repo.resolve(None).unwrap(), first);
}

#[test]
fn names_of_nothing_are_refused() {
    let (builder, first) = one_commit();
    let tree = builder.read_commit(&first).tree;
    let opened = open(&builder);
    for name in
        ["no-such-branch", "0123456789", "", "-", "a b", "../x", "HEAD~1", "--all", "main\0"]
    {
        let error = opened.repo.resolve(Some(name)).unwrap_err();
        assert!(matches!(error, MineError::UnknownRevision { .. }), "{name}: {error:?}");
    }
    let error = opened.repo.resolve(Some(tree.as_str())).unwrap_err();
    assert!(matches!(error, MineError::NotACommit { .. }));
}

#[test]
fn a_repository_without_commits_says_so() {
    let builder = RepoBuilder::new("ada/tally");
    let error = open(&builder).repo.resolve(None).unwrap_err();
    assert!(matches!(error, MineError::NoCommits { .. }), "{error:?}");
}

#[test]
fn a_short_id_of_two_commits_is_ambiguous() {
    let (mut builder, first) = one_commit();
    let mut ids: Vec<CommitId> = vec![first];
    // Four digits: among a few hundred commits two share theirs.
    while ids.iter().all(|id| shared(&ids, id) < 2) {
        let step = ids.len();
        ids.push(builder.commit("Go on", [("a", format!("{step}\n"))]));
    }
    let twice = ids.iter().find(|id| shared(&ids, id) == 2).unwrap();
    let opened = open(&builder);
    let error = opened.repo.resolve(Some(&twice.as_str()[..4])).unwrap_err();
    assert!(matches!(error, MineError::AmbiguousRevision { .. }), "{error:?}");
}

fn shared(ids: &[CommitId], id: &CommitId) -> usize {
    ids.iter().filter(|other| other.as_str()[..4] == id.as_str()[..4]).count()
}

#[test]
fn heads_of_pull_and_merge_requests_are_found_by_number() {
    let (mut builder, first) = one_commit();
    builder.pull_head(3, &first);
    builder.merge_request_head(4, &first);
    builder.set_ref("refs/pull/5/merge", &first);
    builder.set_ref("refs/pull/x/head", &first);
    builder.pull_head(6, &CommitId::new("1".repeat(40)).unwrap());
    let tree = builder.raw_tree(&[] as &[TreeEntry]);
    builder.pull_head(8, &CommitId::new(tree.as_str()).unwrap());
    let heads = open(&builder).repo.refs_pull_heads().unwrap();
    assert_eq!(heads.into_iter().collect::<Vec<_>>(), [(3, first.clone()), (4, first)]);
}

#[test]
fn tags_name_commits_also_by_way_of_a_tag_object() {
    let (mut builder, first) = one_commit();
    builder.tag("v1.0", &first);
    builder.annotated_tag("series/2.0", &first, "second");
    builder.tag("gone", &CommitId::new("1".repeat(40)).unwrap());
    let tree = builder.raw_tree(&[] as &[TreeEntry]);
    builder.tag("tree", &CommitId::new(tree.as_str()).unwrap());
    let tags = open(&builder).repo.refs_tags().unwrap();
    let expected = [("series/2.0".to_owned(), first.clone()), ("v1.0".to_owned(), first)];
    assert_eq!(tags.into_iter().collect::<Vec<_>>(), expected);
}
