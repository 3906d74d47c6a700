//! Does the audit find every kind of untruth?
//!
//! Each case plants one into the correct sample and names the rule that must
//! speak up.

use backstory_model::{
    Action, Content, EventRecord, EvidenceId, FileMode, LinkMethod, Observation, OpaqueReason,
    Phase, Provenance, Record, RecordId, RepoPath, RequirementSource, Role, Sequence, Step,
    Thought, UnitId,
};

use crate::sample::{Sample, sample};

type Case = (&'static str, &'static str, fn(&mut Sample));

fn step(sample: &mut Sample, number: usize) -> &mut Step {
    &mut sample.trajectory.steps[number - 1]
}

fn seen(sample: &mut Sample, number: usize) -> &mut Observation {
    &mut step(sample, number).observation.as_mut().expect("the step shows something").content
}

fn claim(sample: &mut Sample, number: usize) -> &mut Provenance {
    &mut step(sample, number).observation.as_mut().expect("the step shows something").provenance
}

fn commit(sample: &Sample, state: usize) -> EvidenceId {
    EvidenceId::commit(&sample.trajectory.unit.states[state].commit)
}

const OBSERVATIONS: &[Case] = &[
    ("an altered hit", "search/literal", |s| {
        let Observation::Hits { hits, .. } = seen(s, 3) else { panic!("a search") };
        hits[0].text.push(' ');
    }),
    ("a hit on another line", "search/literal", |s| {
        let Observation::Hits { hits, .. } = seen(s, 3) else { panic!("a search") };
        hits[1].line = 2;
    }),
    ("a missing hit", "search/literal", |s| {
        let Observation::Hits { hits, .. } = seen(s, 3) else { panic!("a search") };
        hits.remove(1);
    }),
    ("a wrong total", "search/literal", |s| {
        let Observation::Hits { total, .. } = seen(s, 3) else { panic!("a search") };
        *total += 1;
    }),
    ("a wrong number of files", "search/literal", |s| {
        let Observation::Hits { files, .. } = seen(s, 3) else { panic!("a search") };
        *files += 1;
    }),
    ("a search that is not for whole words", "search/literal", |s| {
        let Action::Search { whole_word, .. } = &mut step(s, 3).action else { panic!("a search") };
        *whole_word = false;
    }),
    ("a pattern of two lines", "search/literal", |s| {
        let Action::Search { pattern, .. } = &mut step(s, 3).action else { panic!("a search") };
        pattern.push('\n');
    }),
    ("a missing name", "list/tree", |s| {
        let Observation::Entries { entries, .. } = seen(s, 2) else { panic!("a listing") };
        entries.pop();
    }),
    ("a listing of another depth", "list/tree", |s| {
        let Action::List { depth, .. } = &mut step(s, 2).action else { panic!("a listing") };
        *depth = 1;
    }),
    ("a listing of no directory", "list/tree", |s| {
        let Action::List { path, .. } = &mut step(s, 2).action else { panic!("a listing") };
        *path = RepoPath::from("LICENSE");
    }),
    ("a view past the end", "view/lines", |s| {
        let Action::View { end, .. } = &mut step(s, 5).action else { panic!("a view") };
        *end += 1;
    }),
    ("a view that begins at no line", "view/lines", |s| {
        let Action::View { start, .. } = &mut step(s, 5).action else { panic!("a view") };
        *start = 0;
    }),
    ("a view of another content", "view/lines", |s| {
        let id = s.store(b"something else\n");
        let Observation::Lines { blob, .. } = seen(s, 5) else { panic!("a view") };
        *blob = id;
    }),
    ("a view of a binary", "view/lines", |s| {
        let Action::View { path, .. } = &mut step(s, 7).action else { panic!("a view") };
        *path = RepoPath::from("logo.png");
    }),
    ("a view with a wrong length", "view/lines", |s| {
        let Observation::Lines { total, .. } = seen(s, 5) else { panic!("a view") };
        *total += 1;
    }),
    ("future content shown before the first edit", "view/lines", |s| {
        let after = s.trajectory.steps[9].observation.clone().expect("an edit shows something");
        let Observation::Applied { after: Some(after), .. } = after.content else { panic!() };
        let bytes = s.file(2, "src/parse.py");
        s.store(&bytes);
        let Observation::Lines { blob, .. } = seen(s, 5) else { panic!("a view") };
        *blob = after;
    }),
    ("an observation of a later commit", "view/lines", |s| {
        let later = commit(s, 0);
        *claim(s, 5) = Provenance::observed([later]);
    }),
    ("an observation that was computed", "search/literal", |s| {
        *claim(s, 3) = Provenance::derived("search/literal", []);
    }),
    ("an edit that shows another content before", "edit/apply", |s| {
        let Observation::Applied { before, .. } = seen(s, 9) else { panic!("an edit") };
        *before = None;
    }),
    ("an edit that shows another content after", "edit/apply", |s| {
        let Observation::Applied { before, after } = seen(s, 9) else { panic!("an edit") };
        after.clone_from(before);
    }),
    ("an intermediate content that claims to be in git", "edit/apply", |s| {
        let own = commit(s, 0);
        *claim(s, 8) = Provenance::observed([own]);
    }),
    ("a content in git that claims to be computed", "edit/apply", |s| {
        let own = commit(s, 0);
        *claim(s, 10) = Provenance::derived("edit/apply", [own]);
    }),
    ("an observation after a message", "whole/order", |s| {
        step(s, 11).observation = s.trajectory.steps[9].observation.clone();
    }),
    ("no observation after a search", "search/literal", |s| step(s, 3).observation = None),
];

