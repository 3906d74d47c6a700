//! Do features say what the snapshot holds, and nothing else?

mod features;
mod leaks;
mod toy;
