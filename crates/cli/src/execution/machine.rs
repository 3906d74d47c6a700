//! What on this machine runs what nobody trusts?
//!
//! In: settings. Out: a sandbox that was tried, the tools that answered in it,
//! and the folder that keeps environments and work trees.

use std::path::{Path, PathBuf};

use backstory_exec::cache::CacheUse;
use backstory_exec::checkout::Checkout;
use backstory_exec::environment::{IndexSettings, Provisioner, ToolchainSearch, Toolchains};
use backstory_exec::report::assets;
use backstory_exec::sandbox::{BubblewrapSandbox, RlimitSandbox, SandboxOptions};
use backstory_model::{ContainmentLevel, Sandbox, SandboxError};
use backstory_store::fs;

use crate::arguments::MachineArgs;
use crate::settings::Settings;
use crate::{Failure, Talk};

/// The hidden subcommand the sandbox starts this program with.
pub(crate) const STAGE: &str = "sandbox-stage";

/// What is said once when nothing contains what is run.
const UNSANDBOXED: &str = "warning: foreign code runs unsandboxed, with limits alone: it reads what \
    you can read and has your network; every execution says level `rlimit`, and no unit is confirmed";

/// The parts of this machine that execution needs.
pub(crate) struct Machine {
    /// Runs jobs.
    pub(crate) sandbox: Box<dyn Sandbox>,
    /// The tools that answered in the sandbox.
    pub(crate) toolchains: Toolchains,
    /// Writes work trees.
    pub(crate) checkout: Checkout,
    cache: PathBuf,
    index: IndexSettings,
    reporters: PathBuf,
    scratch: TempFolder,
    _used: CacheUse,
}

impl Machine {
    /// Tries the sandbox and asks the tools; `minimum` is the level that will do.
    pub(crate) fn open(
        settings: &Settings,
        args: MachineArgs,
        minimum: ContainmentLevel,
        talk: &Talk,
    ) -> Result<Self, Failure> {
        let cache = settings.cache(args.cache.cache)?;
        let used = CacheUse::shared(&cache)?;
        let sandbox = sandbox(settings, &cache, minimum, args.allow_unsandboxed)?;
        if sandbox.containment().level < ContainmentLevel::Namespaces {
            talk.say(UNSANDBOXED);
        }
        let toolchains = Toolchains::discover(&search(settings), &cache, &*sandbox)
            .map_err(|error| Failure::of(error, "failed to look for toolchains"))?;
        let checkout = Checkout::new(cache.join("trees"))
            .map_err(|error| Failure::of(error, "failed to prepare the cache"))?;
        let index = IndexSettings::new(&settings.index_settings());
        let scratch = TempFolder::make(cache.join("scratch").join(std::process::id().to_string()))?;
        let reporters = scratch.0.join("reporters");
        fs::create_dirs(&reporters)?;
        assets::write(&reporters)
            .map_err(|error| Failure::of(error, "failed to write the reporters"))?;
        Ok(Self { sandbox, toolchains, checkout, cache, index, reporters, scratch, _used: used })
    }

    /// Returns the folder with the reporters.
    pub(crate) fn reporters(&self) -> &Path {
        &self.reporters
    }

    /// Returns a folder for what lives as long as one run of tests.
    pub(crate) fn scratch(&self) -> &Path {
        &self.scratch.0
    }

    /// Returns what makes environments.
    pub(crate) fn provisioner(&self) -> Provisioner<'_> {
        Provisioner::new(&self.cache, &*self.sandbox, &self.toolchains, self.index.clone())
    }
}

/// A folder that is removed with what is in it.
struct TempFolder(PathBuf);

impl TempFolder {
    fn make(path: PathBuf) -> Result<Self, Failure> {
        // A process of the same number may have been killed here.
        fs::remove_dirs(&path)?;
        fs::create_dirs(&path)?;
        Ok(Self(path))
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // The next process of this number removes what is left.
        let _ = fs::remove_dirs(&self.0);
    }
}

/// Returns what can be enforced here, however little.
pub(crate) fn look(settings: &Settings) -> Result<BubblewrapSandbox, Failure> {
    Ok(BubblewrapSandbox::look(options(settings)?))
}

/// Returns the tools that answer in a sandbox.
pub(crate) fn toolchains(
    settings: &Settings,
    cache: &Path,
    sandbox: &dyn Sandbox,
) -> Option<Toolchains> {
    Toolchains::discover(&search(settings), cache, sandbox).ok()
}

/// Returns the strongest sandbox there is, below namespaces only if that is allowed.
fn sandbox(
    settings: &Settings,
    cache: &Path,
    minimum: ContainmentLevel,
    allow_unsandboxed: bool,
) -> Result<Box<dyn Sandbox>, Failure> {
    let found = look(settings)?;
    let missing = found.containment().missing.clone();
    match found.at_least(minimum) {
        Ok(sandbox) => Ok(Box::new(sandbox)),
        Err(SandboxError::TooWeak { reached, .. })
            if allow_unsandboxed && reached < ContainmentLevel::Namespaces =>
        {
            let sandbox = RlimitSandbox::probe(options(settings)?, &cache.join("host"), missing)
                .map_err(|error| Failure::of(error, "not even limits hold on this machine"))?;
            Ok(Box::new(sandbox))
        }
        Err(error) => Err(weak(error)),
    }
}

fn options(settings: &Settings) -> Result<SandboxOptions, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::of(error, "this program does not find itself"))?;
    let bubblewrap = settings.bubblewrap();
    Ok(SandboxOptions { bubblewrap, ..SandboxOptions::new(program, &[STAGE]) })
}

fn search(settings: &Settings) -> ToolchainSearch {
    let (path, home) = settings.program_folders();
    ToolchainSearch { home, path }
}

fn weak(error: SandboxError) -> Failure {
    Failure::of(error, "foreign code is not run on this machine").hint(
        "`backstory doctor` says what is missing; `bubblewrap` is a package of most systems. \
             `--allow-unsandboxed` runs it with limits alone",
    )
}