const CHOICES: &[Case] = &[
    ("an altered requirement", "observed", |s| {
        let Action::Message { text, .. } = &mut step(s, 1).action else { panic!("a message") };
        text.push('!');
    }),
    ("a requirement from another record", "observed", |s| {
        let Record::Issue(issue) = &mut s.records[0] else { panic!("an issue") };
        issue.id = backstory_model::RecordId::new("issue:4");
    }),
    ("a requirement said to come from a message", "observed", |s| {
        s.trajectory.requirement.source = RequirementSource::PseudoIssue;
    }),
    ("a listing that is not of the root", "localize/list-root", |s| {
        let Action::List { path, .. } = &mut step(s, 2).action else { panic!("a listing") };
        *path = RepoPath::from("src");
    }),
    ("a term that stands elsewhere in the requirement", "localize/requirement-term", |s| {
        let wrong = [EvidenceId::requirement(1, 6)];
        step(s, 3).choice = Provenance::derived("localize/requirement-term", wrong);
    }),
    ("a term of no change", "localize/changed-term", |s| {
        let Action::Search { pattern, .. } = &mut step(s, 4).action else { panic!("a search") };
        "nowhere".clone_into(pattern);
    }),
    ("a term that no test holds", "localize/test-term", |s| {
        let symbol = [EvidenceId::symbol("token")];
        step(s, 4).choice = Provenance::derived("localize/test-term", symbol);
    }),
    ("foresight that is not labeled", "localize/changed-term", |s| step(s, 4).hindsight = false),
    ("foresight that is none", "read/named-file", |s| step(s, 5).hindsight = true),
    ("a named file that is another", "read/named-file", |s| {
        let wrong = [EvidenceId::requirement(6, 11)];
        step(s, 5).choice = Provenance::derived("read/named-file", wrong);
    }),
    ("a hit of a step that found no such line", "read/search-hit", |s| {
        step(s, 6).choice = Provenance::derived("read/search-hit", [EvidenceId::step(4)]);
    }),
    ("a hit of a later step", "read/search-hit", |s| {
        step(s, 6).choice = Provenance::derived("read/search-hit", [EvidenceId::step(7)]);
    }),
    ("a symbol that no later edit holds", "read/definition", |s| {
        step(s, 7).choice = Provenance::derived("read/definition", [EvidenceId::symbol("text")]);
    }),
    ("a target that is never changed", "read/edit-target", |s| {
        step(s, 7).choice = Provenance::derived("read/edit-target", []);
    }),
    ("a rule that nobody published", "read/hunch", |s| {
        step(s, 6).choice = Provenance::derived("read/hunch", []);
    }),
    ("a rule for another action", "edit/definition-before-use", |s| {
        let own = commit(s, 0);
        step(s, 6).choice = Provenance::derived("edit/definition-before-use", [own]);
    }),
    ("a model's choice", "whole/choice", |s| {
        step(s, 6).choice = Provenance::Synthesized {
            model: backstory_model::ModelId::new("m"),
            prompt: s.trajectory.gold_patch.clone(),
            seed: 1,
        };
    }),
    ("an observed edit that is not alone", "observed", |s| {
        let own = commit(s, 0);
        step(s, 9).choice = Provenance::observed([own]);
    }),
    ("an edit of another commit", "edit/definition-before-use", |s| {
        let other = commit(s, 1);
        step(s, 9).choice = Provenance::derived("edit/definition-before-use", [other]);
    }),
    ("words the author did not write", "observed", |s| {
        let Action::Message { text, .. } = &mut step(s, 11).action else { panic!("a message") };
        text.push('.');
    }),
    ("a message before its commit", "observed", |s| s.trajectory.steps.swap(9, 10)),
    ("another last word", "observed", |s| {
        let Action::Finish { message } = &mut step(s, 22).action else { panic!("the finish") };
        message.push('.');
    }),
    ("a thought", "whole/thought", |s| {
        let provenance = Provenance::derived("read/search-hit", []);
        step(s, 5).thought = Some(Thought { text: "Hm.".to_owned(), provenance });
    }),
];

