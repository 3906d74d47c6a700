//! What do the launcher and the two stages tell each other?
//!
//! Over one socket, the standard input of the stages: the launcher writes an
//! [`OuterPlan`] and an [`InnerPlan`] as frames (length, then JSON), the inner
//! stage answers with [`Word`]s, one JSON line each.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use backstory_model::{Limits, Network};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Where the program of the stages lies inside.
pub const STAGE_INSIDE: &str = "/.backstory-stage";

/// A frame longer than this is a mistake.
const LONGEST_FRAME: u32 = 64 << 20;

/// What the outer stage makes.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct OuterPlan {
    /// The `cgroup.procs` files it enters.
    pub groups: Vec<PathBuf>,
    /// The program bubblewrap.
    pub bubblewrap: PathBuf,
    /// The program of the stages.
    pub program: PathBuf,
    /// What calls the inner stage, after the program.
    pub arguments: Vec<String>,
    /// The folders of the work tree, topmost first.
    pub layers: Vec<PathBuf>,
    /// The folders that keep the writes to the work tree; else they are discarded.
    pub kept: Option<KeptUpper>,
    /// What else is seen, parents first.
    pub mounts: Vec<PlannedMount>,
    /// Bytes and files each private folder may hold.
    pub room: Room,
    /// The most processes; 0 is no limit. For a bound, where one is needed.
    pub processes: u32,
    /// Which network is seen.
    pub network: Network,
}

/// An overlay's upper directory on the host, and the folder the kernel needs beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptUpper {
    /// The upper directory.
    pub upper: PathBuf,
    /// The work directory, empty before and removed afterwards.
    pub work: PathBuf,
}

/// How much a private folder may hold; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Room {
    /// Bytes.
    pub bytes: u64,
    /// Files and folders.
    pub files: u64,
}

/// A mount as it goes over the socket.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedMount {
    /// Where it lies on the host.
    pub source: PathBuf,
    /// Where it is seen.
    pub target: String,
    /// What may be done with it.
    pub access: PlannedAccess,
}

/// `backstory_model::Access` as it goes over the socket.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum PlannedAccess {
    /// Read.
    ReadOnly,
    /// Read and write.
    ReadWrite,
    /// Read and write, gone afterwards.
    Scratch,
}

/// What the inner stage runs.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct InnerPlan {
    /// The command.
    pub command: Vec<String>,
    /// Its whole environment.
    pub variables: BTreeMap<String, String>,
    /// What it may use.
    pub limits: Limits,
    /// The folders that may be written.
    pub writable: Vec<String>,
    /// The private folders, whose fullness is a cause of death.
    pub private: Vec<String>,
    /// No control group counts: limits of processes are set, and the inner stage watches.
    pub watched: bool,
}

/// What the stages say.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Word {
    /// The sandbox could not be made.
    Failed {
        /// What went wrong.
        what: String,
    },
    /// Everything is in force; the command starts next.
    Begun {
        /// The Landlock interface in force.
        landlock: u32,
        /// Whether the system call filter is in force.
        seccomp: bool,
    },
    /// The command ended, or was ended by the inner stage.
    Ended(Observed),
}

/// What the first process saw of the command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// Its exit status.
    pub status: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The limit for which the inner stage ended it.
    pub met: Option<Watched>,
    /// Seconds of CPU time of the command and its children.
    pub cpu_seconds: f64,
    /// Seconds of CPU time of the inner stage.
    pub own_seconds: f64,
    /// The largest resident memory of one process, in bytes.
    pub peak_memory: u64,
    /// A private folder was seen full.
    pub full: bool,
    /// The most bytes seen in private folders, all together.
    pub most_bytes: u64,
}

/// A limit the inner stage watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watched {
    /// CPU time, all processes together.
    Cpu,
    /// Memory, all processes together.
    Memory,
    /// Processes and threads.
    Processes,
}

/// Writes one frame.
pub fn send(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_vec(value)?;
    let length = u32::try_from(text.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&text)
}

/// Reads one frame and not a byte more, because the next one is for somebody else.
pub fn receive<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > LONGEST_FRAME {
        return Err(io::Error::other("the plan is too long"));
    }
    let mut text = vec![0; length as usize];
    from.read_exact(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

/// Writes one line.
pub fn say(to: &mut impl Write, word: &Word) -> io::Result<()> {
    let mut line = serde_json::to_vec(word)?;
    line.push(b'\n');
    to.write_all(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_and_not_a_byte_of_the_next() {
        let words = ["first", "second \u{1F600}"];
        let mut sent = Vec::new();
        for word in words {
            send(&mut sent, &word).unwrap();
        }
        let mut rest = sent.as_slice();
        for word in words {
            assert_eq!(receive::<String>(&mut rest).unwrap(), word);
        }
        assert!(rest.is_empty());
        assert!(receive::<String>(&mut [255; 8].as_slice()).is_err());
    }
}
