//! Do dumps and forges become record files without loss?

mod ci;
mod collect;
mod export;
mod forges;
mod github;
mod neutral;
mod survey;
