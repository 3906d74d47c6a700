//! Which environment does a Go module need?
//!
//! In: its manifests. Out: a build that fills the build cache. Only modules
//! without foreign ones, or with a `vendor` folder, have a recipe.

use backstory_model::{Language, TestRunner};

use super::derive::{Draft, phase, variables};
use super::source::Manifests;
use super::{DeriveContext, NoRecipe, ToolKind};

const VARIABLES: [(&str, &str); 7] = [
    ("CGO_ENABLED", "0"),
    ("GOCACHE", "/env/go-build"),
    ("GOFLAGS", "-mod=mod"),
    ("GOPATH", "/env/go"),
    ("GOPROXY", "off"),
    ("GOTOOLCHAIN", "local"),
    ("PATH", "/toolchain/go/bin:/usr/bin:/bin"),
];

/// Drafts the recipe of a Go module.
pub(super) fn draft(context: &DeriveContext, manifests: &mut Manifests) -> Result<Draft, NoRecipe> {
    let Some(module) = manifests.text("go.mod")? else {
        return Err(NoRecipe::Unsupported { what: "a Go tree without `go.mod`".to_owned() });
    };
    let is_vendored = manifests.has("vendor/modules.txt");
    if module.lines().any(|line| line.trim_start().starts_with("require")) && !is_vendored {
        return Err(NoRecipe::Manifest {
            path: "go.mod".to_owned(),
            what: "requires other modules, and there is no `vendor` folder".to_owned(),
        });
    }
    let version = context
        .toolchains
        .version(ToolKind::Go)
        .ok_or_else(|| NoRecipe::MissingToolchain { what: "Go toolchain".to_owned() })?;
    let mut variables = variables(&VARIABLES);
    if is_vendored {
        variables.insert("GOFLAGS".to_owned(), "-mod=vendor".to_owned());
    }
    Ok(Draft {
        language: Language::Go,
        runner: TestRunner::GoTest,
        toolchain: format!("go{version}"),
        as_of: None,
        requirements: Vec::new(),
        phases: vec![phase("build", &["go", "test", "-run", "^$", "./..."], true)],
        variables,
        build: None,
    })
}
