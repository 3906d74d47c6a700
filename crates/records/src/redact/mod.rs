//! Which secrets stand in a text, and what is written in their place?
//!
//! In: bytes, whole or as a stream. Out: the same bytes with every secret that a
//! rule finds replaced by `[redacted:KIND:TAG]`. The tag is one-way and the same
//! wherever the secret stands; how a text is cut into pieces changes nothing. A
//! token is no secret itself: redacting again changes nothing. Touches nothing.

mod assignment;
mod block;
mod rules;
mod stream;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use serde::de::IgnoredAny;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub use self::stream::RedactingReader;

/// How far a rule looks on from where its anchor begins.
const LONGEST: usize = 16 << 10;

/// How far a rule looks back from there.
const BEFORE: usize = 64;

/// Sets tags apart from all other digests of the same bytes.
const DOMAIN: &[u8] = b"backstory redaction 1\0";

static ANCHORS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::DFA))
        .build(rules::anchors())
        .expect("the anchors are a short list of words")
});

/// A secret within a text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Secret {
    kind: &'static str,
    start: usize,
    end: usize,
}

/// Replaces secrets.
#[derive(Clone, Default)]
pub struct Redactor {
    key: Option<Arc<[u8]>>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("keyed", &self.key.is_some()).finish()
    }
}

impl Redactor {
    /// Makes tags that nobody without this key can check guesses against.
    pub fn keyed(key: &[u8]) -> Self {
        Self { key: Some(key.into()) }
    }

    /// Replaces the secrets of a text; returns how many there were.
    pub fn redact<'t>(&self, text: &'t [u8]) -> (Cow<'t, [u8]>, u64) {
        let mut out = Vec::new();
        let (done, count) = self.pass(text, 0, true, &mut out);
        if count == 0 {
            return (Cow::Borrowed(text), 0);
        }
        out.extend_from_slice(&text[done..]);
        (Cow::Owned(out), count)
    }

    /// Replaces the secrets of a line of JSON, which stays JSON.
    ///
    /// A secret may begin in the middle of an escape; then the texts of the line
    /// are gone over one by one instead.
    pub fn redact_json<'t>(&self, line: &'t [u8]) -> (Cow<'t, [u8]>, u64) {
        let (redacted, count) = self.redact(line);
        if count == 0 || serde_json::from_slice::<IgnoredAny>(&redacted).is_ok() {
            return (redacted, count);
        }
        let Ok(mut value) = serde_json::from_slice::<Value>(line) else { return (redacted, count) };
        let count = self.redact_value(&mut value);
        (Cow::Owned(value.to_string().into_bytes()), count)
    }

    fn redact_value(&self, value: &mut Value) -> u64 {
        match value {
            Value::String(text) => {
                let (redacted, count) = self.redact(text.as_bytes());
                *text = String::from_utf8_lossy(&redacted).into_owned();
                count
            }
            Value::Array(values) => values.iter_mut().map(|value| self.redact_value(value)).sum(),
            Value::Object(fields) => {
                fields.values_mut().map(|value| self.redact_value(value)).sum()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
    }

    /// Goes over a text from `from`; what stands before is context.
    ///
    /// Writes everything up to the returned place to `out`, but for a text without
    /// secrets that is whole: then nothing is written. Where the text is not whole,
    /// the place is at least [`LONGEST`] before its end.
    fn pass(&self, text: &[u8], from: usize, whole: bool, out: &mut Vec<u8>) -> (usize, u64) {
        let limit = if whole { text.len() } else { text.len().saturating_sub(LONGEST).max(from) };
        let (mut at, mut written, mut count) = (from, from, 0);
        while at < limit {
            let Some(hit) = ANCHORS.find(Input::new(text).span(at..text.len())) else { break };
            if hit.start() >= limit {
                break;
            }
            let seen = &text[..text.len().min(hit.start() + LONGEST)];
            at = hit.end();
            for secret in rules::secrets(hit.pattern().as_usize(), hit.range(), seen) {
                if secret.start < written {
                    continue;
                }
                out.extend_from_slice(&text[written..secret.start]);
                self.write_token(secret.kind, &text[secret.start..secret.end], out);
                written = secret.end;
                at = at.max(secret.end);
                count += 1;
            }
        }
        if whole {
            return (written, count);
        }
        let done = limit.max(at);
        out.extend_from_slice(&text[written..done]);
        (done, count)
    }

    fn write_token(&self, kind: &str, secret: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(format!("[redacted:{kind}:{}]", self.tag(kind, secret)).as_bytes());
    }

    /// Returns the tag of a secret.
    ///
    /// What people think up can be guessed, and a plain digest would confirm the
    /// guess: without a key all such secrets of a kind have the same tag.
    fn tag(&self, kind: &str, secret: &[u8]) -> String {
        if self.key.is_none() && rules::is_guessable(kind, secret) {
            return "00000000".to_owned();
        }
        let key = self.key.as_deref().unwrap_or_default();
        let mut hasher = Sha256::new();
        hasher.update(DOMAIN);
        hasher.update((key.len() as u64).to_le_bytes());
        hasher.update(key);
        hasher.update(block::unwrapped(kind, secret));
        let digest = hasher.finalize();
        format!("{:08x}", u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
    }
}
