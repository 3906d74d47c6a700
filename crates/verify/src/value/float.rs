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
    let scientific = shortest(value);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        return plain(mantissa, exponent);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Returns the shortest digits that read back, of two equally close ones the even one.
fn shortest(value: f64) -> String {
    let scientific = format!("{value:e}");
    let places = scientific.split_once('e').map_or(0, |(mantissa, _)| {
        mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len())
    });
    // The shortest form rounds a tie up, the exact one to even, as Python does.
    let even = format!("{value:.places$e}");
    if even.parse() == Ok(value) { even } else { scientific }
}

/// Moves the point of a mantissa by an exponent.
fn plain(mantissa: &str, exponent: i32) -> String {
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits = mantissa.replace('.', "");
    let Ok(exponent) = usize::try_from(exponent) else {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or_default());
        return format!("{sign}0.{zeros}{digits}");
    };
    let whole = format!("{digits:0<width$}", width = exponent + 1);
    let (whole, fraction) = whole.split_at(exponent + 1);
    format!("{sign}{whole}.{}", if fraction.is_empty() { "0" } else { fraction })
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
            (100.0, "100.0"),
            (-1234.5, "-1234.5"),
            (-0.001_25, "-0.00125"),
            (9.5, "9.5"),
            // Two texts are equally short and equally close: the even one.
            (261_065_704_831_747.0 + 0.625, "261065704831747.62"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            // The lower neighbor of a power of two is closer than the upper one.
            (9.671_406_556_917_033e24, "9.671406556917033e+24"),
            (2f64.powi(-44), "5.684341886080802e-14"),
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
