//! Where are the values of a feature cut into bins?
//!
//! In: one column. Out: at most 255 bins of about equal mass; a value that fills a
//! bin by its own has one. A border lies midway between two values that occur, so that
//! a tree treats unseen values in between fairly, and a row falls into the same bin as
//! its value falls on the same side of the threshold.

use rayon::prelude::*;

use crate::number::{real, single};
use crate::rank::Groups;

/// How many bins a feature has at most.
const MOST: usize = 255;

/// One feature of all rows.
#[derive(Debug)]
pub(super) struct BinnedColumn {
    /// The bin of each row.
    pub bins: Vec<u8>,
    /// The greatest value of each bin but the last.
    pub borders: Vec<f32>,
}

/// A table by columns, with bins in place of values.
#[derive(Debug)]
pub(super) struct Binned {
    /// The features, in the order of the table.
    pub columns: Vec<BinnedColumn>,
    /// How many rows there are.
    pub rows: usize,
}

impl Binned {
    /// Cuts every column.
    pub(super) fn new(groups: &Groups) -> Self {
        let rows = groups.rows();
        let column = |column: usize| {
            let values: Vec<f32> = (0..rows).map(|row| groups.row(row)[column]).collect();
            BinnedColumn::new(&values)
        };
        Self { columns: (0..groups.columns).into_par_iter().map(column).collect(), rows }
    }
}

impl BinnedColumn {
    fn new(values: &[f32]) -> Self {
        let borders = borders(&distinct(values));
        let bin = |value: &f32| {
            let place = borders.partition_point(|border| border < value);
            u8::try_from(place).expect("there are at most 255 bins")
        };
        Self { bins: values.iter().map(bin).collect(), borders }
    }
}

/// Returns the values that occur, ascending, each with its count.
fn distinct(values: &[f32]) -> Vec<(f32, usize)> {
    // Adding zero makes one of the two zeros that compare equal.
    let mut sorted: Vec<f32> = values.iter().map(|value| value + 0.0).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let runs = sorted.chunk_by(|left, right| left.total_cmp(right).is_eq());
    runs.map(|run| (run[0], run.len())).collect()
}

/// Returns the borders between the bins.
fn borders(values: &[(f32, usize)]) -> Vec<f32> {
    let mut left = Left { rows: values.iter().map(|(_, count)| count).sum(), bins: MOST };
    let mut borders = Vec::new();
    let mut held = 0;
    for (at, pair) in values.windows(2).enumerate() {
        held += pair[0].1;
        let places = MOST - 1 - borders.len();
        let rest = values.len() - 1 - at;
        if places > 0 && (rest <= places || left.is_full(held) || left.is_full(pair[1].1)) {
            borders.push(between(pair[0].0, pair[1].0));
            left.take(held);
            held = 0;
        }
    }
    borders
}

/// What is not yet in a bin.
struct Left {
    rows: usize,
    bins: usize,
}

impl Left {
    /// Returns true where so many rows are a fair part for one bin.
    fn is_full(&self, rows: usize) -> bool {
        real(rows) * real(self.bins) >= real(self.rows)
    }

    fn take(&mut self, rows: usize) {
        self.rows -= rows;
        self.bins = self.bins.saturating_sub(1).max(1);
    }
}

/// Returns a number that is at least `low` and below `high`.
fn between(low: f32, high: f32) -> f32 {
    let middle = single(f64::midpoint(f64::from(low), f64::from(high)));
    if middle < high { middle } else { low }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_values_have_a_bin_each() {
        let column = BinnedColumn::new(&[3.0, -0.0, 1.0, 0.0, 3.0]);
        assert_eq!(column.bins, [2, 0, 1, 0, 2]);
        insta::assert_debug_snapshot!(column.borders, @"
        [
            0.5,
            2.0,
        ]
        ");
    }

    #[test]
    fn neighboring_floats_stay_apart() {
        let next = f32::from_bits(1.0_f32.to_bits() + 1);
        assert_eq!(BinnedColumn::new(&[1.0, next]).bins, [0, 1]);
    }

    /// 600 rows hold zero, 10,000 others are spread: zero keeps a bin of its own.
    #[test]
    fn a_heavy_value_has_its_own_bin() {
        let spread = (0..10_000).map(|number| single(real(number) - 5_000.5));
        let values: Vec<f32> = spread.chain(std::iter::repeat_n(0.0, 600)).collect();
        let column = BinnedColumn::new(&values);
        let zero = column.bins[10_000];
        let mut counts = [0_usize; MOST];
        column.bins.iter().for_each(|bin| counts[usize::from(*bin)] += 1);
        assert_eq!(counts[usize::from(zero)], 600);
        let light = counts.iter().filter(|count| **count != 600);
        assert!(light.clone().max().is_some_and(|most| *most <= 45), "{counts:?}");
        // Only what is left over before the heavy value makes a small bin.
        assert!(light.filter(|count| **count < 15).count() <= 1, "{counts:?}");
    }

    proptest! {
        #[test]
        fn bins_and_borders_agree(values in prop::collection::vec(-100_i16..100, 1..400)) {
            let values: Vec<f32> = values.into_iter().map(|n| f32::from(n) / 7.0).collect();
            let column = BinnedColumn::new(&values);
            prop_assert!(column.borders.len() < MOST);
            prop_assert!(column.borders.windows(2).all(|pair| pair[0] < pair[1]));
            for (value, bin) in values.iter().zip(&column.bins) {
                for (number, border) in column.borders.iter().enumerate() {
                    prop_assert_eq!(usize::from(*bin) <= number, value <= border);
                }
            }
        }
    }
}
