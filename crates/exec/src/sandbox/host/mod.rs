//! How does a job run where the kernel gives no namespaces?
//!
//! In: a job. Out: its result at level `rlimit`: limits of processes, time, output
//! and disk hold, and what it starts is ended with it; its network is that of the
//! host, and it reads whatever this user reads. Only for who asked for that.
//!
//! There is no `/work` to mount, so each job has a folder that stands for `/`
//! ([`paths`]), with copies of what it may change and links to the rest ([`lay`]).
//! The *host stage* ([`stage`]) adopts whatever the command leaves behind and ends
//! it; a *confined stage* gives up what can be given up without namespaces.
//! Environments hold host paths, so the jobs of one environment have one folder
//! and take turns.

mod family;
mod lay;
mod paths;
mod place;
pub mod plan;
mod sandbox;
pub mod stage;

pub use family::load;
pub use sandbox::RlimitSandbox;
