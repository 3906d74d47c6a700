//! Where does a secret end that has a form rather than a prefix?
//!
//! In: the place where a private key or a web token may begin. Out: the secret.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

use super::Secret;
use super::rules::joins_before;

/// Returns the private key that begins at `-----BEGIN`; one that is cut ends with
/// the last line that looks like part of it.
pub(super) fn private_key(anchor: Range<usize>, text: &[u8]) -> Option<Secret> {
    let head = &text[anchor.start..text.len().min(anchor.start + 64)];
    let label = memmem::find(head, b"PRIVATE KEY")?;
    let close = memmem::find(&head[label..], b"-----")?;
    if head[..label].iter().any(|byte| matches!(byte, b'\n' | b'\\' | b'"')) {
        return None;
    }
    let body = anchor.start + label + close + 5;
    let rest = &text[body..];
    let of_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\\\r\n\t :,-".contains(byte);
    let length = rest.iter().take_while(|byte| of_key(byte)).count();
    let end = match memmem::find(&rest[..length], b"-----END") {
        Some(end) => {
            let tail = &rest[end + 8..];
            let tail = &tail[..tail.len().min(64)];
            body + end + 8 + memmem::find(tail, b"-----").map_or(0, |close| close + 5)
        }
        None => body + rest[..length].trim_ascii_end().len(),
    };
    let letters = text[body..end].iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    (letters >= 32).then_some(Secret { kind: "private-key", start: anchor.start, end })
}

/// Returns the JSON web token that begins with the head `eyJ`.
pub(super) fn jwt(anchor: Range<usize>, text: &[u8]) -> Option<Secret> {
    if &text[anchor.clone()] != b"eyJ" || joins_before(text, anchor.start) {
        return None;
    }
    let part = |from: usize| {
        let of_token = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        text[from.min(text.len())..].iter().take_while(of_token).count()
    };
    let head = part(anchor.start);
    let claims_at = anchor.start + head + 1;
    let claims = part(claims_at);
    let signature_at = claims_at + claims + 1;
    let signature = part(signature_at);
    let dotted = |at: usize| text.get(at - 1) == Some(&b'.');
    let whole = head >= 12 && claims >= 8 && signature >= 16 && dotted(claims_at);
    (whole && dotted(signature_at)).then(|| Secret {
        kind: "jwt",
        start: anchor.start,
        end: signature_at + signature,
    })
}

/// Returns the bytes that make a secret what it is, however its lines are written.
pub(super) fn unwrapped<'s>(kind: &str, secret: &'s [u8]) -> Cow<'s, [u8]> {
    if kind != "private-key" {
        return Cow::Borrowed(secret);
    }
    let mut bare = Vec::with_capacity(secret.len());
    let mut bytes = secret.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            other if other.is_ascii_whitespace() => {}
            other => bare.push(other),
        }
    }
    Cow::Owned(bare)
}
