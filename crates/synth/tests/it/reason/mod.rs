//! Is a thought kept for what it says, and for nothing else?

mod guard;
mod leaks;
mod search;
mod seen;
