//! Which features do the rows of a file have?

use std::collections::BTreeMap;

use backstory_learn::extract::{Described, describe, table_names, table_rows};
use backstory_learn::rows::{IssueRow, Strata, Stratum};
use backstory_learn::snapshot::{FEATURES, Index, IndexError};
use backstory_mine::{GitRepository, find_repository};
use backstory_model::{RepoName, exit};
use backstory_table::ColumnWriter;
use rayon::prelude::*;

use super::arms::{Arm, table};
use super::told_rows;
use crate::arguments::LearnFeaturesArgs;
use crate::cost::Cost;
use crate::talk::{Stage, cell};
use crate::{Failure, Talk};

/// Rows that are described at a time; bounds what waits to be written.
const AT_ONCE: usize = 16;

/// Writes the feature table and tells what the untrained rankings find.
pub(super) fn features(args: &LearnFeaturesArgs, talk: &Talk) -> Result<u8, Failure> {
    let rows = told_rows(&args.rows, talk)?;
    talk.data(&given_away(&rows.rows))?;
    let stage = talk.stage("rows", rows.rows.len());
    let mut extraction = Extraction {
        index: Index::new(args.cache.clone()),
        table: ColumnWriter::create(&args.out, table_names()),
        arms: [Arm::new("BM25"), Arm::new("RRF")],
        group: 0,
        dropped: Vec::new(),
        absent: 0,
    };
    for (repo, rows) in by_repository(rows.rows) {
        match find_repository(&args.repos, &repo) {
            Some(place) => extraction.add(&GitRepository::open(&place)?, &rows, &stage)?,
            None => rows.iter().for_each(|row| {
                extraction.drop(row, "its repository is not in the folder");
                stage.step();
            }),
        }
    }
    stage.finish();
    extraction.finish(rows.broken.len(), talk)
}

/// Counts the rows by what their issue gives away, whether a repository is there or not.
fn given_away(rows: &[IssueRow]) -> String {
    let with_gold = rows.iter().filter(|row| !row.answer.gold_files.is_empty());
    let strata: Vec<Strata> =
        with_gold.map(|row| Strata::of(&row.question.text, &row.answer.gold_files)).collect();
    let count = |stratum: Stratum| {
        let inside = strata.iter().filter(|strata| strata.contains(stratum)).count();
        format!("{inside} {}", stratum.label())
    };
    let counts: Vec<String> = Stratum::ALL[1..].iter().copied().map(count).collect();
    format!("{} rows, {} with gold: {}\n\n", rows.len(), strata.len(), counts.join(", "))
}

/// Rows of one repository lie together and old bases come first, so that most files
/// of a tree were read for the one before.
fn by_repository(rows: Vec<IssueRow>) -> BTreeMap<RepoName, Vec<IssueRow>> {
    let mut by_repository: BTreeMap<RepoName, Vec<IssueRow>> = BTreeMap::new();
    for row in rows {
        by_repository.entry(row.question.repo.clone()).or_default().push(row);
    }
    for rows in by_repository.values_mut() {
        rows.sort_by(|a, b| (&a.base_date, &a.question.id).cmp(&(&b.base_date, &b.question.id)));
    }
    by_repository
}

struct Extraction {
    index: Index,
    table: ColumnWriter,
    arms: [Arm; 2],
    group: i64,
    dropped: Vec<String>,
    absent: usize,
}

impl Extraction {
    fn add(
        &mut self,
        repository: &GitRepository,
        rows: &[IssueRow],
        stage: &Stage,
    ) -> Result<(), Failure> {
        for rows in rows.chunks(AT_ONCE) {
            let index = &self.index;
            let described: Vec<_> = rows
                .par_iter()
                .map(|row| {
                    let described = describe(repository, row, index);
                    stage.step();
                    described
                })
                .collect::<Result<_, IndexError>>()
                .map_err(|error| Failure::of(error, "failed to describe the rows"))?;
            for (row, described) in rows.iter().zip(described) {
                match described {
                    Ok(described) => self.keep(row, &described)?,
                    Err(reason) => self.drop(row, &reason),
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, row: &IssueRow, described: &Described) -> Result<(), Failure> {
        self.table.push(&table_rows(row, self.group, described))?;
        self.group += 1;
        self.absent += described.absent;
        for (arm, feature) in self.arms.iter_mut().zip(["content", "fusion"]) {
            let at = FEATURES.iter().position(|declared| declared.name == feature);
            let scores = at.map_or(&[][..], |at| &described.columns[at]);
            arm.add(described.strata, scores, &described.gold);
        }
        Ok(())
    }

    fn drop(&mut self, row: &IssueRow, reason: &str) {
        self.dropped.push(format!("dropped {}: {reason}", cell(&row.question.id)));
    }

    fn finish(self, broken: usize, talk: &Talk) -> Result<u8, Failure> {
        for line in &self.dropped {
            talk.say(line);
        }
        let candidates = self.table.finish()?;
        talk.data(&table(&self.arms))?;
        let cost = Cost::so_far().rounded();
        talk.say(&format!(
            "{} queries with {candidates} candidates, {} rows dropped, {broken} broken, {} files \
             not in the repositories; {:.1} CPU seconds, {:.0} MB",
            self.group,
            self.dropped.len(),
            self.absent,
            cost.cpu_seconds,
            cost.peak_rss_mb
        ));
        Ok(if broken > 0 { exit::FINDINGS } else { exit::OK })
    }
}
