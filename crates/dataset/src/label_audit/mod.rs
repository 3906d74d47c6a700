//! How good are the labels of somebody's graders?
//!
//! In: a data set with the columns of SWE-bench, as Parquet, JSON or JSON lines.
//! Out: for every check, how many rows it was made on and how many it found, and
//! every finding. A row that lacks what a check needs is *not checked*, never
//! clean. Reads the one file it is given; runs nothing.

mod answer;
mod check;
mod ids;
mod patch;
mod read;
mod report;
mod row;

pub use check::LabelCheck;
pub use read::{LabelError, read};
pub use report::{CheckCount, LabelFinding, LabelReport, RowReport, SetReport};
pub use row::{LabelRow, RowError, parse_row};

use std::collections::BTreeMap;

use check::{Checked, checks_of};

/// Audits the labels of all rows.
pub fn audit(rows: &[LabelRow]) -> LabelReport {
    let mut by_id = BTreeMap::<&str, u32>::new();
    for row in rows {
        *by_id.entry(&row.instance_id).or_default() += 1;
    }
    let mut report = LabelReport::default();
    for row in rows {
        let mut checked = checks_of(row);
        let twice = by_id[row.instance_id.as_str()] > 1;
        let items = if twice { vec![row.instance_id.clone()] } else { Vec::new() };
        checked.push((LabelCheck::InstanceTwice, Checked::Found(items)));
        report.add(row, checked);
    }
    report
}
