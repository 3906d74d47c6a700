//! What does a forge answer, once its limits are respected?
//!
//! In: addresses below one base. Out: answers that say something: temporary
//! failures are repeated with growing waits, rate limits are waited for, redirects
//! are followed. The token goes to the server of the base alone.

use std::io::{self, Read};
use std::time::Duration;

use jiff::Timestamp;

use super::CollectError;
use super::address::{Origin, resolve};
use super::transport::{Clock, Request, Response, Transport};
use crate::LONGEST_ITEM;

/// How often a request is sent that gets no answer, or a failure of the server.
const TRIES: u32 = 5;

/// How often one request waits for a rate limit.
const LIMIT_WAITS: u32 = 12;

/// How many redirects one request follows.
const REDIRECTS: u32 = 5;

/// The first wait for a limit whose length the forge does not tell.
const UNTOLD_LIMIT: Duration = Duration::from_mins(1);

/// No single wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(3700);

/// The first wait after a failure of the server.
const FAILURE_WAIT: Duration = Duration::from_secs(1);

/// Which header carries the token, and how.
#[derive(Clone)]
pub(crate) struct Token {
    /// The name of the header.
    pub(crate) header: &'static str,
    /// What stands before the token.
    pub(crate) prefix: &'static str,
    /// The token itself; never shown.
    pub(crate) secret: String,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token([redacted])")
    }
}

/// An answer that says something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// When the forge gave it, RFC 3339.
    pub(crate) date: Option<String>,
    /// What to say when asking for the same again.
    pub(crate) etag: Option<String>,
    /// Where the next page is.
    pub(crate) next: Option<String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// Asks one forge.
pub(crate) struct Client<'a> {
    transport: &'a dyn Transport,
    clock: &'a dyn Clock,
    base: String,
    origin: Origin,
    token: Option<Token>,
    accept: &'static str,
    /// How many requests were sent.
    pub(crate) requests: u64,
}

/// What is asked for.
struct Asked<'u> {
    url: &'u str,
    etag: Option<&'u str>,
    /// Whether it may lead to another server, as downloads do.
    roams: bool,
}

/// What one attempt came to.
enum Attempt {
    Answered(Response),
    Again(Duration),
    Limited(Duration),
}

impl<'a> Client<'a> {
    /// Makes a client; addresses begin with `base`.
    pub(crate) fn new(
        transport: &'a dyn Transport,
        clock: &'a dyn Clock,
        base: &str,
        token: Option<Token>,
        accept: &'static str,
    ) -> Result<Self, CollectError> {
        let base = base.trim_end_matches('/').to_owned();
        let origin =
            Origin::of(&base).ok_or_else(|| CollectError::Address { url: base.clone() })?;
        Ok(Self { transport, clock, base, origin, token, accept, requests: 0 })
    }

