//! Does replaying a story on plain bytes give every authored state, and was
//! everything that is edited shown before?

use std::collections::BTreeMap;

use backstory_model::{
    Action, CommitId, Content, FileMode, Observation, RepoPath, Repository, Step, git_object_id,
};
use backstory_synth::{Story, UnitEvidence};
use backstory_testkit::{Edit, MemoryRepository, RepoBuilder};
use proptest::prelude::*;

use crate::scene::story_of;

type Files = BTreeMap<RepoPath, (FileMode, Vec<u8>)>;

fn files_at(repo: &MemoryRepository, commit: Option<&CommitId>) -> Files {
    let Some(commit) = commit else { return Files::new() };
    let tree = repo.commit(commit).expect("the commit exists").tree;
    let files = repo.files(&tree).expect("the tree exists");
    files
        .into_iter()
        .map(|file| {
            let bytes = repo.blob(&file.id).expect("readable").expect("present");
            (file.path, (file.mode, bytes.to_vec()))
        })
        .collect()
}

/// Marks lines by position; `true` once shown or written.
type Shown = BTreeMap<RepoPath, Vec<bool>>;

/// A replayer that shares no code with the author.
struct Replayer<'a> {
    story: &'a Story,
    repo: &'a MemoryRepository,
    files: Files,
    shown: Shown,
}

fn line_count(bytes: &[u8]) -> usize {
    bytes.split_inclusive(|byte| *byte == b'\n').count()
}

impl Replayer<'_> {
    fn content(&self, content: &Content) -> Vec<u8> {
        match content {
            Content::Text { blob } => self.story.blobs[blob].to_vec(),
            Content::Opaque { blob, .. } => {
                self.repo.blob(blob).expect("readable").expect("present").to_vec()
            }
        }
    }

    fn apply(&mut self, step: &Step) {
        match &step.action {
            Action::View { path, start, end } => {
                let (_, bytes) = &self.files[path];
                let Some(seen) = &step.observation else { panic!("a view shows something") };
                let Observation::Lines { blob, total } = &seen.content else {
                    panic!("a view shows lines")
                };
                assert_eq!(*blob, git_object_id("blob", bytes));
                assert_eq!(*total as usize, line_count(bytes));
                assert!(1 <= *start && start <= end && end <= total && end - start < 200);
                let count = line_count(bytes);
                let marks = self.shown.entry(path.clone()).or_insert(vec![false; count]);
                marks[*start as usize - 1..*end as usize].fill(true);
            }
            Action::Edit { path, old, new } => self.edit(path, old, new),
            Action::Create { path, mode, content } => {
                let bytes = self.content(content);
                self.shown.insert(path.clone(), vec![true; line_count(&bytes)]);
                self.files.insert(path.clone(), (*mode, bytes));
            }
            Action::Delete { path } => {
                self.files.remove(path).expect("a removed file exists");
                self.shown.remove(path);
            }
            Action::Rename { from, to } => {
                let file = self.files.remove(from).expect("a moved file exists");
                self.files.insert(to.clone(), file);
                let marks = self.shown.remove(from);
                marks.map(|marks| self.shown.insert(to.clone(), marks));
            }
            Action::SetMode { path, mode } => {
                self.files.get_mut(path).expect("the file exists").0 = *mode;
            }
            Action::Message { .. }
            | Action::Search { .. }
            | Action::List { .. }
            | Action::RunTests { .. }
            | Action::CiReport { .. }
            | Action::Finish { .. } => {}
        }
    }

    fn edit(&mut self, path: &RepoPath, old: &str, new: &str) {
        let (_, bytes) = self.files.get_mut(path).expect("an edited file exists");
        let places: Vec<usize> =
            (0..bytes.len()).filter(|at| bytes[*at..].starts_with(old.as_bytes())).collect();
        assert_eq!(places.len(), 1, "`{old}` names one place");
        let first = bytes[..places[0]].split(|byte| *byte == b'\n').count() - 1;
        let count = line_count(old.as_bytes());
        let marks = self.shown.get_mut(path).expect("an edited file was viewed");
        assert!(marks[first..first + count].iter().all(|shown| *shown), "unseen lines edited");
        marks.splice(first..first + count, vec![true; line_count(new.as_bytes())]);
        bytes.splice(places[0]..places[0] + old.len(), new.bytes());
    }
}

