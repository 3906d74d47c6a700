//! What if the machine fails at exactly this step?
//!
//! Every durable operation of a run passes one counter. Tests set it to fail
//! once at the k-th operation (a full disk), or to fail there and forever after
//! (a killed process), and sweep k until a run passes clean.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// Decides which durable operations of a run fail; by default none.
#[derive(Debug, Default)]
pub struct Faults {
    plan: Plan,
    done: AtomicU64,
}

#[derive(Debug, Default)]
enum Plan {
    #[default]
    Never,
    Once(u64),
    From(u64),
}

impl Faults {
    /// Lets every operation through.
    pub fn none() -> Self {
        Self::default()
    }

    /// Fails the k-th operation (from 1) as a full disk would.
    pub fn full_disk_at(k: u64) -> Self {
        Self { plan: Plan::Once(k), done: AtomicU64::new(0) }
    }

    /// Fails the k-th operation (from 1) and every later one, as if the process
    /// had been killed in the middle of it.
    pub fn killed_at(k: u64) -> Self {
        Self { plan: Plan::From(k), done: AtomicU64::new(0) }
    }

    /// Returns how many operations were asked for so far.
    pub fn operations(&self) -> u64 {
        self.done.load(Ordering::SeqCst)
    }

    /// Counts one operation; an error says that it must fail.
    pub(crate) fn pass(&self) -> Result<(), Fault> {
        let number = self.done.fetch_add(1, Ordering::SeqCst) + 1;
        match self.plan {
            Plan::Once(k) if number == k => Err(Fault),
            Plan::From(k) if number >= k => Err(Fault),
            Plan::Never | Plan::Once(_) | Plan::From(_) => Ok(()),
        }
    }
}

/// An operation that must fail.
#[derive(Debug)]
pub(crate) struct Fault;

impl From<Fault> for io::Error {
    fn from(_: Fault) -> Self {
        io::ErrorKind::StorageFull.into()
    }
}
