//! How do counts become fractions?
//!
//! In: counts. Out: real numbers. Counts of this crate (rows, queries, files) stay
//! far below 2^52, so nothing is lost on the way.

/// Returns a count as a real number.
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^52")]
pub fn real(count: usize) -> f64 {
    count as f64
}

/// Returns a part as a fraction of the whole, 0 where there is no whole.
pub fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { real(part) / real(whole) }
}

/// Returns a real number in the precision of features and models.
#[expect(clippy::cast_possible_truncation, reason = "features and models are kept in f32")]
pub fn single(value: f64) -> f32 {
    value as f32
}

/// Returns the whole part of a share of a count, e.g., 19 for 0.8 of 24.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the share is clamped to 0 to 1, so the product is a count"
)]
pub fn share(count: usize, share: f64) -> usize {
    (real(count) * share.clamp(0.0, 1.0)).floor() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_down_and_never_more_than_everything() {
        assert_eq!(share(24, 0.8), 19);
        assert_eq!(share(24, 1.0), 24);
        assert_eq!(share(24, 7.0), 24);
        assert_eq!(share(24, -1.0), 0);
    }

    #[test]
    fn a_part_of_nothing_is_zero() {
        assert!(ratio(0, 0).abs() < f64::EPSILON);
        assert!((ratio(1, 4) - 0.25).abs() < f64::EPSILON);
    }
}
