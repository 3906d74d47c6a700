//! Which scores does the forest give to the rows of a feature table?
//!
//! In: `TRAIN.parquet TEST.parquet TREES LEAVES RATE SHARE ROWS SEED`, tables with the columns
//! `group`, `gold` and one for each feature, rows of a group side by side; SHARE of rows
//! and columns is sampled. Out: one score a line for each row of the second table, in its
//! order. `python/conformance/lambdamart.py` compares them with those of `LightGBM`.

#![expect(clippy::print_stdout, reason = "the scores are the output of this program")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use backstory_learn::rank::lambda_mart::{LambdaMartOptions, train};
use backstory_learn::rank::table::read_groups;
use backstory_learn::seed::Seed;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [seen, unseen, trees, leaves, rate, share, rows, seed] = words.as_slice() else {
        return Err("give two tables and six numbers".into());
    };
    let (seen, unseen) = (read_groups(Path::new(seen))?, read_groups(Path::new(unseen))?);
    let share = share.parse()?;
    let options = LambdaMartOptions {
        trees: trees.parse()?,
        leaves: leaves.parse()?,
        learning_rate: rate.parse()?,
        row_share: share,
        column_share: share,
        min_rows: rows.parse()?,
        seed: Seed::new(seed.parse()?),
        ..LambdaMartOptions::default()
    };
    let forest = train(&seen.groups, &options)?;
    let mut text = String::new();
    for row in 0..unseen.groups.rows() {
        writeln!(text, "{}", forest.score(unseen.groups.row(row)))?;
    }
    print!("{text}");
    Ok(())
}
