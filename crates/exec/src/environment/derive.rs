//! Which environment do the tests of one commit need?
//!
//! In: the files of the commit, its day, the test files in question and the
//! toolchains of this machine. Out: a recipe, or why there is none. Runs
//! nothing and reads no clock, so that the same commit has the same recipe.

use std::collections::BTreeMap;

use backstory_model::{
    EnvironmentRecipe, InstallPhase, Language, Manifest, RepositoryError, Sha256, TestRunner,
};
use jiff::civil::Date;
use sha2::Digest as _;

use super::source::Manifests;
use super::{ManifestSource, Toolchains, golang, javascript, python, rust};

/// What a recipe is derived from.
pub struct DeriveContext<'a> {
    /// The files of the commit.
    pub source: &'a dyn ManifestSource,
    /// The day of the commit.
    pub commit_day: Date,
    /// The day from which age is counted: that of the newest commit of the
    /// repository, so that a recipe depends on the history alone.
    pub reference_day: Date,
    /// The test files that are to be run, from the root of the tree.
    pub test_files: &'a [String],
    /// What this machine offers.
    pub toolchains: &'a Toolchains,
}

impl DeriveContext<'_> {
    /// Returns the day as of which dependencies are resolved; `None` for recent
    /// commits.
    ///
    /// It is the last day of the commit's month: commits of one month share an
    /// environment, and a version released for the commit itself is there.
    pub(crate) fn as_of(&self) -> Option<Date> {
        let two_years_later = self.commit_day.checked_add(jiff::Span::new().years(2)).ok()?;
        (two_years_later < self.reference_day).then(|| self.commit_day.last_of_month())
    }
}

/// Says why no recipe could be derived.
#[derive(Debug, thiserror::Error)]
pub enum NoRecipe {
    /// No runner is known for these tests.
    #[error("no runner is known for {what}")]
    Unsupported {
        /// What, e.g., `tests in C++`.
        what: String,
    },
    /// A toolchain is not on this machine.
    #[error("this machine has no {what}")]
    MissingToolchain {
        /// Which, e.g., `Go toolchain`.
        what: String,
    },
    /// A manifest says something that cannot be followed.
    #[error("`{path}` {what}")]
    Manifest {
        /// The file.
        path: String,
        /// What about it, e.g., `asks for modules of others`.
        what: String,
    },
    /// The repository did not answer.
    #[error("failed to read the manifests")]
    Repository {
        /// Its answer.
        #[from]
        source: RepositoryError,
    },
}

/// What a language makes of the manifests.
pub(crate) struct Draft {
    pub(crate) language: Language,
    pub(crate) runner: TestRunner,
    pub(crate) toolchain: String,
    pub(crate) as_of: Option<Date>,
    pub(crate) requirements: Vec<String>,
    pub(crate) phases: Vec<InstallPhase>,
    pub(crate) variables: BTreeMap<String, String>,
    /// What the manifests say about building; `None` stands for all they say.
    pub(crate) build: Option<String>,
}

/// Derives the environment of the tests from the manifests of one commit.
pub fn derive(context: &DeriveContext) -> Result<EnvironmentRecipe, NoRecipe> {
    let mut manifests = Manifests::new(context.source);
    let draft = match spoken(context.test_files) {
        Some(Spoken::Python) => python::draft(context, &mut manifests)?,
        Some(Spoken::Rust) => rust::draft(context, &mut manifests)?,
        Some(Spoken::Script) => javascript::draft(context, &mut manifests)?,
        Some(Spoken::Go) => golang::draft(context, &mut manifests)?,
        None => {
            let what = match context.test_files.first() {
                Some(file) => format!("tests like `{file}`"),
                None => "a change without test files".to_owned(),
            };
            return Err(NoRecipe::Unsupported { what });
        }
    };
    let mut requirements = draft.requirements;
    requirements.sort();
    requirements.dedup();
    let manifests = manifests.into_read();
    let build = draft.build.unwrap_or_else(|| all_of(&manifests));
    Ok(EnvironmentRecipe {
        language: draft.language,
        runner: draft.runner,
        toolchain: draft.toolchain,
        as_of: draft.as_of.map(|day| day.to_string()),
        manifests,
        build: Sha256::from_digest(&sha2::Sha256::digest(build.as_bytes())),
        requirements,
        phases: draft.phases,
        variables: draft.variables,
    })
}

fn all_of(manifests: &[Manifest]) -> String {
    let line = |manifest: &Manifest| format!("{} {}\n", manifest.path, manifest.blob.as_str());
    manifests.iter().map(line).collect()
}

/// An ecosystem with installers of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Spoken {
    Python,
    Rust,
    Script,
    Go,
}

/// Returns the ecosystem most of the test files belong to.
fn spoken(test_files: &[String]) -> Option<Spoken> {
    let mut counts: BTreeMap<Spoken, usize> = BTreeMap::new();
    for file in test_files {
        let spoken = match file.rsplit_once('.').map(|(_, extension)| extension) {
            Some("py") => Spoken::Python,
            Some("rs") => Spoken::Rust,
            Some("js" | "cjs" | "mjs" | "jsx" | "ts" | "cts" | "mts" | "tsx") => Spoken::Script,
            Some("go") => Spoken::Go,
            _ => continue,
        };
        *counts.entry(spoken).or_default() += 1;
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(spoken, _)| spoken)
}

/// Makes one phase of a recipe.
pub(crate) fn phase(name: &str, command: &[&str], runs_foreign_code: bool) -> InstallPhase {
    InstallPhase {
        name: name.to_owned(),
        command: command.iter().map(|&argument| argument.to_owned()).collect(),
        runs_foreign_code,
    }
}

/// Makes the variables of the tests.
pub(crate) fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}
