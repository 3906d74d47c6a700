//! What does a run directory promise, and does it keep it when things fail?

mod damage;
mod interrupted;
mod round_trip;
mod sample;
