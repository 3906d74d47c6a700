//! Is what nobody trusts contained, and is what it reports read rightly?

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod checkout;
mod environment;
mod environment_provision;
mod execute;
mod hostile;
mod hostile_ground;
mod judge_gates;
mod mutants;
mod python;
mod python_forgery;
mod report_command;
mod report_hostile;
mod report_recorded;
mod sandbox;
mod sandbox_host;
mod trace;
