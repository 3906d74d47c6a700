//! Which environment does a Rust workspace need?
//!
//! In: its manifests. Out: three phases: fetch, build every test with its
//! dependencies, take the workspace's own artifacts away again, so that each
//! state is built from its own files. Without `Cargo.lock` the newest versions
//! are taken: a registry index does not tell days.

use backstory_model::{Language, TestRunner};
use toml::{Table, Value};

use super::derive::{Draft, phase, variables};
use super::source::Manifests;
use super::{DeriveContext, NoRecipe, ToolKind};

const VARIABLES: [(&str, &str); 7] = [
    ("CARGO_HOME", "/env/cargo"),
    ("CARGO_INCREMENTAL", "0"),
    ("CARGO_NET_OFFLINE", "true"),
    ("CARGO_PROFILE_DEV_DEBUG", "line-tables-only"),
    ("CARGO_TARGET_DIR", "/env/target"),
    ("CARGO_TERM_COLOR", "never"),
    ("PATH", "/toolchain/rust/bin:/toolchain/bin:/usr/bin:/bin"),
];

/// Drafts the recipe of a Rust workspace.
pub(super) fn draft(context: &DeriveContext, manifests: &mut Manifests) -> Result<Draft, NoRecipe> {
    let Some(root) = manifests.text("Cargo.toml")? else {
        return Err(NoRecipe::Unsupported { what: "a Rust tree without `Cargo.toml`".to_owned() });
    };
    let missing = |what: &str| NoRecipe::MissingToolchain { what: what.to_owned() };
    let version =
        context.toolchains.version(ToolKind::Rust).ok_or_else(|| missing("Rust toolchain"))?;
    if context.toolchains.version(ToolKind::Nextest).is_none() {
        return Err(missing("cargo-nextest"));
    }
    let root: Table = root.parse().map_err(|_| NoRecipe::Manifest {
        path: "Cargo.toml".to_owned(),
        what: "is not TOML".to_owned(),
    })?;
    check_rust_version(&root, version)?;
    let members: Vec<String> =
        manifests.paths().iter().filter(|path| path.ends_with("/Cargo.toml")).cloned().collect();
    for member in members {
        manifests.text(&member)?;
    }
    let is_locked = manifests.text("Cargo.lock")?.is_some();
    let locked: &[&str] = if is_locked { &["--locked"] } else { &[] };
    let with = |command: &[&'static str]| [command, locked].concat();
    Ok(Draft {
        language: Language::Rust,
        runner: TestRunner::Nextest,
        toolchain: format!("rust{version}"),
        as_of: None,
        requirements: Vec::new(),
        phases: vec![
            phase(
                "dependencies",
                &with(&["cargo", "--config", "net.offline=false", "fetch"]),
                false,
            ),
            phase("build", &with(&["cargo", "nextest", "run", "--no-run", "--workspace"]), true),
            phase("clean", &["cargo", "clean", "--workspace"], false),
        ],
        variables: variables(&VARIABLES),
        build: None,
    })
}

/// Refuses a workspace that asks for a later compiler than there is.
fn check_rust_version(root: &Table, version: &str) -> Result<(), NoRecipe> {
    let package = root.get("package").or_else(|| root.get("workspace")?.get("package"));
    let wanted = package.and_then(|package| package.get("rust-version")).and_then(Value::as_str);
    match wanted {
        Some(wanted) if numbers(wanted) > numbers(version) => {
            Err(NoRecipe::MissingToolchain { what: format!("Rust {wanted}") })
        }
        _ => Ok(()),
    }
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}
