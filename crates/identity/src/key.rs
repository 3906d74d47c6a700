//! Which pseudonym does a person have under a key?
//!
//! The first 16 hexadecimal digits of HMAC-SHA256 over the name, address or login,
//! without white space around it and in lowercase, behind `person-`. An address by
//! which a forge hides the real one counts as the login it is made of.

use std::fmt::{self, Write as _};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// What every pseudonym begins with.
const PREFIX: &str = "person-";
/// How many digits follow.
const DIGITS: usize = 16;
/// The key that is used when nobody gives one.
const INSECURE: &[u8] = b"backstory: everybody knows this key";
/// The ends of addresses that forges make of a login.
const NO_REPLY: [&str; 4] = [
    "@users.noreply.github.com",
    "@users.noreply.gitlab.com",
    "@noreply.codeberg.org",
    "@noreply.gitea.com",
];

/// The key of the pseudonyms of an export.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityKey(Vec<u8>);

/// Never shows the key.
impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_insecure() { "IdentityKey(insecure)" } else { "IdentityKey(own)" })
    }
}

impl IdentityKey {
    /// Takes a key.
    pub fn new(key: &[u8]) -> Self {
        Self(key.to_vec())
    }

    /// Returns the key that everybody knows: whoever guesses a name can confirm it.
    pub fn insecure() -> Self {
        Self(INSECURE.to_vec())
    }

    /// Returns true for the key that everybody knows.
    pub fn is_insecure(&self) -> bool {
        self.0 == INSECURE
    }

    /// Returns the pseudonym; one that is a pseudonym already stays.
    pub(crate) fn pseudonym(&self, who: &str) -> String {
        let who = who.trim();
        if is_pseudonym(who) {
            return who.to_owned();
        }
        let who = who.to_lowercase();
        let mut code = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length is one");
        code.update(without_forge(&who).as_bytes());
        let digest = code.finalize().into_bytes();
        let mut text = String::from(PREFIX);
        for byte in &digest[..DIGITS / 2] {
            write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        }
        text
    }
}

/// Returns true for what [`IdentityKey::pseudonym`] gives.
fn is_pseudonym(text: &str) -> bool {
    let digits = text.strip_prefix(PREFIX).unwrap_or_default();
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    digits.len() == DIGITS && digits.bytes().all(is_digit)
}

/// Returns true when a pseudonym stands anywhere in a text.
pub(crate) fn holds_pseudonym(text: &str) -> bool {
    let length = PREFIX.len() + DIGITS;
    let starts = text.match_indices(PREFIX).map(|(at, _)| at);
    starts.filter_map(|at| text.get(at..at + length)).any(is_pseudonym)
}

/// Returns the login of `12345+login@users.noreply.github.com`, else the text.
fn without_forge(who: &str) -> &str {
    let Some(account) = NO_REPLY.iter().find_map(|end| who.strip_suffix(end)) else { return who };
    let login = account.split_once('+').map_or(account, |(_, login)| login);
    if login.is_empty() { who } else { login }
}

#[cfg(test)]
mod tests {
    use super::IdentityKey;

    #[test]
    fn anybody_with_the_key_finds_the_same_pseudonym() {
        // printf %s ada@tide.example | openssl dgst -sha256 -hmac harbor
        let key = IdentityKey::new(b"harbor");
        assert_eq!(key.pseudonym(" Ada@Tide.example\n"), "person-f68ca9bfe34d7cf3");
    }

    #[test]
    fn an_address_that_hides_the_real_one_is_its_login() {
        let key = IdentityKey::insecure();
        let login = key.pseudonym("ada-l");
        assert_eq!(key.pseudonym("1234+Ada-L@users.noreply.github.com"), login);
        assert_eq!(key.pseudonym("ada-l@users.noreply.github.com"), login);
        assert_ne!(key.pseudonym("ada-l@tide.example"), login);
    }

    #[test]
    fn a_pseudonym_is_not_hashed_again() {
        let key = IdentityKey::insecure();
        let once = key.pseudonym("ada");
        assert_eq!(key.pseudonym(&once), once);
        assert_ne!(key.pseudonym("person-0123"), "person-0123");
    }

    #[test]
    fn the_key_is_never_printed() {
        assert_eq!(format!("{:?}", IdentityKey::new(b"harbor")), "IdentityKey(own)");
    }
}
