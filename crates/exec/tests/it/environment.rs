//! Does each kind of manifest lead to the environment its project asks for?

use std::collections::BTreeMap;

use backstory_exec::environment::{
    DeriveContext, ManifestSource, NoRecipe, ToolKind, Toolchain, Toolchains, TreeSource, day_of,
    derive, key,
};
use backstory_model::{BlobId, EnvironmentRecipe, RepositoryError, TestRunner, git_object_id};
use backstory_testkit::RepoBuilder;
use jiff::civil::{Date, date};

/// A tree in memory.
pub(crate) struct Tree {
    paths: Vec<String>,
    texts: BTreeMap<String, String>,
}

impl Tree {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let texts: BTreeMap<String, String> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self { paths: texts.keys().cloned().collect(), texts }
    }
}

impl ManifestSource for Tree {
    fn paths(&self) -> &[String] {
        &self.paths
    }

    fn read(&self, path: &str) -> Result<Option<(BlobId, String)>, RepositoryError> {
        let text = self.texts.get(path);
        Ok(text.map(|text| (git_object_id("blob", text.as_bytes()), text.clone())))
    }
}

pub(crate) fn toolchains() -> Toolchains {
    let tool = |(kind, version): (ToolKind, &str)| Toolchain {
        kind,
        version: version.to_owned(),
        mounts: Vec::new(),
    };
    let found = [
        (ToolKind::Python, "3.13.0"),
        (ToolKind::Python, "3.12.1"),
        (ToolKind::Python, "3.7.16"),
        (ToolKind::Uv, "0.13.9"),
        (ToolKind::Rust, "1.95.0"),
        (ToolKind::Nextest, "0.9.143"),
        (ToolKind::Node, "20.20.2"),
        (ToolKind::Go, "1.22.1"),
    ];
    Toolchains { found: found.into_iter().map(tool).collect(), broken: Vec::new() }
}

fn derived(
    files: &[(&str, &str)],
    commit_day: Date,
    test_file: &str,
) -> Result<EnvironmentRecipe, NoRecipe> {
    derive(&DeriveContext {
        source: &Tree::new(files),
        commit_day,
        reference_day: date(2026, 8, 1),
        test_files: &[test_file.to_owned()],
        toolchains: &toolchains(),
    })
}

/// What readers look for first in a recipe.
fn gist(recipe: &EnvironmentRecipe) -> String {
    let phases: Vec<String> = recipe
        .phases
        .iter()
        .map(|phase| {
            let mark = if phase.runs_foreign_code { "!" } else { "" };
            format!("  {}{mark}: {}", phase.name, phase.command.join(" "))
        })
        .collect();
    let manifests: Vec<String> =
        recipe.manifests.iter().map(|manifest| manifest.path.to_string()).collect();
    format!(
        "{} {} as of {}\n  from {}\n{}",
        recipe.toolchain,
        recipe.runner.as_str(),
        recipe.as_of.as_deref().unwrap_or("today"),
        manifests.join(", "),
        phases.join("\n"),
    )
}

const OLD: Date = date(2019, 3, 12);
const RECENT: Date = date(2026, 6, 3);

