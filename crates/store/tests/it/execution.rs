//! Is what was executed for a unit kept beside its trajectory?

use std::path::Path;

use backstory_model::{
    Containment, ContainmentLevel, Disposition, ExecutionOutcome, ExecutionSummary, Limits,
    SchemaVersion, UnitExecution,
};
use backstory_store::{RunDirectory, UnitTexts};

use crate::sample::{disposition, key, story};

fn execution() -> UnitExecution {
    UnitExecution {
        schema: SchemaVersion::CURRENT,
        unit: disposition(1, None).work.unit,
        outcome: ExecutionOutcome::NoTests,
        recipe: None,
        lock: None,
        log: None,
        containment: Containment {
            level: ContainmentLevel::Cgroup,
            launcher: "bubblewrap 0.8.0".into(),
            cgroup: None,
            landlock: 0,
            seccomp: false,
            missing: Vec::new(),
        },
        limits: Limits::default(),
        executions: Vec::new(),
        tests: Vec::new(),
        flaky: Vec::new(),
        repeats: 0,
        mutants: Vec::new(),
        candidates: Vec::new(),
        gates: Vec::new(),
        instance: None,
    }
}

fn commit_executed(run: &RunDirectory) -> Disposition {
    let (trajectory, json) = (story(1), serde_json::to_vec(&execution()).unwrap());
    let summary = ExecutionSummary {
        execution: RunDirectory::text_digest(&json),
        outcome: ExecutionOutcome::NoTests,
        runs: 0,
        fail_to_pass: 0,
        pass_to_pass: 0,
    };
    let unit = Disposition { execution: Some(summary), ..disposition(1, Some(&trajectory)) };
    let texts = UnitTexts { trajectory: Some(&trajectory), execution: Some(&json) };
    run.commit_unit(&unit, texts, &[]).unwrap();
    unit
}

fn execution_file(run: &RunDirectory) -> impl AsRef<Path> {
    run.unit_path(&key(1)).join("execution.json.zst")
}

#[test]
fn a_unit_gives_back_what_was_executed() {
    let temp = tempfile::tempdir().unwrap();
    let run = RunDirectory::open(temp.path()).unwrap();
    let unit = commit_executed(&run);
    assert_eq!(run.execution(&unit).unwrap(), Some(execution()));
    assert!(run.unit(&key(1)).is_some());
    let not_executed = Disposition { execution: None, ..unit };
    assert_eq!(run.execution(&not_executed).unwrap(), None);
}

#[test]
fn a_unit_whose_execution_is_damaged_or_gone_is_not_done() {
    let temp = tempfile::tempdir().unwrap();
    let run = RunDirectory::open(temp.path()).unwrap();
    let unit = commit_executed(&run);
    let place = execution_file(&run);
    let mut bytes = backstory_store::fs::read_file(place.as_ref()).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    backstory_store::fs::write_file(place.as_ref(), &bytes).unwrap();
    assert!(run.execution(&unit).is_err());
    assert!(run.unit(&key(1)).is_none());
    std::fs::remove_file(place.as_ref()).unwrap();
    assert!(run.unit(&key(1)).is_none());
}
