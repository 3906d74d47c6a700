//! Which environment does a JavaScript or TypeScript package need?
//!
//! In: `package.json` and its lock. Out: one phase, the installation by npm. No
//! install script is run, neither of the package nor of its dependencies, so no
//! foreign code runs. What lies in `node_modules` stays beside the work tree.

use backstory_model::{InstallPhase, Language, TestRunner};
use jiff::civil::Date;
use serde_json::Value;

use super::derive::{Draft, phase, variables};
use super::source::Manifests;
use super::{DeriveContext, NoRecipe, ToolKind};

/// What tells of a runner: in a script, and among the dependencies.
const RUNNERS: [(TestRunner, &str, &str); 4] = [
    (TestRunner::Vitest, "vitest", "vitest"),
    (TestRunner::Jest, "jest", "jest"),
    (TestRunner::Mocha, "mocha", "mocha"),
    (TestRunner::NodeTest, "node --test", "node:test"),
];

/// Drafts the recipe of an npm package.
pub(super) fn draft(context: &DeriveContext, manifests: &mut Manifests) -> Result<Draft, NoRecipe> {
    let unreadable =
        |what: &str| NoRecipe::Manifest { path: "package.json".to_owned(), what: what.to_owned() };
    let version = context
        .toolchains
        .version(ToolKind::Node)
        .ok_or_else(|| NoRecipe::MissingToolchain { what: "Node with npm".to_owned() })?;
    let text = manifests.text("package.json")?;
    let package: Value = match &text {
        Some(text) => serde_json::from_str(text).map_err(|_| unreadable("is not JSON"))?,
        None => Value::Null,
    };
    let runner = runner(&package).or(text.is_none().then_some(TestRunner::NodeTest));
    let runner = runner.ok_or_else(|| unreadable("names no test runner that is known here"))?;
    let is_typescript = context.test_files.iter().any(|file| file.ends_with("ts"));
    let as_of = context.as_of();
    let is_locked = manifests.text("package-lock.json")?.is_some()
        || manifests.text("npm-shrinkwrap.json")?.is_some();
    Ok(Draft {
        language: if is_typescript { Language::TypeScript } else { Language::JavaScript },
        runner,
        toolchain: format!("node{}", version.split('.').next().unwrap_or(version)),
        as_of: as_of.filter(|_| !is_locked),
        requirements: dependencies(&package),
        phases: text.map(|_| install(is_locked, as_of)).into_iter().collect(),
        variables: variables(&[(
            "PATH",
            concat!("/work", "/node_modules/.bin:/toolchain/node/bin:/usr/bin:/bin"),
        )]),
        build: None,
    })
}

/// Returns the runner the scripts call; else the one among the dependencies.
fn runner(package: &Value) -> Option<TestRunner> {
    let scripts: Vec<&str> = package
        .get("scripts")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter(|(name, _)| name.starts_with("test") || name.starts_with("unit"))
        .filter_map(|(_, script)| script.as_str())
        .collect();
    let called =
        RUNNERS.iter().find(|(_, word, _)| scripts.iter().any(|script| script.contains(word)));
    let listed = || {
        let names = dependencies(package);
        RUNNERS.iter().find(|(_, _, name)| {
            names.iter().any(|line| line.split_once('@').is_some_and(|(known, _)| known == *name))
        })
    };
    called.or_else(listed).map(|(runner, _, _)| *runner)
}

/// Returns `NAME@VERSIONS` of every direct dependency.
fn dependencies(package: &Value) -> Vec<String> {
    ["dependencies", "devDependencies", "optionalDependencies"]
        .into_iter()
        .filter_map(|key| package.get(key)?.as_object())
        .flatten()
        .map(|(name, versions)| format!("{name}@{}", versions.as_str().unwrap_or("*")))
        .collect()
}

fn install(is_locked: bool, as_of: Option<Date>) -> InstallPhase {
    let mut command = vec!["npm", if is_locked { "ci" } else { "install" }, "--ignore-scripts"];
    command.extend(["--no-audit", "--no-fund", "--no-progress"]);
    let day = as_of.map(|day| day.to_string());
    if let Some(day) = day.as_deref() {
        // npm did not install peer dependencies then, so they need not agree.
        command.push("--legacy-peer-deps");
        if !is_locked {
            command.extend(["--no-package-lock", "--before", day]);
        }
    } else if !is_locked {
        command.push("--no-package-lock");
    }
    phase("packages", &command, false)
}