    /// Returns the whole address of a path below the base, or of a whole address.
    pub(crate) fn address(&self, path: &str) -> String {
        if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() }
    }

    /// Asks for a page; `etag` is what an earlier answer had.
    pub(crate) fn page(&mut self, path: &str, etag: Option<&str>) -> Result<Answer, CollectError> {
        let url = self.address(path);
        let mut failures = 0;
        loop {
            let asked = Asked { url: &url, etag, roams: false };
            let response = self.settled(&asked, &mut failures)?;
            match self.read_page(&url, response) {
                Err(CollectError::Unreachable { source, .. }) if failures + 1 < TRIES => {
                    failures += 1;
                    self.clock.wait(growing(FAILURE_WAIT, failures), &format!("{source}"));
                }
                read => return read,
            }
        }
    }

    /// Asks for a file, which may lie on another server, and hands its bytes to `take`.
    ///
    /// `None` for the taken value when the status says that there is no file.
    pub(crate) fn file<T>(
        &mut self,
        path: &str,
        mut take: impl FnMut(&mut dyn Read) -> Result<T, CollectError>,
    ) -> Result<(Answer, Option<T>), CollectError> {
        let url = self.address(path);
        let mut failures = 0;
        loop {
            let asked = Asked { url: &url, etag: None, roams: true };
            let mut response = self.settled(&asked, &mut failures)?;
            let answer = told(&response);
            if response.status != 200 {
                return Ok((answer, None));
            }
            let mut body = Watched { reader: &mut response.body, failed: None };
            let taken = take(&mut body);
            match (taken, body.failed) {
                (Ok(taken), None) => return Ok((answer, Some(taken))),
                (_, Some(_)) if failures + 1 < TRIES => {
                    failures += 1;
                    self.clock.wait(growing(FAILURE_WAIT, failures), "a download was cut");
                }
                (_, Some(source)) => return Err(CollectError::Unreachable { url, source }),
                (Err(error), None) => return Err(error),
            }
        }
    }

    /// Sends a request until its answer is neither temporary nor a limit.
    fn settled(&mut self, asked: &Asked<'_>, failures: &mut u32) -> Result<Response, CollectError> {
        let url = || asked.url.to_owned();
        let mut waits = 0;
        loop {
            match self.attempt(asked, *failures, waits)? {
                Attempt::Answered(response) if response.status == 401 => {
                    return Err(CollectError::Token { url: url() });
                }
                Attempt::Answered(response) => return Ok(response),
                Attempt::Again(time) => {
                    *failures += 1;
                    self.clock.wait(time, "the forge failed to answer");
                }
                Attempt::Limited(_) if waits == LIMIT_WAITS => {
                    return Err(CollectError::Limit { url: url(), waits });
                }
                Attempt::Limited(time) => {
                    waits += 1;
                    self.clock.wait(time.min(LONGEST_WAIT), "the forge limits the rate");
                }
            }
        }
    }

    fn attempt(
        &mut self,
        asked: &Asked<'_>,
        failures: u32,
        waits: u32,
    ) -> Result<Attempt, CollectError> {
        let again = Attempt::Again(growing(FAILURE_WAIT, failures));
        let last = failures + 1 >= TRIES;
        match self.followed(asked)? {
            Err(_) if !last => Ok(again),
            Err(source) => Err(CollectError::Unreachable { url: asked.url.to_owned(), source }),
            Ok(response) if response.status >= 500 && !last => Ok(again),
            Ok(response) if matches!(response.status, 403 | 429) => Ok(limited(response, waits)),
            Ok(response) => Ok(Attempt::Answered(response)),
        }
    }

    /// Sends a request and follows its redirects.
    fn followed(&mut self, asked: &Asked<'_>) -> Result<io::Result<Response>, CollectError> {
        let refused = || CollectError::Elsewhere { url: asked.url.to_owned() };
        let (mut origin, mut location) = (self.origin.clone(), asked.url.to_owned());
        for _ in 0..=REDIRECTS {
            let (to, at) = resolve(&origin, &location).ok_or_else(refused)?;
            origin = to;
            if origin != self.origin && (location == asked.url || !asked.roams) {
                return Err(refused());
            }
            let response = match self.send(&origin, &at, asked.etag) {
                Ok(response) => response,
                Err(error) => return Ok(Err(error)),
            };
            if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(Ok(response));
            }
            response.header("location").unwrap_or_default().clone_into(&mut location);
        }
        Ok(Err(io::Error::other("it leads in circles")))
    }

    fn send(&mut self, to: &Origin, url: &str, etag: Option<&str>) -> io::Result<Response> {
        let mut headers = Vec::new();
        // A signed address of a download answers nobody who shows a second proof.
        if *to == self.origin {
            headers.push(("accept", self.accept.to_owned()));
            if let Some(token) = &self.token {
                headers.push((token.header, format!("{}{}", token.prefix, token.secret)));
            }
            headers.extend(etag.map(|etag| ("if-none-match", etag.to_owned())));
        }
        self.requests += 1;
        self.transport.get(&Request { url, headers: &headers })
    }

    fn read_page(&self, url: &str, mut response: Response) -> Result<Answer, CollectError> {
        let mut answer = told(&response);
        // A server behind a proxy may not know its own address, but it knows the page.
        let page = response.header("x-next-page").and_then(|page| page.trim().parse().ok());
        if let Some(page) = page {
            answer.next = Some(with_page(url, page));
        }
        if let Some(next) = &answer.next
            && resolve(&self.origin, next).is_none_or(|(origin, _)| origin != self.origin)
        {
            return Err(CollectError::Elsewhere { url: url.to_owned() });
        }
        let limit = LONGEST_ITEM as u64 + 1;
        let read = response.body.by_ref().take(limit).read_to_end(&mut answer.body);
        read.map_err(|source| CollectError::Unreachable { url: url.to_owned(), source })?;
        if answer.body.len() > LONGEST_ITEM {
            return Err(CollectError::TooLong { url: url.to_owned(), limit: LONGEST_ITEM });
        }
        if answer.status == 200 {
            serde_json::from_slice::<serde::de::IgnoredAny>(&answer.body)
                .map_err(|source| CollectError::Shape { url: url.to_owned(), source })?;
        }
        Ok(answer)
    }
}

