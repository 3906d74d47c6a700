//! Does a thought give away the code it is about?
//!
//! In: the context a reader has seen, the code that follows, the names of tree and plan,
//! and a thought. Out: every way in which the thought repeats what only the code shows:
//! runs of 13 tokens (as they are, and with names replaced), whole lines, literals, and
//! the share of its words that are names of the code alone; and what it names that
//! nobody has seen. What the context shows already is no leak.

use std::collections::BTreeSet;

pub use backstory_model::reasoning::{GuardOptions, GuardReport, Leak};

use super::code::code;
use super::names::named;
use super::words::{Kind, Piece, is_keyword, pieces};

/// How many tokens in a row are a leak.
const RUN: usize = 13;
/// How long a line is that must not be repeated, in characters.
const LINE: usize = 25;
/// How long a string is that must not be repeated, in characters.
const STRING: usize = 8;
/// How many digits a number has that must not be repeated.
const DIGITS: usize = 4;

/// Compares thoughts with one piece of code.
#[derive(Debug)]
pub struct Guard<'c> {
    options: GuardOptions,
    context: &'c str,
    target: &'c str,
    /// Words of the context, and of the paths and symbols of tree and plan.
    seen: BTreeSet<&'c str>,
    known: &'c [&'c str],
    /// Where names must stand, if not in context, tree or plan: its words, and the text.
    earlier: Option<(BTreeSet<&'c str>, &'c str)>,
    /// Lines of the code that the context does not show, without blanks and case.
    lines: Vec<String>,
    /// Strings of the code that the context does not show.
    strings: Vec<String>,
    numbers: BTreeSet<String>,
    /// Names in the code that the context does not show.
    names: BTreeSet<String>,
}

impl<'c> Guard<'c> {
    /// Prepares for one piece of code; `known` are the paths and symbols of tree and plan.
    pub fn new(
        context: &'c str,
        target: &'c str,
        known: &'c [&'c str],
        options: GuardOptions,
    ) -> Self {
        let words = |text: &'c str| pieces(text).into_iter().map(|piece| piece.text);
        let seen: BTreeSet<&str> =
            words(context).chain(known.iter().flat_map(|name| words(name))).collect();
        let bare = folded(context);
        let long = target.lines().filter(|line| line.trim().chars().count() >= LINE);
        let lines = long.map(folded).filter(|line| !bare.contains(line.as_str())).collect();
        let read = code(target);
        let hidden = |text: &String| {
            text.chars().count() >= STRING
                && !stands_in(context, text)
                && !known.iter().any(|name| name == text)
        };
        let strings = read.strings.into_iter().filter(hidden).collect();
        let shown = numbers(context);
        let numbers = numbers(target).into_iter().filter(|n| !shown.contains(n)).collect();
        let names = pieces(&read.bare)
            .into_iter()
            .filter(|piece| piece.kind == Kind::Word && piece.text.len() > 1)
            .filter(|piece| !is_keyword(piece.text) && !seen.contains(piece.text))
            .map(|piece| piece.text.to_owned())
            .collect();
        let earlier = None;
        Self { options, context, target, seen, known, earlier, lines, strings, numbers, names }
    }

    /// Lets a thought name what stands in this text, and nothing else.
    #[must_use]
    pub fn grounded_in(mut self, earlier: &'c str) -> Self {
        let words: BTreeSet<&str> = pieces(earlier).into_iter().map(|piece| piece.text).collect();
        self.names.retain(|name| !words.contains(name.as_str()));
        self.earlier = Some((words, earlier));
        self
    }

    /// Compares one thought with the code.
    pub fn check(&self, thought: &str) -> GuardReport {
        let tokens = pieces(thought).len();
        let bare = folded(thought);
        let shown = numbers(thought);
        let strings = self.strings.iter().filter(|text| stands_in(thought, text)).count();
        let ident = self.ident_share(thought);
        let GuardOptions { least_tokens, most_tokens, ident_share } = self.options;
        GuardReport {
            tokens,
            len: (least_tokens..=most_tokens).contains(&tokens),
            ngram13: self.shared_runs(thought),
            line: self.lines.iter().filter(|line| bare.contains(line.as_str())).count(),
            literal: strings + self.numbers.intersection(&shown).count(),
            ident,
            ident_allowed: ident <= ident_share,
            ungrounded: self.ungrounded(thought),
        }
    }

    /// Counts the runs of tokens that thought and code share and the context lacks.
    fn shared_runs(&self, thought: &str) -> usize {
        self.shared(thought, Names::Kept) + self.shared(thought, Names::Numbered)
    }

    fn shared(&self, thought: &str, names: Names) -> usize {
        let mut said = BTreeSet::new();
        each_run(thought, names, |run| {
            said.insert(run.to_owned());
        });
        let mut shared: BTreeSet<&str> = BTreeSet::new();
        if !said.is_empty() {
            each_run(self.target, names, |run| {
                shared.extend(said.get(run).map(String::as_str));
            });
        }
        if !shared.is_empty() {
            each_run(self.context, names, |run| {
                shared.remove(run);
            });
        }
        shared.len()
    }

    #[expect(clippy::cast_precision_loss, reason = "thoughts have fewer than 2^52 words")]
    fn ident_share(&self, thought: &str) -> f64 {
        let found = pieces(thought);
        let words: BTreeSet<&str> = found
            .iter()
            .filter(|piece| piece.kind == Kind::Word && !is_keyword(piece.text))
            .map(|piece| piece.text)
            .collect();
        let alone = words.iter().filter(|word| self.names.contains(**word)).count();
        if words.is_empty() { 0.0 } else { alone as f64 / words.len() as f64 }
    }

    fn ungrounded(&self, thought: &str) -> Vec<String> {
        let named = named(thought);
        if let Some((words, text)) = &self.earlier {
            let paths = named.paths.into_iter().filter(|path| !text.contains(path));
            let symbols = named.symbols.into_iter().filter(|symbol| !words.contains(symbol));
            return sorted(paths.chain(symbols));
        }
        let unknown = |path: &&str| {
            let below = format!("/{path}");
            let known = self.known.iter().any(|name| name == path || name.ends_with(&below));
            !known && !self.context.contains(*path)
        };
        let paths = named.paths.into_iter().filter(unknown);
        let symbols = named.symbols.into_iter().filter(|symbol| !self.seen.contains(symbol));
        sorted(paths.chain(symbols))
    }
}

