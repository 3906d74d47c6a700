//! What does this machine offer, and what is missing?

mod server;

use std::path::Path;

use backstory_exec::environment::ToolKind;
use backstory_exec::sandbox::BubblewrapSandbox;
use backstory_model::{Cgroup, Containment, ContainmentLevel, Sandbox as _, SchemaVersion, exit};
use backstory_store::fs;
use rustix::fs::statvfs;

use crate::arguments::DoctorArgs;
use crate::commands::cache::in_short;
use crate::execution::{look, toolchains};
use crate::settings::Settings;
use crate::{Failure, Talk};

/// Space below which a run of a middling repository may not fit.
const ENOUGH_DISK: u64 = 1 << 30;

/// Memory below which a build may be slow or end early.
const ENOUGH_MEMORY: u64 = 1 << 30;

/// One thing that was looked at.
struct Check {
    what: &'static str,
    found: String,
    /// What to do about it; `None` when it is fine.
    advice: Option<&'static str>,
}

/// Prints what was found, one line each; exit code 1 when something is missing.
pub(super) fn doctor(args: &DoctorArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    let checks = match &args.model {
        Some(address) => server::checks(address, args.name.as_deref(), settings, talk)?,
        None => machine(&args.out, settings)?,
    };
    for check in &checks {
        let mark = if check.advice.is_some() { "!" } else { " " };
        talk.data(&format!("{mark} {:<10}{}\n", check.what, check.found))?;
    }
    for check in &checks {
        if let Some(advice) = check.advice {
            talk.say(&format!("hint: {}: {advice}", check.what));
        }
    }
    let good = checks.iter().all(|check| check.advice.is_none());
    Ok(if good { exit::OK } else { exit::FINDINGS })
}

/// Looks at everything that runs need of this machine.
fn machine(out: &Path, settings: &Settings) -> Result<Vec<Check>, Failure> {
    let mut checks =
        vec![version(), cores(), memory(), disk(out), config(settings), records(settings)];
    checks.push(cached(settings));
    let found = look(settings)?;
    checks.extend(sandbox(found.containment()));
    checks.extend(tools(settings, found)?);
    Ok(checks)
}

/// Says which level of containment holds, and what is missing for the next.
fn sandbox(containment: &Containment) -> Vec<Check> {
    let Containment { level, launcher, cgroup, landlock, seccomp, missing } = containment;
    let groups = match cgroup {
        Some(Cgroup::V1) => "control groups v1",
        Some(Cgroup::V2) => "control groups v2",
        None => "no control groups",
    };
    let filter = if *seccomp { "seccomp" } else { "no seccomp" };
    let enough = *level >= ContainmentLevel::Namespaces;
    let mut checks = vec![Check {
        what: "sandbox",
        found: format!(
            "level `{}`: {launcher}, {groups}, Landlock {landlock}, {filter}",
            level.as_str()
        ),
        advice: (!enough).then_some("install the package `bubblewrap`, and allow user namespaces; without, `--allow-unsandboxed` runs tests with limits alone"),
    }];
    checks.extend(missing.iter().map(|found| Check {
        what: "",
        found: found.clone(),
        advice: None,
    }));
    checks
}

/// Lists the tools that answer in the sandbox.
fn tools(settings: &Settings, found: BubblewrapSandbox) -> Result<Vec<Check>, Failure> {
    let Ok(sandbox) = found.at_least(ContainmentLevel::Namespaces) else { return Ok(Vec::new()) };
    let Some(toolchains) = toolchains(settings, &settings.cache(None)?, &sandbox) else {
        return Ok(Vec::new());
    };
    let line = |kind: ToolKind| -> Option<String> {
        let versions: Vec<&str> = toolchains.versions(kind).collect();
        (!versions.is_empty()).then(|| format!("{} {}", kind.as_str(), versions.join(", ")))
    };
    let found: Vec<String> = ToolKind::ALL.into_iter().filter_map(line).collect();
    let mut checks = vec![Check {
        what: "tools",
        found: if found.is_empty() { "none".into() } else { found.join("; ") },
        advice: toolchains
            .version(ToolKind::Uv)
            .is_none()
            .then_some("install `uv`; Python environments cannot be made without it"),
    }];
    checks.extend(toolchains.broken.into_iter().map(|found| Check {
        what: "",
        found,
        advice: None,
    }));
    Ok(checks)
}

fn version() -> Check {
    let found =
        format!("backstory {}, format {}", env!("CARGO_PKG_VERSION"), SchemaVersion::CURRENT);
    Check { what: "version", found, advice: None }
}

fn cores() -> Check {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Check { what: "cores", found: cores.to_string(), advice: None }
}

fn memory() -> Check {
    let available = fs::read_text(Path::new("/proc/meminfo")).ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
    });
    match available {
        Some(bytes) => Check {
            what: "memory",
            found: format!("{} MiB available", bytes >> 20),
            advice: (bytes < ENOUGH_MEMORY).then_some("build with `--jobs 1`"),
        },
        None => Check { what: "memory", found: "unknown on this system".into(), advice: None },
    }
}

fn disk(path: &Path) -> Check {
    match statvfs(path) {
        Ok(space) => {
            let bytes = space.f_bavail.saturating_mul(space.f_frsize);
            Check {
                what: "disk",
                found: format!("{} MiB free at `{}`", bytes >> 20, path.display()),
                advice: (bytes < ENOUGH_DISK)
                    .then_some("free some space or choose another directory with `-o`"),
            }
        }
        Err(error) => Check {
            what: "disk",
            found: format!("`{}`: {error}", path.display()),
            advice: Some("choose a directory that exists with `-o`"),
        },
    }
}

/// Says how large what is kept between builds is.
fn cached(settings: &Settings) -> Check {
    match settings.cache(None).and_then(|cache| in_short(&cache)) {
        Ok(found) => Check { what: "cache", found, advice: None },
        Err(failure) => Check {
            what: "cache",
            found: failure.to_string(),
            advice: Some("name another folder with `BACKSTORY_CACHE`"),
        },
    }
}

fn config(settings: &Settings) -> Check {
    let found = match &settings.config_path {
        Some(path) => format!("`{}`", path.display()),
        None => "no `backstory.toml` here or above; defaults apply".into(),
    };
    Check { what: "config", found, advice: None }
}

fn records(settings: &Settings) -> Check {
    match settings.records(None) {
        Some(folder) => Check {
            what: "records",
            found: format!("`{}`", folder.display()),
            advice: (!folder.is_dir()).then_some("the folder does not exist"),
        },
        None => Check {
            what: "records",
            found: "none set; requirements come from commit messages unless `--records` is given"
                .into(),
            advice: None,
        },
    }
}
