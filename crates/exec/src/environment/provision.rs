//! How does a recipe become an environment that tests run in?
//!
//! In: a recipe and the files of a commit. Out: a folder of the cache to mount
//! at `/env`, what the installation left in the work tree, and what was chosen;
//! or the log of what failed. Every installer runs in the sandbox. An
//! environment appears by rename, so a provision that is killed leaves nothing
//! that is used; a failed one is remembered until its folder is removed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backstory_model::{
    Access, ContainmentLevel, EnvironmentRecipe, Language, Mount, Sandbox, SandboxError, Sha256,
    TestRunner,
};
use backstory_store::{StoreError, fs};

use super::cached::{Building, LOG, Place};
use super::installer::{Installer, PhaseEnd, second_try};
use super::{IndexSettings, Toolchains, key, lock, missing, products};

/// An environment that is ready to be mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The digest of its recipe.
    pub key: Sha256,
    /// What is mounted at `/env`.
    pub root: PathBuf,
    /// What the installation left in the work tree beside the files of the
    /// commit, e.g., `node_modules`; `None` when nothing.
    pub products: Option<PathBuf>,
    /// The interpreter or compiler.
    pub toolchain: Vec<Mount>,
    /// The environment of the tests, `PATH` included.
    pub variables: BTreeMap<String, String>,
    /// What the installers chose, without addresses.
    pub lock: Vec<u8>,
    /// What the installers printed, without addresses.
    pub log: Vec<u8>,
    /// What a job may do with `/env`: runners that build write, and it is gone afterwards.
    pub access: Access,
}

impl Environment {
    /// Returns what a job mounts to run in it.
    pub fn mounts(&self) -> Vec<Mount> {
        let mut mounts = vec![Mount {
            source: self.root.clone(),
            target: "/env".to_owned(),
            access: self.access,
        }];
        mounts.extend(self.toolchain.iter().cloned());
        mounts
    }

    /// Returns the layers of a work tree, topmost first: the files of the state
    /// hide what the installation left, never the other way round.
    pub fn work_layers(&self, tree: PathBuf) -> Vec<PathBuf> {
        std::iter::once(tree).chain(self.products.clone()).collect()
    }
}

/// Says why there is no environment.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// An installer failed; never a failure of a test.
    #[error("{detail}")]
    Failed {
        /// What failed, in one sentence.
        detail: String,
        /// What the installers printed.
        log: Vec<u8>,
    },
    /// The package index did not answer; not remembered.
    #[error("{detail}, and the package index did not answer")]
    Index {
        /// What failed, in one sentence.
        detail: String,
        /// What the installers printed.
        log: Vec<u8>,
    },
    /// The recipe asks for a toolchain this machine does not have.
    #[error("this machine has no `{name}`")]
    Toolchain {
        /// Which one.
        name: String,
    },
    /// The sandbox failed.
    #[error("failed to run an installer in the sandbox")]
    Sandbox(#[from] SandboxError),
    /// The cache could not be read or written.
    #[error("failed to keep the environment in the cache")]
    Store(#[from] StoreError),
}

/// Makes environments and keeps them in a folder.
pub struct Provisioner<'a> {
    cache: PathBuf,
    sandbox: &'a dyn Sandbox,
    toolchains: &'a Toolchains,
    index: IndexSettings,
}

impl<'a> Provisioner<'a> {
    /// Takes the folder of the cache, which need not exist.
    pub fn new(
        cache: impl Into<PathBuf>,
        sandbox: &'a dyn Sandbox,
        toolchains: &'a Toolchains,
        index: IndexSettings,
    ) -> Self {
        Self { cache: cache.into(), sandbox, toolchains, index }
    }

    /// Returns the environment of a recipe, from the cache where it is there.
    ///
    /// `base` is a folder with the files of the commit the recipe is of; it is not written.
    pub fn provision(
        &self,
        recipe: &EnvironmentRecipe,
        base: &Path,
    ) -> Result<Environment, ProvisionError> {
        let stays = self.sandbox.containment().level < ContainmentLevel::Namespaces;
        let place = Place::lock(&self.cache, key(recipe), stays)?;
        if let Some((detail, log)) = place.failure()? {
            return Err(ProvisionError::Failed { detail, log });
        }
        if !place.is_there() {
            self.make(recipe, base, &place)?;
        }
        self.load(recipe, &place)
    }

