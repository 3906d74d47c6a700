//! Does a recipe become an environment once, whole, and only by what it says?

use std::fs;
use std::path::{Path, PathBuf};

use backstory_exec::environment::{
    DeriveContext, IndexSettings, ProvisionError, Provisioner, ToolKind, ToolchainSearch,
    Toolchains, derive, key,
};
use backstory_exec::sandbox::{BubblewrapSandbox, SandboxOptions};
use backstory_model::{
    Access, Ending, EnvironmentRecipe, Limits, Network, Sandbox, SandboxJob, Upper, WorkTree,
};
use backstory_store::fs::write_file;
use backstory_testkit::{FakeAnswer, FakeSandbox, mounted};
use jiff::civil::date;

use crate::environment::{Tree, toolchains};

/// A cache, a checked out tree, and the recipe of a project with requirements.
struct Bench {
    folder: tempfile::TempDir,
    recipe: EnvironmentRecipe,
    toolchains: Toolchains,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("base");
        fs::create_dir_all(base.join("toy")).unwrap();
        write_file(&base.join("toy/__init__.py"), b"tracked").unwrap();
        let toolchains = toolchains();
        let recipe = derive(&DeriveContext {
            source: &Tree::new(&[("setup.py", "setup(name='toy', install_requires=['six'])")]),
            commit_day: date(2019, 3, 12),
            reference_day: date(2026, 8, 1),
            test_files: &["tests/test_toy.py".to_owned()],
            toolchains: &toolchains,
        });
        Self { folder, recipe: recipe.unwrap(), toolchains }
    }

    fn base(&self) -> PathBuf {
        self.folder.path().join("base")
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn provision(
        &self,
        sandbox: &FakeSandbox,
    ) -> Result<backstory_exec::environment::Environment, ProvisionError> {
        let index = IndexSettings::default();
        Provisioner::new(self.cache(), sandbox, &self.toolchains, index)
            .provision(&self.recipe, &self.base())
    }

    /// Lists what lies in the cache of environments.
    fn kept(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.cache().join("environments"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .map(|name| name.replace(key(&self.recipe).as_str(), "KEY"))
            .collect();
        names.sort();
        names
    }
}

fn says(output: &str) -> FakeAnswer {
    FakeAnswer { output: output.to_owned(), ..FakeAnswer::exited(0) }
}

fn fails(output: &str) -> FakeAnswer {
    FakeAnswer { output: output.to_owned(), ..FakeAnswer::exited(1) }
}

fn has(job: &SandboxJob, word: &str) -> bool {
    job.command.iter().any(|argument| argument == word)
}

fn upper(job: &SandboxJob) -> Option<&Path> {
    match &job.work.upper {
        Upper::Kept(folder) => Some(folder),
        Upper::Discarded => None,
    }
}

/// Installs what it is asked for, as a well-behaved installer does.
fn installs(job: &SandboxJob) -> FakeAnswer {
    if has(job, "venv") {
        write_file(&mounted(job, "/env").unwrap().join("pyvenv.cfg"), b"").unwrap();
    }
    if let Some(upper) = upper(job).filter(|_| has(job, "--editable")) {
        fs::create_dir_all(upper.join("toy/__pycache__")).unwrap();
        fs::create_dir_all(upper.join("toy.egg-info")).unwrap();
        for file in ["toy/__init__.py", "toy/_version.py", "toy.egg-info/PKG-INFO"] {
            write_file(&upper.join(file), b"built").unwrap();
        }
    }
    if has(job, "freeze") { says("six==1.12.0\n-e file:///work\n") } else { says("") }
}

#[test]
fn an_environment_is_made_once_and_found_again() {
    let bench = Bench::new();
    let sandbox = FakeSandbox::new(|job| Ok(installs(job)));
    let made = bench.provision(&sandbox).unwrap();
    let jobs = sandbox.jobs().len();
    let found = bench.provision(&sandbox).unwrap();
    assert_eq!(made, found);
    assert_eq!(sandbox.jobs().len(), jobs, "what is there is not made again");
    assert!(made.root.join("pyvenv.cfg").is_file());
    assert_eq!(String::from_utf8_lossy(&made.lock), "# python3.7\nsix==1.12.0\n");
    assert_eq!(bench.kept(), ["KEY", "KEY.lock"]);
}

#[test]
fn what_the_build_left_lies_below_the_tree_and_never_hides_it() {
    let bench = Bench::new();
    let made = bench.provision(&FakeSandbox::new(|job| Ok(installs(job)))).unwrap();
    let products = made.products.clone().unwrap();
    assert!(products.join("toy/_version.py").is_file());
    assert!(products.join("toy.egg-info/PKG-INFO").is_file());
    assert!(!products.join("toy/__init__.py").exists(), "the tree has its own");
    assert!(!products.join("toy/__pycache__").exists());
    assert_eq!(made.work_layers(bench.base()), [bench.base(), products]);
}

#[test]
fn only_code_of_nobody_writes_the_downloads() {
    let bench = Bench::new();
    let sandbox = FakeSandbox::new(|job| Ok(installs(job)));
    let made = bench.provision(&sandbox).unwrap();
    let access = |job: &SandboxJob| {
        job.mounts.iter().find(|mount| mount.target == "/downloads").map(|mount| mount.access)
    };
    for job in sandbox.jobs() {
        match (has(&job, "--editable"), job.network) {
            (true, _) => assert_eq!(access(&job), Some(Access::Scratch), "{:?}", job.command),
            (false, Network::Host) => assert_eq!(access(&job), Some(Access::ReadWrite)),
            (false, _) => assert_eq!((access(&job), upper(&job)), (None, None)),
        }
    }
    assert_eq!(made.mounts()[0].access, Access::ReadOnly);
}

#[test]
fn what_has_no_wheel_is_built_without_writing_the_downloads() {
    let bench = Bench::new();
    let sandbox = FakeSandbox::new(|job| {
        Ok(if has(job, "--no-build") { fails("no wheel") } else { installs(job) })
    });
    bench.provision(&sandbox).unwrap();
    let jobs = sandbox.jobs();
    let second = jobs.iter().find(|job| has(job, "six") && !has(job, "--no-build")).unwrap();
    assert!(has(second, "2019-03-31"), "the date stays");
    let downloads = second.mounts.iter().find(|mount| mount.target == "/downloads").unwrap();
    assert_eq!(downloads.access, Access::Scratch);
}

#[test]
fn a_failure_is_remembered_with_its_log_and_never_half_kept() {
    let bench = Bench::new();
    let sandbox = FakeSandbox::new(|job| {
        Ok(if has(job, "--editable") {
            fails("no module named build, see https://index.example.org/simple/x")
        } else {
            installs(job)
        })
    });
    let first = bench.provision(&sandbox).unwrap_err();
    let jobs = sandbox.jobs().len();
    let again = bench.provision(&sandbox).unwrap_err();
    assert_eq!(sandbox.jobs().len(), jobs);
    assert_eq!(bench.kept(), ["KEY.failed", "KEY.lock"]);
    let (ProvisionError::Failed { log, .. }, ProvisionError::Failed { log: kept, .. }) =
        (&first, &again)
    else {
        panic!("{first} {again}")
    };
    assert_eq!(log, kept);
    let log = String::from_utf8_lossy(log);
    assert!(log.contains("no module named build") && !log.contains("index.example.org"), "{log}");
    insta::assert_snapshot!(first, @"the phase `project` ended with status 1");
}

#[test]
fn a_silent_index_is_not_remembered() {
    let bench = Bench::new();
    let down = FakeSandbox::new(|_| Ok(fails("error: dns error: failed to lookup address")));
    assert!(matches!(bench.provision(&down), Err(ProvisionError::Index { .. })));
    let up = FakeSandbox::new(|job| Ok(installs(job)));
    assert!(bench.provision(&up).is_ok());
}

#[test]
fn what_somebody_left_who_was_killed_is_not_used() {
    let bench = Bench::new();
    let key = key(&bench.recipe);
    let left = bench.cache().join(format!("environments/.{}.building/root/stale", key.as_str()));
    fs::create_dir_all(&left).unwrap();
    let made = bench.provision(&FakeSandbox::new(|job| Ok(installs(job)))).unwrap();
    assert!(!made.root.join("stale").exists());
}

#[test]
fn a_limit_that_is_met_fails_the_provision_with_its_cause() {
    let bench = Bench::new();
    let sandbox = FakeSandbox::new(|_| {
        Ok(FakeAnswer { ending: Ending::TimeLimit, status: None, ..FakeAnswer::exited(1) })
    });
    insta::assert_snapshot!(bench.provision(&sandbox).unwrap_err(), @"the phase `virtual environment` met the time limit");
}

#[test]
fn a_module_the_tests_miss_is_installed_once_and_written_down() {
    let bench = Bench::new();
    let sandbox = FakeSandbox::new(|job| {
        Ok(if has(job, "--collect-only") {
            fails("E   ModuleNotFoundError: No module named 'simplejson'")
        } else if has(job, "check") {
            fails("The package `toy` requires `attrs>=19`, but it's not installed")
        } else {
            installs(job)
        })
    });
    let made = bench.provision(&sandbox).unwrap();
    insta::assert_snapshot!(String::from_utf8_lossy(&made.lock), @"
    # python3.7
    # added attrs>=19: `toy` requires it
    # added simplejson: the module `simplejson` was missing
    six==1.12.0
    ");
    let jobs = sandbox.jobs();
    assert_eq!(jobs.iter().filter(|job| has(job, "simplejson")).count(), 1);
}

#[test]
fn a_toolchain_this_machine_lacks_is_named() {
    let mut bench = Bench::new();
    bench.toolchains.found.retain(|tool| tool.kind != ToolKind::Uv);
    let error = bench.provision(&FakeSandbox::new(|job| Ok(installs(job)))).unwrap_err();
    insta::assert_snapshot!(error, @"this machine has no `uv`");
}

/// Returns the real sandbox and what it finds on this machine.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn machine(cache: &Path) -> Option<(BubblewrapSandbox, Toolchains)> {
    let stage = env!("CARGO_BIN_EXE_backstory-sandbox-stage").into();
    let sandbox = BubblewrapSandbox::probe(SandboxOptions::new(stage, &[]))
        .inspect_err(|error| eprintln!("skipped: {error}"))
        .ok()?;
    let search = ToolchainSearch {
        home: option_env!("HOME").map(Into::into),
        path: option_env!("PATH")
            .map(|path| std::env::split_paths(path).collect())
            .unwrap_or_default(),
    };
    let toolchains = Toolchains::discover(&search, cache, &sandbox).unwrap();
    if toolchains.version(ToolKind::Uv).is_none() || toolchains.version(ToolKind::Python).is_none()
    {
        eprintln!("skipped: this machine has no uv or no Python");
        return None;
    }
    Some((sandbox, toolchains))
}

#[test]
fn an_interpreter_runs_where_it_was_not_installed() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, base) = (folder.path().join("cache"), folder.path().join("base"));
    fs::create_dir_all(&base).unwrap();
    let Some((sandbox, toolchains)) = machine(&cache) else { return };
    let recipe = derive(&DeriveContext {
        source: &Tree::new(&[("tests/basic.py", "")]),
        commit_day: date(2026, 8, 1),
        reference_day: date(2026, 8, 1),
        test_files: &["tests/basic.py".to_owned()],
        toolchains: &toolchains,
    })
    .unwrap();
    let environment = Provisioner::new(&cache, &sandbox, &toolchains, IndexSettings::default())
        .provision(&recipe, &base)
        .unwrap();
    let program = "import os, sys, sysconfig; assert sys.prefix == '/env', sys.prefix;\
                   print(os.path.dirname(os.__file__), sys.version_info[:2])";
    let result = sandbox.run(&SandboxJob {
        name: "moved interpreter".to_owned(),
        work: WorkTree { layers: environment.work_layers(base), upper: Upper::Discarded },
        mounts: environment.mounts(),
        variables: environment.variables.clone(),
        command: ["python", "-c", program].map(str::to_owned).to_vec(),
        limits: Limits::default(),
        network: Network::None,
    });
    let result = result.unwrap();
    let printed = String::from_utf8_lossy(&result.output).into_owned();
    let minor = recipe.toolchain.trim_start_matches("python3.");
    assert_eq!(
        printed,
        format!("/toolchain/{0}/lib/{0} (3, {minor})\n", recipe.toolchain),
        "{:?}",
        result.ending
    );
}
