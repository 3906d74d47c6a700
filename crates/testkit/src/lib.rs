//! Which repositories, records and programs do the tests run on?
//!
//! In: histories written down in code ([`RepoBuilder`]) or as text
//! ([`Recipe`]). Out: git repositories on disk with the same hashes on every
//! machine, the same objects in memory ([`MemoryRepository`]), a sandbox that runs
//! nothing ([`FakeSandbox`]), a server of a language model that holds none
//! ([`ModelServer`]), and transcripts of programs ([`TestContext`], [`git`]). Not
//! shipped; starts processes, but only from tests.

mod builder;
mod context;
mod disk;
mod draft;
mod edit;
mod example;
mod graph;
mod layout;
mod memory;
mod merge;
mod model_server;
mod object;
mod oracle;
mod pack;
mod recipe;
mod recipe_build;
mod recipe_section;
mod sandbox;
mod toy_engine;

pub use builder::{BuildError, RepoBuilder};
pub use context::{Invocation, TestContext, Transcript};
pub use draft::{Draft, MomentError, signature};
pub use edit::Edit;
pub use example::{
    EXAMPLE_NAME, WrittenExample, example, example_directory, example_records, write_example,
};
pub use layout::{Layout, Storage};
pub use memory::MemoryRepository;
pub use model_server::{ModelReply, ModelRequest, ModelServer};
pub use oracle::{git, git_is_available, tool_variables};
pub use recipe::{Recipe, RecipeError};
pub use recipe_build::BuiltRecipe;
pub use sandbox::{FakeAnswer, FakeSandbox, Script, mounted, work_file};
pub use toy_engine::ToyEngine;
