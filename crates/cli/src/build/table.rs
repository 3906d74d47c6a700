//! How does the funnel look as a table, one row a unit?

use std::path::Path;

use backstory_model::{Disposition, LinkTarget, Outcome, UnitLabels};
use backstory_table::{Cell, ColumnKind, Schema, TableWriter, WriteOptions};
use serde::Serialize;

use crate::Failure;

type Read = fn(&Disposition) -> Cell;

const COLUMNS: &[(&str, ColumnKind, Read)] = &[
    ("unit_id", ColumnKind::Text, |unit| text(unit.work.unit.as_str())),
    ("repo", ColumnKind::Text, |unit| text(&unit.work.repo.to_string())),
    ("commit", ColumnKind::Text, |unit| text(unit.work.commit.as_str())),
    ("position", ColumnKind::Integer, |unit| Cell::Integer(unit.work.position.into())),
    ("pull", ColumnKind::Integer, |unit| {
        Cell::integer(unit.work.pull.and_then(|number| i64::try_from(number).ok()))
    }),
    ("unit_key", ColumnKind::Text, |unit| text(unit.work.key.as_str())),
    ("outcome", ColumnKind::Text, |unit| {
        text(if is_accepted(unit) { "accepted" } else { "rejected" })
    }),
    ("reason", ColumnKind::Text, |unit| Cell::text(rejection(unit).map(|(reason, _)| reason))),
    ("detail", ColumnKind::Text, |unit| Cell::text(rejection(unit).map(|(_, detail)| detail))),
    ("steps", ColumnKind::Integer, |unit| Cell::integer(steps(unit))),
    ("issues", ColumnKind::TextList, |unit| Cell::TextList(issues(unit))),
    ("links", ColumnKind::JsonList, |unit| Cell::JsonList(unit.links.iter().map(json).collect())),
    ("files", ColumnKind::Integer, |unit| count(unit, |labels| labels.files)),
    ("source_files", ColumnKind::Integer, |unit| count(unit, |labels| labels.source_files)),
    ("test_files", ColumnKind::Integer, |unit| count(unit, |labels| labels.test_files)),
    ("inline_test_files", ColumnKind::Integer, |unit| count(unit, |l| l.inline_test_files)),
    ("lines_added", ColumnKind::Integer, |unit| count(unit, |labels| labels.lines_added)),
    ("lines_removed", ColumnKind::Integer, |unit| count(unit, |labels| labels.lines_removed)),
    ("opaque_files", ColumnKind::Integer, |unit| count(unit, |labels| labels.opaque_files)),
    ("small", ColumnKind::Boolean, |unit| holds(unit, |labels| labels.small)),
    ("test_source", ColumnKind::Boolean, |unit| holds(unit, |labels| labels.test_source)),
    ("docs_only", ColumnKind::Boolean, |unit| holds(unit, |labels| labels.docs_only)),
    ("bot", ColumnKind::Boolean, |unit| holds(unit, |labels| labels.bot)),
    ("revert", ColumnKind::Boolean, |unit| holds(unit, |labels| labels.revert)),
    ("languages", ColumnKind::TextList, |unit| {
        unit.labels.as_ref().map_or(Cell::Missing, |labels| Cell::TextList(languages(labels)))
    }),
    ("schema_version", ColumnKind::Text, |unit| text(&unit.schema.to_string())),
];

/// Writes the table of units, row by row.
pub(super) struct UnitTable(TableWriter);

impl UnitTable {
    pub(super) fn create(path: &Path) -> Result<Self, Failure> {
        let schema = Schema::new(COLUMNS.iter().map(|(name, kind, _)| (*name, *kind)));
        Ok(Self(TableWriter::create(path, schema, WriteOptions::default())?))
    }

    pub(super) fn push(&mut self, unit: &Disposition) -> Result<(), Failure> {
        Ok(self.0.push(COLUMNS.iter().map(|(_, _, read)| read(unit)).collect())?)
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        self.0.finish()?;
        Ok(())
    }
}

fn text(value: &str) -> Cell {
    Cell::Text(value.to_owned())
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("the nouns are made of strings, numbers and lists")
}

fn is_accepted(unit: &Disposition) -> bool {
    matches!(unit.outcome, Outcome::Accepted { .. })
}

fn rejection(unit: &Disposition) -> Option<(&str, &str)> {
    match &unit.outcome {
        Outcome::Accepted { .. } => None,
        Outcome::Rejected { reason, detail } => Some((reason, detail)),
    }
}

fn steps(unit: &Disposition) -> Option<i64> {
    match &unit.outcome {
        Outcome::Accepted { steps, .. } => Some((*steps).into()),
        Outcome::Rejected { .. } => None,
    }
}

fn issues(unit: &Disposition) -> Vec<String> {
    let mut numbers: Vec<u64> = unit
        .links
        .iter()
        .filter(|link| link.target == LinkTarget::Issue)
        .map(|link| link.number)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into_iter().map(|number| number.to_string()).collect()
}

fn languages(labels: &UnitLabels) -> Vec<String> {
    labels.languages.iter().map(|language| json(language).trim_matches('"').to_owned()).collect()
}

fn count(unit: &Disposition, read: fn(&UnitLabels) -> u32) -> Cell {
    Cell::integer(unit.labels.as_ref().map(|labels| read(labels).into()))
}

fn holds(unit: &Disposition, read: fn(&UnitLabels) -> bool) -> Cell {
    unit.labels.as_ref().map_or(Cell::Missing, |labels| Cell::Boolean(read(labels)))
}
