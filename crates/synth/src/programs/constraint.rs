//! What must the structure of a program be?
//!
//! A record, not prose, so that a parser can check it. The levels are the cumulative
//! settings of `ExecVerify`: nested calls, another method, nests of control flow of depth
//! one to three, two functions.

use std::fmt;

use backstory_model::seed::Generator;
use serde::{Deserialize, Serialize};

use super::method::Method;

/// A statement that branches or repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// `if`, without `elif`.
    If,
    /// `if` with `elif`.
    IfElif,
    /// `for`.
    For,
    /// `while`.
    While,
}

impl Flow {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::If, Self::IfElif, Self::For, Self::While];
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::If => "if",
            Self::IfElif => "if-elif",
            Self::For => "for",
            Self::While => "while",
        })
    }
}

/// Whether methods besides the one under test are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherMethods {
    /// They may be.
    Free,
    /// At least one is.
    Required,
}

/// How much structure a program has, from 1 to 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Level(u8);

/// Says that a number is no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no level; levels go from 1 to 6")]
pub struct NotALevel(u8);

impl TryFrom<u8> for Level {
    type Error = NotALevel;

    fn try_from(number: u8) -> Result<Self, NotALevel> {
        if (1..=6).contains(&number) { Ok(Self(number)) } else { Err(NotALevel(number)) }
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.0
    }
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Self; 6] = [Self(1), Self(2), Self(3), Self(4), Self(5), Self(6)];

    /// Returns its number.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// What the structure of one program must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    /// The level that it follows.
    pub level: Level,
    /// The method under test; it is called.
    pub method: Method,
    /// Whether a call must stand in another call.
    pub nested_calls: bool,
    /// Whether methods besides the one under test are called.
    pub other_methods: OtherMethods,
    /// Control flow in control flow, the outermost first.
    pub control_flow: Vec<Flow>,
    /// How many functions there are: the entry, and one that it calls.
    pub functions: u8,
}

impl Constraint {
    /// Draws the constraint of a level for a method.
    pub fn draw(level: Level, method: Method, random: &mut Generator) -> Self {
        let depth = match level.number() {
            1 | 2 => 0,
            level @ 3..=5 => usize::from(level) - 2,
            _ => 1 + random.below(3),
        };
        let flow = (0..depth).map(|_| Flow::ALL[random.below(Flow::ALL.len())]);
        Self {
            level,
            method,
            nested_calls: true,
            other_methods: if level.number() > 1 {
                OtherMethods::Required
            } else {
                OtherMethods::Free
            },
            control_flow: flow.collect(),
            functions: if level.number() == 6 { 2 } else { 1 },
        }
    }
}
