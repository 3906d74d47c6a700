//! How is a float written, and when are two floats one answer?

use std::cmp::Ordering;

/// How far two floats may lie apart, as a share of the larger one.
const TOLERANCE: f64 = 1e-9;

/// Says whether two floats count as one: identical, both NaN, or close.
pub(super) fn same(one: f64, two: f64) -> bool {
    if one.to_bits() == two.to_bits() || (one.is_nan() && two.is_nan()) {
        return true;
    }
    // Infinity is close to nothing: the difference and the bound would both be infinite.
    if !one.is_finite() || !two.is_finite() {
        return false;
    }
    (one - two).abs() <= TOLERANCE * one.abs().max(two.abs())
}

/// Orders all floats by size; every NaN is last.
pub(super) fn order(one: f64, two: f64) -> Ordering {
    match (one.is_nan(), two.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => one.partial_cmp(&two).unwrap_or(Ordering::Equal),
    }
}

/// Returns the name of a float that is no JSON number of ours.
pub(super) fn name(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        return Some("nan");
    }
    if value.is_infinite() {
        return Some(if value > 0.0 { "inf" } else { "-inf" });
    }
    (value == 0.0 && value.is_sign_negative()).then_some("-0.0")
}

/// Returns the float of a name that [`name`] gives.
pub(super) fn named(name: &str) -> Option<f64> {
    match name {
        "nan" => Some(f64::NAN),
        "inf" => Some(f64::INFINITY),
        "-inf" => Some(f64::NEG_INFINITY),
        "-0.0" => Some(-0.0),
        _ => None,
    }
}

/// Writes a finite float as Python's `repr` does: the shortest digits that read back.
pub(super) fn digits(value: f64) -> String {
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        // Right: what `repr` of CPython prints.
        for (value, text) in [
            (0.0, "0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.234_567_890_123_456_7e16, "1.2345678901234568e+16"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (1e100, "1e+100"),
        ] {
            assert_eq!(digits(value), text);
            assert_eq!(text.parse(), Ok(value));
        }
    }

    #[test]
    fn close_floats_are_one_answer_and_others_are_not() {
        for (one, two) in [
            (0.3, 0.1 + 0.2),
            (f64::NAN, -f64::NAN),
            (f64::INFINITY, f64::INFINITY),
            (0.0, -0.0),
            (1e300, 1e300 * (1.0 + 1e-10)),
            (f64::MAX, f64::MAX * (1.0 - 1e-10)),
            (-2.0, -2.0 - 1e-9),
        ] {
            assert!(same(one, two) && same(two, one), "{one} {two}");
        }
        for (one, two) in [
            (1.0, 1.0 + 1e-8),
            (0.0, 5e-324),
            (f64::INFINITY, f64::MAX),
            (f64::INFINITY, f64::NEG_INFINITY),
            (f64::NAN, 0.0),
            (f64::MAX, f64::MIN),
            (1e-12, -1e-12),
        ] {
            assert!(!same(one, two) && !same(two, one), "{one} {two}");
        }
    }
}
