//! How well do untrained rankings do that have read the failing test?
//!
//! Five views of the test join those of the snapshot: the words of the text, the
//! words of the path, the name, the imports and the defined names. Name, imports and
//! co-change say something of few candidates: there, a candidate that scores the
//! minimum gets no weight. A view in which all candidates are alike gives none at all.

use super::FEATURES;
use crate::text::{View, fuse_views};

/// The views of the test, and whether they are sparse.
const VIEWS: [(&str, bool); 5] = [
    ("test_content", false),
    ("test_path_words", false),
    ("test_name", true),
    ("test_imports", true),
    ("test_defined_names", false),
];

/// Fuses the views of a snapshot with those of the test: arm RRF+T.
///
/// `snapshot` are the views of RRF, `test` the columns of [`FEATURES`].
pub fn fused_with_test(snapshot: &[&[f32]], test: &[Vec<f32>]) -> Vec<f32> {
    fuse_views(&views(snapshot, test))
}

/// Fuses the same views and co-change with the test file: arm RRF+T+co.
pub fn fused_with_test_and_cochange(
    snapshot: &[&[f32]],
    test: &[Vec<f32>],
    cochange: &[f32],
) -> Vec<f32> {
    let mut views = views(snapshot, test);
    views.push(View { scores: cochange, sparse: true });
    fuse_views(&views)
}

/// Fuses the same views, co-change with the test file and Ochiai: arm RRF+T+co+X.
pub fn fused_with_execution(
    snapshot: &[&[f32]],
    test: &[Vec<f32>],
    cochange: &[f32],
    ochiai: &[f32],
) -> Vec<f32> {
    let mut views = views(snapshot, test);
    views.extend([cochange, ochiai].map(|scores| View { scores, sparse: true }));
    fuse_views(&views)
}

fn views<'a>(snapshot: &[&'a [f32]], test: &'a [Vec<f32>]) -> Vec<View<'a>> {
    let of_snapshot = snapshot.iter().map(|scores| View { scores, sparse: false });
    let of_test = FEATURES.iter().zip(test).filter_map(|(feature, scores)| {
        let (_, sparse) = VIEWS.iter().find(|(name, _)| *name == feature.name)?;
        Some(View { scores, sparse: *sparse || is_constant(scores) })
    });
    of_snapshot.chain(of_test).collect()
}

fn is_constant(scores: &[f32]) -> bool {
    scores.windows(2).all(|pair| pair[0].total_cmp(&pair[1]).is_eq())
}

#[cfg(test)]
mod tests {
    use super::{FEATURES, VIEWS, fused_with_test, fused_with_test_and_cochange};

    #[test]
    fn every_view_is_a_feature() {
        for (name, _) in VIEWS {
            assert!(FEATURES.iter().any(|feature| feature.name == name), "`{name}`");
        }
    }

    #[test]
    fn a_view_without_information_gives_no_weight() {
        let content = [2.0, 1.0];
        let silent = vec![vec![0.0; 2]; FEATURES.len()];
        let weight = |rank: f32| 1.0 / (20.0 + rank);
        let alone = [weight(0.0), weight(1.0)];
        assert_eq!(fused_with_test(&[&content], &silent), alone);
        assert_eq!(fused_with_test_and_cochange(&[&content], &silent, &[0.0; 2]), alone);
        let fused = fused_with_test_and_cochange(&[&content], &silent, &[0.0, 0.5]);
        assert_eq!(fused, [weight(0.0), weight(1.0) + weight(0.0)]);
    }
}
