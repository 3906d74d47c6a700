//! Which queries have a known answer?
//!
//! In: a seed and sizes. Out: groups whose gold is the row with the highest hidden
//! worth, a sum of a plain feature, a product of two and a step, under noise. For tests
//! and benches: a ranker that learns must come near, one that does not stays at chance.

use super::Groups;
use crate::number::single;
use crate::seed::Seed;

/// How large the made table is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// How many queries.
    pub queries: usize,
    /// How many candidates each has.
    pub rows: usize,
    /// How many features, at least five.
    pub columns: usize,
}

/// Makes queries with one gold row each, and a second one in every fourth.
pub fn queries(seed: Seed, size: Size) -> Groups {
    let mut groups = Groups::new(size.columns);
    for query in 0..size.queries {
        let mut stream = seed.part(query as u64).generator();
        let mut features = Vec::with_capacity(size.rows * size.columns);
        let mut worth = Vec::with_capacity(size.rows);
        for row in 0..size.rows {
            let values: Vec<f64> = (0..size.columns).map(|_| stream.unit()).collect();
            let step = if values[3] > 0.7 { 0.8 } else { 0.0 };
            let hidden = 1.5 * values[0] + 2.0 * values[1] * values[2] + step - values[4];
            worth.push((hidden + 0.6 * stream.unit(), row));
            features.extend(values.into_iter().map(single));
        }
        worth.sort_by(|left, right| right.0.total_cmp(&left.0));
        let mut relevance = vec![0; size.rows];
        let gold = if query % 4 == 0 { 2 } else { 1 };
        worth.iter().take(gold).for_each(|(_, row)| relevance[*row] = 1);
        groups.features.extend(features);
        groups.relevance.extend(relevance);
        groups.sizes.extend(u32::try_from(size.rows));
        groups.votes.push(1);
    }
    groups
}
