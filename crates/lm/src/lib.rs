//! How likely is a text, asked of a model in this process?
//!
//! In: the file of a model of the llama architecture (GGUF). Out: the
//! [`LanguageModel`](backstory_model::LanguageModel) port over it, on the processor alone.
//! The context of several continuations is read once. Without the feature `engine` this
//! crate is empty, because the engine takes longer to build than everything else.
#![cfg(feature = "engine")]

mod gguf;
mod llama;
mod local;
mod pieces;
mod tokens;

pub use gguf::LoadError;
pub use local::LocalModel;
pub use tokens::{FileTokenizer, TokenizerFileError};
