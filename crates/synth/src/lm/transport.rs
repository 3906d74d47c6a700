//! How does a request reach a server, and what comes back?
//!
//! In: one address, headers and perhaps a body. Out: a status, headers, and a body to
//! read. A transport follows no redirect and repeats nothing: that is decided in
//! [`Client`](super::client::Client), so that a test can stand in for the network.

use std::io::{self, Read};
use std::time::Duration;

/// One request: with a body it is a `POST`, without one a `GET`.
#[derive(Debug)]
pub struct Request<'a> {
    /// The whole address.
    pub url: &'a str,
    /// Names and values of the headers. One may be the key.
    pub headers: &'a [(&'static str, String)],
    /// What is sent, as JSON.
    pub body: Option<&'a [u8]>,
}

/// What a server answered.
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, unpacked.
    pub body: Box<dyn Read>,
}

impl Response {
    /// Returns the first header of this name (lower case).
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Sends requests.
pub trait Transport: Send + Sync {
    /// Sends one request; an error means that no answer came.
    fn send(&self, request: &Request<'_>) -> io::Result<Response>;
}

/// Tells how much time went by and lets time pass; no date is asked of it.
pub trait Clock: Send + Sync {
    /// Returns the time since some moment that stays the same.
    fn elapsed(&self) -> Duration;

    /// Waits; `why` is one sentence for the person who waits too.
    fn wait(&self, time: Duration, why: &str);
}
