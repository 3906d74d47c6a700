//! Do the adapters say what a model said, or one typed sentence?

mod cached;
mod dialects;
mod ngram;
mod recorded;
mod refusals;
mod trouble;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backstory_model::LanguageModelError;
use backstory_synth::lm::{Clock, Http, Server, ServerKey, ServerOptions};
use backstory_testkit::{ModelReply, ModelRequest, ModelServer, ToyEngine};

/// Writes down how long it was asked to wait, and lets time pass at once.
#[derive(Clone, Default)]
pub struct Waits(Arc<Mutex<Vec<Duration>>>);

impl Waits {
    pub fn seconds(&self) -> Vec<u64> {
        let waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waits.iter().map(Duration::as_secs).collect()
    }
}

impl Clock for Waits {
    fn elapsed(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().sum()
    }

    fn wait(&self, time: Duration, _why: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(time);
    }
}

/// How long the tests wait for an answer.
const PATIENCE: Duration = Duration::from_millis(700);

pub fn connect_as(options: &ServerOptions, waits: &Waits) -> Result<Server, LanguageModelError> {
    let http = Http::new(PATIENCE, None, None).expect("a transport");
    Server::connect(options, Box::new(http), Box::new(waits.clone()))
}

pub fn connect(server: &ModelServer) -> Result<Server, LanguageModelError> {
    connect_as(&ServerOptions::at(server.address()), &Waits::default())
}

/// Answers everything as this engine does.
pub fn answered(toy: ToyEngine, owner: &str, request: &ModelRequest) -> ModelReply {
    match request.path.as_str() {
        "/v1/models" => ModelReply::json(&toy.models("toy-1", owner)),
        "/v1/completions" => ModelReply::json(&toy.completions(&request.body)),
        "/v1/chat/completions" => ModelReply::json(&toy.chat(&request.body)),
        "/generate" if owner == "sglang" => ModelReply::json(&toy.generate(&request.body)),
        _ => ModelReply::status(404, r#"{"detail":"Not Found"}"#),
    }
}

/// A server of this engine.
pub fn engine(owner: &'static str) -> ModelServer {
    ModelServer::start(move |request, _| answered(ToyEngine::default(), owner, request))
}

/// A server of this engine that answers scoring requests otherwise.
pub fn spoiled(
    owner: &'static str,
    spoil: impl Fn(&ModelRequest) -> ModelReply + Send + Sync + 'static,
) -> ModelServer {
    ModelServer::start(move |request, _| match request.path.as_str() {
        "/v1/completions" | "/generate" => spoil(request),
        _ => answered(ToyEngine::default(), owner, request),
    })
}

pub fn key() -> ServerKey {
    ServerKey::new(SECRET)
}

/// The planted key.
pub const SECRET: &str = "sk-planted-0123456789abcdef";
