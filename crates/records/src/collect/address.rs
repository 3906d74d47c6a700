//! May a request go to this address, and with the token?
//!
//! In: addresses as users and forges write them. Out: what they are made of, or
//! a refusal: only `https`, and plain `http` to this very machine for tests.

use std::fmt::{self, Write as _};

use ureq::http::Uri;

/// Where a server is: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// Reads the origin of an address; `None` where no request may go.
    pub(crate) fn of(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let authority = uri.authority()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let host = authority.host().to_ascii_lowercase();
        let scheme = uri.scheme_str()?.to_owned();
        let local = ["127.0.0.1", "localhost", "[::1]"].contains(&host.as_str());
        let usual = match scheme.as_str() {
            "https" => 443,
            "http" if local => 80,
            _ => return None,
        };
        Some(Self { scheme, host, port: authority.port_u16().unwrap_or(usual) })
    }

    /// Returns true for a server on this machine.
    pub(crate) fn is_plain(&self) -> bool {
        self.scheme == "http"
    }

    /// Returns the address of a path that begins with `/`.
    fn at(&self, path: &str) -> String {
        format!("{}://{}:{}{path}", self.scheme, self.host, self.port)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)
    }
}

/// Returns where a redirect or link seen at `from` leads; `None` where no request may go.
pub(crate) fn resolve(from: &Origin, location: &str) -> Option<(Origin, String)> {
    if location.starts_with('/') && !location.starts_with("//") {
        return Some((from.clone(), from.at(location)));
    }
    let origin = Origin::of(location)?;
    if origin.is_plain() && !from.is_plain() {
        return None;
    }
    Some((origin, location.to_owned()))
}

/// Writes a part of a path or query so that nothing in it has a meaning.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Origin, escape, resolve};

    #[test]
    fn requests_go_over_tls_or_stay_on_this_machine() {
        assert!(Origin::of("https://forge.example/api").is_some());
        assert!(Origin::of("http://127.0.0.1:8080/").is_some());
        for refused in ["http://forge.example/", "ftp://127.0.0.1/", "https://u:p@forge.example/"] {
            assert_eq!(Origin::of(refused), None, "{refused}");
        }
    }

    #[test]
    fn the_usual_port_may_be_left_out() {
        assert_eq!(Origin::of("https://a.example/x"), Origin::of("https://A.example:443/y"));
        assert_ne!(Origin::of("https://a.example/"), Origin::of("https://a.example:8443/"));
    }

    #[test]
    fn a_redirect_never_leaves_tls() {
        let tls = Origin::of("https://forge.example/").expect("an origin");
        assert_eq!(resolve(&tls, "http://127.0.0.1/secret"), None);
        assert_eq!(resolve(&tls, "//other.example/x"), None);
        let (origin, url) = resolve(&tls, "/b?page=2").expect("the same server");
        assert_eq!((origin, url.as_str()), (tls, "https://forge.example:443/b?page=2"));
    }

    #[test]
    fn foreign_text_in_an_address_has_no_meaning() {
        assert_eq!(escape("a/b ?&é"), "a%2Fb%20%3F%26%C3%A9");
    }
}
