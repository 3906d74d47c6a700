//! Do plan, run-unit and collect give what build gives?

use backstory_testkit::Layout;

use crate::sample::{bare, context, covered, told_history, told_records};

#[test]
fn shards_in_any_order_collect_to_what_build_writes() {
    let context = context();
    bare(context.directory());
    context.backstory(["build", "acme+toy", "-o", "whole"]).run();
    let planned = context.backstory(["plan", "acme+toy", "-o", "plan.jsonl"]).run();
    assert_eq!(planned.exit_code, Some(0), "{planned}");
    for shard in ["2/3", "0/3", "1/3", "0/3"] {
        let arguments =
            ["run-unit", "acme+toy", "--manifest", "plan.jsonl", "--shard", shard, "-o", "parts"];
        let done = context.backstory(arguments).run();
        assert_eq!(done.exit_code, Some(0), "{done}");
    }
    let collected = context.backstory(["collect", "--manifest", "plan.jsonl", "-o", "parts"]).run();
    assert_eq!(collected.exit_code, Some(0), "{collected}");
    assert!(covered(&context.path("parts")) == covered(&context.path("whole")));
}

#[test]
fn collect_judges_links_without_the_repository() {
    let context = context();
    told_history().write(&context.path("acme+told"), Layout::BareWithoutConfig);
    context.write("records/a.ndjson", told_records());
    let with = ["acme+told", "--records", "records"];
    for (before, after) in [
        (&["build"][..], &["-o", "whole"][..]),
        (&["plan"], &["-o", "plan.jsonl"]),
        (&["run-unit"], &["--manifest", "plan.jsonl", "--shard", "0/1", "-o", "parts"]),
    ] {
        let said = context.backstory([before, &with, after].concat()).run();
        assert_eq!(said.exit_code, Some(0), "{said}");
    }
    std::fs::remove_dir_all(context.path("acme+told")).unwrap();
    let said = context.backstory(["collect", "--manifest", "plan.jsonl", "-o", "parts"]).run();
    assert!(said.stderr.contains("judged by 20 pairs of the changelog"), "{said}");
    assert!(covered(&context.path("parts")) == covered(&context.path("whole")));
}

#[test]
fn collect_names_the_unit_that_is_not_done() {
    let context = context();
    bare(context.directory());
    context.backstory(["plan", "acme+toy", "-o", "plan.jsonl"]).run();
    let said = context.backstory(["collect", "--manifest", "plan.jsonl", "-o", "parts"]).run();
    assert_eq!(said.exit_code, Some(2));
    assert!(said.stderr.contains("error: unit `acme__toy-"), "{said}");
    assert!(said.stderr.contains("hint: do it with `backstory run-unit --key "), "{said}");
}
