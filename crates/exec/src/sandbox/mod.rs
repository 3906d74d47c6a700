//! How does a command that nobody trusts run, and how did it end?