    fn load(
        &self,
        recipe: &EnvironmentRecipe,
        place: &Place,
    ) -> Result<Environment, ProvisionError> {
        let products = Some(place.folder.join("products")).filter(|folder| folder.is_dir());
        Ok(Environment {
            key: place.key.clone(),
            root: place.folder.join("root"),
            products,
            toolchain: self.tools(recipe)?,
            variables: recipe.variables.clone(),
            lock: fs::read_file(&place.folder.join("lock"))?,
            log: fs::read_file(&place.folder.join(LOG))?,
            access: match recipe.runner {
                TestRunner::Nextest | TestRunner::GoTest => Access::Scratch,
                TestRunner::Pytest
                | TestRunner::Unittest
                | TestRunner::NodeTest
                | TestRunner::Jest
                | TestRunner::Vitest
                | TestRunner::Mocha => Access::ReadOnly,
            },
        })
    }

    fn tools(&self, recipe: &EnvironmentRecipe) -> Result<Vec<Mount>, ProvisionError> {
        let tools = self
            .toolchains
            .behind(&recipe.toolchain)
            .map_err(|name| ProvisionError::Toolchain { name })?;
        Ok(tools.into_iter().flat_map(|tool| tool.mounts.clone()).collect())
    }

    fn make(
        &self,
        recipe: &EnvironmentRecipe,
        base: &Path,
        place: &Place,
    ) -> Result<(), ProvisionError> {
        let downloads = self.cache.join("downloads");
        fs::create_dirs(&downloads)?;
        let building = place.begin()?;
        let mut installer = Installer {
            recipe,
            sandbox: self.sandbox,
            index: &self.index,
            tools: self.tools(recipe)?,
            base,
            building: &building,
            downloads,
            log: String::new(),
        };
        let end = install(&mut installer);
        let log = installer.log;
        match end {
            Ok(chosen) => {
                products::keep(&building.upper(), base, &building.folder().join("products"))?;
                fs::write_file(&building.folder().join("lock"), chosen.as_bytes())?;
                fs::write_file(&building.folder().join(LOG), log.as_bytes())?;
                Ok(place.commit(building)?)
            }
            Err(Failure::Phase(detail)) => Err(remember(place, building, detail, log)?),
            Err(Failure::Sandbox(error)) => Err(error.into()),
            Err(Failure::Store(error)) => Err(error.into()),
        }
    }
}

/// Why an installation did not come to its end.
enum Failure {
    Phase(String),
    Sandbox(SandboxError),
    Store(StoreError),
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        Self::Sandbox(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Runs the phases of a recipe and returns what they chose.
fn install(installer: &mut Installer) -> Result<String, Failure> {
    let recipe = installer.recipe;
    for phase in &recipe.phases {
        let mut end = installer.run(phase)?;
        if let (PhaseEnd::Failed(_), Some(second)) = (&end, second_try(phase)) {
            end = installer.run(&second)?;
        }
        if let PhaseEnd::Failed(how) = end {
            return Err(Failure::Phase(format!("the phase `{}` {how}", phase.name)));
        }
    }
    let mut added = Vec::new();
    if recipe.language == Language::Python {
        added = missing::complete(installer)?;
    }
    Ok(lock::text(installer, &added)?)
}

/// Keeps the log of a failure, unless it is the network's.
fn remember(
    place: &Place,
    building: Building,
    detail: String,
    log: String,
) -> Result<ProvisionError, StoreError> {
    const SILENT: [&str; 7] = [
        "dns error",
        "Could not resolve host",
        "Connection refused",
        "Connection reset",
        "operation timed out",
        "EAI_AGAIN",
        "Network is unreachable",
    ];
    let log = log.into_bytes();
    if SILENT.iter().any(|word| memchr::memmem::find(&log, word.as_bytes()).is_some()) {
        return Ok(ProvisionError::Index { detail, log });
    }
    place.fail(building, &detail, &log)?;
    Ok(ProvisionError::Failed { detail, log })
}
