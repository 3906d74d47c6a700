//! How does a forest of regression trees score a candidate, and why?
//!
//! In: the features of one candidate. Out: the sum of one leaf of every tree; and how
//! much each feature moved that sum on the way down, from the mean of the root to the
//! leaf. The parts add up to the score, less the roots.

use serde::{Deserialize, Serialize};

use super::numbers;

/// One place in a tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// The feature that is asked for; without meaning in a leaf.
    pub column: u16,
    /// Values up to this one go left, the others right.
    pub threshold: f32,
    /// Where the left child stands; the right one follows it. 0 in a leaf.
    pub left: u16,
    /// What training rows that came here add to the score, on average.
    pub value: f32,
}

/// A regression tree; the first node is its root.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// The nodes; children stand after their parent, side by side.
    pub nodes: Vec<Node>,
}

/// Trees whose values are added.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "FlatForest", into = "FlatForest")]
pub struct Forest {
    columns: usize,
    trees: Vec<Tree>,
}

/// Says why a list of trees is no forest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForestError {
    /// The lists have different lengths.
    #[error("the trees have {sizes} nodes, the list `{list}` has {found}")]
    Length {
        /// How many nodes the trees have together.
        sizes: usize,
        /// Which list differs.
        list: &'static str,
        /// How long it is.
        found: usize,
    },
    /// A tree has no root.
    #[error("tree {tree} has no node")]
    Empty {
        /// Its number, from 0.
        tree: usize,
    },
    /// A node leads nowhere, or back.
    #[error("node {node} of tree {tree} has its children at {left} of {nodes}")]
    Child {
        /// The tree, from 0.
        tree: usize,
        /// The node, from 0.
        node: usize,
        /// Where its children are said to be.
        left: u16,
        /// How many nodes the tree has.
        nodes: usize,
    },
    /// A node asks for a feature that does not exist.
    #[error("node {node} of tree {tree} asks for feature {column} of {columns}")]
    Column {
        /// The tree, from 0.
        tree: usize,
        /// The node, from 0.
        node: usize,
        /// What it asks for.
        column: u16,
        /// How many there are.
        columns: usize,
    },
    /// A number has no end.
    #[error("node {node} of tree {tree} holds a number that is not finite")]
    NotFinite {
        /// The tree, from 0.
        tree: usize,
        /// The node, from 0.
        node: usize,
    },
}

impl Node {
    /// Returns a node without children.
    pub fn leaf(value: f32) -> Self {
        Self { column: 0, threshold: 0.0, left: 0, value }
    }

    fn next(self, row: &[f32]) -> usize {
        // What is not a number goes right, like what is greater.
        let goes_left = row[usize::from(self.column)] <= self.threshold;
        usize::from(self.left) + usize::from(!goes_left)
    }
}

impl Tree {
    /// Returns the value of the leaf that a candidate ends in.
    pub fn score(&self, row: &[f32]) -> f64 {
        let mut node = self.nodes[0];
        while node.left > 0 {
            node = self.nodes[node.next(row)];
        }
        f64::from(node.value)
    }

    fn add_contributions(&self, row: &[f32], sums: &mut [f64]) {
        let mut node = self.nodes[0];
        while node.left > 0 {
            let child = self.nodes[node.next(row)];
            sums[usize::from(node.column)] += f64::from(child.value) - f64::from(node.value);
            node = child;
        }
    }
}

impl Forest {
    /// Puts trees together that ask for features from 0 to `columns - 1`.
    pub fn new(columns: usize, trees: Vec<Tree>) -> Result<Self, ForestError> {
        for (number, tree) in trees.iter().enumerate() {
            check_tree(number, tree, columns)?;
        }
        Ok(Self { columns, trees })
    }

    /// Takes trees that were grown here, child after parent.
    pub(super) fn grown(columns: usize, trees: Vec<Tree>) -> Self {
        Self { columns, trees }
    }

    /// Returns how many features a candidate has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Returns the forest of the trees that were grown first.
    #[must_use]
    pub fn first(&self, trees: usize) -> Self {
        let trees = self.trees[..trees.min(self.trees.len())].to_vec();
        Self { columns: self.columns, trees }
    }

    /// Returns the trees in the order in which they were grown.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// Returns the sum over all trees for one candidate.
    ///
    /// # Panics
    ///
    /// Where the row has fewer features than [`Forest::columns`].
    pub fn score(&self, row: &[f32]) -> f64 {
        self.trees.iter().map(|tree| tree.score(row)).sum()
    }

    /// Adds to each sum how much its feature moved the score of one candidate.
    ///
    /// # Panics
    ///
    /// Where the row or the sums are fewer than [`Forest::columns`].
    pub fn add_contributions(&self, row: &[f32], sums: &mut [f64]) {
        for tree in &self.trees {
            tree.add_contributions(row, sums);
        }
    }

    /// Returns what the score is before any feature is looked at.
    pub fn bias(&self) -> f64 {
        self.trees.iter().map(|tree| f64::from(tree.nodes[0].value)).sum()
    }
}

fn check_tree(number: usize, tree: &Tree, columns: usize) -> Result<(), ForestError> {
    let nodes = tree.nodes.len();
    if nodes == 0 {
        return Err(ForestError::Empty { tree: number });
    }
    for (at, node) in tree.nodes.iter().enumerate() {
        let (left, column) = (usize::from(node.left), usize::from(node.column));
        if left > 0 && (left <= at || left + 1 >= nodes) {
            return Err(ForestError::Child { tree: number, node: at, left: node.left, nodes });
        }
        if left > 0 && column >= columns {
            let column = node.column;
            return Err(ForestError::Column { tree: number, node: at, column, columns });
        }
        if !(node.threshold.is_finite() && node.value.is_finite()) {
            return Err(ForestError::NotFinite { tree: number, node: at });
        }
    }
    Ok(())
}

