//! How do long lists of numbers stand in a model file?
//!
//! As one text with a space between two numbers, e.g., `"0.5 0.25 -1"`. That is half
//! the size of a JSON list, and every number reads back exactly, because Rust writes
//! the shortest text that does and reads it with correct rounding.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize as _, Deserializer, Serializer, de};

/// Writes the numbers with spaces between them.
pub(super) fn serialize<S: Serializer, T: Display>(
    numbers: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let words: Vec<String> = numbers.iter().map(T::to_string).collect();
    serializer.serialize_str(&words.join(" "))
}

/// Reads the numbers; a word that is none is refused.
pub(super) fn deserialize<'de, D: Deserializer<'de>, T: FromStr>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let number = |word: &str| {
        word.parse().map_err(|_| de::Error::custom(format!("`{word}` is no number of this list")))
    };
    text.split_ascii_whitespace().map(number).collect()
}
