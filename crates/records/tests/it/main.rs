//! Do dumps become record files without loss?

mod export;
mod github;
mod neutral;
