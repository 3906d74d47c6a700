//! How does a request reach a forge, and what comes back?
//!
//! In: one address and the headers to send. Out: a status, headers, and a body to
//! read. A transport follows no redirect and repeats nothing: that is decided in
//! [`Client`](super::client::Client), so that a test can stand in for the network.

use std::io::{self, Read};
use std::time::Duration;

/// One request; there is nothing but `GET`.
#[derive(Debug)]
pub struct Request<'a> {
    /// The whole address.
    pub url: &'a str,
    /// Names and values of the headers to send. One may be the token.
    pub headers: &'a [(&'static str, String)],
}

/// What a forge answered.
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
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Sends requests.
pub trait Transport {
    /// Sends one request; an error means that no answer came.
    fn get(&self, request: &Request<'_>) -> io::Result<Response>;
}

/// Lets time pass. Nothing else is asked of a clock: times come from the forge.
pub trait Clock {
    /// Waits; `why` is one sentence for the person who waits too.
    fn wait(&self, time: Duration, why: &str);
}
