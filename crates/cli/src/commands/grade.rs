//! What do the exported graders print when they run in our sandbox?
//!
//! In: executed units and the SWE-bench export of their run. Out: one log for
//! each instance and patch, each what `eval.sh` printed: for the gold patch, for
//! no patch, for the gold patch taken back, and for one failing mutant.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backstory_exec::checkout::VirtualTree;
use backstory_exec::execute::ExecuteError;
use backstory_model::{
    Access, BlobId, Disposition, Mount, Mutant, Network, SandboxJob, Trajectory, UnitExecution,
    Upper, WorkTree, exit,
};
use backstory_store::fs;

use crate::commands::execute::Again;
use crate::execution::{Machine, telling};
use crate::{Failure, Talk};

/// Which export is graded, and where its logs go.
pub(super) struct Graded<'a> {
    /// The exported folder.
    pub(super) export: &'a Path,
    /// The folder of the logs.
    pub(super) logs: &'a Path,
}

/// Runs the graders of every unit that has an instance.
pub(super) fn grade(
    again: &Again<'_>,
    machine: &Machine,
    graded: &Graded<'_>,
    units: &[Disposition],
    talk: &Talk,
) -> Result<u8, Failure> {
    for unit in units {
        let Some(execution) = again.run.execution(unit)? else { continue };
        if execution.instance.is_none() {
            continue;
        }
        let script =
            graded.export.join("swe-bench/tasks").join(unit.work.unit.as_str()).join("eval.sh");
        if !script.is_file() {
            talk.say(&format!("{}: not exported, no `eval.sh`", unit.work.unit));
            continue;
        }
        let story = again.run.trajectory(unit)?;
        let grader = Grader { again, machine, unit, story: &story, execution: &execution };
        grader.run(&script, graded.logs, talk)?;
    }
    Ok(exit::OK)
}

/// Grades the patches of one instance.
struct Grader<'a> {
    again: &'a Again<'a>,
    machine: &'a Machine,
    unit: &'a Disposition,
    story: &'a Trajectory,
    execution: &'a UnitExecution,
}

impl Grader<'_> {
    fn run(&self, script: &Path, logs: &Path, talk: &Talk) -> Result<(), Failure> {
        let logs = logs.join(self.unit.work.unit.as_str());
        fs::create_dirs(&logs)?;
        let place = self.machine.scratch().join(format!("grade-{}", self.unit.work.unit));
        fs::create_dirs(&place)?;
        fs::write_file(&place.join("eval.sh"), &fs::read_file(script)?)?;
        let job = self.job(&place)?;
        for (name, patch, reversed) in self.patches() {
            let write = |file: &str, id: Option<&BlobId>| -> Result<(), Failure> {
                let bytes = id.map(|id| self.again.run.blob(id)).transpose()?;
                Ok(fs::write_file(&place.join(file), &bytes.unwrap_or_default())?)
            };
            write("model.patch", patch)?;
            write("reversed.patch", reversed)?;
            let result = self
                .machine
                .sandbox
                .run(&SandboxJob { name: format!("{} {name}", self.unit.work.unit), ..job.clone() })
                .map_err(|error| Failure::of(error, "failed to run a grader"))?;
            fs::write_file(&logs.join(format!("{name}.log")), &result.output)?;
            talk.say(&format!(
                "{} {name}: {}",
                self.unit.work.unit,
                telling::ending(&result.ending)
            ));
        }
        Ok(fs::remove_dirs(&place)?)
    }

    /// Returns each log's name with the patch to apply and the one to take back.
    fn patches(&self) -> Vec<(&'static str, Option<&BlobId>, Option<&BlobId>)> {
        let gold = Some(&self.story.gold_patch);
        let rejected = |mutant: &&Mutant| mutant.verdict.rejects() == Some(true);
        let mutant = self.execution.mutants.iter().find(rejected);
        let mut patches =
            vec![("gold", gold, None), ("none", None, None), ("reverted", gold, gold)];
        patches.extend(mutant.map(|mutant| ("mutant", Some(&mutant.patch), None)));
        patches
    }

    fn job(&self, place: &Path) -> Result<SandboxJob, Failure> {
        let unit = &self.story.unit;
        let source = self.again.source(self.unit)?;
        let failed =
            |error: ExecuteError| Failure::of(error, &format!("failed to prepare `{}`", unit.id));
        let tree =
            VirtualTree::from_tree(&source.repo, &unit.base_tree).map_err(|e| failed(e.into()))?;
        let base =
            self.machine.checkout.layer(&source.repo, &tree).map_err(|e| failed(e.into()))?;
        let recipe = self.execution.recipe.as_ref();
        let recipe = recipe.ok_or_else(|| Failure::new("the run was not executed"))?;
        let environment =
            self.machine.provisioner().provision(recipe, &base.path).map_err(|error| {
                Failure::of(error, &format!("`{}` has no environment any more", unit.id))
            })?;
        let mut variables: BTreeMap<String, String> = environment.variables.clone();
        for (name, value) in [
            ("BACKSTORY_WORK", "/work"),
            ("BACKSTORY_BASE", "/base"),
            ("BACKSTORY_MODEL_PATCH", "/grade/model.patch"),
            ("BACKSTORY_REVERSED_PATCH", "/grade/reversed.patch"),
        ] {
            variables.insert(name.to_owned(), value.to_owned());
        }
        let seen = |source: PathBuf, target: &str| Mount {
            source,
            target: target.to_owned(),
            access: Access::ReadOnly,
        };
        let mut mounts = environment.mounts();
        mounts.push(seen(base.path.clone(), "/base"));
        mounts.push(seen(place.to_owned(), "/grade"));
        Ok(SandboxJob {
            name: unit.id.to_string(),
            work: WorkTree { layers: environment.work_layers(base.path), upper: Upper::Discarded },
            mounts,
            variables,
            command: vec!["/bin/bash".to_owned(), "/grade/eval.sh".to_owned()],
            limits: self.execution.limits.clone(),
            network: Network::None,
        })
    }
}
