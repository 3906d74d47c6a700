//! What is said about the labels of a data set?
//!
//! In: what every check found in every row. Out: counts by part of the data set,
//! the findings of each row, and both as text for people.

use std::fmt::{self, Write as _};

use serde::Serialize;

use super::check::{Checked, LabelCheck};
use super::row::LabelRow;
use crate::audit::printable;

/// How often one check found something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckCount {
    /// The check.
    pub check: LabelCheck,
    /// Rows that have what the check needs.
    pub checked: u32,
    /// Of these, rows where it found something.
    pub found: u32,
    /// How much it found in all: ids, lines, paths or names.
    pub items: u64,
}

/// The counts of one part of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetReport {
    /// Its name; `all` for the whole.
    pub name: String,
    /// Its rows.
    pub rows: u32,
    /// The ids of both lists, of all rows that have both.
    pub ids: u64,
    /// One count for each check, in the order of [`LabelCheck::ALL`].
    pub checks: Vec<CheckCount>,
}

/// What one check found in one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LabelFinding {
    /// The check.
    pub check: LabelCheck,
    /// What it found; empty where something is absent.
    pub items: Vec<String>,
}

/// One row with findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowReport {
    /// The instance.
    pub instance_id: String,
    /// What was found.
    pub findings: Vec<LabelFinding>,
}

/// The outcome of an audit of labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LabelReport {
    /// The whole first, then its parts by name where it has several.
    pub sets: Vec<SetReport>,
    /// The rows with findings, in file order.
    pub rows: Vec<RowReport>,
}

impl SetReport {
    fn new(name: &str) -> Self {
        let count = |check| CheckCount { check, checked: 0, found: 0, items: 0 };
        let checks = LabelCheck::ALL.map(count).to_vec();
        Self { name: name.to_owned(), rows: 0, ids: 0, checks }
    }

    fn add(&mut self, row: &LabelRow, checked: &[(LabelCheck, Checked)]) {
        self.rows += 1;
        if let (Some(fail), Some(pass)) = (&row.fail_to_pass, &row.pass_to_pass) {
            self.ids += (fail.len() + pass.len()) as u64;
        }
        for count in &mut self.checks {
            let of = checked.iter().find(|(check, _)| *check == count.check);
            if let Some((_, Checked::Found(items))) = of {
                count.checked += 1;
                count.found += u32::from(!items.is_empty());
                count.items += items.len() as u64;
            }
        }
    }

    /// Returns what one check counted.
    pub fn count(&self, check: LabelCheck) -> Option<&CheckCount> {
        self.checks.iter().find(|count| count.check == check)
    }
}

impl LabelReport {
    /// Adds one row to the whole and to its part.
    pub(super) fn add(&mut self, row: &LabelRow, checked: Vec<(LabelCheck, Checked)>) {
        self.set("all").add(row, &checked);
        if let Some(name) = row.set.as_deref().filter(|name| *name != "all") {
            self.set(name).add(row, &checked);
        }
        let findings: Vec<LabelFinding> = checked
            .into_iter()
            .filter_map(|(check, found)| match found {
                Checked::Found(items) if !items.is_empty() => {
                    let items = items.into_iter().filter(|item| !item.is_empty()).collect();
                    Some(LabelFinding { check, items })
                }
                Checked::Found(_) | Checked::NotChecked => None,
            })
            .collect();
        if !findings.is_empty() {
            self.rows.push(RowReport { instance_id: row.instance_id.clone(), findings });
        }
    }

    fn set(&mut self, name: &str) -> &mut SetReport {
        let key = |name: &str| (name != "all", name.to_owned());
        let place = self.sets.binary_search_by_key(&key(name), |set| key(&set.name));
        let at = place.unwrap_or_else(|at| {
            self.sets.insert(at, SetReport::new(name));
            at
        });
        &mut self.sets[at]
    }

    /// Returns true when no check found anything.
    pub fn is_clean(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the report as Markdown, with at most `most` rows.
    pub fn to_markdown(&self, most: usize) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out, most);
        out
    }

    fn write(&self, out: &mut String, most: usize) -> fmt::Result {
        for set in &self.sets {
            set.write(out)?;
        }
        if self.rows.is_empty() || most == 0 {
            return Ok(());
        }
        writeln!(out, "| instance | finding | what |\n|---|---|---|")?;
        for row in self.rows.iter().take(most) {
            for finding in &row.findings {
                let name = finding.check.as_str();
                let what = shown(&finding.items);
                writeln!(out, "| {} | `{name}` | {what} |", code(&row.instance_id))?;
            }
        }
        match self.rows.len().saturating_sub(most) {
            0 => Ok(()),
            more => writeln!(out, "\n… and {more} more rows with findings."),
        }
    }
}

impl SetReport {
    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "{}: {} rows, {} ids\n", code(&self.name), self.rows, self.ids)?;
        writeln!(out, "| a row has | rows | of | share | in all |\n|---|--:|--:|--:|--:|")?;
        for count in &self.checks {
            let what = count.check.describe();
            if count.checked == 0 {
                writeln!(out, "| {what} | not checked | | | |")?;
                continue;
            }
            let share = f64::from(count.found) / f64::from(count.checked) * 100.0;
            let (found, checked, items) = (count.found, count.checked, count.items);
            writeln!(out, "| {what} | {found} | {checked} | {share:.1} % | {items} |")?;
        }
        writeln!(out)
    }
}

/// Shows the first items and how many follow.
fn shown(items: &[String]) -> String {
    const MOST: usize = 3;
    let mut shown: Vec<String> = items.iter().take(MOST).map(|item| code(item)).collect();
    if items.len() > MOST {
        shown.push(format!("and {} more", items.len() - MOST));
    }
    shown.join(", ")
}

/// Makes foreign text safe to stand in a table of Markdown.
fn code(text: &str) -> String {
    format!("`{}`", printable(text).replace('`', "'").replace('|', "\\|"))
}
