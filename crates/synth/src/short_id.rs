//! What is a text called, in short?
//!
//! In: any text. Out: the first 64 bits of its SHA-256, as a number that starts draws or
//! as the 16 hexadecimal digits that rows hold. Touches nothing.

use sha2::Digest as _;

/// Returns the number that a text always has.
pub(crate) fn number_of(text: &str) -> u64 {
    let digest = sha2::Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// Returns the identity that a text always has.
pub(crate) fn short_id(text: &str) -> String {
    format!("{:016x}", number_of(text))
}

#[cfg(test)]
mod tests {
    use super::short_id;

    #[test]
    fn an_identity_is_the_beginning_of_the_digest() {
        assert_eq!(short_id("abc"), "ba7816bf8f01cfea");
    }
}
