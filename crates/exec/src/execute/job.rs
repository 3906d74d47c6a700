//! What does one run see of the machine?
//!
//! In: a work tree, an environment and a command. Out: the job, with the fixed
//! environment and mounts of `docs/execution.md`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backstory_model::{Access, Limits, Mount, Network, SandboxJob, Upper, WorkTree};

use crate::environment::Environment;
use crate::report::command::TestCommand;

use super::report_folder::TOUCHED;

/// The environment every judged run has, whatever its recipe says.
const FIXED: [(&str, &str); 8] = [
    ("CI", "true"),
    ("COLUMNS", "80"),
    ("HOME", "/tmp/home"),
    ("LC_ALL", "C.UTF-8"),
    ("NO_COLOR", "1"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
    ("PYTHONHASHSEED", "0"),
    ("TZ", "UTC"),
];

/// What one run is made of.
pub(super) struct RunParts<'a> {
    /// Names it in messages.
    pub(super) name: String,
    /// The work tree on disk.
    pub(super) layer: PathBuf,
    pub(super) environment: &'a Environment,
    pub(super) command: &'a TestCommand,
    pub(super) reporters: &'a Path,
    pub(super) report: &'a Path,
    pub(super) limits: &'a Limits,
    /// Seconds since 1970 of the base commit.
    pub(super) base_time: i64,
    /// Whether the lines each test executes are written down.
    pub(super) traced: bool,
}

/// Makes the job.
pub(super) fn job(parts: &RunParts<'_>) -> SandboxJob {
    let mount = |source: &Path, target: &str, access| Mount {
        source: source.to_owned(),
        target: target.to_owned(),
        access,
    };
    let mut mounts = parts.environment.mounts();
    mounts.push(mount(parts.reporters, "/backstory", Access::ReadOnly));
    mounts.push(mount(parts.report, "/report", Access::ReadWrite));
    SandboxJob {
        name: parts.name.clone(),
        work: WorkTree {
            layers: parts.environment.work_layers(parts.layer.clone()),
            upper: Upper::Discarded,
        },
        mounts,
        variables: variables(parts),
        command: parts.command.run.clone(),
        limits: parts.limits.clone(),
        network: Network::None,
    }
}

fn variables(parts: &RunParts<'_>) -> BTreeMap<String, String> {
    let mut variables = parts.environment.variables.clone();
    let python = match variables.get("PYTHONPATH") {
        Some(path) => format!("/backstory:{path}"),
        None => "/backstory".to_owned(),
    };
    variables.insert("PYTHONPATH".to_owned(), python);
    variables.extend(parts.command.variables.clone());
    if parts.traced {
        variables.insert("BACKSTORY_TOUCHED".to_owned(), format!("/report/{TOUCHED}"));
        variables.insert("BACKSTORY_ROOT".to_owned(), "/work".to_owned());
    }
    variables.extend(fixed(parts.base_time));
    variables
}

fn fixed(base_time: i64) -> impl Iterator<Item = (String, String)> {
    let epoch = ("SOURCE_DATE_EPOCH".to_owned(), base_time.max(0).to_string());
    FIXED.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).chain([epoch])
}

/// Returns true when a job has the fixed environment and these limits.
pub(super) fn is_pinned(job: &SandboxJob, limits: &Limits, base_time: i64) -> bool {
    job.limits == *limits
        && fixed(base_time).all(|(name, value)| job.variables.get(&name) == Some(&value))
}
