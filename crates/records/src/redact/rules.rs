//! Which words announce a secret, and what must follow?
//!
//! In: the place of an anchor in a text. Out: the secrets it announces. Most rules
//! are a row of a table: a prefix, what the rest is made of, and how long it is.

use std::ops::Range;

use super::{Secret, assignment, block};

/// What a token is made of after its prefix.
#[derive(Clone, Copy)]
enum Of {
    Hex,
    Upper,
    Word,
    Dashed,
    Dotted,
    Base64,
}

impl Of {
    fn holds(self, byte: u8) -> bool {
        match self {
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Word => byte.is_ascii_alphanumeric() || byte == b'_',
            Self::Dashed => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
        }
    }
}

/// A token with a prefix of its own.
struct Prefixed {
    kind: &'static str,
    prefix: &'static str,
    of: Of,
    /// How many bytes follow at least, and at most.
    length: (usize, usize),
}

const fn row(
    kind: &'static str,
    prefix: &'static str,
    of: Of,
    least: usize,
    most: usize,
) -> Prefixed {
    Prefixed { kind, prefix, of, length: (least, most) }
}

const PREFIXED: &[Prefixed] = &[
    row("github", "ghp_", Of::Word, 30, 255),
    row("github", "gho_", Of::Word, 30, 255),
    row("github", "ghu_", Of::Word, 30, 255),
    row("github", "ghs_", Of::Dotted, 30, 2_000),
    row("github", "ghr_", Of::Word, 30, 255),
    row("github", "github_pat_", Of::Word, 40, 255),
    row("gitlab", "glpat-", Of::Dotted, 20, 300),
    row("gitlab", "gldt-", Of::Dashed, 20, 64),
    row("gitlab", "glrt-", Of::Dotted, 20, 300),
    row("gitlab", "glcbt-", Of::Dashed, 20, 64),
    row("gitlab", "glptt-", Of::Hex, 40, 40),
    row("gitlab", "glsoat-", Of::Dashed, 20, 64),
    row("aws-id", "AKIA", Of::Upper, 16, 16),
    row("aws-id", "ASIA", Of::Upper, 16, 16),
    row("slack", "xoxb-", Of::Dashed, 10, 255),
    row("slack", "xoxp-", Of::Dashed, 10, 255),
    row("slack", "xoxa-", Of::Dashed, 10, 255),
    row("slack", "xoxr-", Of::Dashed, 10, 255),
    row("slack", "xoxs-", Of::Dashed, 10, 255),
    row("slack", "xapp-", Of::Dashed, 20, 255),
    row("slack", "hooks.slack.com/services/T", Of::Base64, 30, 100),
    row("stripe", "sk_live_", Of::Word, 16, 255),
    row("stripe", "rk_live_", Of::Word, 16, 255),
    row("stripe", "whsec_", Of::Base64, 24, 100),
    row("npm", "npm_", Of::Word, 36, 36),
    row("pypi", "pypi-AgE", Of::Dashed, 50, 1_000),
    row("google", "AIza", Of::Dashed, 35, 35),
    row("google", "GOCSPX-", Of::Dashed, 28, 28),
    row("google", "ya29.", Of::Dashed, 30, 1_000),
    row("openai", "sk-proj-", Of::Dashed, 40, 255),
    row("anthropic", "sk-ant-", Of::Dashed, 40, 255),
    row("huggingface", "hf_", Of::Word, 34, 40),
    row("digitalocean", "dop_v1_", Of::Hex, 64, 64),
    row("sendgrid", "SG.", Of::Dotted, 60, 70),
    row("docker", "dckr_pat_", Of::Dashed, 27, 64),
    row("vault", "hvs.", Of::Dashed, 24, 255),
    row("shopify", "shpat_", Of::Hex, 32, 32),
    row("databricks", "dapi", Of::Hex, 32, 32),
    row("linear", "lin_api_", Of::Word, 32, 64),
    row("grafana", "glsa_", Of::Word, 32, 64),
    row("age", "AGE-SECRET-KEY-1", Of::Upper, 58, 58),
    row("rubygems", "rubygems_", Of::Hex, 48, 48),
    row("sentry", "sntrys_", Of::Base64, 60, 500),
    row("atlassian", "ATATT3", Of::Dashed, 100, 500),
    row("postman", "PMAK-", Of::Dashed, 59, 59),
    row("newrelic", "NRAK-", Of::Upper, 27, 27),
    row("doppler", "dp.pt.", Of::Word, 40, 44),
    row("circleci", "CCIPAT_", Of::Word, 40, 100),
    row("azure", "AccountKey=", Of::Base64, 86, 88),
];