/// Returns each name once, in order.
fn sorted<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    names.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What becomes of the names in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// They stay.
    Kept,
    /// Each is replaced by how many others came before it.
    Numbered,
}

/// Hands out all runs of a text, each token behind a blank, which no token holds.
/// Backticks are left out: they set off code in a thought.
fn each_run(text: &str, names: Names, mut take: impl FnMut(&str)) {
    let pieces = pieces(text).into_iter().filter(|piece| piece.text != "`");
    let pieces: Vec<(Piece<'_>, bool)> =
        pieces.map(|piece| (piece, is_keyword(piece.text))).collect();
    let mut run = String::new();
    for window in pieces.windows(RUN) {
        run.clear();
        match names {
            Names::Kept => run.extend(window.iter().flat_map(|(piece, _)| [" ", piece.text])),
            Names::Numbered if shape(window) >= SHAPE => number(window, &mut run),
            // What has only words and commas left could be any sentence or list.
            Names::Numbered => continue,
        }
        take(&run);
    }
}

/// Measures how much of a run is left without its names.
fn shape(window: &[(Piece<'_>, bool)]) -> usize {
    let weight = |(piece, keyword): &(Piece<'_>, bool)| match piece.kind {
        Kind::Mark if !",.'\"".contains(piece.text) => 2,
        Kind::Word if *keyword => 1,
        Kind::Word | Kind::Number | Kind::Mark => 0,
    };
    window.iter().map(weight).sum()
}

/// Writes a run with numbers in place of its names.
fn number<'t>(window: &[(Piece<'t>, bool)], run: &mut String) {
    const NUMBERS: [&str; RUN] =
        [" #0", " #1", " #2", " #3", " #4", " #5", " #6", " #7", " #8", " #9", " #a", " #b", " #c"];
    let mut names: Vec<&'t str> = Vec::with_capacity(RUN);
    for (piece, keyword) in window {
        if piece.kind != Kind::Word || *keyword {
            run.extend([" ", piece.text]);
            continue;
        }
        let known = names.iter().position(|name| *name == piece.text);
        let at = known.unwrap_or_else(|| {
            names.push(piece.text);
            names.len() - 1
        });
        run.push_str(NUMBERS[at]);
    }
}

/// How much structure a run needs before it is taken for code.
const SHAPE: usize = 6;

/// Removes blanks and case.
fn folded(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Returns true when a text stands in another one with no word touching it.
pub(super) fn stands_in(whole: &str, text: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    whole.match_indices(text).any(|(at, _)| {
        let before = whole[..at].chars().next_back();
        let after = whole[at + text.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// Returns the numbers with many digits, without marks between them.
fn numbers(text: &str) -> BTreeSet<String> {
    let found = pieces(text).into_iter().filter(|piece| piece.kind == Kind::Number);
    let bare = found.map(|piece| piece.text.replace('_', "").to_lowercase());
    bare.filter(|number| {
        let digits = number.strip_prefix("0x").unwrap_or(number);
        digits.bytes().filter(u8::is_ascii_hexdigit).count() >= DIGITS
    })
    .collect()
}
