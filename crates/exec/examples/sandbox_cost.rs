//! What does the sandbox cost around a command that does nothing?
//!
//! `sandbox_cost STAGE_PROGRAM [RUNS]` prints means over the runs: CPU time of
//! everything that was started and of this process, and the time that passed.

use std::path::PathBuf;
use std::time::Instant;

use backstory_exec::sandbox::{BubblewrapSandbox, SandboxOptions};
use backstory_model::{Limits, Network, Sandbox as _, SandboxJob, Upper, WorkTree};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

#[expect(clippy::print_stdout, reason = "what this program is for")]
#[expect(clippy::cast_precision_loss, reason = "milliseconds of one run")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let stage = PathBuf::from(arguments.next().ok_or("the program of the stages is missing")?);
    let runs: u32 = arguments.next().map_or(Ok(50), |runs| runs.parse())?;
    for cgroups in [true, false] {
        let options = SandboxOptions { cgroups, ..SandboxOptions::new(stage.clone(), &[]) };
        let sandbox = BubblewrapSandbox::probe(options)?;
        let job = SandboxJob {
            name: "nothing".to_owned(),
            work: WorkTree { layers: vec![PathBuf::from("/usr/bin")], upper: Upper::Discarded },
            mounts: Vec::new(),
            variables: [("PATH".to_owned(), "/usr/bin".to_owned())].into(),
            command: vec!["true".to_owned()],
            limits: Limits::default(),
            network: Network::None,
        };
        let (start, before) = (Instant::now(), milliseconds()?);
        let (mut wall, mut own) = (Vec::new(), 0.0);
        for _ in 0..runs {
            let usage = sandbox.run(&job)?.usage;
            wall.push(usage.wall_seconds * 1e3);
            own += usage.overhead_seconds * 1e3;
        }
        wall.sort_by(f64::total_cmp);
        let runs = f64::from(runs);
        println!(
            "{}: {:.1} ms CPU, {:.1} ms of it reported as overhead, {:.1} ms passed (median {:.1})",
            sandbox.containment().level.as_str(),
            (milliseconds()? - before) / runs,
            own / runs,
            start.elapsed().as_millis() as f64 / runs,
            wall[wall.len() / 2],
        );
    }
    Ok(())
}

/// Returns the CPU time of this process and of all it has started.
#[expect(clippy::cast_precision_loss, reason = "microseconds of an hour are exact")]
fn milliseconds() -> nix::Result<f64> {
    let mut sum = 0;
    for who in [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN] {
        let usage = getrusage(who)?;
        sum += (usage.user_time() + usage.system_time()).num_microseconds();
    }
    Ok(sum as f64 / 1e3)
}
