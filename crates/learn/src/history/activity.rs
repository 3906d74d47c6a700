//! How busy was each file?
//!
//! In: the past. Out: columns of counts and times. The clock is the date of the
//! base: nothing depends on the day on which the features are taken.

use super::places::Places;
use super::walk::History;
use crate::number::single;

const DAY: i64 = 24 * 60 * 60;
const YEAR: i64 = 365 * DAY;
/// How many of the newest commits are recent.
const RECENT: u32 = 100;

/// What was counted, one value per candidate.
#[derive(Debug)]
pub(super) struct Activity {
    /// Logarithm of one plus the commits of the year before the base.
    pub(super) last_year: Vec<f32>,
    /// Logarithm of one plus all commits.
    pub(super) all: Vec<f32>,
    /// Logarithm of one plus the days since the last change.
    pub(super) age: Vec<f32>,
    /// Logarithm of one plus the commits whose message speaks of a fix.
    pub(super) fixes: Vec<f32>,
    /// Share of the newest 100 commits.
    pub(super) recent: Vec<f32>,
}

#[derive(Clone, Copy)]
struct Count {
    last_year: u32,
    all: u32,
    fixes: u32,
    recent: u32,
    /// Seconds since the last change.
    age: i64,
}

/// Counts the changes of each candidate.
///
/// A file that no commit changed is as old as the oldest commit.
pub(super) fn activity(history: &History, places: &Places) -> Activity {
    let ages = || history.commits().map(|commit| age(history, commit.seconds));
    let oldest = ages().max().unwrap_or(0);
    let nothing = Count { last_year: 0, all: 0, fixes: 0, recent: 0, age: oldest };
    let mut counts = vec![nothing; places.count];
    let mut seen = 0;
    for (commit, files) in history.small() {
        seen += 1;
        let age = age(history, commit.seconds);
        for at in places.among(files) {
            let count = &mut counts[at];
            count.last_year += u32::from(age <= YEAR);
            count.all += 1;
            count.fixes += u32::from(commit.is_fix);
            count.recent += u32::from(seen <= RECENT);
            count.age = count.age.min(age);
        }
    }
    let column = |value: fn(&Count) -> f64| counts.iter().map(|c| single(value(c))).collect();
    Activity {
        last_year: column(|count| f64::from(count.last_year).ln_1p()),
        all: column(|count| f64::from(count.all).ln_1p()),
        age: column(|count| days(count.age).ln_1p()),
        fixes: column(|count| f64::from(count.fixes).ln_1p()),
        recent: column(|count| f64::from(count.recent) / f64::from(RECENT)),
    }
}

/// Returns how long before the base a commit was made; clocks that run ahead count as 0.
fn age(history: &History, seconds: i64) -> i64 {
    history.base_seconds.saturating_sub(seconds).max(0)
}

fn days(seconds: i64) -> f64 {
    f64::from(u32::try_from(seconds / DAY).unwrap_or(u32::MAX))
}
