//! Where is the next split of a tree?
//!
//! In: gradients and the sampled rows and columns. Out: a tree that grows at the leaf
//! whose best split gains most. A split of no gain, of too few rows or of too flat
//! second derivatives is none. Equal gains go to the earlier feature and lower bin.

use std::ops::Range;

use super::bins::{Binned, BinnedColumn};
use super::gradients::Gradient;
use super::histogram::{Histogram, Sum};
use super::{LambdaMartOptions, MOST_LEAVES};
use crate::number::single;
use crate::rank::{Node, Tree};

/// How much second derivative a leaf holds at least, as in `LightGBM`.
const LEAST_BEND: f64 = 1e-3;

/// The rows and columns that one tree sees, ascending.
#[derive(Debug)]
pub(super) struct Sampled {
    pub rows: Vec<usize>,
    pub columns: Vec<usize>,
}

/// What trees are grown from.
#[derive(Debug)]
pub(super) struct Grower<'a> {
    pub binned: &'a Binned,
    pub gradients: &'a [Gradient],
    pub options: &'a LambdaMartOptions,
}

/// A leaf that may still be split.
struct Leaf {
    node: usize,
    /// Its part of the row list.
    rows: Range<usize>,
    sum: Sum,
    histogram: Histogram,
    best: Option<Split>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Split {
    gain: f64,
    /// Its place among the sampled columns.
    place: usize,
    /// The last bin that goes left.
    bin: usize,
    left: Sum,
}

impl Grower<'_> {
    /// Grows one tree; `None` where not even the root can be split.
    pub(super) fn grow(&self, sampled: &Sampled) -> Option<Tree> {
        let columns: Vec<&BinnedColumn> =
            sampled.columns.iter().map(|column| &self.binned.columns[*column]).collect();
        let mut rows: Vec<u32> = sampled.rows.iter().map(|row| narrow(*row)).collect();
        let mut tree = Tree::default();
        let mut leaves = vec![self.root(&columns, &rows, &mut tree)];
        while leaves.len() < self.options.leaves.min(MOST_LEAVES) {
            let Some(at) = greatest(&leaves) else { break };
            let leaf = leaves.swap_remove(at);
            let split = leaf.best.expect("only a leaf with a split is the greatest");
            let (column, at) = (columns[split.place], tree.nodes.len());
            tree.nodes[leaf.node] = Node {
                column: u16::try_from(sampled.columns[split.place]).unwrap_or(u16::MAX),
                threshold: column.borders[split.bin],
                left: u16::try_from(at).expect("a tree has at most twice as many nodes as leaves"),
                ..tree.nodes[leaf.node]
            };
            let sums = [split.left, leaf.sum.without(split.left)];
            tree.nodes.extend(sums.map(|sum| Node::leaf(self.value(sum))));
            leaves.extend(self.children(leaf, split, at, &columns, &mut rows));
        }
        (tree.nodes.len() > 1).then_some(tree)
    }

    fn root(&self, columns: &[&BinnedColumn], rows: &[u32], tree: &mut Tree) -> Leaf {
        let mut sum = Sum::default();
        for row in rows {
            let Gradient { first, second } = self.gradients[*row as usize];
            sum.add(Sum { first, second, rows: 1 });
        }
        tree.nodes.push(Node::leaf(self.value(sum)));
        let histogram = Histogram::new(columns, rows, self.gradients);
        self.leaf(0, 0..rows.len(), sum, histogram)
    }

    /// Splits a leaf in two; the left child stands at node `at`.
    fn children(
        &self,
        leaf: Leaf,
        split: Split,
        at: usize,
        columns: &[&BinnedColumn],
        rows: &mut [u32],
    ) -> [Leaf; 2] {
        let middle = leaf.rows.start
            + partition(&mut rows[leaf.rows.clone()], columns[split.place], split.bin);
        let [left, right] = [leaf.rows.start..middle, middle..leaf.rows.end];
        let smaller = if left.len() <= right.len() { left.clone() } else { right.clone() };
        let small = Histogram::new(columns, &rows[smaller], self.gradients);
        let mut large = leaf.histogram;
        large.subtract(&small);
        let (first, second) =
            if left.len() <= right.len() { (small, large) } else { (large, small) };
        [
            self.leaf(at, left, split.left, first),
            self.leaf(at + 1, right, leaf.sum.without(split.left), second),
        ]
    }

