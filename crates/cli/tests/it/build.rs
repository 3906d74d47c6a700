//! What does a build say, and does it write the same bytes every time?

use backstory_store::Faults;
use backstory_testkit::{Layout, RepoBuilder};

use crate::sample::{bare, build, context, covered, history, steady, told_history, told_records};

#[test]
fn build_tells_where_every_unit_went() {
    let context = context();
    bare(context.directory());
    let said = context.backstory(["build", "acme+toy", "-o", "run", "--json", "--jobs", "1"]).run();
    insta::assert_snapshot!(steady(&said), @r#"
    exit_code: 0
    ----- stdout -----
    {"units_found":5,"accepted":4,"rejected":{"no_change":1},"small_units":5,"small_accepted":4,"test_source_units":2,"small_test_source_units":2,"linked":1,"with_pull":2,"with_ci":0,"shares":{"linked":0.2,"with_pull":0.4,"with_ci":0.0},"reconstructed":4,"links":{"acme/toy":{"units":5,"linked":1,"methods":{"closing_keyword":1},"coverage_only":true,"judged":{}}},"cpu_seconds":[COST],"peak_rss_mb":[COST]}
    ----- stderr -----
    acme/toy: units: 5 of 5
    collect: 5 of 5

    units found                       5
      linked to an issue              1   20.0 %
      linked to a pull request        2   40.0 %
      with CI                         0    0.0 %
    reconstructed                     4
    accepted                          4
    rejected: no_change               1
    accepted + rejected               5

    links of acme/toy to issues: 1 of 5 units (20.0 %); coverage only, because no pair of pull request and issue is written down
      method           units
      closing keyword      1

    [TIME], [MEMORY] at most
    "#);
}

#[test]
fn every_build_says_how_good_its_links_are() {
    let context = context();
    told_history().write(&context.path("acme+told"), Layout::BareWithoutConfig);
    context.write("records/a.ndjson", told_records());
    let arguments = ["build", "acme+told", "--records", "records", "-o", "run", "--json"];
    let said = context.backstory(arguments).run();
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let judged = &json["links"]["acme/told"]["judged"];
    let keyword = &judged["changelog"]["methods"]["closing_keyword"];
    assert_eq!((&keyword["precision"], &keyword["recall"]), (&0.9474.into(), &0.9.into()));
    assert_eq!(judged["closing_references"]["methods"]["mention"]["recall"], 0.05);
    insta::assert_snapshot!(context.read("run/report.md"));
    let again = context.backstory(arguments).run();
    assert_eq!(said.stdout.split("cpu_seconds").next(), again.stdout.split("cpu_seconds").next());
    let audited = ["audit", "run", "--repo", "acme+told", "--records", "records"];
    let audited = context.backstory(audited).run();
    assert_eq!(audited.exit_code, Some(0), "{audited}");
}

#[test]
fn an_unchanged_build_stops_at_once_and_says_the_same_counts() {
    let context = context();
    bare(context.directory());
    let arguments = ["build", "acme+toy", "-o", "run", "--json"];
    let first = steady(&context.backstory(arguments).run());
    let before = covered(&context.path("run"));
    let second = steady(&context.backstory(arguments).run());
    let stdout = |text: &str| text.lines().nth(2).map(str::to_owned);
    assert_eq!(stdout(&first), stdout(&second));
    assert!(second.contains("nothing has changed since the last build"), "{second}");
    assert_eq!(covered(&context.path("run")), before);
}

#[test]
fn workers_layout_and_directory_do_not_change_a_byte() {
    let temp = tempfile::tempdir().unwrap();
    let one = temp.path().join("one");
    build(&bare(temp.path()), &one, 1, Faults::none()).unwrap();
    let expected = covered(&one);
    for (name, layout) in [("two", Layout::WorkTree), ("three", Layout::SharedClone)] {
        let place = temp.path().join(name).join("acme__toy");
        let repository = history().write(&place, layout);
        let out = temp.path().join(name).join("run");
        build(&repository, &out, 2, Faults::none()).unwrap();
        assert_eq!(covered(&out).keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        assert!(covered(&out) == expected, "{name} differs in some file");
    }
}

#[test]
fn limit_takes_the_newest_units() {
    let context = context();
    bare(context.directory());
    let arguments = ["build", "acme+toy", "-o", "run", "--json", "--limit", "2"];
    let said = context.backstory(arguments).run();
    assert!(said.stdout.starts_with(r#"{"units_found":2,"#), "{said}");
}

#[test]
fn two_repositories_share_a_run() {
    let context = context();
    bare(context.directory());
    history().write(&context.path("zeta+toy"), Layout::BareWithoutConfig);
    let arguments = ["build", "zeta+toy", "acme+toy", "-o", "run", "--json"];
    let said = context.backstory(arguments).run();
    assert!(said.stdout.starts_with(r#"{"units_found":10,"#), "{said}");
}

#[test]
fn order_of_input_locale_time_zone_and_home_do_not_change_a_byte() {
    let context = context();
    bare(context.directory());
    history().write(&context.path("zeta+toy"), Layout::WorkTree);
    context.backstory(["build", "acme+toy", "zeta+toy", "-o", "one", "-j", "1"]).run();
    let elsewhere = context.path("zeta+toy");
    let said = context
        .backstory(["build", ".", "../acme+toy", "-o", "../two", "-j", "2"])
        .current_dir(elsewhere)
        .env("TZ", "Asia/Tokyo")
        .env("LC_ALL", "tr_TR.UTF-8")
        .env("HOME", "/nonexistent")
        .run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    assert!(covered(&context.path("one")) == covered(&context.path("two")));
}

#[test]
fn a_grown_history_is_built_to_what_a_fresh_build_gives() {
    let context = context();
    let mut repo = history();
    let old = repo.head();
    repo.commit("Add a file (#9)", [("notes.txt", "one\n")]);
    repo.write(&context.path("acme+toy"), Layout::BareWithoutConfig);
    let head = ["--head", old.as_str()];
    context.backstory(["build", "acme+toy", "-o", "grown"].into_iter().chain(head)).run();
    context.backstory(["build", "acme+toy", "-o", "grown"]).run();
    context.backstory(["build", "acme+toy", "-o", "fresh"]).run();
    assert!(covered(&context.path("grown")) == covered(&context.path("fresh")));
}

#[test]
fn a_file_may_be_over_the_limit_between_two_edits() {
    let lines = |grown: usize, shrunk: usize| -> String {
        let line = |number: usize| match number {
            5 => format!("five {}\n", "x".repeat(grown)),
            50 => format!("fifty {}\n", "y".repeat(shrunk)),
            number => format!("line {number}\n"),
        };
        (0..60).map(line).collect()
    };
    let (before, after) = (lines(10, 400), lines(400, 10));
    let mut repo = RepoBuilder::new("acme/toy");
    repo.commit("Start", [("big.txt", before.as_str())]);
    repo.commit("Move the weight", [("big.txt", after.as_str())]);
    let context = context();
    repo.write(&context.path("acme+toy"), Layout::BareWithoutConfig);
    let limit = (before.len() + 20).to_string();
    let built = context.backstory(["build", "acme+toy", "-o", "run", "--file-limit", &limit]).run();
    assert_eq!(built.exit_code, Some(0), "{built}");
    let audited = context.backstory(["audit", "run", "--repo", "acme+toy"]).run();
    assert_eq!(audited.exit_code, Some(0), "{audited}");
}
