//! Parses source: definitions, references, imports, test and source split, line hunks.
