//! Do dumps and forges become record files without loss?

mod ci;
mod collect;
mod export;
mod github;
mod neutral;
mod survey;
