//! Which value did a Python program have, and is it the same as another one?
//!
//! In: canonical JSON (`docs/execution-reasoning.md` states the form), or the parts.
//! Out: a [`Value`], its canonical text and digest, and typed comparison. Nothing is
//! evaluated, and no text makes a reader or a comparison fail or run away. Touches
//! nothing.

use sha2::{Digest as _, Sha256};

use crate::type_name::TypeName;

mod compare;
mod float;
mod int;
mod python;
mod read;
mod write;

pub use int::{Int, MOST_DIGITS};
pub use read::{DEEPEST, LONGEST, ValueError};

/// A value of a Python program, of exactly the type its variant names.
#[derive(Clone, Debug)]
pub enum Value {
    /// `None`.
    None,
    /// A `bool`; never equal to an integer here.
    Bool(bool),
    /// An `int`.
    Int(Int),
    /// A `float`.
    Float(f64),
    /// A `complex`, real part first.
    Complex(f64, f64),
    /// A `str`.
    Text(String),
    /// A `str` with a surrogate code point, which no UTF-8 text can hold.
    Points(Vec<u32>),
    /// A `bytes`.
    Bytes(Vec<u8>),
    /// A `bytearray`.
    ByteArray(Vec<u8>),
    /// A `list`.
    List(Vec<Value>),
    /// A `tuple`.
    Tuple(Vec<Value>),
    /// A `set`.
    Set(Members),
    /// A `frozenset`.
    FrozenSet(Members),
    /// A `dict`, in the order it was given.
    Dict(Vec<(Value, Value)>),
    /// A `range`: start, stop, step.
    Range(Int, Int, Int),
    /// A `slice`: start, stop, step.
    Slice(Box<[Value; 3]>),
    /// A view or an iterator, by its type and what it would give, in order.
    Items {
        /// Its type.
        class: TypeName,
        /// What it would give.
        items: Vec<Value>,
    },
    /// A plain object, by its class and its fields.
    Object {
        /// Its class.
        class: TypeName,
        /// Its fields with their names.
        fields: Vec<(String, Value)>,
    },
    /// The container this value lies in, `n` containers below the outermost one.
    Ref(u32),
}

/// The elements of a set, in an order that does not depend on how they were given.
#[derive(Clone, Debug, Default)]
pub struct Members(Vec<Value>);

impl Members {
    /// Returns the elements.
    pub fn as_slice(&self) -> &[Value] {
        &self.0
    }
}

impl From<Vec<Value>> for Members {
    fn from(mut items: Vec<Value>) -> Self {
        items.sort_by(compare::order);
        Self(items)
    }
}

impl Value {
    /// Returns the exact type.
    pub fn type_name(&self) -> TypeName {
        TypeName::builtin(match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Complex(..) => "complex",
            Self::Text(_) | Self::Points(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::ByteArray(_) => "bytearray",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Set(_) => "set",
            Self::FrozenSet(_) => "frozenset",
            Self::Dict(_) => "dict",
            Self::Range(..) => "range",
            Self::Slice(_) => "slice",
            Self::Items { class, .. } | Self::Object { class, .. } => return class.clone(),
            // Whatever it leads back to; a value as a whole is never one.
            Self::Ref(_) => "object",
        })
    }

    /// Says whether both are the same value of the same type.
    ///
    /// A float also equals one within a relative distance of 1e-9, and NaN equals NaN.
    /// The order of sets, dicts and fields does not count; every other order does.
    pub fn same(&self, other: &Self) -> bool {
        compare::same(self, other)
    }

    /// Says whether Python would take it as an element of a set.
    pub fn is_hashable(&self) -> bool {
        match self {
            Self::List(_) | Self::Set(_) | Self::Dict(_) | Self::ByteArray(_) => false,
            Self::Tuple(items) => items.iter().all(Self::is_hashable),
            _ => true,
        }
    }

    /// Returns the canonical text: equal values have equal texts, close floats do not.
    pub fn canonical(&self) -> String {
        write::text(self, write::Order::Sorted)
    }

    /// Returns the canonical JSON with dicts and fields in the order they were given.
    ///
    /// This is what a function is called with, because it may see that order.
    pub fn in_order(&self) -> String {
        write::text(self, write::Order::AsGiven)
    }

    /// Returns what Python's `repr` gives, sets in canonical order.
    ///
    /// Returns `None` for plain objects, iterators and containers inside themselves.
    pub fn repr(&self) -> Option<String> {
        python::text(self, python::Form::Repr)
    }

    /// Returns a Python expression that makes the value, of literals and builtin types.
    ///
    /// Returns `None` where there is none: for what has no `repr` here, and for views.
    pub fn expression(&self) -> Option<String> {
        python::text(self, python::Form::Expression)
    }

    /// Returns the SHA-256 of the canonical text in hexadecimal digits.
    pub fn digest(&self) -> String {
        use std::fmt::Write as _;
        Sha256::digest(self.canonical()).iter().fold(String::new(), |mut text, byte| {
            _ = write!(text, "{byte:02x}");
            text
        })
    }
}