    fn leaf(&self, node: usize, rows: Range<usize>, sum: Sum, histogram: Histogram) -> Leaf {
        let best = self.best_split(sum, &histogram);
        Leaf { node, rows, sum, histogram, best }
    }

    fn best_split(&self, whole: Sum, histogram: &Histogram) -> Option<Split> {
        let least = Least::of(whole, self.options.min_rows);
        let mut best: Option<Split> = None;
        for (place, bins) in histogram.columns.iter().enumerate() {
            let mut left = Sum::default();
            for (bin, sum) in bins.iter().enumerate().take(bins.len() - 1) {
                left.add(*sum);
                let right = whole.without(left);
                if !least.admits(right) {
                    break;
                }
                if sum.rows == 0 || !least.admits(left) {
                    continue;
                }
                let gain = self.worth(left) + self.worth(right) - self.worth(whole);
                if gain > best.map_or(0.0, |best| best.gain) {
                    best = Some(Split { gain, place, bin, left });
                }
            }
        }
        best
    }

    /// Returns how much a leaf of these rows lowers the loss, twice.
    fn worth(&self, sum: Sum) -> f64 {
        sum.first * sum.first / (sum.second + self.options.l2)
    }

    fn value(&self, sum: Sum) -> f32 {
        let bend = sum.second + self.options.l2;
        let step = if bend > 0.0 { -sum.first / bend } else { 0.0 };
        single(step * self.options.learning_rate)
    }
}

/// What a child must hold.
struct Least {
    rows: u32,
    bend: f64,
}

impl Least {
    /// As many rows as the options say, and as much second derivative as so many rows
    /// of the parent have on average. `LightGBM` counts by the latter alone; rows that
    /// hardly bend the loss say too little for a leaf of their own.
    fn of(parent: Sum, min_rows: usize) -> Self {
        let rows = u32::try_from(min_rows.max(1)).unwrap_or(u32::MAX);
        // A count is rounded to the nearest, so half a row less is enough.
        let share = (f64::from(rows) - 0.5) / f64::from(parent.rows.max(1));
        Self { rows, bend: LEAST_BEND.max(share * parent.second) }
    }

    fn admits(&self, child: Sum) -> bool {
        child.rows >= self.rows && child.second >= self.bend
    }
}

/// Returns the place of the leaf whose split gains most; of equals the one of the
/// lowest node.
fn greatest(leaves: &[Leaf]) -> Option<usize> {
    let gain = |at: &usize| leaves[*at].best.map(|best| (best.gain, leaves[*at].node));
    (0..leaves.len()).filter(|at| gain(at).is_some()).max_by(|here, there| {
        let (Some((mine, my_node)), Some((other, its_node))) = (gain(here), gain(there)) else {
            return std::cmp::Ordering::Equal;
        };
        mine.total_cmp(&other).then(its_node.cmp(&my_node))
    })
}

/// Moves the rows that go left before the others; both keep their order.
fn partition(rows: &mut [u32], column: &BinnedColumn, bin: usize) -> usize {
    let goes_left = |row: &u32| usize::from(column.bins[*row as usize]) <= bin;
    let right: Vec<u32> = rows.iter().copied().filter(|row| !goes_left(row)).collect();
    let mut middle = 0;
    for at in 0..rows.len() {
        if goes_left(&rows[at]) {
            rows[middle] = rows[at];
            middle += 1;
        }
    }
    rows[middle..].copy_from_slice(&right);
    middle
}

fn narrow(row: usize) -> u32 {
    u32::try_from(row).expect("sizes of groups are counted in 32 bits")
}