/// Anchors of rules that are more than a row.
const PRIVATE_KEY: &str = "-----BEGIN";
const JWT: &str = "eyJ";
const URL: &str = "://";

/// How far from its id the secret of an AWS key is looked for.
const NEAR: usize = 256;

/// Returns the anchors of all rules; their places tell the rules apart.
pub(super) fn anchors() -> impl Iterator<Item = &'static str> {
    let prefixes = PREFIXED.iter().map(|row| row.prefix);
    prefixes.chain([PRIVATE_KEY, JWT, URL]).chain(assignment::NAMES.iter().copied())
}

/// Returns true for secrets that people think up.
pub(super) fn is_guessable(kind: &str, secret: &[u8]) -> bool {
    matches!(kind, "password" | "url") || (kind == "generic" && secret.len() < 20)
}

/// Returns the secrets that an anchor announces, in order.
pub(super) fn secrets(pattern: usize, anchor: Range<usize>, text: &[u8]) -> Vec<Secret> {
    if let Some(rule) = PREFIXED.get(pattern) {
        return prefixed(rule, anchor, text);
    }
    let found = match pattern - PREFIXED.len() {
        0 => block::private_key(anchor, text),
        1 => block::jwt(anchor, text),
        2 => assignment::url_password(anchor, text),
        _ => assignment::assigned(anchor, text),
    };
    found.into_iter().collect()
}

fn prefixed(rule: &Prefixed, anchor: Range<usize>, text: &[u8]) -> Vec<Secret> {
    let Some(secret) = token(rule, anchor, text) else { return Vec::new() };
    let beside = match rule.kind {
        "aws-id" => aws_secret(secret.end, text),
        _ => None,
    };
    std::iter::once(secret).chain(beside).collect()
}

/// Returns the token that begins with the prefix of a rule.
fn token(rule: &Prefixed, anchor: Range<usize>, text: &[u8]) -> Option<Secret> {
    // Anchors are found in any case; a prefix counts in its own.
    if text[anchor.clone()] != *rule.prefix.as_bytes() || joins_before(text, anchor.start) {
        return None;
    }
    let rest = &text[anchor.end..];
    let length = rest.iter().take(rule.length.1 + 1).take_while(|b| rule.of.holds(**b)).count();
    let trimmed =
        rest[..length].iter().rposition(|b| *b != b'.' && *b != b'-').map_or(0, |l| l + 1);
    let fits = trimmed >= rule.length.0 && trimmed <= rule.length.1;
    let mixed = rest[..trimmed].iter().any(u8::is_ascii_digit) || trimmed > 64;
    (fits && mixed).then(|| Secret {
        kind: rule.kind,
        start: anchor.start,
        end: anchor.end + trimmed,
    })
}

/// Returns true when the byte before belongs to the same word.
pub(super) fn joins_before(text: &[u8], start: usize) -> bool {
    let Some(before) = start.checked_sub(1).map(|at| text[at]) else { return false };
    // In JSON a line end is written as `\n`, whose letter belongs to no word.
    let escaped = start >= 2 && text[start - 2] == b'\\' && matches!(before, b'n' | b't' | b'r');
    (before.is_ascii_alphanumeric() || before == b'_') && !escaped
}

/// Returns a run of exactly 40 base64 bytes that is no digest, soon after a key id.
fn aws_secret(from: usize, text: &[u8]) -> Option<Secret> {
    let end = text.len().min(from + NEAR);
    let mut start = from;
    while start < end {
        let run = text[start..].iter().take(64).take_while(|b| Of::Base64.holds(**b)).count();
        // An escaped line end glues its letter to what follows.
        if run == 40 && !text[start..start + run].iter().all(u8::is_ascii_hexdigit) {
            return Some(Secret { kind: "aws-secret", start, end: start + run });
        }
        start += run.max(1);
    }
    None
}

/// Returns kind, prefix, alphabet and least length of every row, to plant secrets.
#[cfg(test)]
pub(super) fn samples() -> impl Iterator<Item = (&'static str, &'static str, &'static str, usize)> {
    PREFIXED.iter().map(|row| {
        let alphabet = match row.of {
            Of::Hex => "0123456789abcdef",
            Of::Upper => "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            Of::Word | Of::Dashed | Of::Dotted | Of::Base64 => {
                "abcdefghijkmnpqrstuvwxyzABCDEFGH2345"
            }
        };
        (row.kind, row.prefix, alphabet, row.length.0)
    })
}
