//! Does any answer of a server of a language model break its client?
//!
//! In: the bytes of every answer, the first one its status. Out: nothing; panics on a broken
//! promise: a score or a text comes out, or one sentence.

#![no_main]

use std::io;
use std::time::Duration;

use backstory_model::{CompletionRequest, LanguageModel};
use backstory_synth::lm::{Clock, Engine, Request, Response, Server, ServerOptions, Transport};
use libfuzzer_sys::fuzz_target;

/// A server that says one thing to everything.
struct Parrot(Vec<u8>);

impl Transport for Parrot {
    fn send(&self, _: &Request<'_>) -> io::Result<Response> {
        let (status, body) = match self.0.split_first() {
            Some((first, rest)) if *first < 16 => (400 + u16::from(*first), rest),
            _ => (200, &self.0[..]),
        };
        let body = Box::new(io::Cursor::new(body.to_vec()));
        Ok(Response { status, headers: Vec::new(), body })
    }
}

/// A clock in which waiting takes no time.
struct Still;

impl Clock for Still {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn wait(&self, _: Duration, _: &str) {}
}

fuzz_target!(|bytes: &[u8]| {
    for engine in [Engine::Vllm, Engine::Sglang, Engine::Chat] {
        let options = ServerOptions {
            model: Some("m".to_owned()),
            engine: Some(engine),
            ..ServerOptions::at("http://localhost:1")
        };
        let parrot = Box::new(Parrot(bytes.to_vec()));
        let Ok(server) = Server::connect(&options, parrot, Box::new(Still)) else { continue };
        if let Ok(score) = server.score("a b", " c") {
            assert!(score.logprobs().iter().all(|value| value.is_finite()));
        }
        let request = CompletionRequest {
            prompt: "a".to_owned(),
            max_tokens: 1,
            temperature: 0.0,
            seed: 0,
            stop: Vec::new(),
        };
        _ = server.complete(&request);
    }
});