/// The nodes of all trees in one list for each field, as files hold them.
#[derive(Serialize, Deserialize)]
struct FlatForest {
    columns: usize,
    #[serde(with = "numbers")]
    nodes: Vec<usize>,
    #[serde(with = "numbers")]
    column: Vec<u16>,
    #[serde(with = "numbers")]
    threshold: Vec<f32>,
    #[serde(with = "numbers")]
    left: Vec<u16>,
    #[serde(with = "numbers")]
    value: Vec<f32>,
}

impl From<Forest> for FlatForest {
    fn from(forest: Forest) -> Self {
        let nodes = || forest.trees.iter().flat_map(|tree| &tree.nodes);
        Self {
            columns: forest.columns,
            nodes: forest.trees.iter().map(|tree| tree.nodes.len()).collect(),
            column: nodes().map(|node| node.column).collect(),
            threshold: nodes().map(|node| node.threshold).collect(),
            left: nodes().map(|node| node.left).collect(),
            value: nodes().map(|node| node.value).collect(),
        }
    }
}

impl TryFrom<FlatForest> for Forest {
    type Error = ForestError;

    fn try_from(flat: FlatForest) -> Result<Self, ForestError> {
        let sizes = flat.nodes.iter().fold(0_usize, |sum, size| sum.saturating_add(*size));
        let lists = [
            ("column", flat.column.len()),
            ("threshold", flat.threshold.len()),
            ("left", flat.left.len()),
            ("value", flat.value.len()),
        ];
        if let Some((list, found)) = lists.into_iter().find(|(_, found)| *found != sizes) {
            return Err(ForestError::Length { sizes, list, found });
        }
        let mut start = 0;
        let tree = |size: &usize| {
            let places = start..start + size;
            start = places.end;
            let node = |at: usize| Node {
                column: flat.column[at],
                threshold: flat.threshold[at],
                left: flat.left[at],
                value: flat.value[at],
            };
            Tree { nodes: places.map(node).collect() }
        };
        let trees = flat.nodes.iter().map(tree).collect();
        Self::new(flat.columns, trees)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks feature 1, then on the right side feature 0.
    fn forest() -> Forest {
        let asks = |column, threshold, left, value| Node { column, threshold, left, value };
        let tree = Tree {
            nodes: vec![
                asks(1, 0.5, 1, 0.25),
                Node::leaf(-1.0),
                asks(0, 2.0, 3, 0.5),
                Node::leaf(0.1),
                Node::leaf(2.0),
            ],
        };
        let stump = Tree { nodes: vec![asks(0, 1.0, 1, 0.0), Node::leaf(-0.5), Node::leaf(0.5)] };
        Forest::new(2, vec![tree, stump]).expect("a forest")
    }

    #[test]
    fn values_up_to_the_threshold_go_left() {
        let scores = [[0.0, 0.5], [2.0, 0.6], [3.0, 0.6]].map(|row| forest().score(&row));
        insta::assert_debug_snapshot!(scores, @"
        [
            -1.5,
            0.6000000014901161,
            2.5,
        ]
        ");
    }

    #[test]
    fn contributions_and_bias_add_up_to_the_score() {
        let mut sums = [0.0; 2];
        forest().add_contributions(&[3.0, 0.6], &mut sums);
        assert!((sums[0] + sums[1] + forest().bias() - forest().score(&[3.0, 0.6])).abs() < 1e-12);
        assert!((sums[0] - 2.0).abs() < 1e-12, "1.5 below the root, 0.5 in the stump");
    }

    #[test]
    fn a_forest_reads_back_equal() {
        let text = serde_json::to_string(&forest()).expect("serializes");
        insta::assert_snapshot!(text, @r#"{"columns":2,"nodes":"5 3","column":"1 0 0 0 0 0 0 0","threshold":"0.5 0 2 0 0 1 0 0","left":"1 0 3 0 0 1 0 0","value":"0.25 -1 0.5 0.1 2 0 -0.5 0.5"}"#);
        assert_eq!(serde_json::from_str::<Forest>(&text).expect("reads back"), forest());
    }

    #[test]
    fn torn_forests_are_refused() {
        let said = |from: &str, to: &str| {
            let text = serde_json::to_string(&forest()).expect("serializes");
            let torn = text.replace(from, to);
            serde_json::from_str::<Forest>(&torn).expect_err("the forest is torn").to_string()
        };
        insta::assert_snapshot!([
            said("5 3", "5 4"),
            said("5 3", "5 3 0"),
            said("1 0 3 0 0", "1 0 2 0 0"),
            said("1 0 3 0 0", "1 0 4 0 0"),
            said("1 0 0 0 0", "7 0 0 0 0"),
            said("0.25", "NaN"),
            said("0.25", "much"),
        ].join("\n"), @"
        the trees have 9 nodes, the list `column` has 8
        tree 2 has no node
        node 2 of tree 0 has its children at 2 of 5
        node 2 of tree 0 has its children at 4 of 5
        node 0 of tree 0 asks for feature 7 of 2
        node 0 of tree 0 holds a number that is not finite
        `much` is no number of this list at line 1 column 150
        ");
    }
}
