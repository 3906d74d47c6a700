//! In which language is a file written, and what is it for?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A language Backstory parses.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Python, `.py` and `.pyi`.
    Python,
    /// Rust, `.rs`.
    Rust,
    /// JavaScript, `.js`, `.cjs`, `.mjs` and `.jsx`.
    JavaScript,
    /// TypeScript, `.ts`, `.cts` and `.mts`.
    TypeScript,
    /// TypeScript with JSX, `.tsx`.
    Tsx,
    /// Go, `.go`.
    Go,
    /// Java, `.java`.
    Java,
    /// C, `.c` and `.h`.
    C,
    /// C++, `.cc`, `.cpp`, `.cxx`, `.hpp`, `.hh` and `.hxx`.
    Cpp,
}

/// What a file is for, as its path says.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FileRole {
    /// Source code of the product.
    Source,
    /// Test code.
    Test,
    /// Documentation and changelogs.
    Docs,
    /// Everything else: configuration, assets, lock files.
    Other,
}
