//! Which localizer comes of measured queries?
//!
//! In: `FEATURES OUT`: the folder that `backstory learn localizer` keeps its queries in,
//! and the file to write. Out: the file, with a ranker of files for each task, as
//! `--save-model` writes it, without the experiment before it.

#![expect(clippy::print_stdout, reason = "what was trained is the output of this program")]

use std::error::Error;
use std::path::Path;

use backstory_learn::experiment::{Arm, read_queries, ship, trained_on};
use backstory_learn::localize::Localizer;
use backstory_store::fs;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [features, out] = words.as_slice() else {
        return Err("give a folder and a file".into());
    };
    let queries = read_queries(Path::new(features))?;
    let (issue, with_test) = (ship(&queries, Arm::C, None)?, ship(&queries, Arm::E, None)?);
    for shipped in [&issue, &with_test] {
        println!("{} queries, {:?}", shipped.queries, shipped.setting);
    }
    let localizer = Localizer {
        trained_on: trained_on(&queries),
        files: [issue.ranker, with_test.ranker],
        functions: [None, None],
    };
    let bytes = localizer.to_bytes();
    fs::write_file(Path::new(out), &bytes)?;
    println!("{} bytes", bytes.len());
    Ok(())
}
