//! Which language models can be asked, and how?
//!
//! In: texts. Out: the [`LanguageModel`](backstory_model::LanguageModel) port over a
//! counter of bytes that is always there, over servers that speak HTTP, and over what
//! was answered before. The only part of the project that talks to a model; nothing here
//! reads the environment, and a key never leaves the headers it is sent in.

mod address;
mod align;
mod answers;
mod budget;
mod cached;
mod client;
mod completions;
mod counts;
mod http;
mod ngram;
mod self_test;
mod server;
mod several;
mod sglang;
mod transport;
mod writing;

pub use answers::{AnswerFolder, Answers, NoAnswers};
pub use budget::Budgeted;
pub use cached::Cached;
pub use client::ServerKey;
pub use http::Http;
pub use ngram::{NgramModel, NgramOptions};
pub use self_test::{FIXED_TEXT, SelfTest, self_test};
pub use server::{Engine, Server, ServerOptions};
pub use several::complete_each;
pub use transport::{Clock, Request, Response, Transport};
