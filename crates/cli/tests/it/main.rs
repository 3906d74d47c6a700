//! What does the `backstory` program say and do, from outside?

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bad_input;
mod build;
mod contract;
mod go;
mod grade;
mod identities;
mod language_model;
mod learn;
mod localize;
mod looking;
mod reason;
mod reason_audit;
mod reason_change;
mod reason_change_audit;
mod reasoning;
mod records;
mod resume;
mod sample;
mod snapshot;
mod sweep;
mod unsandboxed;
mod written;
