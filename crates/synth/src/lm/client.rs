//! What does a server answer, once its limits are respected?
//!
//! In: paths below one address and JSON to send. Out: JSON that was documented, or one
//! typed sentence. Failures of the server and of the network are tried again with growing
//! waits, limits of the rate are waited for; both come to an end. The key goes into one
//! header and is taken out of whatever comes back.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use backstory_model::LanguageModelError;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::address::base;
use super::transport::{Clock, Request, Response, Transport};

/// The media type of what is sent; in two parts, because one literal of that form names a rule.
const JSON: &str = concat!("application", "/json");

/// How often a request is sent that gets no answer, or a failure of the server.
const TRIES: u32 = 5;

/// How often one request waits for a limit of the rate.
const LIMIT_WAITS: u32 = 8;

/// The first wait; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// No single wait is longer; a server that asks for more is not waited for.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// How much of what a server says about a refusal is kept, in characters.
const REASON: usize = 300;

/// Keys shorter than this are no secret (`EMPTY`, `none`) and are not searched for.
const SECRET_LENGTH: usize = 8;

/// What a server is shown to prove who asks. It is never printed.
#[derive(Clone)]
pub struct ServerKey(String);

impl ServerKey {
    /// Takes the key as it was set.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerKey([redacted])")
    }
}

/// What a client may do.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientLimits {
    /// The bytes an answer may have.
    pub(super) answer: u64,
    /// The time between two requests, at least.
    pub(super) pause: Duration,
}

/// Asks one server.
pub(super) struct Client {
    transport: Box<dyn Transport>,
    clock: Box<dyn Clock>,
    base: String,
    key: Option<ServerKey>,
    limits: ClientLimits,
    /// When the next request may be sent.
    free: Mutex<Duration>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base).finish_non_exhaustive()
    }
}

/// What one attempt came to.
enum Attempt {
    Answered(Vec<u8>),
    /// The server failed, or the network did.
    Failed(Fault),
    /// The server wants to be asked later; it may say when.
    Limited(Option<Duration>),
}

/// What failed.
enum Fault {
    Status(u16),
    Network(io::Error),
}

impl Client {
    /// Makes a client; paths are put behind `address`.
    pub(super) fn new(
        address: &str,
        key: Option<ServerKey>,
        limits: ClientLimits,
        transport: Box<dyn Transport>,
        clock: Box<dyn Clock>,
    ) -> Result<Self, LanguageModelError> {
        let base = base(address, key.is_some())?;
        Ok(Self { transport, clock, base, key, limits, free: Mutex::default() })
    }

    /// Returns the address without a path.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Asks for what lies at a path.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, LanguageModelError> {
        self.ask(path, None)
    }

    /// Sends a body to a path.
    pub(super) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> Result<T, LanguageModelError> {
        self.ask(path, Some(body.to_string().as_bytes()))
    }

    fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<&[u8]>,
    ) -> Result<T, LanguageModelError> {
        let answer = self.settled(path, body)?;
        serde_json::from_slice(&answer)
            .map_err(|source| LanguageModelError::Shape { place: self.place(path), source })
    }

    fn place(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Sends a request until its answer is neither temporary nor a limit.
    fn settled(&self, path: &str, body: Option<&[u8]>) -> Result<Vec<u8>, LanguageModelError> {
        let (mut failures, mut waits) = (0, 0);
        loop {
            match self.attempt(path, body)? {
                Attempt::Answered(answer) => return Ok(answer),
                Attempt::Failed(fault) => {
                    failures += 1;
                    if failures == TRIES {
                        return Err(self.given_up(path, fault));
                    }
                    self.clock.wait(growing(failures - 1), "the model failed to answer");
                }
                Attempt::Limited(told) => {
                    let time = told.unwrap_or_else(|| growing(waits));
                    if waits == LIMIT_WAITS || time > LONGEST_WAIT {
                        let place = self.place(path);
                        return Err(LanguageModelError::Limited { place, waits });
                    }
                    waits += 1;
                    self.clock.wait(time, "the model limits the rate");
                }
            }
        }
    }

    fn given_up(&self, path: &str, fault: Fault) -> LanguageModelError {
        let place = self.place(path);
        match fault {
            Fault::Status(status) => LanguageModelError::Failing { place, tries: TRIES, status },
            Fault::Network(source) => {
                LanguageModelError::Unreachable { place, tries: TRIES, source }
            }
        }
    }

    fn attempt(&self, path: &str, body: Option<&[u8]>) -> Result<Attempt, LanguageModelError> {
        self.keep_pace();
        let mut headers = vec![("accept", JSON.to_owned())];
        if body.is_some() {
            headers.push(("content-type", JSON.to_owned()));
        }
        if let Some(ServerKey(secret)) = &self.key {
            headers.push(("authorization", format!("Bearer {secret}")));
        }
        let url = self.place(path);
        let mut response =
            match self.transport.send(&Request { url: &url, headers: &headers, body }) {
                Ok(response) => response,
                Err(source) => return Ok(Attempt::Failed(Fault::Network(source))),
            };
        let answer = match self.read(&mut response) {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                let limit = self.limits.answer;
                return Err(LanguageModelError::AnswerTooLong { place: url, limit });
            }
            Err(source) => return Ok(Attempt::Failed(Fault::Network(source))),
        };
        let status = response.status;
        let told = response.header("retry-after").and_then(|text| text.trim().parse().ok());
        match status {
            200..300 => Ok(Attempt::Answered(answer)),
            429 => Ok(Attempt::Limited(told.map(Duration::from_secs))),
            503 if told.is_some() => Ok(Attempt::Limited(told.map(Duration::from_secs))),
            408 | 500.. if !is_final(&reason(&answer)) => {
                Ok(Attempt::Failed(Fault::Status(status)))
            }
            _ => {
                let reason = reason(&answer);
                Err(LanguageModelError::Refused { place: url, status, reason })
            }
        }
    }

    /// Waits until the next request may be sent.
    fn keep_pace(&self) {
        let now = self.clock.elapsed();
        let at = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            let at = now.max(*free);
            *free = at + self.limits.pause;
            at
        };
        let early = at.saturating_sub(now);
        if !early.is_zero() {
            self.clock.wait(early, "requests are spread out");
        }
    }

    /// Reads a body without the key; `None` when it is too long.
    fn read(&self, response: &mut Response) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        response.body.by_ref().take(self.limits.answer + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > self.limits.answer {
            return Ok(None);
        }
        Ok(Some(match &self.key {
            Some(ServerKey(secret)) if secret.len() >= SECRET_LENGTH => without(&bytes, secret),
            _ => bytes,
        }))
    }
}

