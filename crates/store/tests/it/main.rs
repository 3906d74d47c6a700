//! What does a run directory promise, and does it keep it when things fail?

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod damage;
mod execution;
mod interrupted;
mod reasoning;
mod round_trip;
mod sample;