/// Replays a story and checks every authored state.
pub fn replay(
    story: &Story,
    repo: &MemoryRepository,
    base: Option<&CommitId>,
    states: &[CommitId],
) {
    let files = files_at(repo, base);
    let mut replayer = Replayer { story, repo, files, shown: Shown::new() };
    let steps = &story.trajectory.steps;
    for (index, commit) in states.iter().enumerate() {
        let last = steps.iter().rposition(|step| step.state.is_some_and(|s| s as usize <= index));
        let from = steps
            .iter()
            .rposition(|step| step.state.is_some_and(|s| (s as usize) < index))
            .map_or(0, |at| at + 1);
        for step in &steps[from..last.map_or(from, |at| at + 1)] {
            replayer.apply(step);
        }
        assert_eq!(replayer.files, files_at(repo, Some(commit)), "state {index}");
    }
}

/// One random change of one of a few paths.
fn change() -> impl Strategy<Value = (String, Edit)> {
    let path = prop_oneof!["[abc]\\.py", "d/[ab]\\.py", Just("bin".to_owned())];
    let line = prop_oneof![
        Just("x = 1\n".to_owned()),
        Just("def f():\n".to_owned()),
        Just("    return g()\n".to_owned()),
        Just("def g():\n".to_owned()),
        Just("\n".to_owned()),
        Just("crlf\r\n".to_owned()),
        "[a-z ]{0,6}\n",
    ];
    let text = (proptest::collection::vec(line, 0..14), any::<bool>()).prop_map(|(lines, cut)| {
        let mut text = lines.concat();
        if cut {
            text.pop();
        }
        Edit::from(text)
    });
    let edit = prop_oneof![
        8 => text,
        1 => Just(Edit::from(&b"\0\x01binary"[..])),
        1 => Just(Edit::from(&b"caf\xe9\n"[..])),
        1 => Just(Edit::Delete),
        1 => Just(Edit::Symlink(b"a.py".to_vec())),
        1 => Just(Edit::WriteExecutable(b"#!/bin/sh\n".to_vec())),
        1 => Just(Edit::MoveFrom("a.py".into())),
    ];
    (path, edit)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_history_replays_to_every_authored_state(
        commits in proptest::collection::vec(proptest::collection::vec(change(), 1..5), 1..5),
    ) {
        let mut builder = RepoBuilder::new("acme/toy");
        let mut made: Vec<CommitId> = Vec::new();
        for (number, edits) in commits.into_iter().enumerate() {
            let mut paths: Vec<String> = made
                .last()
                .map(|tip| builder.paths(tip))
                .unwrap_or_default()
                .iter()
                .map(ToString::to_string)
                .collect();
            let mut kept: Vec<(&str, Edit)> = Vec::new();
            for (path, edit) in &edits {
                let there = paths.contains(path);
                let twice = kept.iter().any(|(known, _)| known == path);
                let usable = match edit {
                    Edit::Delete => there,
                    Edit::MoveFrom(from) => {
                        paths.contains(&from.to_string())
                            && path != &from.to_string()
                            && !kept.iter().any(|(known, _)| *known == from.to_string())
                    }
                    _ => true,
                };
                if usable && !twice {
                    if let Edit::MoveFrom(from) = edit {
                        paths.retain(|path| *path != from.to_string());
                    }
                    kept.push((path, edit.clone()));
                }
            }
            let commit = builder.commit(format!("change {number}").as_str(), kept);
            made.push(commit);
        }
        let repo = builder.memory();
        for split in 0..made.len() {
            let (before, states) = made.split_at(split);
            let base = before.last();
            match story_of(&repo, &builder, base, states, &[], &UnitEvidence::default()) {
                Ok(story) => replay(&story, &repo, base, states),
                Err(rejection) => prop_assert_eq!(rejection.reason, "no_change"),
            }
        }
    }
}
