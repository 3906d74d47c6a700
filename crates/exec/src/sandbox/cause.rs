//! Why did a job end?
//!
//! In: what the launcher did, what the first process saw and what the kernel
//! counted. Out: an [`Ending`]. A number of the kernel is believed as it is. Where
//! there is none, a limit is the cause only if the job failed too, and with it was
//! seen at the limit; a job that ended well met none.

use backstory_model::{Ending, LimitedBy, Limits};
use nix::libc::{SIGKILL, SIGXCPU, SIGXFSZ};

use crate::sandbox::counters::Counters;
use crate::sandbox::plan::{Observed, Watched};

/// Why the launcher ended a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The wall clock was over.
    Time,
    /// The CPU time in the control group was over.
    Cpu,
    /// It printed too much.
    Output,
    /// It wrote too much into a folder of the host.
    Disk,
    /// The user stopped it.
    Canceled,
}

/// All that is known about the end of a job.
#[derive(Debug, Default)]
pub struct Evidence {
    /// Why the launcher ended it, if it did.
    pub stop: Option<Stop>,
    /// What the first process saw, if it lived to say so.
    pub observed: Option<Observed>,
    /// What the control group counted, if there is one.
    pub counters: Option<Counters>,
    /// A folder of the host holds too much.
    pub overfull: bool,
}

impl Evidence {
    /// Returns how the job ended.
    pub fn ending(&self, limits: &Limits) -> Ending {
        // A job that waits for a process that was ended or never made runs into
        // a time limit; that is not why it ended.
        let overran = matches!(self.stop, Some(Stop::Time | Stop::Cpu));
        self.stopped()
            .filter(|_| !overran)
            .or_else(|| self.counted(limits))
            .or_else(|| self.stopped())
            .or_else(|| self.seen_at_a_limit(limits))
            .unwrap_or_else(|| self.by_itself())
    }

    fn stopped(&self) -> Option<Ending> {
        Some(match self.stop? {
            Stop::Time => Ending::TimeLimit,
            Stop::Cpu => Ending::CpuLimit,
            Stop::Output => Ending::OutputLimit,
            Stop::Disk => Ending::DiskLimit { by: LimitedBy::Launcher },
            Stop::Canceled => Ending::Canceled,
        })
    }

    /// Returns what a counter says, of the kernel or of the first process.
    fn counted(&self, limits: &Limits) -> Option<Ending> {
        let counters = self.counters.unwrap_or_default();
        let bytes = self.observed.as_ref().map_or(0, |observed| observed.most_bytes);
        let by = LimitedBy::Cgroup;
        if counters.oom_kills > 0 {
            // Private folders lie in memory. If they hold most of it, writing is
            // what it was too much of.
            return Some(if bytes > limits.memory / 2 {
                Ending::DiskLimit { by }
            } else {
                Ending::MemoryLimit { by }
            });
        }
        match self.observed.as_ref().and_then(|observed| observed.met) {
            Some(Watched::Cpu) => return Some(Ending::CpuLimit),
            Some(Watched::Memory) => {
                return Some(Ending::MemoryLimit { by: LimitedBy::Launcher });
            }
            Some(Watched::Processes) => {
                return Some(Ending::ProcessLimit { by: LimitedBy::Launcher });
            }
            None => {}
        }
        (counters.refused_processes > 0).then_some(Ending::ProcessLimit { by })
    }

    /// Returns the limit at which a job that failed was seen.
    fn seen_at_a_limit(&self, limits: &Limits) -> Option<Ending> {
        let observed = self.observed.as_ref().filter(|observed| observed.status != Some(0))?;
        let by = LimitedBy::Rlimit;
        let uncounted = self.counters.is_none();
        let cpu = f64::from(limits.cpu_seconds);
        match observed.signal {
            Some(SIGXCPU | SIGKILL) if cpu > 0.0 && observed.cpu_seconds > 0.95 * cpu => {
                Some(Ending::CpuLimit)
            }
            Some(SIGXFSZ) => Some(Ending::DiskLimit { by }),
            _ if observed.full => Some(Ending::DiskLimit { by: LimitedBy::Filesystem }),
            _ if self.overfull => Some(Ending::DiskLimit { by: LimitedBy::Launcher }),
            _ if uncounted && is_near(observed.peak_memory, limits.memory) => {
                Some(Ending::MemoryLimit { by })
            }
            _ => None,
        }
    }

    fn by_itself(&self) -> Ending {
        match self.observed.as_ref().map(|observed| (observed.status, observed.signal)) {
            Some((Some(status), _)) => Ending::Exited { status },
            Some((None, Some(signal))) => Ending::Signaled { signal },
            Some((None, None)) | None => {
                Ending::Broken { what: "the first process ended without a word".to_owned() }
            }
        }
    }
}

/// Returns whether resident memory is within a quarter of a limit of address
/// space; what is mapped but not read, and the request that was refused, take the
/// rest.
fn is_near(peak: u64, limit: u64) -> bool {
    limit > 0 && peak >= limit - limit / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { memory: 800, processes: 10, cpu_seconds: 2, ..Limits::default() }
    }

    fn exited(status: i32) -> Observed {
        Observed { status: Some(status), ..Observed::default() }
    }

    fn ending(observed: Observed, counters: Option<Counters>) -> Ending {
        let evidence = Evidence { observed: Some(observed), counters, ..Evidence::default() };
        evidence.ending(&limits())
    }

    #[test]
    fn a_status_alone_is_never_a_limit() {
        assert_eq!(ending(exited(137), None), Ending::Exited { status: 137 });
        let killed = Observed { signal: Some(SIGKILL), ..Observed::default() };
        assert_eq!(ending(killed, None), Ending::Signaled { signal: SIGKILL });
    }

    #[test]
    fn a_killed_child_is_a_memory_limit_even_if_the_command_goes_on() {
        let counters = Counters { oom_kills: 1, refused_processes: 3, ..Counters::default() };
        let by = LimitedBy::Cgroup;
        assert_eq!(ending(exited(0), Some(counters)), Ending::MemoryLimit { by });
        let wrote = Observed { most_bytes: 500, ..exited(1) };
        assert_eq!(ending(wrote, Some(counters)), Ending::DiskLimit { by });
    }

    #[test]
    fn without_counters_a_limit_needs_a_failure_and_a_sight_of_it() {
        let by = LimitedBy::Rlimit;
        let large = |status| Observed { peak_memory: 700, ..exited(status) };
        assert_eq!(ending(large(1), None), Ending::MemoryLimit { by });
        assert_eq!(ending(large(0), None), Ending::Exited { status: 0 });
        assert_eq!(ending(large(1), Some(Counters::default())), Ending::Exited { status: 1 });
    }

    #[test]
    fn a_job_that_hangs_after_it_met_a_limit_met_that_limit() {
        let stopped = |stop, refused_processes| {
            let counters = Some(Counters { refused_processes, ..Counters::default() });
            let evidence = Evidence { stop: Some(stop), counters, ..Evidence::default() };
            evidence.ending(&limits())
        };
        let by = LimitedBy::Cgroup;
        assert_eq!(stopped(Stop::Time, 0), Ending::TimeLimit);
        assert_eq!(stopped(Stop::Time, 1), Ending::ProcessLimit { by });
        assert_eq!(stopped(Stop::Output, 1), Ending::OutputLimit);
        assert!(matches!(Evidence::default().ending(&limits()), Ending::Broken { .. }));
    }
}