/// Remembers that the network failed, which those who read cannot tell from a full disk.
struct Watched<'r> {
    reader: &'r mut dyn Read,
    failed: Option<io::Error>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.failed = Some(io::Error::new(error.kind(), error.to_string()));
            }
        })
    }
}

/// Doubles a wait with every failure.
fn growing(first: Duration, failures: u32) -> Duration {
    first * 2_u32.pow(failures.min(5))
}

/// Tells a limit from a missing right, and for how long it holds.
fn limited(mut response: Response, waits: u32) -> Attempt {
    let seconds = |text: &str| text.trim().parse::<u64>().ok().map(Duration::from_secs);
    if let Some(time) = response.header("retry-after").and_then(seconds) {
        return Attempt::Limited(time + Duration::from_secs(1));
    }
    let header = |names: [&str; 2]| names.iter().find_map(|name| response.header(name));
    let remaining = header(["x-ratelimit-remaining", "ratelimit-remaining"]);
    if remaining.is_some_and(|left| left.trim() == "0") {
        let reset = header(["x-ratelimit-reset", "ratelimit-reset"]).and_then(seconds);
        let date = response.header("date").and_then(timestamp);
        let now = date.and_then(|date| u64::try_from(date.as_second()).ok());
        let wait = reset.zip(now).map(|(reset, now)| reset.as_secs().saturating_sub(now) + 1);
        return Attempt::Limited(wait.map_or(UNTOLD_LIMIT, Duration::from_secs));
    }
    let mut body = Vec::new();
    // A body that cannot be read says nothing about a limit.
    let _ = response.body.by_ref().take(64 << 10).read_to_end(&mut body);
    let text = String::from_utf8_lossy(&body).to_lowercase();
    if response.status == 429 || text.contains("secondary rate") || text.contains("abuse detection")
    {
        return Attempt::Limited(growing(UNTOLD_LIMIT, waits));
    }
    response.body = Box::new(io::Cursor::new(body));
    Attempt::Answered(response)
}

/// Reads what the headers tell.
fn told(response: &Response) -> Answer {
    let date = response.header("date").and_then(timestamp);
    Answer {
        status: response.status,
        date: date.map(|date| date.to_string()),
        etag: response.header("etag").map(str::to_owned),
        next: response.header("link").and_then(next_link),
        body: Vec::new(),
    }
}

fn timestamp(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new().parse_zoned(text).ok()?;
    Some(zoned.timestamp())
}

/// Returns the address marked `rel="next"`.
fn next_link(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some(open) = rest.find('<') {
        let (address, after) = rest[open + 1..].split_once('>')?;
        let end = after.find('<').unwrap_or(after.len());
        let is_next = after[..end]
            .split([';', ','])
            .filter_map(|part| part.trim().strip_prefix("rel="))
            .any(|rel| rel.trim_matches('"').split(' ').any(|word| word == "next"));
        if is_next {
            return Some(address.to_owned());
        }
        rest = &after[end..];
    }
    None
}

/// Returns the address of another page of the same list.
fn with_page(url: &str, page: u64) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let kept = query.split('&').filter(|part| !part.is_empty() && !part.starts_with("page="));
    let parts: Vec<String> = kept.map(str::to_owned).chain([format!("page={page}")]).collect();
    format!("{path}?{}", parts.join("&"))
}

#[cfg(test)]
mod tests {
    use super::{next_link, timestamp, with_page};

    #[test]
    fn a_page_told_by_number_becomes_an_address() {
        assert_eq!(with_page("https://a/x?page=1&per_page=9", 2), "https://a/x?per_page=9&page=2");
        assert_eq!(with_page("https://a/x", 2), "https://a/x?page=2");
    }

    #[test]
    fn the_next_page_is_read_off_the_link_header() {
        let header = r#"<https://a.example/x?page=1>; rel="prev", <https://a.example/x?a=1,2&page=3>; rel="next", <https://a.example/x?page=9>; rel="last""#;
        assert_eq!(next_link(header).as_deref(), Some("https://a.example/x?a=1,2&page=3"));
        assert_eq!(next_link(r#"<https://a.example/x?page=9>; rel="last""#), None);
        assert_eq!(next_link("<unclosed; rel=next"), None);
    }

    #[test]
    fn dates_of_answers_are_told_in_utc() {
        let date = timestamp("Mon, 04 May 2026 10:00:00 GMT").expect("a date");
        assert_eq!(date.to_string(), "2026-05-04T10:00:00Z");
    }
}
