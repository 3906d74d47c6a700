//! What did the control groups count?
//!
//! In: the files of a group. Out: numbers. A file that is not there (an older
//! kernel, a controller that is off) counts nothing.

use std::path::Path;

use backstory_model::Cgroup;
use backstory_store::fs::read_text;

/// What the kernel counted for one job.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counters {
    /// Processes ended because memory was over.
    pub oom_kills: u64,
    /// Processes that were not made because there were too many.
    pub refused_processes: u64,
    /// The most memory at once, in bytes.
    pub peak_memory: u64,
    /// Seconds of CPU time.
    pub cpu_seconds: f64,
}

impl Counters {
    /// Reads the folders of the memory, process and CPU controllers.
    pub fn read(version: Cgroup, memory: &Path, processes: &Path, cpu: &Path) -> Self {
        let text = |folder: &Path, name: &str| read_text(&folder.join(name)).unwrap_or_default();
        let refused_processes = entry(&text(processes, "pids.events"), "max");
        match version {
            Cgroup::V1 => Self {
                oom_kills: entry(&text(memory, "memory.oom_control"), "oom_kill"),
                refused_processes,
                peak_memory: number(&text(memory, "memory.max_usage_in_bytes")),
                cpu_seconds: seconds(number(&text(cpu, "cpuacct.usage")), 1e9),
            },
            Cgroup::V2 => Self {
                oom_kills: entry(&text(memory, "memory.events"), "oom_kill"),
                refused_processes,
                peak_memory: number(&text(memory, "memory.peak")),
                cpu_seconds: seconds(entry(&text(cpu, "cpu.stat"), "usage_usec"), 1e6),
            },
        }
    }
}

/// Returns the number behind a word at the beginning of a line.
fn entry(text: &str, word: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix(word)?.strip_prefix(' ').map(number))
        .unwrap_or(0)
}

fn number(text: &str) -> u64 {
    text.trim().parse().unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "exact for a hundred days")]
fn seconds(count: u64, in_a_second: f64) -> f64 {
    count as f64 / in_a_second
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn recorded(name: &str, version: Cgroup) -> Counters {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cgroup").join(name);
        assert!(folder.is_dir(), "no recorded files at {}", folder.display());
        Counters::read(version, &folder, &folder, &folder)
    }

    #[test]
    fn a_memory_bomb_under_version_1_is_one_kill() {
        insta::assert_debug_snapshot!(recorded("v1-memory-bomb", Cgroup::V1), @"
        Counters {
            oom_kills: 1,
            refused_processes: 0,
            peak_memory: 67108864,
            cpu_seconds: 0.159492842,
        }
        ");
    }

    #[test]
    fn a_fork_bomb_under_version_1_is_refused_processes() {
        insta::assert_debug_snapshot!(recorded("v1-fork-bomb", Cgroup::V1), @"
        Counters {
            oom_kills: 0,
            refused_processes: 1,
            peak_memory: 22548480,
            cpu_seconds: 0.138991502,
        }
        ");
    }

    /// The form of these files is that of the kernel's documentation; no live
    /// host with version 2 was at hand.
    #[test]
    fn a_memory_bomb_under_version_2_is_one_kill() {
        insta::assert_debug_snapshot!(recorded("v2-memory-bomb", Cgroup::V2), @"
        Counters {
            oom_kills: 1,
            refused_processes: 0,
            peak_memory: 268435456,
            cpu_seconds: 0.412345,
        }
        ");
    }

    #[test]
    fn a_fork_bomb_under_version_2_is_refused_processes() {
        insta::assert_debug_snapshot!(recorded("v2-fork-bomb", Cgroup::V2), @"
        Counters {
            oom_kills: 0,
            refused_processes: 17,
            peak_memory: 9437184,
            cpu_seconds: 0.052345,
        }
        ");
    }

    /// `oom_group_kill` and `oom` begin alike and are not `oom_kill`.
    #[test]
    fn a_longer_word_is_another_word() {
        assert_eq!(
            entry("oom 3\noom_kill_disable 1\noom_group_kill 2\noom_kill 5\n", "oom_kill"),
            5
        );
    }
}
