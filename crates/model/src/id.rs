//! How are commits, blobs, units and evidence named?
//!
//! Every identifier is its own type, so that two of them cannot be swapped.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Says why a text is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is not the lowercase hexadecimal form of the stated length.
    #[error("`{text}` is not {digits} lowercase hexadecimal digits")]
    NotHex {
        /// What was given.
        text: String,
        /// How many digits are wanted.
        digits: usize,
    },
    /// The text is not `owner/name`.
    #[error("`{text}` is not a repository name of the form `owner/name`")]
    NotRepoName {
        /// What was given.
        text: String,
    },
}

fn check_hex(text: &str, digits: usize) -> Result<(), IdError> {
    let good = text.len() == digits
        && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if good { Ok(()) } else { Err(IdError::NotHex { text: text.to_owned(), digits }) }
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $digits:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        // The digits lie inline: ids are copied and compared more than anything else.
        pub struct $name([u8; $digits]);

        impl $name {
            /// Checks the text and takes it as an identifier.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                check_hex(&text, $digits)?;
                match text.as_bytes().try_into() {
                    Ok(digits) => Ok(Self(digits)),
                    Err(_) => Err(IdError::NotHex { text, digits: $digits }),
                }
            }

            /// Returns the identifier of these raw digest bytes.
            ///
            /// # Panics
            ///
            /// When the digest has another length than this kind of identifier.
            pub fn from_digest(digest: &[u8]) -> Self {
                assert_eq!(digest.len() * 2, $digits, "digest length");
                let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
                let mut digits = [0; $digits];
                for (pair, byte) in digits.chunks_exact_mut(2).zip(digest) {
                    pair[0] = digit(byte >> 4);
                    pair[1] = digit(byte & 15);
                }
                Self(digits)
            }

            /// Returns the hexadecimal text.
            ///
            /// # Panics
            ///
            /// Never: the digits are ASCII.
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).expect("hexadecimal digits are ASCII")
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }
    };
}

hex_id!(
    /// Names a git commit: 40 hexadecimal digits.
    CommitId, 40
);
hex_id!(
    /// Names a git tree: 40 hexadecimal digits.
    TreeId, 40
);
hex_id!(
    /// Names bytes by their git blob id: 40 hexadecimal digits.
    ///
    /// Bytes that never were a file in git (a patch, a log) are named the same way.
    BlobId, 40
);
hex_id!(
    /// A SHA-256 digest: 64 hexadecimal digits.
    Sha256, 64
);
hex_id!(
    /// Names one unit of work by the hash of its inputs, options and tool version.
    UnitKey, 64
);

impl TreeId {
    /// Returns the id of the tree without entries.
    pub fn empty() -> Self {
        Self(*b"4b825dc642cb6eb9a060e54bf8d69288fbee4904")
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as an identifier.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// Identifies one change unit and its trajectory, e.g., `pallets__click-2271`.
    UnitId
);
text_id!(
    /// Names one record, e.g., `issue:12` or what the record file says.
    RecordId
);
text_id!(
    /// Names a published rule, e.g., `read/edit-target`; each has a line in `docs/rules.md`.
    RuleId
);
text_id!(
    /// Names one execution of a command in the sandbox, within its unit: what was
    /// run and the how-manieth time, e.g., `base_with_tests/file/1`.
    ExecutionId
);
text_id!(
    /// Names one test exactly as its runner accepts it back, e.g.,
    /// `tests/test_time.py::test_parse[1 h 30 min]`.
    TestId
);
text_id!(
    /// Names a language model and its version.
    ModelId
);
text_id!(
    /// Points at one piece of evidence: `commit:…`, `tree:…`, `blob:…`, `record:…`,
    /// `requirement:START..END` (a byte range of the requirement text) or `step:N`
    /// (1-based), `symbol:NAME`, or `execution:ID`.
    EvidenceId
);

impl EvidenceId {
    /// Points at a commit.
    pub fn commit(id: &CommitId) -> Self {
        Self(format!("commit:{id}"))
    }

    /// Points at a tree.
    pub fn tree(id: &TreeId) -> Self {
        Self(format!("tree:{id}"))
    }

    /// Points at a blob.
    pub fn blob(id: &BlobId) -> Self {
        Self(format!("blob:{id}"))
    }

    /// Points at a record.
    pub fn record(id: &RecordId) -> Self {
        Self(format!("record:{id}"))
    }

    /// Points at a byte range of the requirement text.
    pub fn requirement(start: usize, end: usize) -> Self {
        Self(format!("requirement:{start}..{end}"))
    }

    /// Points at an earlier step by its 1-based number.
    pub fn step(number: usize) -> Self {
        Self(format!("step:{number}"))
    }

    /// Points at an execution of the same unit.
    pub fn execution(id: &ExecutionId) -> Self {
        Self(format!("execution:{id}"))
    }

    /// Points at a name.
    pub fn symbol(name: &str) -> Self {
        Self(format!("symbol:{name}"))
    }

    /// Splits the pointer into its kind and the rest.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once(':').unwrap_or(("", &self.0))
    }
}

/// A repository's `owner/name`.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct RepoName {
    owner: String,
    name: String,
}

impl RepoName {
    /// Reads `owner/name`; both parts hold letters, digits, `-`, `_` and `.` only.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let good = |part: &str| {
            !part.is_empty()
                && part != "."
                && part != ".."
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        match text.split_once('/') {
            Some((owner, name)) if good(owner) && good(name) => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err(IdError::NotRepoName { text: text.to_owned() }),
        }
    }

    /// Returns the owner.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Returns the name without the owner.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns `owner__name`, the form used in unit ids and file names.
    pub fn flat(&self) -> String {
        format!("{}__{}", self.owner, self.name)
    }
}

impl fmt::Display for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl TryFrom<String> for RepoName {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<RepoName> for String {
    fn from(name: RepoName) -> Self {
        name.to_string()
    }
}
