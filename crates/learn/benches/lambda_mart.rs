//! How long does a training take?
//!
//! In: nothing, or `QUERIES ROWS COLUMNS TREES`; 400, 60, 50 and 150 unless given. Out:
//! one JSON line for each number of leaves of the protocol: CPU seconds of training and
//! of scoring, and the mean reciprocal rank on unseen queries.

#![expect(clippy::print_stdout, reason = "the lines are the output of this program")]

use std::error::Error;
use std::time::Duration;

use backstory_learn::number::real;
use backstory_learn::rank::lambda_mart::{LambdaMartOptions, train};
use backstory_learn::rank::synthetic::{Size, queries};
use backstory_learn::rank::{Forest, Groups};
use backstory_learn::seed::Seed;
use rustix::time::{ClockId, clock_gettime};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let word = |at: usize, usual| words.get(at).copied().unwrap_or(usual);
    let size = Size { queries: word(0, 400), rows: word(1, 60), columns: word(2, 50) };
    let (seen, unseen) = (queries(Seed::of(&["seen"]), size), queries(Seed::of(&["unseen"]), size));
    for leaves in [7, 15] {
        let options =
            LambdaMartOptions { trees: word(3, 150), leaves, ..LambdaMartOptions::default() };
        let start = cpu_time();
        let forest = train(&seen, &options)?;
        let trained = cpu_time().saturating_sub(start);
        let start = cpu_time();
        let mrr = reciprocal_rank(&unseen, &forest);
        println!(
            "{{\"queries\":{},\"rows\":{},\"columns\":{},\"trees\":{},\"leaves\":{leaves},\
             \"train_cpu_seconds\":{:.2},\"score_cpu_seconds\":{:.3},\"mrr_unseen\":{mrr:.4}}}",
            size.queries,
            size.rows,
            size.columns,
            forest.trees().len(),
            trained.as_secs_f64(),
            cpu_time().saturating_sub(start).as_secs_f64()
        );
    }
    Ok(())
}

fn reciprocal_rank(groups: &Groups, forest: &Forest) -> f64 {
    let mut sum = 0.0;
    for group in groups.iter() {
        let rows = group.features.chunks(groups.columns);
        let scores: Vec<f64> = rows.map(|row| forest.score(row)).collect();
        let gold = scores.iter().zip(group.relevance).filter(|(_, label)| **label > 0);
        let best = gold.map(|(score, _)| *score).fold(f64::MIN, f64::max);
        sum += 1.0 / real(1 + scores.iter().filter(|score| **score > best).count());
    }
    sum / real(groups.sizes.len())
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(time.tv_sec.unsigned_abs(), nanoseconds)
}