const EDITS: &[Case] = &[
    ("an old text that is not there", "whole/unique", |s| {
        let Action::Edit { old, .. } = &mut step(s, 8).action else { panic!("an edit") };
        old.insert(0, 'x');
    }),
    ("an old text that is there twice", "whole/unique", |s| {
        let Action::Edit { old, .. } = &mut step(s, 9).action else { panic!("an edit") };
        "line".clone_into(old);
    }),
    ("another new text", "whole/replay", |s| {
        let Action::Edit { new, .. } = &mut step(s, 9).action else { panic!("an edit") };
        new.push(' ');
    }),
    ("an edit of lines never shown", "whole/shown", |s| {
        let Action::View { end, .. } = &mut step(s, 5).action else { panic!("a view") };
        *end = 8;
    }),
    ("a deletion of a file never shown", "whole/shown", |s| {
        s.trajectory.steps.remove(12);
    }),
    ("a rename of a file never shown", "whole/shown", |s| {
        s.trajectory.steps.remove(11);
    }),
    ("a missing edit", "whole/replay", |s| {
        s.trajectory.steps.remove(17);
    }),
    ("a file without a place", "edit/apply", |s| {
        let Action::Create { path, .. } = &mut step(s, 14).action else { panic!("a create") };
        *path = RepoPath::from("LICENSE/x");
    }),
    ("a deletion of no file", "edit/apply", |s| {
        let Action::Delete { path } = &mut step(s, 16).action else { panic!("a delete") };
        *path = RepoPath::from("src/none.py");
    }),
    ("a rename over a file", "edit/apply", |s| {
        let Action::Rename { to, .. } = &mut step(s, 17).action else { panic!("a rename") };
        *to = RepoPath::from("LICENSE");
    }),
    ("another mode", "whole/replay", |s| {
        let Action::SetMode { mode, .. } = &mut step(s, 18).action else { panic!("a mode") };
        *mode = FileMode::Symlink;
    }),
    ("the mode it has", "edit/apply", |s| {
        let Action::SetMode { mode, .. } = &mut step(s, 18).action else { panic!("a mode") };
        *mode = FileMode::Plain;
    }),
    ("a wrong reason not to show a file", "whole/stored", |s| {
        let Action::Create { content, .. } = &mut step(s, 15).action else { panic!("a create") };
        let Content::Opaque { reason, .. } = content else { panic!("opaque") };
        *reason = OpaqueReason::NotUtf8;
    }),
    ("a content that is not stored", "whole/stored", |s| {
        let Action::Create { content, .. } = &step(s, 14).action else { panic!("a create") };
        let id = content.blob().clone();
        s.blobs.remove(&id);
    }),
    ("a stored content that is another", "whole/stored", |s| {
        let Action::Create { content, .. } = &step(s, 14).action else { panic!("a create") };
        let id = content.blob().clone();
        s.blobs.insert(id, b"x".to_vec());
    }),
];

