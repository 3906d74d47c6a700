//! Which data are these, and what do they not show?

use std::collections::BTreeMap;

use backstory_report::{Cell, Column, Page, Table};

use super::Told;
use crate::experiment::verdict::{comparisons, criteria};
use crate::experiment::{Arm, Role, Source, Split};
use crate::measure::statistics::Verdict;
use crate::rows::Stratum;

/// How many dropped queries are named.
const MOST: usize = 40;

/// Tells how many queries of which kind there are, and the digests of their files.
pub(super) fn section(page: &mut Page, told: &Told<'_>) {
    page.section("Data");
    if let Some(command) = told.command {
        page.text("The command:").code(command);
    }
    kinds(page, told);
    repositories(page, told);
    let mut files =
        Table::new([Column::text("file"), Column::number("bytes"), Column::text("sha256")]);
    for file in told.files {
        let bytes = Cell::from(file.bytes.to_string());
        files.row([Cell::from(&file.name), bytes, Cell::from(&file.sha256)]);
    }
    page.table(files);
    if !told.dropped.is_empty() {
        page.text(format!("{} rows are not measured:", told.dropped.len()));
        page.list(told.dropped.iter().take(MOST).cloned());
    }
}

fn kinds(page: &mut Page, told: &Told<'_>) {
    let mut counts: BTreeMap<(Role, Source), [usize; 4]> = BTreeMap::new();
    for query in told.queries {
        let counts = counts.entry((query.role, query.source)).or_default();
        counts[0] += 1;
        counts[1] += usize::from(query.strata.contains(Stratum::NotNamed));
        counts[2] += usize::from(query.columns.has_test());
        counts[3] += usize::from(query.columns.has_execution());
    }
    let mut table = Table::new([
        Column::text("role"),
        Column::text("text"),
        Column::number("queries"),
        Column::number("name no gold file"),
        Column::number("with a failing test"),
        Column::number("executed"),
    ]);
    for ((role, source), counts) in counts {
        let words = [Cell::from(role_label(role)), Cell::from(source_label(source))];
        let counts = counts.map(|count| Cell::from(count.to_string()));
        table.row(words.into_iter().chain(counts));
    }
    page.table(table);
}

fn repositories(page: &mut Page, told: &Told<'_>) {
    const ROLES: [Role; 4] = [Role::Development, Role::Test, Role::Unit, Role::Pseudo];
    let mut counts: BTreeMap<String, [usize; ROLES.len()]> = BTreeMap::new();
    for query in told.queries {
        let counts = counts.entry(query.repo.to_string()).or_default();
        for (count, role) in counts.iter_mut().zip(ROLES) {
            *count += usize::from(query.role == role);
        }
    }
    let names = ROLES.map(|role| Column::number(role_label(role)));
    let mut table = Table::new(std::iter::once(Column::text("repository")).chain(names));
    for (repo, counts) in counts {
        let counts = counts.map(|count| Cell::from(count.to_string()));
        table.row(std::iter::once(Cell::from(repo)).chain(counts));
    }
    page.table(table);
}

fn role_label(role: Role) -> &'static str {
    match role {
        Role::Development => "development rows",
        Role::Test => "test rows",
        Role::Unit => "units",
        Role::Pseudo => "docstrings",
    }
}

fn source_label(source: Source) -> &'static str {
    match source {
        Source::Issue => "issue",
        Source::PseudoIssue => "words of the change",
        Source::Docstring => "docstring",
    }
}

/// Tells what these numbers do not say.
pub(super) fn not_shown(page: &mut Page, told: &Told<'_>) {
    page.section("What was not shown");
    page.list(missing(told));
}

fn missing(told: &Told<'_>) -> Vec<String> {
    let mut items = Vec::new();
    for split in Split::ALL {
        if !told.results.iter().any(|result| result.split == split) {
            items.push(format!("Split not run: {}.", split.label()));
        }
    }
    for result in told.results {
        let absent: Vec<String> = Arm::ALL
            .iter()
            .filter(|arm| !result.arms.contains_key(arm))
            .map(ToString::to_string)
            .collect();
        if !absent.is_empty() {
            let label = result.split.label();
            items.push(format!("Arms without a query to answer, {label}: {}.", absent.join(", ")));
        }
    }
    for criterion in criteria(told.queries, told.results) {
        if criterion.met.is_none() {
            items.push(format!("{} is not decided by these data.", criterion.name));
        }
    }
    let found = comparisons(told.queries, told.results);
    let of = |verdict| found.iter().filter(|one| one.comparison.verdict == verdict).count();
    items.push(format!(
        "Of {} comparisons {} are underpowered, {} inconclusive, and {} have too few queries: \
         they show neither an effect nor its absence.",
        found.len(),
        of(Verdict::Underpowered),
        of(Verdict::Inconclusive),
        of(Verdict::TooFew)
    ));
    if told.curve.is_empty() {
        items.push("How the arms grow with more queries: no learning curve was drawn.".to_owned());
    }
    items.push(
        "Anything beyond the languages and repositories above. Rows of public benchmarks are no \
         random sample of issues."
            .to_owned(),
    );
    items.push(
        "The failing test of a row is read from the pull request that fixes it; a test that \
         somebody writes before the fix may say less."
            .to_owned(),
    );
    items
}