#[test]
fn a_project_of_2019_is_resolved_as_of_its_month_and_built_without_a_date() {
    let recipe = derived(
        &[
            (
                "setup.py",
                "setup(name='toy', install_requires=['MarkupSafe>=0.23'],\n\
                 python_requires='>=2.7, !=3.0.*', classifiers=[\n\
                 'Programming Language :: Python :: 3.7'])",
            ),
            ("tox.ini", "[testenv]\ndeps =\n    pytest>=3,<3.7\n    py27: mock\ncommands = pytest"),
            ("toy/__init__.py", ""),
        ],
        OLD,
        "tests/test_toy.py",
    );
    insta::assert_snapshot!(gist(&recipe.unwrap()), @"
    python3.7 pytest as of 2019-03-31
      from setup.py, tox.ini
      virtual environment: uv venv --allow-existing --python /toolchain/python3.7/bin/python3.7 /env
      requirements: uv pip install --python /env/bin/python --compile-bytecode --no-build --exclude-newer 2019-03-31 --exclude-newer-package atomicwrites=2022-07-31 MarkupSafe>=0.23 pytest>=3,<3.7 setuptools
      project!: uv pip install --python /env/bin/python --no-deps --editable /work
    ");
}

#[test]
fn dependency_groups_come_before_extras_and_follow_what_they_include() {
    let recipe = derived(
        &[
            (
                "pyproject.toml",
                "[build-system]\nrequires = ['hatchling', 'hatch-vcs']\n\
             [project]\nname = 'toy'\nrequires-python = '>=3.10,<3.13'\ndependencies = ['six']\n\
             optional-dependencies = { test = ['nose'] }\n\
             [dependency-groups]\n\
             tests = ['pytest>=8', { include-group = 'async' }, 'x @ https://example.org/x.whl']\n\
             async = ['trio', { include-group = 'tests' }]\n",
            ),
            ("CHANGES.md", "# Changes\n\n## 4.2.0 (unreleased)\n"),
        ],
        RECENT,
        "tests/test_toy.py",
    );
    insta::assert_snapshot!(gist(&recipe.unwrap()), @"
    python3.12 pytest as of today
      from pyproject.toml
      virtual environment: uv venv --allow-existing --python /toolchain/python3.12/bin/python3.12 /env
      requirements: uv pip install --python /env/bin/python --compile-bytecode --no-build pytest>=8 six trio
      project!: env SETUPTOOLS_SCM_PRETEND_VERSION=4.2.0 uv pip install --python /env/bin/python --no-deps --editable /work
    ");
}

#[test]
fn extras_of_the_project_itself_are_followed() {
    let setup = "EXTRAS = {'reco': ['simplejson'], 'tests': ['pytest', 'toy[reco]']}\n\
                 setup(name='toy', extras_require=EXTRAS)";
    let recipe = derived(&[("setup.py", setup)], OLD, "tests/test_toy.py").unwrap();
    insta::assert_compact_json_snapshot!(recipe.requirements, @r#"["pytest", "setuptools", "simplejson"]"#);
}

#[test]
fn tox_says_which_extras_are_for_tests() {
    let files = [
        ("setup.cfg", "[metadata]\nname = toy\n[options.extras_require]\nci =\n  pytest\n  pytz\n"),
        ("tox.ini", "[testenv]\nextras = ci\n"),
    ];
    let recipe = derived(&files, RECENT, "tests/test_toy.py").unwrap();
    insta::assert_compact_json_snapshot!(recipe.requirements, @r#"["pytest", "pytz"]"#);
}

#[test]
fn requirement_files_are_read_with_what_they_include() {
    let files = [
        ("setup.py", "setup(name='toy')"),
        ("requirements/base.txt", "six==1.12  # why\n-e .\n--index-url https://example.org\n"),
        (
            "requirements/tests.txt",
            "-r base.txt\n-r ../../escape.txt\nmock==2.0.0 --hash=sha256:0\n",
        ),
    ];
    let recipe = derived(&files, RECENT, "tests/test_toy.py").unwrap();
    insta::assert_compact_json_snapshot!(recipe.requirements, @r#"["mock==2.0.0", "pytest", "six==1.12"]"#);
}

#[test]
fn linters_of_a_list_for_development_are_left_out() {
    let files = [
        ("setup.py", "setup(name='toy')"),
        ("dev-requirements.txt", "pre-commit==1.11.2\npytest==3.8.2\nFlake8\nsimplejson\n"),
    ];
    let recipe = derived(&files, RECENT, "tests/test_toy.py").unwrap();
    assert_eq!(recipe.requirements, ["pytest==3.8.2", "simplejson"]);
}

#[test]
fn poetry_is_understood() {
    let text = "[tool.poetry]\nname = 'toy'\n[tool.poetry.dependencies]\npython = '^3.7'\n\
                click = { version = '^8.0', extras = ['x'] }\nrich = { version = '*', optional = true }\n\
                [tool.poetry.group.test.dependencies]\npytest = '~7.1'\n\
                [build-system]\nrequires = ['poetry-core']";
    let recipe = derived(&[("pyproject.toml", text)], RECENT, "tests/test_toy.py").unwrap();
    insta::assert_compact_json_snapshot!(recipe.requirements, @r#"["click[x]>=8.0,<9", "pytest>=7.1,<7.2"]"#);
}

#[test]
fn a_tree_without_manifests_is_put_on_the_path() {
    let files = [("src/toy.py", ""), ("tests/test_toy.py", "")];
    let recipe = derived(&files, RECENT, "tests/test_toy.py").unwrap();
    insta::assert_compact_json_snapshot!(recipe.variables, @r#"{"PATH": "/env/bin:/usr/bin:/bin", "PYTHONPATH": "/work/src:/work", "VIRTUAL_ENV": "/env"}"#);
}

#[test]
fn unittest_is_for_modules_pytest_does_not_collect() {
    let runner = |file| derived(&[("setup.py", "setup()")], RECENT, file).unwrap().runner;
    assert_eq!(runner("tests/test_toy.py"), TestRunner::Pytest);
    assert_eq!(runner("tests/basic.py"), TestRunner::Unittest);
}

#[test]
fn a_workspace_is_fetched_built_and_rid_of_its_own_artifacts() {
    let files = [
        ("Cargo.toml", "[workspace]\nmembers = ['a']"),
        ("a/Cargo.toml", "[package]\nname = 'a'"),
        ("Cargo.lock", ""),
    ];
    insta::assert_snapshot!(gist(&derived(&files, OLD, "a/src/lib.rs").unwrap()), @"
    rust1.95.0 nextest as of today
      from Cargo.lock, Cargo.toml, a/Cargo.toml
      dependencies: cargo --config net.offline=false fetch --locked
      build!: cargo nextest run --no-run --workspace --locked
      clean: cargo clean --workspace
    ");
    let late = [("Cargo.toml", "[package]\nname = 'a'\nrust-version = '1.200'")];
    insta::assert_snapshot!(derived(&late, OLD, "src/lib.rs").unwrap_err(), @"this machine has no Rust 1.200");
}

#[test]
fn npm_installs_by_the_lock_or_as_of_the_month() {
    let package = r#"{"scripts":{"test":"node x.js mocha test/**"},"devDependencies":{"mocha":"^5","jest":"1"}}"#;
    let locked = [("package.json", package), ("package-lock.json", "{}")];
    insta::assert_snapshot!(gist(&derived(&locked, RECENT, "test/a.js").unwrap()), @"
    node20 mocha as of today
      from package-lock.json, package.json
      packages: npm ci --ignore-scripts --no-audit --no-fund --no-progress
    ");
    insta::assert_snapshot!(gist(&derived(&locked[..1], OLD, "test/a.js").unwrap()), @"
    node20 mocha as of 2019-03-31
      from package.json
      packages: npm install --ignore-scripts --no-audit --no-fund --no-progress --legacy-peer-deps --no-package-lock --before 2019-03-31
    ");
    let silent = [("package.json", "{}")];
    insta::assert_snapshot!(derived(&silent, OLD, "test/a.ts").unwrap_err(), @"`package.json` names no test runner that is known here");
}

#[test]
fn a_go_module_with_modules_of_others_is_refused() {
    let alone = [("go.mod", "module toy\n\ngo 1.20\n")];
    insta::assert_snapshot!(gist(&derived(&alone, RECENT, "toy_test.go").unwrap()), @"
    go1.22.1 go_test as of today
      from go.mod
      build!: go test -run ^$ ./...
    ");
    let with_others = [("go.mod", "module toy\n\nrequire example.org/x v1.0.0\n")];
    insta::assert_snapshot!(derived(&with_others, RECENT, "toy_test.go").unwrap_err(), @"`go.mod` requires other modules, and there is no `vendor` folder");
    insta::assert_snapshot!(derived(&alone, RECENT, "toy_test.cpp").unwrap_err(), @"no runner is known for tests like `toy_test.cpp`");
}

#[test]
fn commits_that_only_a_linter_sees_share_an_environment() {
    let project = "[project]\nname = 'toy'\n";
    let name = |more: &str, day| {
        let text = format!("{project}{more}");
        key(&derived(&[("pyproject.toml", &text)], day, "tests/test_toy.py").unwrap())
    };
    assert_eq!(name("", RECENT), name("[tool.ruff]\nline-length = 100\n", RECENT));
    assert_eq!(name("", date(2019, 3, 1)), name("", date(2019, 3, 31)));
    assert_ne!(name("", date(2019, 3, 31)), name("", date(2019, 4, 1)));
    assert_ne!(name("", RECENT), name("version = '2'\n", RECENT));
    assert_ne!(name("", RECENT), name("dependencies = ['six']\n", RECENT));
}

#[test]
fn a_tree_of_a_repository_is_a_source() {
    let mut repository = RepoBuilder::new("acme/toy");
    repository.commit("begin", [("setup.py", "setup(name='toy')"), ("docs/a.txt", "a")]);
    let head = repository.read_commit(&repository.head());
    let memory = repository.memory();
    let source = TreeSource::new(&memory, &head.tree).unwrap();
    assert_eq!(source.paths(), ["docs/a.txt", "setup.py"]);
    let (blob, text) = source.read("setup.py").unwrap().unwrap();
    assert_eq!(blob, git_object_id("blob", text.as_bytes()));
    assert_eq!(source.read("setup.cfg").unwrap(), None);
    assert_eq!(day_of(head.committer.seconds), date(2024, 1, 1));
}
