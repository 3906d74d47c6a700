//! What is a feature, and how do features of different sizes become comparable?
//!
//! In: one column per declared feature, with one value per candidate. Out: the
//! columns that a model sees. Every family goes through the same function, so that
//! no arm gains by its scale.

use crate::text::mean_ranks;

/// Which kind of evidence a feature reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The issue and the tree at the base commit (S).
    Snapshot,
    /// The ancestors of the base commit (H).
    Process,
    /// The text and the paths of the failing test (T and TH).
    Test,
    /// What was seen when tests were run (X).
    Execution,
}

/// Whether a value is a size or a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A number that means something only beside the other candidates of its query.
    Scalar,
    /// 0 or 1.
    Binary,
}

/// The declaration of one feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feature {
    /// Its name, `snake_case`, unique over all families.
    pub name: &'static str,
    /// Which kind of evidence it reads.
    pub family: Family,
    /// Whether it is a size or a yes.
    pub kind: Kind,
    /// What it says, in one line.
    pub meaning: &'static str,
}

/// Returns the names of the columns that [`normalized`] makes of these features.
pub fn column_names(features: &[Feature]) -> Vec<String> {
    let mut names = Vec::new();
    for feature in features {
        names.push(feature.name.to_owned());
        if feature.kind == Kind::Scalar {
            names.push(format!("{}_rank", feature.name));
        }
    }
    names
}

/// Makes the values of one query comparable with those of other queries.
///
/// A scalar becomes two columns: the value over the largest value of the query (0
/// where that is not above 0) and 1/(1 + rank). Equal values share their mean rank,
/// so that a column without information says nothing about the order of paths. A
/// binary feature stays as it is.
///
/// # Panics
///
/// When there are not as many columns as features.
pub fn normalized(features: &[Feature], columns: &[Vec<f32>]) -> Vec<Vec<f32>> {
    assert_eq!(features.len(), columns.len(), "one column per feature");
    let mut out = Vec::with_capacity(2 * columns.len());
    for (feature, column) in features.iter().zip(columns) {
        match feature.kind {
            Kind::Binary => out.push(column.clone()),
            Kind::Scalar => {
                out.push(over_maximum(column));
                out.push(mean_ranks(column).into_iter().map(|rank| 1.0 / (1.0 + rank)).collect());
            }
        }
    }
    out
}

fn over_maximum(column: &[f32]) -> Vec<f32> {
    let maximum = column.iter().copied().fold(0.0_f32, f32::max);
    let scaled = |value: &f32| if maximum > 0.0 { value / maximum } else { 0.0 };
    column.iter().map(scaled).collect()
}

#[cfg(test)]
mod tests {
    use super::{Family, Feature, Kind, column_names, normalized};

    const SIZE: Feature =
        Feature { name: "size", family: Family::Snapshot, kind: Kind::Scalar, meaning: "its size" };
    const NAMED: Feature =
        Feature { name: "named", family: Family::Snapshot, kind: Kind::Binary, meaning: "named" };

    #[test]
    fn a_scalar_is_told_by_size_and_by_rank_and_a_yes_as_it_is() {
        let columns = normalized(&[SIZE, NAMED], &[vec![2.0, 8.0, 2.0], vec![0.0, 1.0, 1.0]]);
        let ranks = vec![1.0 / 2.5, 1.0, 1.0 / 2.5];
        assert_eq!(columns, [vec![0.25, 1.0, 0.25], ranks, vec![0.0, 1.0, 1.0]]);
        assert_eq!(column_names(&[SIZE, NAMED]), ["size", "size_rank", "named"]);
    }

    #[test]
    fn a_column_without_information_tells_no_order() {
        let columns = normalized(&[SIZE], &[vec![0.0; 5]]);
        assert_eq!(columns, [vec![0.0; 5], vec![1.0 / 3.0; 5]]);
    }
}
