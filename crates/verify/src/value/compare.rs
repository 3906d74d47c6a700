//! Are two values one answer, and which of two comes first?
//!
//! The types decide first: `True`, `1` and `1.0` are three answers. Elements of sets are
//! kept in [`order`], keys are put into it here, and then compared pair by pair. Where
//! an element holds several floats, two of them close, pairing by order can miss a match;
//! it never makes one up.

use std::cmp::Ordering;

use super::{Value, float};

/// Says whether both are the same value of the same type.
pub(super) fn same(one: &Value, two: &Value) -> bool {
    match (one, two) {
        (Value::None, Value::None) => true,
        (Value::Bool(one), Value::Bool(two)) => one == two,
        (Value::Int(one), Value::Int(two)) => one == two,
        (Value::Float(one), Value::Float(two)) => float::same(*one, *two),
        (Value::Complex(real, imaginary), Value::Complex(other, other_imaginary)) => {
            float::same(*real, *other) && float::same(*imaginary, *other_imaginary)
        }
        (Value::Text(one), Value::Text(two)) => one == two,
        (Value::Points(one), Value::Points(two)) => one == two,
        (Value::Bytes(one), Value::Bytes(two)) | (Value::ByteArray(one), Value::ByteArray(two)) => {
            one == two
        }
        (Value::List(one), Value::List(two)) | (Value::Tuple(one), Value::Tuple(two)) => {
            all_same(one, two)
        }
        (Value::Set(one), Value::Set(two)) | (Value::FrozenSet(one), Value::FrozenSet(two)) => {
            all_same(one.as_slice(), two.as_slice())
        }
        (Value::Dict(one), Value::Dict(two)) => same_pairs(one, two, order, same),
        (Value::Range(start, stop, step), Value::Range(other, other_stop, other_step)) => {
            start == other && stop == other_stop && step == other_step
        }
        (Value::Slice(one), Value::Slice(two)) => all_same(&one[..], &two[..]),
        (
            Value::Items { class, items },
            Value::Items { class: other_class, items: other_items },
        ) => class == other_class && all_same(items, other_items),
        (
            Value::Object { class, fields },
            Value::Object { class: other_class, fields: other_fields },
        ) => class == other_class && same_pairs(fields, other_fields, String::cmp, String::eq),
        (Value::Ref(one), Value::Ref(two)) => one == two,
        _ => false,
    }
}

fn all_same(one: &[Value], two: &[Value]) -> bool {
    one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same(one, two))
}

fn same_pairs<N>(
    one: &[(N, Value)],
    two: &[(N, Value)],
    names: impl Fn(&N, &N) -> Ordering,
    same_names: impl Fn(&N, &N) -> bool,
) -> bool {
    one.len() == two.len()
        && sorted(one, &names).into_iter().zip(sorted(two, &names)).all(
            |((name, value), (other_name, other))| {
                same_names(name, other_name) && same(value, other)
            },
        )
}

/// Puts pairs into the order of their first parts, which differ in what was read.
///
/// Their values are not looked at: that would cost quadratic time in nested pairs.
fn sorted<N>(
    pairs: &[(N, Value)],
    names: impl Fn(&N, &N) -> Ordering,
) -> impl IntoIterator<Item = &(N, Value)> {
    let mut sorted: Vec<&(N, Value)> = pairs.iter().collect();
    sorted.sort_by(|(name, _), (other, _)| names(name, other));
    sorted
}

/// Orders values by type, then by content.
pub(super) fn order(one: &Value, two: &Value) -> Ordering {
    match (one, two) {
        (Value::Bool(one), Value::Bool(two)) => one.cmp(two),
        (Value::Int(one), Value::Int(two)) => one.cmp(two),
        (Value::Float(one), Value::Float(two)) => float::order(*one, *two),
        (Value::Complex(real, imaginary), Value::Complex(other, other_imaginary)) => {
            float::order(*real, *other).then_with(|| float::order(*imaginary, *other_imaginary))
        }
        (Value::Text(one), Value::Text(two)) => one.cmp(two),
        (Value::Points(one), Value::Points(two)) => one.cmp(two),
        (Value::Bytes(one), Value::Bytes(two)) | (Value::ByteArray(one), Value::ByteArray(two)) => {
            one.cmp(two)
        }
        (Value::List(one), Value::List(two)) | (Value::Tuple(one), Value::Tuple(two)) => {
            order_all(one, two)
        }
        (Value::Set(one), Value::Set(two)) | (Value::FrozenSet(one), Value::FrozenSet(two)) => {
            order_all(one.as_slice(), two.as_slice())
        }
        (Value::Dict(one), Value::Dict(two)) => order_pairs(one, two, order),
        (Value::Range(start, stop, step), Value::Range(other, other_stop, other_step)) => {
            (start, stop, step).cmp(&(other, other_stop, other_step))
        }
        (Value::Slice(one), Value::Slice(two)) => order_all(&one[..], &two[..]),
        (
            Value::Items { class, items },
            Value::Items { class: other_class, items: other_items },
        ) => class.cmp(other_class).then_with(|| order_all(items, other_items)),
        (
            Value::Object { class, fields },
            Value::Object { class: other_class, fields: other_fields },
        ) => class.cmp(other_class).then_with(|| order_pairs(fields, other_fields, String::cmp)),
        (Value::Ref(one), Value::Ref(two)) => one.cmp(two),
        _ => rank(one).cmp(&rank(two)),
    }
}

fn order_all(one: &[Value], two: &[Value]) -> Ordering {
    let first = one.iter().zip(two).map(|(one, two)| order(one, two)).find(|found| found.is_ne());
    first.unwrap_or_else(|| one.len().cmp(&two.len()))
}

fn order_pairs<N>(
    one: &[(N, Value)],
    two: &[(N, Value)],
    names: impl Fn(&N, &N) -> Ordering,
) -> Ordering {
    let pairs = sorted(one, &names).into_iter().zip(sorted(two, &names));
    let first = pairs
        .map(|((name, value), (other_name, other))| {
            names(name, other_name).then_with(|| order(value, other))
        })
        .find(|found| found.is_ne());
    first.unwrap_or_else(|| one.len().cmp(&two.len()))
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::None => 0,
        Value::Bool(_) => 1,
        Value::Int(_) => 2,
        Value::Float(_) => 3,
        Value::Complex(..) => 4,
        Value::Text(_) => 5,
        Value::Points(_) => 6,
        Value::Bytes(_) => 7,
        Value::ByteArray(_) => 8,
        Value::List(_) => 9,
        Value::Tuple(_) => 10,
        Value::Set(_) => 11,
        Value::FrozenSet(_) => 12,
        Value::Dict(_) => 13,
        Value::Range(..) => 14,
        Value::Slice(_) => 15,
        Value::Items { .. } => 16,
        Value::Object { .. } => 17,
        Value::Ref(_) => 18,
    }
}
