//! How often did which byte follow these bytes?
//!
//! In: bytes, one after the other. Out: for every context up to a length, the counts of
//! the bytes that followed it, and probabilities out of them (Witten and Bell 1991,
//! method C, interpolated): what a context has not shown is shared out as the shorter
//! context says.

#[expect(clippy::disallowed_types, reason = "only looked up, never iterated")]
use std::collections::HashMap;

/// The bytes a model knows.
pub(super) const SYMBOLS: usize = 256;

/// What followed one context.
#[derive(Clone, Debug, Default)]
struct Followers {
    /// How often anything did.
    total: u64,
    /// Every byte that did, and how often.
    bytes: Vec<(u8, u64)>,
}

impl Followers {
    fn add(&mut self, byte: u8) {
        self.total += 1;
        match self.bytes.iter_mut().find(|(known, _)| *known == byte) {
            Some((_, count)) => *count += 1,
            None => self.bytes.push((byte, 1)),
        }
    }

    fn count(&self, byte: u8) -> u64 {
        self.bytes.iter().find(|(known, _)| *known == byte).map_or(0, |(_, count)| *count)
    }
}

/// The counts of all contexts with a length within bounds.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    shortest: usize,
    longest: usize,
    #[expect(clippy::disallowed_types, reason = "only looked up, never iterated")]
    contexts: HashMap<Box<[u8]>, Followers>,
}

impl Counts {
    /// Counts after contexts of `shortest` to `longest` bytes.
    #[expect(clippy::disallowed_types, reason = "only looked up, never iterated")]
    pub(super) fn new(shortest: usize, longest: usize) -> Self {
        Self { shortest, longest, contexts: HashMap::new() }
    }

    /// Counts the byte that follows a text.
    pub(super) fn add(&mut self, before: &[u8], byte: u8) {
        for length in self.lengths(before) {
            let context = &before[before.len() - length..];
            if let Some(followers) = self.contexts.get_mut(context) {
                followers.add(byte);
            } else {
                let mut followers = Followers::default();
                followers.add(byte);
                self.contexts.insert(context.into(), followers);
            }
        }
    }

    /// Returns the probability of a byte after a text; `else_where` is what holds where
    /// no context was seen.
    pub(super) fn probability(&self, before: &[u8], byte: u8, else_where: f64) -> f64 {
        self.seen(before).fold(else_where, |shorter, followers| {
            let [total, kinds] = sizes(followers);
            (exact(followers.count(byte)) + kinds * shorter) / (total + kinds)
        })
    }

    /// Turns the distribution of the next byte into the one these counts give.
    pub(super) fn sharpen(&self, before: &[u8], shares: &mut [f64; SYMBOLS]) {
        for followers in self.seen(before) {
            let [total, kinds] = sizes(followers);
            for share in shares.iter_mut() {
                *share *= kinds / (total + kinds);
            }
            for (byte, count) in &followers.bytes {
                shares[usize::from(*byte)] += exact(*count) / (total + kinds);
            }
        }
    }

    /// Returns what followed each ending of the text that was seen, shortest first.
    fn seen<'a>(&'a self, before: &'a [u8]) -> impl Iterator<Item = &'a Followers> {
        let contexts = self.lengths(before).map(|length| &before[before.len() - length..]);
        contexts.map_while(|context| self.contexts.get(context))
    }

    fn lengths(&self, before: &[u8]) -> std::ops::Range<usize> {
        self.shortest..before.len().min(self.longest) + 1
    }
}

fn sizes(followers: &Followers) -> [f64; 2] {
    [exact(followers.total), exact(followers.bytes.len() as u64)]
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn exact(count: u64) -> f64 {
    count as f64
}
