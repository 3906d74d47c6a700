//! What do the snapshot features of one query cost once the files are indexed?
//!
//! In: nothing, or `FILES QUERIES WORDS`; 2,000 files, 20 queries of 300 words unless
//! given. Out: one JSON line: CPU milliseconds a query for reading the tree out of the
//! index (candidates, imports, names) and for the features, and CPU seconds of
//! indexing. The files are Python of 200 lines whose words are as unevenly spread as
//! those of real code.

#![expect(clippy::print_stdout, reason = "the line is the output of this program")]

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use backstory_learn::number::real;
use backstory_learn::seed::{Generator, Seed};
use backstory_learn::snapshot::{Index, Query, Snapshot, features};
use backstory_model::RepoPath;
use backstory_testkit::{Edit, RepoBuilder};
use rustix::time::{ClockId, clock_gettime};

/// How many different words there are.
const VOCABULARY: usize = 60_000;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let word = |at: usize, usual| words.get(at).copied().unwrap_or(usual);
    let (files, queries, length) = (word(0, 2_000), word(1, 20), word(2, 300));
    let mut random = Seed::of(&["features"]).generator();
    let edits = (0..files).map(|number| (path(number), Edit::from(source(&mut random, files))));
    let edits: Vec<(RepoPath, Edit)> = edits.collect();
    let mut repo = RepoBuilder::new("acme/large");
    let base = repo.commit("everything", edits);
    let repository = repo.memory();
    let index = Index::new(None);
    let start = cpu_time();
    let snapshot = Snapshot::read(&repository, &base, &index)?;
    let indexed = cpu_time().saturating_sub(start);
    let (mut read, mut described) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..queries {
        let issue = prose(&mut random, length);
        let start = cpu_time();
        let snapshot = Snapshot::read(&repository, &base, &index)?;
        let middle = cpu_time();
        let columns = features(&snapshot, Query::of(&issue));
        described += cpu_time().saturating_sub(middle);
        read += middle.saturating_sub(start);
        assert!(columns[0].iter().any(|score| *score > 0.0), "the query finds something");
    }
    let each = |time: Duration| 1e3 * time.as_secs_f64() / real(queries);
    println!(
        "{{\"files\":{},\"queries\":{queries},\"words\":{length},\"index_cpu_seconds\":{:.2},\
         \"tree_cpu_ms\":{:.1},\"features_cpu_ms\":{:.1}}}",
        snapshot.candidates.len(),
        indexed.as_secs_f64(),
        each(read),
        each(described)
    );
    Ok(())
}

fn path(number: usize) -> RepoPath {
    RepoPath::from(format!("pkg/part_{}/module_{number}.py", number % 40).as_str())
}

/// Draws a word; the word of rank r is drawn about as often as 1/r.
fn word(random: &mut Generator) -> String {
    let exponent = random.unit();
    let rank = real(VOCABULARY).powf(exponent);
    format!("word{rank:.0}")
}

fn prose(random: &mut Generator, length: usize) -> String {
    let words: Vec<String> = (0..length).map(|_| word(random)).collect();
    format!("{}\n{}", words[..length.min(8)].join(" "), words.join(" "))
}

fn source(random: &mut Generator, files: usize) -> String {
    let mut text = String::new();
    for _ in 0..10 {
        let other = random.below(files);
        writeln!(text, "from pkg.part_{}.module_{other} import {}", other % 40, word(random))
            .expect("writing to a string cannot fail");
    }
    for _ in 0..20 {
        writeln!(text, "\ndef {}_{}(value):", word(random), word(random))
            .expect("writing to a string cannot fail");
        for _ in 0..8 {
            writeln!(text, "    {} = {}({})", word(random), word(random), word(random))
                .expect("writing to a string cannot fail");
        }
    }
    text
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(time.tv_sec.unsigned_abs(), nanoseconds)
}
