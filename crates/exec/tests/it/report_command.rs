//! Which command does each runner get, and does it take its ids back?

use backstory_exec::report::command::{SELECTED, can_shuffle, command};
use backstory_exec::report::{assets, id};
use backstory_model::{RunOrder, TestId, TestRunner};

const RUNNERS: [TestRunner; 8] = [
    TestRunner::Pytest,
    TestRunner::Unittest,
    TestRunner::Nextest,
    TestRunner::NodeTest,
    TestRunner::Jest,
    TestRunner::Vitest,
    TestRunner::Mocha,
    TestRunner::GoTest,
];

fn quoted(words: &[String]) -> String {
    let quote = |word: &String| {
        if word.contains([' ', '"', '|', '*']) { format!("'{word}'") } else { word.clone() }
    };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

/// Says what every runner gets, shown and run, with the script of a shell left out.
fn told(
    files: impl Fn(TestRunner) -> Vec<String>,
    order: impl Fn(TestRunner) -> RunOrder,
) -> String {
    let mut lines = Vec::new();
    for runner in RUNNERS {
        let command = command(runner, &files(runner), &order(runner));
        lines.push(format!("{}: {}", runner.as_str(), quoted(&command.shown)));
        let run: Vec<String> = command
            .run
            .iter()
            .map(|word| {
                if word.contains("/report/finished.ndjson") {
                    "SCRIPT".into()
                } else {
                    word.clone()
                }
            })
            .collect();
        lines.push(format!("    {}", quoted(&run)));
        for (name, value) in &command.variables {
            lines.push(format!("    {name}={value}"));
        }
    }
    lines.join("\n")
}

fn some_file(runner: TestRunner) -> Vec<String> {
    match runner {
        TestRunner::Pytest | TestRunner::Unittest => vec!["tests/test_x.py".into()],
        TestRunner::GoTest => vec!["./inner".into()],
        TestRunner::Nextest => vec![],
        _ => vec!["test/x.test.js".into()],
    }
}

fn some_test(runner: TestRunner) -> Vec<TestId> {
    let ids: &[&str] = match runner {
        TestRunner::Pytest => &["tests/test_x.py::T::test_a[1 h]", "tests/test_y.py::test_b"],
        TestRunner::Unittest => &["tests.test_x.T.test_a"],
        TestRunner::Nextest => &["toy::outer adds", "toy tests::odd (name), \\"],
        TestRunner::NodeTest => &["test/x.test.js::outer > a/b (c)"],
        TestRunner::GoTest => &["example.com/toy TestTable/a/b_(c)", "example.com/toy TestAdds"],
        TestRunner::Jest | TestRunner::Vitest | TestRunner::Mocha => {
            &["test/x.test.js::outer costs $1", "test/y.test.js::alone"]
        }
    };
    ids.iter().map(|id| TestId::new(*id)).collect()
}

#[test]
fn files_run_in_their_order() {
    insta::assert_snapshot!(told(some_file, |_| RunOrder::File), @r#"
    pytest: pytest tests/test_x.py
        python -m pytest -p backstory_reporter -o addopts= -p no:cacheprovider --continue-on-collection-errors tests/test_x.py
        BACKSTORY_REPORT=/report/report.ndjson
    unittest: python -m unittest tests/test_x.py
        python -m backstory_unittest tests/test_x.py
        BACKSTORY_REPORT=/report/report.ndjson
    nextest: cargo nextest run --workspace
        /bin/sh -c SCRIPT sh --workspace
        BACKSTORY_REPORT=/report/report.ndjson
        NEXTEST_EXPERIMENTAL_LIBTEST_JSON=1
        RUSTC_WORKSPACE_WRAPPER=/backstory/rustc_tests
    node_test: node --test test/x.test.js
        node --test --test-reporter=spec --test-reporter-destination=stdout --test-reporter=/backstory/backstory_node.mjs --test-reporter-destination=/dev/null test/x.test.js
        BACKSTORY_REPORT=/report/report.ndjson
    jest: npx jest test/x.test.js
        node_modules/.bin/jest --ci --runInBand --reporters=default --reporters=/backstory/backstory_jest.cjs --runTestsByPath test/x.test.js
        BACKSTORY_REPORT=/report/report.ndjson
    vitest: npx vitest run test/x.test.js
        node_modules/.bin/vitest run --reporter=default --reporter=/backstory/backstory_vitest.mjs test/x.test.js
        BACKSTORY_REPORT=/report/report.ndjson
    mocha: npx mocha test/x.test.js
        node_modules/.bin/mocha --require /backstory/backstory_mocha.cjs --reporter /backstory/backstory_mocha.cjs --timeout 30000 --exit test/x.test.js
        BACKSTORY_FILES=["test/x.test.js"]
        BACKSTORY_REPORT=/report/report.ndjson
    go_test: go test -v ./inner
        /bin/sh -c SCRIPT sh ./inner
        BACKSTORY_REPORT=/report/report.ndjson
    "#);
}

#[test]
fn a_seed_shuffles_where_the_runner_can() {
    let seeded = |runner| told(|_| vec![], move |_| RunOrder::Random { seed: runner });
    insta::assert_snapshot!(seeded(7), @"
    pytest: pytest
        python -m pytest -p backstory_reporter -o addopts= -p no:cacheprovider --continue-on-collection-errors
        BACKSTORY_ORDER_SEED=7
        BACKSTORY_REPORT=/report/report.ndjson
    unittest: python -m unittest
        python -m backstory_unittest
        BACKSTORY_ORDER_SEED=7
        BACKSTORY_REPORT=/report/report.ndjson
    nextest: cargo nextest run --workspace
        /bin/sh -c SCRIPT sh --workspace
        BACKSTORY_REPORT=/report/report.ndjson
        NEXTEST_EXPERIMENTAL_LIBTEST_JSON=1
        RUSTC_WORKSPACE_WRAPPER=/backstory/rustc_tests
    node_test: node --test
        node --test --test-reporter=spec --test-reporter-destination=stdout --test-reporter=/backstory/backstory_node.mjs --test-reporter-destination=/dev/null
        BACKSTORY_REPORT=/report/report.ndjson
    jest: npx jest
        node_modules/.bin/jest --ci --runInBand --reporters=default --reporters=/backstory/backstory_jest.cjs --randomize --seed=7
        BACKSTORY_REPORT=/report/report.ndjson
    vitest: npx vitest run
        node_modules/.bin/vitest run --reporter=default --reporter=/backstory/backstory_vitest.mjs --sequence.shuffle --sequence.seed=7
        BACKSTORY_REPORT=/report/report.ndjson
    mocha: npx mocha
        node_modules/.bin/mocha --require /backstory/backstory_mocha.cjs --reporter /backstory/backstory_mocha.cjs --timeout 30000 --exit
        BACKSTORY_ORDER_SEED=7
        BACKSTORY_REPORT=/report/report.ndjson
    go_test: go test -v -shuffle=7 ./...
        /bin/sh -c SCRIPT sh -shuffle=7 ./...
        BACKSTORY_REPORT=/report/report.ndjson
    ");
    for runner in RUNNERS {
        let by = |seed| command(runner, &[], &RunOrder::Random { seed });
        assert_eq!(by(1) != by(2), can_shuffle(runner), "{}", runner.as_str());
    }
}

#[test]
fn ids_are_given_back_as_the_runner_takes_them() {
    let order = |runner| RunOrder::Selected { tests: some_test(runner) };
    insta::assert_snapshot!(told(some_file, order), @r#"
    pytest: pytest 'tests/test_x.py::T::test_a[1 h]' tests/test_y.py::test_b
        python -m pytest -p backstory_reporter -o addopts= -p no:cacheprovider --continue-on-collection-errors 'tests/test_x.py::T::test_a[1 h]' tests/test_y.py::test_b
        BACKSTORY_REPORT=/report/report.ndjson
    unittest: python -m unittest tests.test_x.T.test_a
        python -m backstory_unittest tests.test_x.T.test_a
        BACKSTORY_REPORT=/report/report.ndjson
    nextest: cargo nextest run --workspace -E '(binary_id(=toy::outer) & test(=adds)) | (binary_id(=toy) & test(=tests::odd (name\u{29}\u{2c} \u{5c}))'
        /bin/sh -c SCRIPT sh --workspace -E '(binary_id(=toy::outer) & test(=adds)) | (binary_id(=toy) & test(=tests::odd (name\u{29}\u{2c} \u{5c}))'
        BACKSTORY_REPORT=/report/report.ndjson
        NEXTEST_EXPERIMENTAL_LIBTEST_JSON=1
        RUSTC_WORKSPACE_WRAPPER=/backstory/rustc_tests
    node_test: node --test '--test-name-pattern=/^(?:a\/b \(c\)|outer a\/b \(c\))$/' test/x.test.js
        node --test --test-reporter=spec --test-reporter-destination=stdout --test-reporter=/backstory/backstory_node.mjs --test-reporter-destination=/dev/null '--test-name-pattern=/^(?:a\/b \(c\)|outer a\/b \(c\))$/' test/x.test.js
        BACKSTORY_REPORT=/report/report.ndjson
    jest: npx jest -t '^ *(?:alone|outer costs \$1)$' test/x.test.js test/y.test.js
        node_modules/.bin/jest --ci --runInBand --reporters=default --reporters=/backstory/backstory_jest.cjs -t '^ *(?:alone|outer costs \$1)$' --runTestsByPath test/x.test.js test/y.test.js
        BACKSTORY_REPORT=/report/report.ndjson
    vitest: npx vitest run -t '^ *(?:alone|outer costs \$1)$' test/x.test.js test/y.test.js
        node_modules/.bin/vitest run --reporter=default --reporter=/backstory/backstory_vitest.mjs -t '^ *(?:alone|outer costs \$1)$' test/x.test.js test/y.test.js
        BACKSTORY_REPORT=/report/report.ndjson
    mocha: npx mocha --grep '^ *(?:alone|outer costs \$1)$' test/x.test.js test/y.test.js
        node_modules/.bin/mocha --require /backstory/backstory_mocha.cjs --reporter /backstory/backstory_mocha.cjs --timeout 30000 --exit --grep '^ *(?:alone|outer costs \$1)$' test/x.test.js test/y.test.js
        BACKSTORY_FILES=["test/x.test.js","test/y.test.js"]
        BACKSTORY_REPORT=/report/report.ndjson
    go_test: go test -v '-run=^TestAdds$|^TestTable$/^a$/^b_\(c\)$' example.com/toy
        /bin/sh -c SCRIPT sh '-run=^TestAdds$|^TestTable$/^a$/^b_\(c\)$' example.com/toy
        BACKSTORY_REPORT=/report/report.ndjson
    "#);
}

#[test]
fn very_many_ids_are_given_in_a_file() {
    let tests: Vec<_> = (0..9000).map(|n| TestId::new(format!("tests/t.py::test[{n}]"))).collect();
    let command = command(TestRunner::Pytest, &[], &RunOrder::Selected { tests });
    assert_eq!(command.run.last().unwrap(), "tests/t.py");
    assert_eq!(command.variables["BACKSTORY_SELECT"], format!("/report/{SELECTED}"));
    assert!(
        command.inputs[SELECTED].starts_with(b"\"tests/t.py::test[0]\"\n\"tests/t.py::test[1]\"\n")
    );
}

#[test]
fn an_id_lies_in_its_module_alone() {
    for (runner, id, module) in [
        (TestRunner::Pytest, "tests/a.py::T::x[a::b]", "tests/a.py"),
        (TestRunner::Unittest, "tests.a.T.x", "tests.a"),
        (TestRunner::Nextest, "toy::bin/run tests::x y", "toy::bin/run"),
        (TestRunner::GoTest, "example.com/a TestX/b c", "example.com/a"),
        (TestRunner::Mocha, "test/a b.js::x :: y", "test/a b.js"),
    ] {
        let id = TestId::new(id);
        assert_eq!(id::split(runner, &id).0, module);
        assert!(id::is_in(runner, &id, &[module.to_owned()]));
        assert!(id::is_in(runner, &id, &["*".to_owned()]));
        assert!(!id::is_in(runner, &id, &[format!("{module}x"), module[..2].to_owned()]));
    }
}

#[test]
fn every_file_a_command_names_is_written() {
    let folder = tempfile::tempdir().unwrap();
    assets::write(folder.path()).unwrap();
    for runner in RUNNERS {
        let command = command(runner, &[], &RunOrder::File);
        let words = command.run.iter().chain(command.variables.values());
        for word in words.flat_map(|word| word.split([' ', ':', '=', '"'])) {
            if let Some(name) = word.strip_prefix("/backstory/") {
                assert!(folder.path().join(name).is_file(), "{name} of {}", runner.as_str());
            }
        }
    }
}
