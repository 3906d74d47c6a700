//! Which environment does a Python project need?
//!
//! In: its manifests. Out: an interpreter, requirements, and three phases: a
//! virtual environment, the requirements (as of the day, wheels only, so that no
//! foreign code runs), and the project itself without a date, because build
//! tools of old times cannot install a work tree in place.

mod build;
mod ini;
mod interpreter;
mod requirement;
mod requirements;
mod script;
mod version;

use backstory_model::{InstallPhase, Language, TestRunner};

use super::derive::{Draft, phase, variables};
use super::source::Manifests;
use super::{DeriveContext, NoRecipe, ToolKind};
use requirements::Project;

/// Drafts the recipe of a Python project.
pub(super) fn draft(context: &DeriveContext, manifests: &mut Manifests) -> Result<Draft, NoRecipe> {
    let project = Project::read(manifests)?;
    let runner = runner(context.test_files);
    let offered: Vec<_> =
        context.toolchains.versions(ToolKind::Python).filter_map(interpreter::version).collect();
    let requires = project.requires_python.as_deref();
    let (major, minor, _) =
        interpreter::choose(&offered, requires, &project.classifiers, context.commit_day)
            .ok_or_else(|| NoRecipe::MissingToolchain {
                what: format!("Python that is `{}`", requires.unwrap_or("3.6 or later")),
            })?;
    let python = format!("python{major}.{minor}");
    let as_of = context.as_of();
    let mut wanted = project.own.clone();
    wanted.extend(project.for_tests(manifests)?);
    let mut lines: Vec<String> = wanted.iter().map(|wanted| wanted.line.clone()).collect();
    // Virtual environments of the time came with setuptools.
    for (name, needed) in
        [("pytest", runner == TestRunner::Pytest), ("setuptools", as_of.is_some())]
    {
        if needed && wanted.iter().all(|wanted| wanted.name != name) {
            lines.push(name.to_owned());
        }
    }
    lines.sort();
    lines.dedup();
    let mut phases = vec![environment(&python)];
    if !lines.is_empty() {
        let as_of = as_of.map(|day| day.to_string());
        phases.push(install_phase("requirements", &lines, as_of.as_deref()));
    }
    if project.is_installable {
        phases.push(in_place(&version::pretended(manifests, &project.build)?));
    }
    let mut variables = variables(&[("PATH", "/env/bin:/usr/bin:/bin"), ("VIRTUAL_ENV", "/env")]);
    if !project.is_installable {
        let root =
            if manifests.has_folder("src") { concat!("/work", "/src:/work") } else { "/work" };
        variables.insert("PYTHONPATH".to_owned(), root.to_owned());
    }
    Ok(Draft {
        language: Language::Python,
        runner,
        toolchain: python,
        as_of,
        requirements: lines,
        phases,
        variables,
        build: Some(build::relevant(manifests)?),
    })
}

/// pytest runs what unittest runs, so unittest is for modules that pytest does
/// not collect by their name.
fn runner(test_files: &[String]) -> TestRunner {
    let is_collected = |file: &String| {
        let name = file.rsplit('/').next().unwrap_or(file);
        name.strip_suffix(".py").is_some_and(|stem| {
            stem.starts_with("test_") || stem.ends_with("_test") || stem == "conftest"
        })
    };
    if test_files.iter().any(is_collected) { TestRunner::Pytest } else { TestRunner::Unittest }
}

fn environment(python: &str) -> InstallPhase {
    let interpreter = format!("/toolchain/{python}/bin/{python}");
    phase(
        "virtual environment",
        &["uv", "venv", "--allow-existing", "--python", &interpreter, "/env"],
        false,
    )
}

/// Distributions that have a later day where the commit is older than it:
/// installers of today build with a setuptools of 2019 at least, and all files
/// of atomicwrites, which many versions of pytest need, were removed and given
/// back in July 2022.
const NOT_BEFORE: [(&str, &str); 3] =
    [("atomicwrites", "2022-07-31"), ("setuptools", "2019-03-31"), ("wheel", "2019-03-31")];

/// Makes the phase that installs distributions, of the day if there is one.
pub(super) fn install_phase(name: &str, lines: &[String], as_of: Option<&str>) -> InstallPhase {
    // Nothing can be compiled while judging, because `/env` is read-only then.
    let command = ["uv", "pip", "install", "--python", "/env/bin/python"];
    let mut command: Vec<String> = command.map(str::to_owned).to_vec();
    command.extend(["--compile-bytecode", "--no-build"].map(str::to_owned));
    if let Some(day) = as_of {
        command.extend(["--exclude-newer".to_owned(), day.to_owned()]);
        for (name, since) in NOT_BEFORE.iter().filter(|(_, since)| day < *since) {
            command.push("--exclude-newer-package".to_owned());
            command.push(format!("{name}={since}"));
        }
    }
    command.extend(lines.iter().cloned());
    InstallPhase { name: name.to_owned(), command, runs_foreign_code: false }
}

fn in_place(pretended: &[String]) -> InstallPhase {
    let mut command: Vec<&str> = Vec::new();
    if !pretended.is_empty() {
        command.push("env");
        command.extend(pretended.iter().map(String::as_str));
    }
    command.extend(["uv", "pip", "install", "--python", "/env/bin/python"]);
    command.extend(["--no-deps", "--editable", "/work"]);
    phase("project", &command, true)
}

/// Returns true for a requirement that an installer may be asked for.
pub(super) fn is_requirement(line: &str) -> bool {
    requirement::parse(line).is_some()
}
