//! Which environment does this machine provide for a unit?
//!
//! In: the manifests of the unit's base and the installers of the machine. Out:
//! an environment, or why there is none. Its day is that of the unit's head.

use backstory_model::{ChangeUnit, Repository};
use jiff::civil::Date;

use crate::checkout::Layer;
use crate::environment::{
    DeriveContext, NoRecipe, ProvisionError, Provisioner, Toolchains, TreeSource, day_of, derive,
};

use super::input::{Environments, ExecuteError, Provided};

/// Provides environments with the installers of this machine.
pub struct MachineEnvironments<'a> {
    /// The objects.
    pub repo: &'a dyn Repository,
    /// Makes environments and keeps them.
    pub provisioner: &'a Provisioner<'a>,
    /// The interpreters and compilers of this machine.
    pub toolchains: &'a Toolchains,
    /// The day from which the age of a commit is counted.
    pub reference_day: Date,
}

impl Environments for MachineEnvironments<'_> {
    fn provide(
        &self,
        unit: &ChangeUnit,
        test_files: &[String],
        base: &Layer,
    ) -> Result<Provided, ExecuteError> {
        let source = TreeSource::new(self.repo, &unit.base_tree)?;
        let recipe = derive(&DeriveContext {
            source: &source,
            commit_day: day_of(self.repo.commit(&unit.head)?.committer.seconds),
            reference_day: self.reference_day,
            test_files,
            toolchains: self.toolchains,
        });
        let recipe = match recipe {
            Ok(recipe) => Box::new(recipe),
            Err(NoRecipe::Repository { source }) => return Err(source.into()),
            Err(
                error @ (NoRecipe::Unsupported { .. }
                | NoRecipe::MissingToolchain { .. }
                | NoRecipe::Manifest { .. }),
            ) => return Ok(Provided::Unsupported { detail: error.to_string() }),
        };
        match self.provisioner.provision(&recipe, &base.path) {
            Ok(environment) => Ok(Provided::Ready { recipe, environment: Box::new(environment) }),
            Err(ProvisionError::Failed { detail, log }) => {
                Ok(Provided::Failed { recipe, detail, log })
            }
            Err(error @ ProvisionError::Index { .. }) => {
                Ok(Provided::Infrastructure { detail: error.to_string() })
            }
            Err(error @ ProvisionError::Toolchain { .. }) => {
                Ok(Provided::Unsupported { detail: error.to_string() })
            }
            Err(ProvisionError::Sandbox(error)) => Err(error.into()),
            Err(ProvisionError::Store(error)) => Err(error.into()),
        }
    }
}
