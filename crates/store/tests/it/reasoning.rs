//! Does what was searched lie beside the stories, and is a killed search harmless?

use std::path::Path;
use std::sync::Arc;

use backstory_model::reasoning::{
    Generator, Reason, ReasonedStep, ReasoningSearch, SearchOptions, Searched,
};
use backstory_model::{ModelId, ModelIdentity, SchemaVersion, ScorerPolicy, Tier};
use backstory_store::{Damage, Faults, RunDirectory, StoreError};

use crate::sample::{all_bytes, build, key};

fn step(number: usize) -> ReasonedStep {
    let searched = Searched {
        step_id: format!("acme__toy-0/{number}"),
        thought: None,
        dropped: Some(Reason::NotInferable),
        nll_none: Some(1.5),
        nll_initial: None,
        nll_rounds: Vec::new(),
        nll_filler: None,
        nll_control: None,
        tokens_scored: 9,
        tokens_prompted: 0,
        tokens_written: 0,
        rows: Vec::new(),
        texts: std::collections::BTreeMap::new(),
    };
    ReasonedStep { step: number, provenance: None, searched }
}

fn search() -> ReasoningSearch {
    let model = ModelId::new("written-down");
    ReasoningSearch {
        schema: SchemaVersion::CURRENT,
        tool: "backstory test".to_owned(),
        scorer: ModelIdentity {
            model: model.clone(),
            revision: None,
            tokenizer_hash: None,
            policy: ScorerPolicy::OffPolicy,
        },
        writer: Generator { model, revision: None },
        writes: Tier::Synthesized,
        options: SearchOptions::default(),
        percentiles: None,
        gate_scores: Vec::new(),
        thoughts: None,
        budget: None,
        writes_found: 1,
        target_too_short: 0,
        steps: 1,
        scopes: Vec::new(),
    }
}

/// Puts reasoning with this prompt into a run.
fn reason(path: &Path, prompt: &str, faults: Faults) -> Result<(), StoreError> {
    let run = RunDirectory::open_with(path, Arc::new(faults))?;
    let mut writer = run.write_reasoning()?;
    writer.prompt(prompt)?;
    writer.unit(&key(0), &[serde_json::to_string(&step(4)).unwrap()])?;
    writer.seal(&search()).map(drop)
}

#[test]
fn what_was_searched_is_read_again_and_covered() {
    let temp = tempfile::tempdir().unwrap();
    build(temp.path(), 2, Faults::none()).unwrap();
    let run = RunDirectory::read_only(temp.path()).unwrap();
    assert_eq!(run.reasoning().unwrap(), None);
    reason(temp.path(), "Think.", Faults::none()).unwrap();
    let manifest = run.manifest().unwrap();
    assert_eq!(run.reasoning().unwrap(), Some(search()));
    assert_eq!(run.reasoned(&manifest, &key(0)).unwrap(), [step(4)]);
    assert_eq!(run.reasoned(&manifest, &key(1)).unwrap(), []);
    assert_eq!(run.verify().unwrap(), []);
    build(temp.path(), 2, Faults::none()).unwrap();
    assert_eq!(run.reasoning().unwrap(), None, "stories told anew are not searched");
}

#[test]
fn a_search_killed_at_any_step_leaves_the_run_readable() {
    let undisturbed = tempfile::tempdir().unwrap();
    build(undisturbed.path(), 2, Faults::none()).unwrap();
    reason(undisturbed.path(), "Think again.", Faults::none()).unwrap();
    let expected = all_bytes(undisturbed.path());
    let steps = (1..200).find(|k| {
        let temp = tempfile::tempdir().unwrap();
        build(temp.path(), 2, Faults::none()).unwrap();
        reason(temp.path(), "Think.", Faults::none()).unwrap();
        let killed = reason(temp.path(), "Think again.", Faults::killed_at(*k));
        let run = RunDirectory::read_only(temp.path()).unwrap();
        let missing = |damage: &Damage| matches!(damage, Damage::Missing { .. });
        assert!(!run.verify().unwrap().iter().any(missing), "killed at step {k}");
        assert!(run.reasoning().is_ok(), "killed at step {k}");
        reason(temp.path(), "Think again.", Faults::none()).unwrap();
        assert_eq!(all_bytes(temp.path()), expected, "killed at step {k}");
        killed.is_ok()
    });
    assert!(steps.is_some_and(|steps| steps > 8), "{steps:?}");
}
