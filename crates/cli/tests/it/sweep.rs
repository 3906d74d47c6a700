//! Does the example survive being killed at every durable step it takes?
//!
//! The sweep is shared out over four tests, so that they run beside each other.

use std::path::Path;
use std::sync::Arc;

use backstory_cli::build::{self, BuildOptions, PlanHeader, SourceRequest};
use backstory_cli::{Failure, Talk};
use backstory_model::RunOptions;
use backstory_store::{Faults, RunDirectory};
use backstory_testkit::{WrittenExample, write_example};

use crate::sample::covered;

const SHARES: u64 = 4;

/// Builds the example with its records and returns how many durable steps it took.
fn build_example(example: &WrittenExample, out: &Path, faults: Faults) -> Result<u64, Failure> {
    let request = SourceRequest {
        repositories: vec![example.repository.clone()],
        records: Some(example.records.clone()),
        ..SourceRequest::default()
    };
    let talk = Talk::silent();
    let faults = Arc::new(faults);
    let sources = build::open_sources(&request, &talk)?;
    let run = RunDirectory::open_with(out, Arc::clone(&faults))?;
    let header = PlanHeader::new(&sources, &RunOptions::default());
    build::build(&sources, header, &run, BuildOptions::new(1), &talk)?;
    Ok(faults.operations())
}

fn sweep(share: u64) {
    let temp = tempfile::tempdir().unwrap();
    let example = write_example(temp.path()).unwrap();
    let undisturbed = temp.path().join("undisturbed");
    let steps = build_example(&example, &undisturbed, Faults::none()).unwrap();
    let expected = covered(&undisturbed);
    assert!(steps > 100, "the example took only {steps} durable steps");
    for k in (1..=steps).filter(|k| k % SHARES == share) {
        let out = temp.path().join(format!("killed-{k}"));
        assert!(build_example(&example, &out, Faults::killed_at(k)).is_err(), "step {k} exists");
        build_example(&example, &out, Faults::none()).unwrap();
        assert!(covered(&out) == expected, "killed at step {k} of {steps}");
        std::fs::remove_dir_all(&out).unwrap();
    }
}

#[test]
#[ignore = "takes minutes; `make sweep` runs it"]
fn the_example_killed_at_every_first_of_four_steps_resumes_to_the_same_bytes() {
    sweep(1);
}

#[test]
#[ignore = "takes minutes; `make sweep` runs it"]
fn the_example_killed_at_every_second_of_four_steps_resumes_to_the_same_bytes() {
    sweep(2);
}

#[test]
#[ignore = "takes minutes; `make sweep` runs it"]
fn the_example_killed_at_every_third_of_four_steps_resumes_to_the_same_bytes() {
    sweep(3);
}

#[test]
#[ignore = "takes minutes; `make sweep` runs it"]
fn the_example_killed_at_every_fourth_of_four_steps_resumes_to_the_same_bytes() {
    sweep(0);
}
