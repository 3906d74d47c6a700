//! How does a command that nobody trusts run, and how did it end?
//!
//! In: a [`SandboxJob`](backstory_model::SandboxJob). Out: how it ended, by the
//! kernel's counters, and what it printed. Nothing of it is left on the host.
//!
//! The launcher (`launch`) starts this same program again as the *outer stage*
//! (`outer`): a fresh single-threaded process that enters the control groups,
//! makes the namespaces that bubblewrap cannot make the way a job needs them (a
//! network without loopback, an overlay as work tree, private folders with a
//! limit on files) and becomes bubblewrap. Inside, the *inner stage* (`inner`)
//! is the first process: it gives up everything, starts the command, counts, and
//! reports over the socket it has as standard input. When it ends, the kernel
//! ends whatever is left.
//!
//! Where a machine gives no namespaces and somebody allows it, [`RlimitSandbox`]
//! (`host`) runs jobs with limits alone.

mod bound;
mod bubblewrap;
mod capture;
mod cause;
mod cgroup;
mod confine;
mod counters;
mod flags;
mod folders;
mod host;
mod inner;
mod job;
mod launch;
mod outer;
mod plan;
mod stage;
mod system;
mod watch;

pub use bubblewrap::{BubblewrapSandbox, SandboxOptions};
pub use host::RlimitSandbox;
pub use stage::stage;
