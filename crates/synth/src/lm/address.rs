//! Where does a server lie, and may a key go there?
//!
//! In: an address as a user writes it. Out: the address that paths are put behind, or a
//! refusal: a key goes over TLS, or stays on this machine.

use backstory_model::LanguageModelError;
use ureq::http::Uri;

/// Reads the address of a server, with or without `/v1` at its end.
pub(super) fn base(address: &str, has_key: bool) -> Result<String, LanguageModelError> {
    let trimmed = address.trim().trim_end_matches('/');
    let trimmed = trimmed.strip_suffix("/v1").unwrap_or(trimmed).trim_end_matches('/');
    let refused = |shown: &str, why| LanguageModelError::Address { address: shown.to_owned(), why };
    // An address may hold a password, which no message may show.
    if address.contains('@') {
        return Err(refused("…@…", "a key belongs into the environment, not into an address"));
    }
    let no_address = || refused(address, "it is not `http://HOST` or `https://HOST`");
    let uri: Uri = trimmed.parse().map_err(|_| no_address())?;
    let host = uri.authority().ok_or_else(no_address)?.host().to_ascii_lowercase();
    if uri.query().is_some() {
        return Err(refused(address, "it has a query"));
    }
    let local = ["127.0.0.1", "localhost", "[::1]"].contains(&host.as_str());
    match uri.scheme_str() {
        Some("https") => Ok(trimmed.to_owned()),
        Some("http") if local || !has_key => Ok(trimmed.to_owned()),
        Some("http") => Err(refused(address, "a key goes over `https` alone")),
        _ => Err(no_address()),
    }
}

#[cfg(test)]
mod tests {
    use super::base;

    #[test]
    fn the_version_may_be_part_of_the_address() {
        for address in ["http://node:8000", "http://node:8000/", "http://node:8000/v1/"] {
            assert_eq!(base(address, false).expect("an address"), "http://node:8000");
        }
        assert_eq!(base("https://a.example/llm/v1", true).expect("one"), "https://a.example/llm");
    }

    #[test]
    fn a_key_goes_over_tls_or_stays_on_this_machine() {
        assert!(base("http://127.0.0.1:8000", true).is_ok());
        assert!(base("http://node:8000", false).is_ok());
        let error = base("http://node:8000", true).expect_err("a key in the clear");
        insta::assert_snapshot!(
            error,
            @"`http://node:8000` is no address of a model: a key goes over `https` alone"
        );
    }

    #[test]
    fn what_is_no_address_is_refused_and_passwords_are_not_shown() {
        for wrong in ["node:8000", "ftp://node", "", "https://a.example/v1?key=1"] {
            assert!(base(wrong, false).is_err(), "{wrong}");
        }
        let error = base("https://user:hunter2222@a.example", false).expect_err("a password");
        assert!(!error.to_string().contains("hunter"), "{error}");
    }
}