/// Takes every copy of a secret out of bytes.
fn without(bytes: &[u8], secret: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for found in memchr::memmem::find_iter(bytes, secret.as_bytes()) {
        out.extend_from_slice(&bytes[at..found]);
        out.extend_from_slice(b"[key]");
        at = found + secret.len();
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

/// Doubles a wait each time.
fn growing(times: u32) -> Duration {
    FIRST_WAIT * 2_u32.pow(times.min(6))
}

/// Tells what will never work from what may work the next time.
fn is_final(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    ["not supported", "unsupported", "is supported", "not implemented", "unknown model"]
        .iter()
        .any(|words| reason.contains(words))
}

/// Reads what a server says about a refusal, in one line.
fn reason(body: &[u8]) -> String {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(value) => told(&value).unwrap_or_default(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept: String = line.chars().filter(|c| !c.is_control()).take(REASON).collect();
    if kept.is_empty() { "it does not say why".to_owned() } else { kept }
}

/// The places where vLLM, `SGLang`, llama.cpp, Ollama and `OpenAI` put what went wrong.
fn told(value: &Value) -> Option<String> {
    let places = [
        value.pointer("/error/message"),
        value.get("error"),
        value.get("message"),
        value.pointer("/detail/0/msg"),
        value.get("detail"),
    ];
    places.into_iter().flatten().find_map(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{growing, is_final, reason, without};

    #[test]
    fn a_refusal_is_read_wherever_it_stands() {
        for body in [
            r#"{"error":{"message":"no such\nmodel","type":"NotFoundError","code":404}}"#,
            r#"{"object":"error","message":"no such model","code":404}"#,
            r#"{"error":"no such model"}"#,
            r#"{"detail":[{"loc":["body"],"msg":"no such model"}]}"#,
            r#"{"detail":"no such model"}"#,
            "no such model",
        ] {
            assert_eq!(reason(body.as_bytes()), "no such model", "{body}");
        }
        assert_eq!(reason(b"{}"), "it does not say why");
        assert_eq!(reason(&[b'x'; 4000]).len(), 300);
    }

    #[test]
    fn what_will_never_work_is_not_tried_again() {
        assert!(is_final("Only no echo is supported"));
        assert!(!is_final("out of memory"));
    }

    #[test]
    fn a_secret_is_taken_out_wherever_it_stands() {
        assert_eq!(without(b"a sk-123 b sk-123", "sk-123"), b"a [key] b [key]");
    }

    #[test]
    fn waits_grow_and_stay_bounded() {
        let seconds: Vec<u64> = (0..9).map(|times| growing(times).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
    }
}
