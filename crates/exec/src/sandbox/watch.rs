//! What does the first process look at while the command runs?
//!
//! How full the private folders are, always; and where no control group counts,
//! every process of the sandbox: their number, their memory and their time.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use backstory_model::Limits;
use backstory_store::fs::{entries, read_text};
use nix::sys::statvfs::statvfs;

use crate::sandbox::host;
use crate::sandbox::plan::{Observed, Watched};

/// The time between two looks. A fork bomb makes a few hundred processes in it.
const PERIOD: Duration = Duration::from_millis(40);

/// Clock ticks in a second, in what `/proc` says; fixed on Linux.
const TICKS: f64 = 100.0;

/// What was seen so far.
pub struct Watch {
    limits: Limits,
    private: Vec<String>,
    tasks: Tasks,
    seen: Observed,
}

/// Which processes are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tasks {
    /// None: a control group counts them.
    Uncounted,
    /// All but the first: those of a process namespace.
    All,
    /// Those that descend from this one.
    Descendants,
}

/// What several processes use together.
#[derive(Debug, Default, PartialEq)]
pub struct Load {
    tasks: u32,
    cpu_seconds: f64,
    memory: u64,
}

impl Load {
    /// Counts others too.
    pub fn add(&mut self, other: &Self) {
        self.tasks += other.tasks;
        self.cpu_seconds += other.cpu_seconds;
        self.memory += other.memory;
    }
}

impl Watch {
    /// Nothing seen yet.
    pub fn new(limits: Limits, private: Vec<String>, tasks: Tasks) -> Self {
        Self { limits, private, tasks, seen: Observed::default() }
    }

    /// Returns what was seen.
    pub fn observed(&self) -> Observed {
        self.seen.clone()
    }

    /// Looks once.
    pub fn look(&mut self) {
        let mut bytes = 0;
        for folder in &self.private {
            let Ok(state) = statvfs(folder.as_str()) else { continue };
            self.seen.full |= state.blocks() > 0 && state.blocks_free() == 0;
            self.seen.full |= state.files() > 0 && state.files_free() == 0;
            bytes += (state.blocks() - state.blocks_free()) * state.fragment_size();
        }
        self.seen.most_bytes = self.seen.most_bytes.max(bytes);
        let load = match self.tasks {
            Tasks::Uncounted => return,
            Tasks::All => look_at_tasks(),
            Tasks::Descendants => host::load(),
        };
        self.seen.met = self.seen.met.or(self.met(&load));
    }

    /// Returns the limit that all processes together are over.
    fn met(&self, now: &Load) -> Option<Watched> {
        let Limits { processes, memory, cpu_seconds, .. } = self.limits;
        if processes > 0 && now.tasks > processes {
            Some(Watched::Processes)
        } else if memory > 0 && now.memory > memory {
            Some(Watched::Memory)
        } else if cpu_seconds > 0 && now.cpu_seconds > f64::from(cpu_seconds) {
            Some(Watched::Cpu)
        } else {
            None
        }
    }
}

/// Looks again and again, beside the first process's wait.
pub struct Watcher;

impl Watcher {
    /// Starts looking; when a limit is met, says so with `tell` and ends the
    /// first process, and with it all others.
    pub fn start(
        watch: Arc<Mutex<Watch>>,
        mut tell: impl FnMut(&Watch) + Send + 'static,
    ) -> io::Result<()> {
        thread::Builder::new().stack_size(256 << 10).spawn(move || {
            loop {
                thread::sleep(PERIOD);
                let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
                watch.look();
                if watch.seen.met.is_some() {
                    tell(&watch);
                    std::process::exit(0);
                }
            }
        })?;
        Ok(())
    }
}

/// Adds up every process but the first.
fn look_at_tasks() -> Load {
    let mut all = Load::default();
    for folder in entries(Path::new("/proc")).unwrap_or_default() {
        let number = folder.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
        if number.is_none_or(|number| number == 1) {
            continue;
        }
        // A process that is gone by now uses nothing.
        let texts = (read_text(&folder.join("stat")), read_text(&folder.join("status")));
        if let (Ok(stat), Ok(status)) = texts {
            all.add(&parse_task(&stat, &status).unwrap_or_default());
        }
    }
    all
}

/// Reads what one process uses off its `stat` and `status`; files it has mapped
/// are not counted, because others may have them too.
pub fn parse_task(stat: &str, status: &str) -> Option<Load> {
    // The name of the program comes before and may hold anything, `)` too.
    let (_, fields) = stat.rsplit_once(')')?;
    let field = |place: usize| fields.split_ascii_whitespace().nth(place)?.parse::<u32>().ok();
    let (user, system, threads) = (field(11)?, field(12)?, field(17)?);
    let anonymous = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kibibytes = anonymous.and_then(|text| text.split_ascii_whitespace().next()?.parse().ok());
    Some(Load {
        tasks: threads,
        cpu_seconds: (f64::from(user) + f64::from(system)) / TICKS,
        // A process that is ending has no memory left.
        memory: kibibytes.unwrap_or(0_u64) * 1024,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_brackets_in_its_name_is_counted() {
        let stat = "42 (a) b) (c) R 1 1 1 0 -1 4194304 99 0 0 0 150 50 7 8 20 0 3 0 1234 0 0";
        let status = "Name:\t(a) b) (c)\nVmRSS:\t  900 kB\nRssAnon:\t     800 kB\n";
        let task = parse_task(stat, status).unwrap();
        assert_eq!(task, Load { tasks: 3, cpu_seconds: 2.0, memory: 800 << 10 });
    }
}
