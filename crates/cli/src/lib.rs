//! The backstory command: arguments, settings, progress, exit codes.
