//! How are the gradients of a leaf spread over the bins of each feature?
//!
//! In: the rows of a leaf. Out: for each sampled feature the sums of its bins. The sums
//! of a larger child are those of its parent less those of the smaller child, so only
//! the smaller half of the rows is ever added up again.

use rayon::prelude::*;

use super::bins::BinnedColumn;
use super::gradients::Gradient;

/// From how many additions on threads are worth their start.
const WORTH_THREADS: usize = 1 << 15;
/// How many columns are added up side by side.
const AT_ONCE: usize = 4;
/// As many as a byte tells apart.
const BINS: usize = 256;

/// The rows of one bin, or of several, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sum {
    /// The first derivatives.
    pub first: f64,
    /// The second derivatives.
    pub second: f64,
    /// How many rows.
    pub rows: u32,
}

impl Sum {
    /// Adds another sum.
    pub(super) fn add(&mut self, other: Self) {
        self.first += other.first;
        self.second += other.second;
        self.rows += other.rows;
    }

    /// Returns what is left without a part.
    pub(super) fn without(self, part: Self) -> Self {
        Self {
            first: self.first - part.first,
            second: self.second - part.second,
            rows: self.rows - part.rows,
        }
    }
}

/// The sums of every bin of every sampled feature.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// One list of bins for each sampled feature.
    pub columns: Vec<Vec<Sum>>,
}

impl Histogram {
    /// Adds up the rows of a leaf; `gradients` are those of all rows.
    pub(super) fn new(columns: &[&BinnedColumn], rows: &[u32], gradients: &[Gradient]) -> Self {
        let held: Vec<Gradient> = rows.iter().map(|row| gradients[*row as usize]).collect();
        let fill = |few: &[&BinnedColumn]| match few {
            [first, second, third, fourth] => {
                bin_sums([*first, *second, *third, *fourth], rows, &held).to_vec()
            }
            few => few.iter().flat_map(|column| bin_sums([column], rows, &held)).collect(),
        };
        let columns = if rows.len() * columns.len() < WORTH_THREADS {
            columns.chunks(AT_ONCE).flat_map(fill).collect()
        } else {
            columns.par_chunks(AT_ONCE).flat_map_iter(fill).collect()
        };
        Self { columns }
    }

    /// Takes the sums of one child away, which leaves those of the other.
    pub(super) fn subtract(&mut self, child: &Self) {
        for (bins, parts) in self.columns.iter_mut().zip(&child.columns) {
            for (bin, part) in bins.iter_mut().zip(parts) {
                *bin = bin.without(*part);
            }
        }
    }
}

/// Adds up the rows of some columns side by side: one addition to a bin waits for the
/// one before, those of other columns do not.
fn bin_sums<const N: usize>(
    columns: [&BinnedColumn; N],
    rows: &[u32],
    held: &[Gradient],
) -> [Vec<Sum>; N] {
    let mut sums = [[Sum::default(); BINS]; N];
    for (row, gradient) in rows.iter().zip(held) {
        for (column, sums) in columns.iter().zip(&mut sums) {
            let sum = &mut sums[usize::from(column.bins[*row as usize])];
            sum.first += gradient.first;
            sum.second += gradient.second;
            sum.rows += 1;
        }
    }
    let mut of = columns.iter();
    sums.map(|sums| sums[..=of.next().map_or(0, |column| column.borders.len())].to_vec())
}
