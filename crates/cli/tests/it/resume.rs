//! Is a build that was stopped anywhere the same build in the end?

use backstory_model::RunOptions;
use backstory_store::Faults;

use crate::sample::{bare, build, build_with, context, covered};

#[test]
fn a_build_killed_at_any_durable_step_resumes_to_the_same_bytes() {
    let temp = tempfile::tempdir().unwrap();
    let repository = bare(temp.path());
    let undisturbed = temp.path().join("undisturbed");
    build(&repository, &undisturbed, 1, Faults::none()).unwrap();
    let expected = covered(&undisturbed);
    for k in 1.. {
        let out = temp.path().join(format!("killed-{k}"));
        let killed = build(&repository, &out, 1, Faults::killed_at(k));
        build(&repository, &out, 1, Faults::none()).unwrap();
        assert!(covered(&out) == expected, "killed at step {k}");
        if killed.is_ok() {
            assert!(k > 50, "the sweep met only {k} steps");
            break;
        }
    }
}

#[test]
fn a_run_built_with_other_options_is_turned_into_this_one() {
    let temp = tempfile::tempdir().unwrap();
    let repository = bare(temp.path());
    let (fresh, changed) = (temp.path().join("fresh"), temp.path().join("changed"));
    let two = RunOptions { limit: Some(2), ..RunOptions::default() };
    build_with(&repository, &fresh, 2, Faults::none(), &two).unwrap();
    build(&repository, &changed, 2, Faults::none()).unwrap();
    build_with(&repository, &changed, 2, Faults::none(), &two).unwrap();
    assert!(covered(&changed) == covered(&fresh));
}

#[test]
fn a_build_killed_from_outside_resumes_to_the_same_bytes() {
    let context = context();
    bare(context.directory());
    context.backstory(["build", "acme+toy", "-o", "undisturbed"]).run();
    let expected = covered(&context.path("undisturbed"));
    for wait in [1_u64, 5, 10, 20, 40] {
        let out = format!("killed-{wait}");
        let build = context.backstory(["build", "acme+toy", "-o", &out]);
        let mut child = build.command().spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        let said = build.run();
        assert_eq!(said.exit_code, Some(0), "{said}");
        assert!(covered(&context.path(&out)) == expected, "killed after {wait} ms");
    }
}
