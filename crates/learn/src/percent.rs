//! How are shares and differences written in reports?
//!
//! In: parts from 0 to 1 and their intervals. Out: percentages and points with one
//! digit. Nothing that rounds to zero has a sign.

use crate::measure::statistics::{Interval, Resampled, Signs};

/// Returns a part of one as a percentage.
pub(crate) fn percent(part: f64) -> String {
    format!("{:.1}", tenths(part))
}

/// Returns a difference of parts as points.
pub(crate) fn points(difference: f64) -> String {
    format!("{:+.1}", tenths(difference))
}

/// Returns an interval in percent, in brackets that say what was drawn.
pub(crate) fn brackets(interval: Interval) -> String {
    enclosed(interval, percent)
}

/// Returns the interval of a difference in points, in brackets that say what was drawn.
pub(crate) fn signed_brackets(interval: Interval) -> String {
    enclosed(interval, points)
}

/// Returns how often something was won, tied and lost.
pub(crate) fn signs(signs: Signs) -> String {
    format!("{} / {} / {}", signs.wins, signs.ties, signs.losses)
}

fn enclosed(interval: Interval, written: fn(f64) -> String) -> String {
    let [low, high] = [interval.low, interval.high].map(written);
    match interval.over {
        Resampled::Issues => format!("[{low}, {high}]"),
        Resampled::Repositories => format!("{{{low}, {high}}}"),
    }
}

fn tenths(part: f64) -> f64 {
    // Adding zero turns what rounds to minus nothing around.
    (1000.0 * part).round() / 10.0 + 0.0
}
