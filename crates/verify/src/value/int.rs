//! How is an integer of any size kept and compared?

use std::cmp::Ordering;
use std::fmt;

/// The most digits of an integer; Python's own limit for reading one from text.
pub const MOST_DIGITS: usize = 4_300;

/// The largest integer that every JSON reader takes exactly.
const EXACT: i64 = (1 << 53) - 1;

/// An integer of up to [`MOST_DIGITS`] digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Int(Size);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Size {
    Small(i64),
    /// What does not fit into 64 bits.
    Large {
        negative: bool,
        digits: String,
    },
}

impl Int {
    /// Reads decimal digits with an optional minus sign, without leading zeros.
    ///
    /// Returns `None` for anything else, and for more than [`MOST_DIGITS`] digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let padded = digits.len() > 1 && digits.starts_with('0');
        if !plain || padded || digits.len() > MOST_DIGITS {
            return None;
        }
        Some(Self(match text.parse() {
            Ok(value) => Size::Small(value),
            Err(_) => Size::Large { negative, digits: digits.to_owned() },
        }))
    }

    /// Returns the value where it fits into 64 bits.
    pub fn small(&self) -> Option<i64> {
        match self.0 {
            Size::Small(value) => Some(value),
            Size::Large { .. } => None,
        }
    }

    /// Says whether every JSON reader takes it exactly as a number.
    pub(super) fn is_exact(&self) -> bool {
        self.small().is_some_and(|value| (-EXACT..=EXACT).contains(&value))
    }

    fn is_negative(&self) -> bool {
        match &self.0 {
            Size::Small(value) => *value < 0,
            Size::Large { negative, .. } => *negative,
        }
    }
}

impl From<i64> for Int {
    fn from(value: i64) -> Self {
        Self(Size::Small(value))
    }
}

impl fmt::Display for Int {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Size::Small(value) => write!(f, "{value}"),
            Size::Large { negative: true, digits } => write!(f, "-{digits}"),
            Size::Large { negative: false, digits } => f.write_str(digits),
        }
    }
}

impl Ord for Int {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Size::Small(one), Size::Small(two)) => one.cmp(two),
            (Size::Small(_), Size::Large { negative, .. }) => below(!negative),
            (Size::Large { negative, .. }, Size::Small(_)) => below(*negative),
            (Size::Large { digits: one, .. }, Size::Large { digits: two, .. }) => {
                match (self.is_negative(), other.is_negative()) {
                    (false, false) => (one.len(), one).cmp(&(two.len(), two)),
                    (true, true) => (two.len(), two).cmp(&(one.len(), one)),
                    (negative, _) => below(negative),
                }
            }
        }
    }
}

impl PartialOrd for Int {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn below(is_below: bool) -> Ordering {
    if is_below { Ordering::Less } else { Ordering::Greater }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_any_size_are_ordered() {
        let ordered = [
            "-100000000000000000000",
            "-99999999999999999999",
            "-9223372036854775808",
            "-1",
            "0",
            "9223372036854775807",
            "9223372036854775808",
            "100000000000000000000",
        ];
        let read: Vec<Int> = ordered.iter().filter_map(|text| Int::parse(text)).collect();
        assert_eq!(read.len(), ordered.len());
        assert!(read.is_sorted() && read.iter().rev().is_sorted_by(|one, two| one > two));
        assert!(read.iter().zip(ordered).all(|(int, text)| int.to_string() == text));
    }

    #[test]
    fn other_spellings_are_no_integers() {
        for text in ["", "-", "01", "-01", "+1", "1_000", "1.0", "1e3", "0x10", " 1", "١"] {
            assert_eq!(Int::parse(text), None, "{text}");
        }
        assert!(Int::parse(&"9".repeat(MOST_DIGITS)).is_some());
        assert_eq!(Int::parse(&"9".repeat(MOST_DIGITS + 1)), None);
        assert_eq!(Int::parse("-0"), Some(Int::from(0)));
    }
}
