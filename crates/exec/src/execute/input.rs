//! What does executing a unit need, and what does it give back?

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use backstory_model::{
    BlobId, ChangeUnit, EnvironmentRecipe, ExecuteOptions, Execution, Repository, RepositoryError,
    Requirement, Sandbox, SandboxError, TestReport, TreeId, UnitExecution, Usage,
};
use backstory_store::StoreError;

use crate::checkout::{Changes, Checkout, CheckoutError, Layer};
use crate::environment::Environment;
use crate::report::folder::FolderError;

/// Everything the execution of one unit reads.
#[derive(Clone, Copy)]
pub struct ExecuteInput<'a> {
    /// The objects.
    pub repo: &'a dyn Repository,
    /// The unit.
    pub unit: &'a ChangeUnit,
    /// The base with the test patch, where it differs from the base.
    pub test_side: &'a Changes,
    /// The base with the gold patch, where it differs from the base.
    pub gold_side: &'a Changes,
    /// What is asked for.
    pub statement: &'a str,
    /// How what is asked for is known.
    pub requirement: &'a Requirement,
    /// The tags of the repository.
    pub tags: &'a [Tag],
    /// The trees before and after other changes of the repository, nearest first;
    /// hunks of candidates come from them.
    pub others: &'a [(TreeId, TreeId)],
    /// The gold patch, as stored.
    pub gold_patch: &'a BlobId,
    /// The test patch, as stored.
    pub test_patch: &'a BlobId,
    /// The choices.
    pub options: &'a ExecuteOptions,
    /// Runs the jobs.
    pub sandbox: &'a dyn Sandbox,
    /// Writes work trees.
    pub checkout: &'a Checkout,
    /// Provides environments.
    pub environments: &'a dyn Environments,
    /// The folder with the reporters.
    pub reporters: &'a Path,
    /// A folder for what lives as long as one run.
    pub scratch: &'a Path,
    /// Is told of every run as it ends.
    pub watch: &'a dyn Fn(&Event<'_>),
}

/// One tag of a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// Its name, e.g., `v1.2.0`.
    pub name: String,
    /// When the commit it names was committed, seconds since 1970-01-01 UTC.
    pub seconds: i64,
}

/// Provides the environment that the tests of a unit run in.
pub trait Environments {
    /// Returns the environment of a unit; `base` is its base tree on disk.
    fn provide(
        &self,
        unit: &ChangeUnit,
        test_files: &[String],
        base: &Layer,
    ) -> Result<Provided, ExecuteError>;
}

/// What came of providing an environment.
#[derive(Clone, Debug)]
pub enum Provided {
    /// It is there.
    Ready {
        /// How it was made.
        recipe: Box<EnvironmentRecipe>,
        /// What a job mounts.
        environment: Box<Environment>,
    },
    /// An installer failed.
    Failed {
        /// How it should have been made.
        recipe: Box<EnvironmentRecipe>,
        /// What failed, in one sentence.
        detail: String,
        /// What the installers printed.
        log: Vec<u8>,
    },
    /// No recipe is known.
    Unsupported {
        /// What is missing, in one sentence.
        detail: String,
    },
    /// The machine or its package index failed; worth another try.
    Infrastructure {
        /// What failed, in one sentence.
        detail: String,
    },
}

/// Something that happened while a unit was executed.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The environment is ready.
    Provided {
        /// How it was made.
        recipe: &'a EnvironmentRecipe,
    },
    /// A run ended.
    Ran {
        /// The run.
        execution: &'a Execution,
        /// What it reported.
        report: &'a TestReport,
        /// What it used.
        usage: &'a Usage,
    },
}

/// What came of executing one unit, and what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Executed {
    /// What is stored.
    pub execution: UnitExecution,
    /// The stored texts it names, by id.
    pub blobs: BTreeMap<BlobId, Arc<[u8]>>,
    /// What all runs used together; never stored.
    pub usage: Usage,
}

/// Says why a unit could not be executed; what a unit itself does is an outcome.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The user stopped it.
    #[error("the execution of `{unit}` was stopped")]
    Canceled {
        /// The unit.
        unit: String,
    },
    /// The sandbox does not run anything.
    #[error("failed to run a job in the sandbox")]
    Sandbox(#[from] SandboxError),
    /// A work tree could not be written.
    #[error("failed to write a work tree")]
    Checkout(#[from] CheckoutError),
    /// The repository did not answer.
    #[error("failed to read the repository")]
    Repository(#[from] RepositoryError),
    /// A file of the host could not be read or written.
    #[error("failed to keep the files of a run")]
    Store(#[from] StoreError),
    /// A report folder could not be read.
    #[error("failed to read what a run left")]
    Folder(#[from] FolderError),
}
