//! What did this process cost so far?
//!
//! Costs go to stderr, `--json` and the ledger, never into the files of a run.

use std::path::Path;

use backstory_store::fs;
use rustix::time::{ClockId, clock_gettime};

/// What a process used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// CPU seconds, of all threads.
    pub cpu_seconds: f64,
    /// The most memory it held, in MiB; 0 where the system does not tell.
    pub peak_rss_mb: f64,
}

impl Cost {
    /// Asks the system.
    pub fn so_far() -> Self {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        #[expect(clippy::cast_precision_loss, reason = "seconds with two decimals are printed")]
        let cpu_seconds = time.tv_sec as f64 + time.tv_nsec as f64 / 1e9;
        Self { cpu_seconds, peak_rss_mb: peak_rss_mb().unwrap_or(0.0) }
    }

    /// Returns the cost with two decimals and one, for people.
    #[must_use]
    pub fn rounded(self) -> Self {
        Self {
            cpu_seconds: (self.cpu_seconds * 100.0).round() / 100.0,
            peak_rss_mb: (self.peak_rss_mb * 10.0).round() / 10.0,
        }
    }
}

/// Reads the high-water mark Linux keeps for every process.
fn peak_rss_mb() -> Option<f64> {
    let status = fs::read_text(Path::new("/proc/self/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::Cost;

    #[test]
    fn a_process_has_used_memory_by_the_time_it_asks() {
        let cost = Cost::so_far();
        assert!(cost.cpu_seconds > 0.0);
        assert!(cost.peak_rss_mb > 1.0 || !cfg!(target_os = "linux"));
    }
}
