//! What may a thought have, and what of it gives away the code it is about?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Words of programming languages that name nothing, with blanks between them.
pub const KEYWORDS: &str = " abstract and as assert async await bool boolean break bytes case catch \
    char class const continue crate def default defer del delete dict do double elif else end \
    enum except export extends extern final finally float fn for from func function global go \
    goto if impl implements import in include inline int interface is lambda len let list long \
    loop match mod module mut namespace new nil not null object operator or package pass print \
    private protected pub public raise range ref return self set short static str string struct \
    super switch template then this throw throws trait try tuple type typedef typeof undefined \
    union unsafe unsigned use using var virtual void where while with yield None True False Self \
    true false ";

/// What files of a repository end in.
pub const FILE_ENDINGS: [&str; 32] = [
    "c", "cc", "cfg", "cpp", "cs", "css", "go", "h", "hpp", "html", "ini", "java", "js", "json",
    "jsx", "kt", "lock", "md", "mjs", "php", "py", "pyi", "rb", "rs", "rst", "sh", "sql", "toml",
    "ts", "tsx", "txt", "yaml",
];

/// What a thought may have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GuardOptions {
    /// Fewer tokens than these say nothing.
    pub least_tokens: usize,
    /// More tokens than these are no thought any more.
    pub most_tokens: usize,
    /// The share of its words that may be names of the code alone.
    pub ident_share: f64,
}

impl Default for GuardOptions {
    fn default() -> Self {
        Self { least_tokens: 5, most_tokens: 300, ident_share: 0.10 }
    }
}

/// What a thought repeats of its code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GuardReport {
    /// Words, numbers and marks of the thought.
    pub tokens: usize,
    /// Whether that many are allowed.
    pub len: bool,
    /// Runs of 13 tokens it shares with the code, as they are or with names replaced.
    pub ngram13: usize,
    /// Lines of the code it repeats.
    pub line: usize,
    /// Strings and numbers of the code it repeats.
    pub literal: usize,
    /// The share of its words that are names of the code alone.
    pub ident: f64,
    /// Whether that share is allowed.
    pub ident_allowed: bool,
    /// Paths and symbols it names that neither context nor tree nor plan hold.
    pub ungrounded: Vec<String>,
}

/// Why a thought is turned down.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Leak {
    /// It is too short or too long.
    Len,
    /// It shares a run of 13 tokens.
    Ngram13,
    /// It repeats a line.
    Line,
    /// It repeats a literal.
    Literal,
    /// Too many of its words are names of the code alone.
    Ident,
    /// It names what nobody has seen.
    Grounded,
}

impl Leak {
    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Len => "len",
            Self::Ngram13 => "ngram13",
            Self::Line => "line",
            Self::Literal => "literal",
            Self::Ident => "ident",
            Self::Grounded => "grounded",
        }
    }
}

impl GuardReport {
    /// Returns every reason to turn the thought down.
    pub fn leaks(&self) -> Vec<Leak> {
        let found = [
            (Leak::Len, !self.len),
            (Leak::Ngram13, self.ngram13 > 0),
            (Leak::Line, self.line > 0),
            (Leak::Literal, self.literal > 0),
            (Leak::Ident, !self.ident_allowed),
            (Leak::Grounded, !self.ungrounded.is_empty()),
        ];
        found.into_iter().filter(|(_, leaks)| *leaks).map(|(leak, _)| leak).collect()
    }

    /// Returns true when there is no reason to turn it down.
    pub fn passes(&self) -> bool {
        self.leaks().is_empty()
    }
}
