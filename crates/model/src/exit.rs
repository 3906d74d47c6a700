//! What does each exit code mean?

/// Everything asked for was done.
pub const OK: u8 = 0;
/// The command ran to its end and found something wrong: a failed audit, a
/// broken record line, a file a consumer would reject.
pub const FINDINGS: u8 = 1;
/// The command could not run: wrong usage, unreadable input, broken machine.
pub const ERROR: u8 = 2;
