//! Is everybody whom a story names hidden in every format, and pointed at all the same?

use std::collections::BTreeSet;
use std::path::Path;

use backstory_dataset::{ExportContext, ExportError, ExportFormat, ExportOptions, Story, export};
use backstory_identity::Authors;
use backstory_model::{
    Action, CiConclusion, CommitId, EvidenceId, Observation, Phase, Provenance, RecordId, Role,
    Seen, Step, Thought, git_object_id,
};
use backstory_store::fs;
use backstory_table::read_rows;
use serde_json::Value;

use crate::graded::{EMPTY, story};
use crate::sample::Stored;

const ASKED: &str = "Mail ada@tide.example: `split_flags(\"\")` is wrong, @grace-h\n\n\
    Signed-off-by: Jean Bartik <jean@tide.example>\n";
const LOG: &str = "Author: Kay McNulty <kay@tide.example>\nE  assert 'x@y.example' == ''\n";

/// Everybody whom the story below names.
const PEOPLE: [&str; 9] = [
    "ada@tide.example",
    "grace-h",
    "Jean Bartik",
    "jean@tide.example",
    "Kay McNulty",
    "kay@tide.example",
    "Betty Holberton",
    "betty@tide.example",
    "from fran/",
];

/// Returns a story in which people are named wherever they can be.
fn naming() -> (Story, Stored) {
    let (mut story, mut stored) = story(8, &[EMPTY]);
    let trajectory = &mut story.trajectory;
    let said = "Tidy up\n\nCo-authored-by: Betty Holberton <betty@tide.example>";
    said.clone_into(&mut trajectory.unit.states[0].message);
    "Merge pull request #8 from fran/flags".clone_into(&mut trajectory.unit.links[0].excerpt);
    trajectory.unit.links[0].evidence =
        EvidenceId::new("record:comment:issue:7/2024-05-01T12:00:00Z/grace-h");
    trajectory.requirement.record = Some(RecordId::new("issue:7"));
    let Action::Message { text, .. } = &mut trajectory.steps[0].action else {
        panic!("the first step asks");
    };
    ASKED.clone_into(text);
    let at = ASKED.find("split_flags").unwrap();
    let search = trajectory.steps.iter_mut().find(|step| searches(step)).unwrap();
    search.choice =
        Provenance::derived("localize/requirement-term", [EvidenceId::requirement(at, at + 11)]);
    search.thought = Some(Thought { text: said.to_owned(), provenance: search.choice.clone() });
    let output = git_object_id("blob", LOG.as_bytes());
    stored.insert(output.clone(), LOG.as_bytes().to_vec());
    let note = Action::Message { role: Role::Agent, text: said.to_owned() };
    let finish = trajectory.steps.len() - 1;
    trajectory.steps[finish].action = Action::Finish { message: said.to_owned() };
    let step = |action, observation| Step {
        phase: Phase::Debugging,
        action,
        choice: Provenance::observed([]),
        observation,
        thought: None,
        hindsight: false,
        state: Some(0),
    };
    let report = Action::CiReport {
        commit: CommitId::new("b".repeat(40)).unwrap(),
        workflow: None,
        job: "test".to_owned(),
        step: None,
        conclusion: CiConclusion::Failure,
    };
    let log = RecordId::new("log:1");
    let content = Observation::CiLog { log, start: 0, end: LOG.len() as u64, output };
    let seen = Seen { content, provenance: Provenance::observed([]) };
    trajectory.steps.splice(finish..finish, [step(note, None), step(report, Some(seen))]);
    let instance = story.execution.as_mut().unwrap().instance.as_mut().unwrap();
    ASKED.clone_into(&mut instance.problem_statement);
    (story, stored)
}

fn searches(step: &Step) -> bool {
    matches!(&step.action, Action::Search { pattern, .. } if pattern == "split_flags")
}

fn written(out: &Path, authors: Authors) {
    let (story, stored) = naming();
    let reporter = [("backstory_reporter.py".to_owned(), "# reports\n".to_owned())].into();
    let context = ExportContext { reporter, ..ExportContext::default() };
    let formats = ExportFormat::ALL.into();
    let options = ExportOptions { formats, authors, ..ExportOptions::default() };
    let stories = [Ok::<_, ExportError>(story)];
    let exported = export(stories, &stored, out, &context, &options).unwrap();
    assert_eq!(exported.tasks, 1, "{exported:?}");
}

/// Returns the files that name somebody, and whom.
fn named(folder: &Path) -> BTreeSet<(String, &'static str)> {
    let mut found = BTreeSet::new();
    for (path, _) in fs::files_below(folder).unwrap() {
        let mut text = String::from_utf8_lossy(&fs::read_file(&path).unwrap()).into_owned();
        if path.extension().is_some_and(|ending| ending == "parquet") {
            read_rows(&path, |row| text.extend(row.values().map(|cell| format!("{cell:?}"))))
                .unwrap();
        }
        let name = path.strip_prefix(folder).unwrap().display().to_string();
        let named = PEOPLE.into_iter().filter(|who| text.contains(who));
        found.extend(named.map(|who| (name.clone(), who)));
    }
    found
}

#[test]
fn no_file_of_any_format_names_anybody() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), Authors::default());
    assert_eq!(named(folder.path()), BTreeSet::new());
}

#[test]
fn the_search_finds_everybody_who_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), Authors::Plain);
    let found = named(folder.path());
    let who: BTreeSet<&str> = found.iter().map(|(_, who)| *who).collect();
    assert_eq!(who, PEOPLE.into());
    let files: BTreeSet<&str> = found.iter().map(|(file, _)| file.as_str()).collect();
    insta::assert_snapshot!(files.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_a_search_was_made_of_is_found_in_the_requirement_that_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), Authors::default());
    let text = fs::read_text(&folder.path().join("atif/harbor__tidy-8.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let asked = document["steps"][0]["message"].as_str().unwrap();
    let pointers: Vec<&str> = document["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|step| step["extra"]["backstory"]["choice"]["evidence"][0].as_str())
        .filter_map(|pointer| pointer.strip_prefix("requirement:"))
        .collect();
    let (start, end) = pointers[0].split_once("..").unwrap();
    assert_eq!(&asked[start.parse().unwrap()..end.parse().unwrap()], "split_flags");
    let jean = Authors::default().name("jean@tide.example");
    assert!(asked.ends_with(&format!("\n\nSigned-off-by: {jean} <{jean}>\n")), "{asked}");
    let statement = folder.path().join("swe-bench/tasks/harbor__tidy-8/problem_statement.md");
    assert_eq!(fs::read_text(&statement).unwrap(), asked);
    assert!(text.contains("E  assert 'x@y.example' == ''"), "{text}");
}
