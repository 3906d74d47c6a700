//! Do dumps become record files without loss?

mod neutral;
