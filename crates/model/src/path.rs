//! How is a path inside a repository written down without losing a byte?
//!
//! Git paths are bytes. On disk a path is its UTF-8 text; a path that is not
//! UTF-8, or holds a control byte, a quote or a backslash, is written the way
//! `git` quotes it: in double quotes with C escapes and octal bytes.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Says why a text is not a written path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a repository path")]
pub struct PathError {
    /// What was given.
    pub text: String,
}

/// A path relative to the root of a repository; the root itself is empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct RepoPath(Vec<u8>);

impl RepoPath {
    /// Takes the bytes of a git path.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Returns the root.
    pub fn root() -> Self {
        Self(Vec::new())
    }

    /// Returns the bytes as git holds them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the path as text, if it is UTF-8.
    pub fn to_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Returns true for the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns this path with one more component.
    #[must_use]
    pub fn join(&self, name: &[u8]) -> Self {
        let mut bytes = self.0.clone();
        if !bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name);
        Self(bytes)
    }

    /// Returns the last component.
    pub fn file_name(&self) -> &[u8] {
        self.0.rsplit(|b| *b == b'/').next().unwrap_or(&[])
    }

    /// Returns the containing directory; the root for a path of one component.
    #[must_use]
    pub fn parent(&self) -> Self {
        match self.0.iter().rposition(|b| *b == b'/') {
            Some(at) => Self(self.0[..at].to_vec()),
            None => Self::root(),
        }
    }

    /// Returns true when the path lies below `directory` (every path lies below the root).
    pub fn is_below(&self, directory: &Self) -> bool {
        directory.is_root()
            || (self.0.starts_with(&directory.0) && self.0.get(directory.0.len()) == Some(&b'/'))
    }

    /// Reads the written form.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let Some(quoted) = text.strip_prefix('"') else {
            return Ok(Self(text.as_bytes().to_vec()));
        };
        quoted
            .strip_suffix('"')
            .and_then(|inner| unquote(inner.as_bytes()))
            .map(Self)
            .ok_or_else(|| PathError { text: text.to_owned() })
    }
}

fn unquote(inner: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let escaped = rest.next()?;
        bytes.push(match escaped {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'"' | b'\\' => escaped,
            b'0'..=b'3' => {
                let digits = [escaped, rest.next()?, rest.next()?];
                digits.iter().try_fold(0_u8, |value, digit| {
                    (b'0'..=b'7').contains(digit).then(|| value << 3 | (digit - b'0'))
                })?
            }
            _ => return None,
        });
    }
    Some(bytes)
}

fn needs_quotes(text: &str) -> bool {
    text.chars().any(|c| c.is_control() || c == '"' || c == '\\')
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_text() {
            Some(text) if !needs_quotes(text) => f.write_str(text),
            _ => {
                f.write_str("\"")?;
                for byte in &self.0 {
                    match byte {
                        b'\n' => f.write_str("\\n")?,
                        b'\t' => f.write_str("\\t")?,
                        b'\r' => f.write_str("\\r")?,
                        b'"' => f.write_str("\\\"")?,
                        b'\\' => f.write_str("\\\\")?,
                        b' '..=b'~' => write!(f, "{}", *byte as char)?,
                        _ => write!(f, "\\{byte:03o}")?,
                    }
                }
                f.write_str("\"")
            }
        }
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RepoPath({self})")
    }
}

impl TryFrom<String> for RepoPath {
    type Error = PathError;
    fn try_from(text: String) -> Result<Self, PathError> {
        Self::parse(&text)
    }
}

impl From<RepoPath> for String {
    fn from(path: RepoPath) -> Self {
        path.to_string()
    }
}

impl From<&str> for RepoPath {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::RepoPath;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_byte_sequence_survives_the_written_form(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let path = RepoPath::from_bytes(bytes);
            prop_assert_eq!(RepoPath::parse(&path.to_string()), Ok(path));
        }
    }

    #[test]
    fn invalid_utf8_is_written_as_git_writes_it() {
        let path = RepoPath::from_bytes(b"caf\xe9 \"x\".txt".to_vec());
        assert_eq!(path.to_string(), r#""caf\351 \"x\".txt""#);
    }
}
