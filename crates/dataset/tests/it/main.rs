//! Do exports, checks and the audit hold on trajectories written by hand?

mod dialect;
mod export;
mod sample;
mod validate;
