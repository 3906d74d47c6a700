//! Does the training learn, and does it always learn the same?

use proptest::prelude::*;

use super::bins::Binned;
use super::gradients::Gradient;
use super::grow::{Grower, Sampled};
use super::*;
use crate::number::real;
use crate::rank::synthetic::{Size, queries};

const SIZE: Size = Size { queries: 60, rows: 30, columns: 8 };

fn few() -> LambdaMartOptions {
    LambdaMartOptions { trees: 40, leaves: 7, learning_rate: 0.1, ..LambdaMartOptions::default() }
}

/// Mean of 1 over the rank of the best gold row.
fn reciprocal_rank(groups: &Groups, score: impl Fn(&[f32]) -> f64) -> f64 {
    let of = |group: crate::rank::Group<'_>| {
        let scores: Vec<f64> = group.features.chunks(groups.columns).map(&score).collect();
        let gold = group.relevance.iter().zip(&scores).filter(|(label, _)| **label > 0);
        let best = gold.map(|(_, score)| *score).fold(f64::MIN, f64::max);
        1.0 / real(1 + scores.iter().filter(|score| **score > best).count())
    };
    groups.iter().map(of).sum::<f64>() / real(groups.sizes.len())
}

#[test]
fn a_forest_ranks_unseen_queries_better_than_the_best_feature() {
    let seen = queries(Seed::of(&["seen"]), SIZE);
    let unseen = queries(Seed::of(&["unseen"]), SIZE);
    let forest = train(&seen, &few()).expect("something to learn");
    let learned = reciprocal_rank(&unseen, |row| forest.score(row));
    let single = reciprocal_rank(&unseen, |row| f64::from(row[0]));
    assert!(learned > single + 0.2, "learned {learned}, best feature {single}");
}

/// The planted bug: labels that say nothing must teach nothing.
#[test]
fn shuffled_labels_teach_nothing() {
    let mut seen = queries(Seed::of(&["seen"]), SIZE);
    let mut start = 0;
    for (query, size) in seen.sizes.clone().into_iter().enumerate() {
        let end = start + size as usize;
        let mut stream = Seed::of(&["shuffled"]).part(query as u64).generator();
        stream.shuffle(&mut seen.relevance[start..end]);
        start = end;
    }
    let unseen = queries(Seed::of(&["unseen"]), SIZE);
    let forest = train(&seen, &few()).expect("something to learn");
    let learned = reciprocal_rank(&unseen, |row| forest.score(row));
    // Chance is about 0.15: the mean of 1/rank over 30 ranks, with some second gold.
    assert!(learned < 0.3, "learned {learned}");
}

#[test]
fn one_thread_and_many_give_the_same_bytes() {
    let groups = queries(Seed::of(&["threads"]), Size { queries: 80, rows: 60, columns: 12 });
    let trained = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let forest = pool.install(|| train(&groups, &few())).expect("something to learn");
        serde_json::to_string(&forest).expect("serializes")
    };
    assert_eq!(trained(1), trained(5));
}

#[test]
fn another_seed_draws_other_rows() {
    let groups = queries(Seed::of(&["seeds"]), SIZE);
    let trained = |seed| {
        train(&groups, &LambdaMartOptions { seed: Seed::new(seed), ..few() }).expect("learns")
    };
    assert_eq!(trained(1), trained(1));
    assert_ne!(trained(1), trained(2));
}

#[test]
fn leaves_hold_enough_rows() {
    let groups = queries(Seed::of(&["leaves"]), SIZE);
    let options = LambdaMartOptions { row_share: 1.0, min_rows: 150, ..few() };
    let forest = train(&groups, &options).expect("learns");
    assert!(forest.trees().iter().all(|tree| tree.nodes.len() < 2 * options.leaves));
    for tree in forest.trees() {
        let mut leaves = std::collections::BTreeMap::<u64, usize>::new();
        for row in 0..groups.rows() {
            *leaves.entry(tree.score(groups.row(row)).to_bits()).or_default() += 1;
        }
        assert!(leaves.values().all(|count| *count >= 150), "{leaves:?}");
    }
}

#[test]
fn queries_without_a_pair_are_refused() {
    let mut groups = Groups::new(1);
    groups.push(&[1.0, 2.0], &[0, 0]).expect("fits");
    assert_eq!(train(&groups, &few()), Err(GroupError::NothingToLearn));
}

/// Returns the greatest gain over every value of every column, without histograms; a side
/// holds at least as much second derivative as half an average row.
fn best_gain(groups: &Groups, gradients: &[Gradient]) -> f64 {
    let whole: f64 = gradients.iter().map(|gradient| gradient.second).sum();
    let least = 0.5 * whole / real(gradients.len());
    let gain_at = |column: usize, threshold: f32| {
        let side = |left: bool| {
            let mut sums = [0.0, 0.0];
            for (row, gradient) in gradients.iter().enumerate() {
                if (groups.row(row)[column] <= threshold) == left {
                    sums[0] += gradient.first;
                    sums[1] += gradient.second;
                }
            }
            sums
        };
        let ([left, right], worth) = ([side(true), side(false)], |sums: [f64; 2]| {
            if sums[1] > 0.0 { sums[0] * sums[0] / sums[1] } else { 0.0 }
        });
        let gain = worth(left) + worth(right) - worth([left[0] + right[0], left[1] + right[1]]);
        if left[1].min(right[1]) >= least { gain } else { 0.0 }
    };
    let values = |column| (0..groups.rows()).map(move |row| (column, groups.row(row)[column]));
    let all = (0..groups.columns).flat_map(values);
    all.map(|(column, value)| gain_at(column, value)).fold(0.0, f64::max)
}

proptest! {
    #[test]
    fn the_first_split_gains_as_much_as_the_best_of_all(
        rows in prop::collection::vec((0_u8..6, 0_u8..40, -9_i8..9, 1_u8..9), 2..80),
    ) {
        let mut groups = Groups::new(2);
        let features: Vec<f32> =
            rows.iter().flat_map(|row| [f32::from(row.0), f32::from(row.1)]).collect();
        groups.push(&features, &vec![0; rows.len()]).expect("fits");
        let gradients: Vec<Gradient> = rows
            .iter()
            .map(|row| Gradient { first: f64::from(row.2), second: f64::from(row.3) })
            .collect();
        let options = LambdaMartOptions { leaves: 2, min_rows: 1, learning_rate: 1.0, ..few() };
        let grower =
            Grower { binned: &Binned::new(&groups), gradients: &gradients, options: &options };
        let sampled = Sampled { rows: (0..rows.len()).collect(), columns: vec![0, 1] };
        let best = best_gain(&groups, &gradients);
        let Some(tree) = grower.grow(&sampled) else {
            prop_assert!(best < 1e-9, "a gain of {best} was missed");
            return Ok(());
        };
        // The leaves hold -first/second, so their share of the gain can be read back.
        let gained: f64 = (0..rows.len())
            .map(|row| -tree.score(groups.row(row)) * gradients[row].first)
            .sum::<f64>()
            + gradients.iter().map(|one| f64::from(tree.nodes[0].value) * one.first).sum::<f64>();
        prop_assert!((gained - best).abs() < 1e-3 * (1.0 + best), "{gained} of {best}");
    }
}
