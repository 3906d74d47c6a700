//! Is what is assigned to a telling name a secret?
//!
//! In: the place of a name such as `password` or `token`, or of `://`. Out: the
//! value, if it looks made by chance rather than written to be read. Placeholders,
//! references and words are left alone.

use std::ops::Range;

use super::Secret;

/// Names whose values are secrets.
pub(super) const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "access_key",
    "accesskey",
    "private_key",
    "secret_key",
    "auth_key",
    "credential",
    "bearer ",
    "basic ",
];

/// What a value that is no secret may hold.
const PLACEHOLDERS: &[&[u8]] = &[
    b"example",
    b"xxxx",
    b"****",
    b"your",
    b"changeme",
    b"redacted",
    b"placeholder",
    b"dummy",
    b"secrets.",
    b"env.",
    b"test",
    b"foobar",
    b"12345",
    b"sha256",
    b"sha512",
    b"none",
    b"null",
    b"base64",
];

/// Passwords of URLs that only show where one stands; `tiger` is that of every manual.
const PLAIN_PASSWORDS: [&str; 9] =
    ["pass", "password", "passwd", "pw", "pwd", "secret", "tiger", "token", "user"];

const SHORTEST: usize = 8;
const LONGEST_VALUE: usize = 256;

/// Returns the value assigned to a name.
pub(super) fn assigned(anchor: Range<usize>, text: &[u8]) -> Option<Secret> {
    let scheme = text[anchor.end - 1] == b' ';
    let name = text[anchor.clone()].to_ascii_lowercase();
    let start = if scheme { anchor.end } else { value_start(text, anchor.end)? };
    let of_value = |byte: &&u8| byte.is_ascii_graphic() && !b"\"'\\<>{}()[],;`&|$".contains(byte);
    let length = text[start..].iter().take(LONGEST_VALUE + 1).take_while(of_value).count();
    let value = text[start..start + length].trim_ascii_end();
    let value = value.strip_suffix(b".").unwrap_or(value);
    // Code goes on after a call, an index or a member; a value does not.
    let goes_on = matches!(text.get(start + length), Some(b'(' | b'[' | b'{' | b'<' | b'$'));
    let word = name.starts_with(b"pass");
    if goes_on
        || value.len() > LONGEST_VALUE
        || !looks_random(value, if scheme { 16 } else { SHORTEST })
    {
        return None;
    }
    let kind = if word { "password" } else { "generic" };
    Some(Secret { kind, start, end: start + value.len() })
}

/// Returns where the value begins after a name: behind the rest of the name, quotes
/// and a sign of assignment.
fn value_start(text: &[u8], after_name: usize) -> Option<usize> {
    let rest = &text[after_name..text.len().min(after_name + 48)];
    let mut at =
        rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')).count();
    at += quotes(&rest[at..]);
    let sign = rest[at..].iter().take_while(|byte| b"=:>".contains(byte)).count();
    if sign == 0 || sign > 2 {
        return None;
    }
    at += sign;
    at += quotes(&rest[at..]);
    (at < rest.len()).then_some(after_name + at)
}

/// Returns the length of the quotes and spaces a text begins with.
///
/// A backslash counts with a quote or backslash behind it; any other one is the
/// escape of a character, which belongs to what is quoted.
fn quotes(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += match text.get(at..) {
            Some([b'"' | b'\'' | b' ', ..]) => 1,
            Some([b'\\', b'"' | b'\'' | b'\\', ..]) => 2,
            _ => return at,
        };
    }
}

/// Returns the password of a URL of the form `scheme://user:password@host`.
pub(super) fn url_password(anchor: Range<usize>, text: &[u8]) -> Option<Secret> {
    let rest = &text[anchor.end..text.len().min(anchor.end + LONGEST_VALUE)];
    let of_user = |byte: &&u8| byte.is_ascii_graphic() && !b"\"'\\<>{}()[],;`$/?#".contains(byte);
    let length = rest.iter().take_while(of_user).count();
    let at = rest[..length].iter().rposition(|byte| *byte == b'@')?;
    let colon = rest[..at].iter().position(|byte| *byte == b':')?;
    let password = &rest[colon + 1..at];
    let lower = password.to_ascii_lowercase();
    let letters: Vec<u8> = lower.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
    let plain = PLAIN_PASSWORDS.iter().any(|name| letters == name.as_bytes());
    if password.len() < 3 || plain || is_placeholder(&lower) {
        return None;
    }
    let start = anchor.end + colon + 1;
    Some(Secret { kind: "url", start, end: start + password.len() })
}

fn is_placeholder(lower: &[u8]) -> bool {
    PLACEHOLDERS.iter().any(|word| memchr::memmem::find(lower, word).is_some())
}

/// Returns true for a value that holds letters and digits as chance would mix them.
fn looks_random(value: &[u8], shortest: usize) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    if value.len() < shortest || digits < 2 || letters < 2 || is_path_or_uuid(value) {
        return false;
    }
    entropy(value) >= 2.9 && !is_placeholder(&value.to_ascii_lowercase())
}

fn is_path_or_uuid(value: &[u8]) -> bool {
    let count = |byte: u8| memchr::memchr_iter(byte, value).count();
    let uuid = value.len() == 36 && count(b'-') == 4;
    let url = memchr::memmem::find(value, b"://").is_some();
    uuid || url || count(b'/') > 2 || count(b'.') > 2 || count(b':') > 1
}

/// Returns the bits of chance in a byte of the value.
#[expect(clippy::cast_precision_loss, reason = "values are short")]
fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value {
        counts[usize::from(*byte)] += 1;
    }
    let total = value.len() as f64;
    let share = |count: u32| f64::from(count) / total;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| -share(*count) * share(*count).log2())
        .sum()
}