const WHOLE: &[Case] = &[
    ("a phase that goes back", "whole/order", |s| s.trajectory.steps.swap(3, 4)),
    ("an action in another phase", "whole/order", |s| step(s, 6).phase = Phase::Localization),
    ("a requirement in the middle", "whole/order", |s| {
        let Action::Message { role, .. } = &mut step(s, 11).action else { panic!("a message") };
        *role = Role::User;
    }),
    ("no finish", "whole/order", |s| {
        s.trajectory.steps.pop();
    }),
    ("a view between the changes of one state", "edit/definition-before-use", |s| {
        s.trajectory.steps.swap(12, 13);
    }),
    ("states out of order", "edit/definition-before-use", |s| step(s, 20).state = Some(0)),
    ("a change of no state", "edit/apply", |s| step(s, 20).state = Some(3)),
    ("another base tree", "unit/identity", |s| {
        s.trajectory.unit.base_tree = s.trajectory.unit.states[0].tree.clone();
    }),
    ("another tree of a state", "unit/states", |s| {
        s.trajectory.unit.states[1].tree = s.trajectory.unit.states[0].tree.clone();
    }),
    ("another base", "unit/identity", |s| {
        s.trajectory.unit.base = s.trajectory.unit.parent.clone();
    }),
    ("another first parent", "unit/identity", |s| {
        s.trajectory.unit.parent = s.trajectory.unit.base.clone();
    }),
    ("another head", "unit/states", |s| {
        s.trajectory.unit.head = s.trajectory.unit.states[1].commit.clone();
    }),
    ("a state that is left out", "unit/states", |s| {
        s.trajectory.unit.states.remove(1);
    }),
    ("states that claim to be one", "unit/states", |s| {
        let reason = backstory_model::CollapseReason::NoBranch;
        s.trajectory.unit.sequence = Sequence::Collapsed { reason };
    }),
    ("another id", "unit/identity", |s| s.trajectory.unit.id = UnitId::new("acme__toy-8")),
    ("a wrong number of files", "unit/labels", |s| s.trajectory.unit.labels.files += 1),
    ("too many lines added", "unit/labels", |s| s.trajectory.unit.labels.lines_added += 1),
    ("an excerpt nobody wrote", "unit/links", |s| {
        "Closes #3".clone_into(&mut s.trajectory.unit.links[0].excerpt);
    }),
    ("a license of another file", "unit/license", |s| {
        s.trajectory.license.as_mut().expect("a license").path = RepoPath::from("README.md");
    }),
    ("a patch of something else", "whole/patch", |s| {
        let text = s.gold().replace("+    if len(parts) < 2:", "+    if len(parts) < 3:");
        s.trajectory.gold_patch = s.store(text.as_bytes());
    }),
    ("a hunk in another place", "whole/patch", |s| {
        let text = s.gold().replace("@@ -1,10 +1,14 @@", "@@ -2,10 +2,14 @@");
        s.trajectory.gold_patch = s.store(text.as_bytes());
    }),
    ("a hunk with a wrong count", "whole/patch", |s| {
        let text = s.gold().replace("@@ -1,10 +1,14 @@", "@@ -1,10 +1,13 @@");
        s.trajectory.gold_patch = s.store(text.as_bytes());
    }),
    ("a patch without a file", "whole/patch", |s| {
        s.trajectory.test_patch = s.store(b"");
    }),
    ("a patch with another mode", "whole/patch", |s| {
        let text = s.gold().replace("new mode 100755", "new mode 100644");
        s.trajectory.gold_patch = s.store(text.as_bytes());
    }),
    ("a patch that is not stored", "whole/stored", |s| {
        let id = s.trajectory.gold_patch.clone();
        s.blobs.remove(&id);
    }),
    ("a later version", "whole/schema", |s| s.trajectory.schema.major += 1),
    ("a missing tree", "whole/objects", |s| {
        let id = s.trajectory.unit.base_tree.to_string();
        s.repo.forget(&id);
    }),
];

fn check(cases: &[Case]) {
    let good = sample();
    for (name, rule, plant) in cases {
        let mut bad = good.clone();
        plant(&mut bad);
        let findings = bad.audit().findings;
        let rules: Vec<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
        assert!(rules.contains(rule), "{name}: {rule} is not among {rules:?}");
    }
}

#[test]
fn an_untrue_observation_is_found() {
    check(OBSERVATIONS);
}

#[test]
fn an_untrue_choice_is_found() {
    check(CHOICES);
}

#[test]
fn an_edit_that_does_not_fit_is_found() {
    check(EDITS);
}

#[test]
fn a_trajectory_that_does_not_hold_together_is_found() {
    check(WHOLE);
}

#[test]
fn a_link_to_an_issue_that_closed_later_than_the_merge_is_found() {
    let honest = sample();
    let merge = honest.builder.read_commit(&honest.trajectory.unit.commit);
    for (later, is_found) in [(0, false), (3, false), (4, true), (-1, true)] {
        let mut sample = sample();
        let time = jiff::Timestamp::from_second(merge.committer.seconds + later).expect("a time");
        sample.records.push(Record::Event(EventRecord {
            id: RecordId::new("event:1"),
            on: RecordId::new("issue:3"),
            event: "closed".to_owned(),
            author: None,
            commit: None,
            number: None,
            from: None,
            to: None,
            created_at: Some(time.to_string()),
            observed_at: None,
        }));
        let link = &mut sample.trajectory.unit.links[0];
        link.method = LinkMethod::ClosedAtMerge;
        link.evidence = EvidenceId::record(&RecordId::new("event:1"));
        link.excerpt = format!("closed {time}");
        let rules: Vec<_> = sample.audit().findings.iter().map(|f| f.rule.clone()).collect();
        assert_eq!(!rules.is_empty(), is_found, "{later}: {rules:?}");
    }
}

#[test]
fn a_finding_says_where_what_was_expected_and_what_was_found() {
    let mut bad = sample();
    let Observation::Hits { total, .. } = seen(&mut bad, 4) else { panic!("a search") };
    *total = 2;
    let findings = bad.audit().findings;
    insta::assert_snapshot!(findings[0], @r#"
    acme__toy-7 step 4 [search/literal, observed]
      expected:  … 1, text: "def token(text):" }], total: 1, files: 1 }
      found:     … 1, text: "def token(text):" }], total: 2, files: 1 }
    "#);
    assert_eq!(findings.len(), 1);
}
