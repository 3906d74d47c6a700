//! What does a literal of Python say?
//!
//! In: a part of a syntax tree. Out: its value, which can be written again. Only what
//! arguments of programs are made of is read: numbers, texts, `None`, truth values, and
//! lists, tuples, sets and dicts of these.

use std::fmt;

use backstory_syntax::{Part, python_tree};

/// A value that a program is called with.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float that has an end.
    Float(f64),
    /// A text.
    Str(String),
    /// A list.
    List(Vec<Literal>),
    /// A tuple.
    Tuple(Vec<Literal>),
    /// A set, in the order written.
    Set(Vec<Literal>),
    /// A dict, in the order written.
    Dict(Vec<(Literal, Literal)>),
}

/// Says that a part is no literal that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a part of kind `{0}` is no literal")]
pub struct LiteralError(&'static str);

impl Literal {
    /// Reads a part of a tree.
    pub fn of(part: &Part, source: &str) -> Result<Self, LiteralError> {
        let wrong = LiteralError(part.kind);
        let all = |parts: &[Part]| -> Result<Vec<Self>, LiteralError> {
            parts.iter().map(|part| Self::of(part, source)).collect()
        };
        let text = part.text(source);
        Ok(match part.kind {
            "none" => Self::None,
            "true" => Self::Bool(true),
            "false" => Self::Bool(false),
            "integer" => Self::Int(text.parse().map_err(|_| wrong)?),
            "float" => {
                Self::Float(text.parse().ok().filter(|one: &f64| one.is_finite()).ok_or(wrong)?)
            }
            "unary_operator" if text.starts_with('-') => {
                match Self::of(part.parts.first().ok_or(wrong)?, source)? {
                    Self::Int(number) => Self::Int(-number),
                    Self::Float(number) => Self::Float(-number),
                    _ => return Err(wrong),
                }
            }
            "string" => Self::Str(unescaped(part, source).ok_or(wrong)?),
            "list" => Self::List(all(&part.parts)?),
            "tuple" => Self::Tuple(all(&part.parts)?),
            "set" => Self::Set(all(&part.parts)?),
            "dictionary" => {
                let pair = |part: &Part| {
                    let side = |name| {
                        part.field(name).ok_or(wrong).and_then(|side| Self::of(side, source))
                    };
                    Ok((side("key")?, side("value")?))
                };
                Self::Dict(part.parts.iter().map(pair).collect::<Result<_, LiteralError>>()?)
            }
            "parenthesized_expression" => Self::of(part.parts.first().ok_or(wrong)?, source)?,
            _ => return Err(wrong),
        })
    }

    /// Reads a text that is one literal.
    pub fn parse(text: &str) -> Option<Self> {
        let tree = python_tree(text)?;
        let [statement] = &tree.parts[..] else { return None };
        Self::of(statement.parts.first()?, text).ok()
    }
}

/// Returns what a plain text says; `None` for bytes, raw and formatted ones.
fn unescaped(part: &Part, source: &str) -> Option<String> {
    let text = part.text(source);
    let mark = text.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let is_long = text.len() >= 6 && text.starts_with(&mark.to_string().repeat(3));
    let inner = text.strip_prefix(mark)?.strip_suffix(mark).filter(|_| !is_long)?;
    let mut said = String::new();
    let mut chars = inner.chars();
    while let Some(next) = chars.next() {
        if next != '\\' {
            said.push(next);
            continue;
        }
        said.push(match chars.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            '0' => '\0',
            same @ ('\\' | '"' | '\'') => same,
            'u' => {
                let digits: String = chars.by_ref().take(4).collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
            }
            _ => return None,
        });
    }
    Some(said)
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Str(text) => written(text, f),
            Self::List(values) => several(f, "[", values, "]"),
            Self::Tuple(values) if values.len() == 1 => several(f, "(", values, ",)"),
            Self::Tuple(values) => several(f, "(", values, ")"),
            // Braces alone are an empty dict.
            Self::Set(values) if values.is_empty() => f.write_str("set()"),
            Self::Set(values) => several(f, "{", values, "}"),
            Self::Dict(entries) => {
                f.write_str("{")?;
                for (at, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if at == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}

fn several(f: &mut fmt::Formatter<'_>, open: &str, values: &[Literal], close: &str) -> fmt::Result {
    f.write_str(open)?;
    for (at, value) in values.iter().enumerate() {
        write!(f, "{}{value}", if at == 0 { "" } else { ", " })?;
    }
    f.write_str(close)
}

fn written(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for next in text.chars() {
        match next {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            control if u32::from(control) < 0x20 => write!(f, "\\u{:04x}", u32::from(control))?,
            other => write!(f, "{other}")?,
        }
    }
    f.write_str("\"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Literal;

    fn literal() -> impl Strategy<Value = Literal> {
        let leaf = prop_oneof![
            Just(Literal::None),
            any::<bool>().prop_map(Literal::Bool),
            (-1_000_000_i64..1_000_000).prop_map(Literal::Int),
            (-1e6..1e6).prop_map(Literal::Float),
            "[ -~é\n\t]{0,12}".prop_map(Literal::Str),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let some = prop::collection::vec(inner.clone(), 0..4);
            prop_oneof![
                some.clone().prop_map(Literal::List),
                some.clone().prop_map(Literal::Tuple),
                prop::collection::vec((inner.clone(), inner), 0..3).prop_map(Literal::Dict),
                prop::collection::vec(any::<i32>().prop_map(|n| Literal::Int(n.into())), 1..4)
                    .prop_map(Literal::Set),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(value in literal()) {
            prop_assert_eq!(Literal::parse(&value.to_string()), Some(value));
        }
    }

    #[test]
    fn what_is_no_literal_is_not_read() {
        for text in [
            "f()",
            "a",
            "b\"x\"",
            "f\"{x}\"",
            "[1, *a]",
            "{**a}",
            "\"\"\"x\"\"\"",
            "1e999",
            "1 + 2",
        ] {
            assert_eq!(Literal::parse(text), None, "{text}");
        }
    }
}
