//! What is looked at before the changes, and why?

use backstory_model::{
    Action, AsItStood, EvidenceId, IssueRecord, Observation, Provenance, RecordId,
    RequirementSource,
};
use backstory_synth::{Story, UnitEvidence};
use backstory_testkit::RepoBuilder;
use insta::assert_snapshot;

use crate::scene::story_of;

/// Tells what comes before the changes, one line each.
fn looks(story: &Story) -> String {
    let lines = story.trajectory.steps.iter().filter_map(|step| {
        let told = match (&step.action, step.observation.as_ref().map(|seen| &seen.content)) {
            (Action::Message { text, .. }, _) if step.state.is_none() => format!("ask {text:?}"),
            (Action::List { depth, .. }, Some(Observation::Entries { entries, .. })) => {
                let names: Vec<String> = entries.iter().map(|e| e.path.to_string()).collect();
                format!("list {depth}: {}", names.join(" "))
            }
            (Action::Search { pattern, .. }, Some(Observation::Hits { hits, total, .. })) => {
                let hits: Vec<String> =
                    hits.iter().map(|hit| format!("{}:{}", hit.path, hit.line)).collect();
                format!("search {pattern:?} {total}: {}", hits.join(" "))
            }
            (Action::View { path, start, end }, _) => format!("view {path}:{start}-{end}"),
            _ => return None,
        };
        let how = match &step.choice {
            Provenance::Derived { rule, evidence } => {
                let evidence: Vec<&str> = evidence.iter().map(EvidenceId::as_str).collect();
                format!("{rule} {}", evidence.join(" "))
            }
            other => other.tier().as_str().to_owned(),
        };
        let hindsight = if step.hindsight { " hindsight" } else { "" };
        Some(format!("{told} [{how}{hindsight}]"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn issue(title: &str, body: &str) -> UnitEvidence {
    let issue = IssueRecord {
        id: RecordId::new("issue:7"),
        number: 7,
        title: title.to_owned(),
        body: Some(body.to_owned()),
        author: None,
        state: None,
        labels: Vec::new(),
        created_at: None,
        updated_at: None,
        observed_at: None,
        closed_at: None,
        url: None,
    };
    UnitEvidence { issues: vec![(issue, AsItStood::Exact)], ..UnitEvidence::default() }
}

const CLOCK: &str = "import units\n\n\ndef parse_clock(text):\n    hours, minutes = text.split(':')\n    return units.minutes(hours, minutes)\n";
const UNITS: &str =
    "LIMIT = 24\n\n\ndef minutes(hours, rest):\n    return int(hours) * 60 + int(rest)\n";

#[test]
fn the_words_of_the_issue_lead_to_the_file_without_hindsight() {
    let mut builder = RepoBuilder::new("acme/toy");
    let base = builder.commit(
        "start",
        [("clock.py", CLOCK), ("units.py", UNITS), ("README.md", "Call parse_clock.\n")],
    );
    let fixed = CLOCK.replace("text.split", "text.strip().split");
    let head = builder.commit("Strip", [("clock.py", fixed)]);
    let repo = builder.memory();
    let evidence = issue("parse_clock fails on spaces", "`parse_clock(' 1:30')` fails.");
    let story =
        story_of(&repo, &builder, Some(&base), &[head], &[("clock.py", "units.py")], &evidence)
            .unwrap();
    assert_eq!(story.trajectory.requirement.source, RequirementSource::Issue);
    assert_snapshot!(looks(&story), @r#"
    ask "parse_clock fails on spaces\n\n`parse_clock(' 1:30')` fails." [observed]
    list 2: README.md clock.py units.py [localize/list-root ]
    search "parse_clock" 2: README.md:1 clock.py:4 [localize/requirement-term requirement:30..41]
    view clock.py:4-6 [read/search-hit step:3]
    view units.py:4-5 [read/definition symbol:minutes hindsight]
    "#);
}

#[test]
fn what_the_words_do_not_lead_to_is_found_with_hindsight() {
    let mut builder = RepoBuilder::new("acme/toy");
    let base = builder.commit("start", [("clock.py", CLOCK), ("units.py", UNITS)]);
    let head = builder.commit(
        "Say when a day is too long",
        [("clock.py", CLOCK.replace("return units", "assert units.LIMIT\n    return units"))],
    );
    let repo = builder.memory();
    let story = story_of(
        &repo,
        &builder,
        Some(&base),
        &[head],
        &[("clock.py", "units.py")],
        &UnitEvidence::default(),
    )
    .unwrap();
    assert_eq!(story.trajectory.requirement.source, RequirementSource::PseudoIssue);
    assert_snapshot!(looks(&story), @r#"
    ask "Say when a day is too long" [observed]
    list 2: clock.py units.py [localize/list-root ]
    search "split" 1: clock.py:5 [localize/changed-term symbol:split hindsight]
    view clock.py:4-6 [read/edit-target blob:df41848c6b22b06a6141171e21ebf4c49ebc1c4e hindsight]
    view units.py:1-1 [read/definition symbol:LIMIT hindsight]
    "#);
}

#[test]
fn a_stack_frame_is_opened_where_it_points() {
    let mut builder = RepoBuilder::new("acme/toy");
    let base = builder.commit("start", [("src/clock.py", CLOCK), ("src/units.py", UNITS)]);
    let head = builder.commit("fix", [("src/units.py", UNITS.replace("24", "25"))]);
    let repo = builder.memory();
    let trace = "  File \"/home/me/src/clock.py\", line 5, in parse_clock\nValueError: bad value";
    let story =
        story_of(&repo, &builder, Some(&base), &[head], &[], &issue("Crash", trace)).unwrap();
    assert_snapshot!(looks(&story), @r#"
    ask "Crash\n\n  File \"/home/me/src/clock.py\", line 5, in parse_clock\nValueError: bad value" [observed]
    list 2: src src/clock.py src/units.py [localize/list-root ]
    search "parse_clock" 1: src/clock.py:4 [localize/requirement-term requirement:50..61]
    search "ValueError" 0:  [localize/requirement-term requirement:62..72]
    search "LIMIT" 1: src/units.py:1 [localize/changed-term symbol:LIMIT hindsight]
    view src/clock.py:4-6 [read/named-file requirement:24..36]
    view src/units.py:1-5 [read/edit-target blob:55b50be07f39a0094cdbd97a169a248bfb0309e5 hindsight]
    "#);
}

#[test]
fn a_bump_leads_to_the_manifest_and_not_to_the_code_that_uses_the_package() {
    let mut builder = RepoBuilder::new("acme/toy");
    let manifest = "[dependencies]\nunit-names = \"1.0.1\"\n";
    let code = "# Reads what unit-names defines.\ndef read():\n    return None\n";
    let base = builder.commit("start", [("clock.py", code), ("pack.toml", manifest)]);
    let message = "build(deps): bump unit-names from 1.0.1 to 1.0.2";
    let head = builder.commit(message, [("pack.toml", manifest.replace("1.0.1", "1.0.2"))]);
    let repo = builder.memory();
    let evidence = UnitEvidence::default();
    let story = story_of(&repo, &builder, Some(&base), &[head], &[], &evidence).unwrap();
    assert_snapshot!(looks(&story), @r#"
    ask "build(deps): bump unit-names from 1.0.1 to 1.0.2" [observed]
    list 2: clock.py pack.toml [localize/list-root ]
    search "unit-names" 2: clock.py:1 pack.toml:2 [localize/requirement-term requirement:18..28]
    view pack.toml:1-2 [read/search-hit step:3]
    view clock.py:1-3 [read/search-hit step:3]
    "#);
}

#[test]
fn what_a_comment_names_is_not_looked_up() {
    let mut builder = RepoBuilder::new("acme/toy");
    let base = builder.commit("start", [("clock.py", CLOCK), ("units.py", UNITS)]);
    let after = CLOCK.replace("    return", "    # See LIMIT.\n    return");
    let head = builder.commit("Say so", [("clock.py", after)]);
    let repo = builder.memory();
    let evidence = UnitEvidence::default();
    let imports = [("clock.py", "units.py")];
    let story = story_of(&repo, &builder, Some(&base), &[head], &imports, &evidence).unwrap();
    let definitions = looks(&story).lines().filter(|line| line.contains("read/definition")).count();
    assert_eq!(definitions, 0);
}
