//! How does the report read?

use std::fmt::{self, Write as _};

use super::compare::{PairReport, PairRow};
use super::report::{CorpusReport, FileReport, Mean, ScoreReport, StratumReport};
use crate::percent::{brackets, percent, points, signs};

/// How many names or lines of one kind are listed; the counts are always complete.
const MOST: usize = 20;

impl ScoreReport {
    /// Returns the tables as Markdown.
    pub fn to_markdown(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        corpus(out, &self.gold)?;
        for file in &self.files {
            file_tables(out, file)?;
        }
        if let Some(pair) = &self.comparison {
            comparison(out, pair)?;
        }
        writeln!(out)?;
        writeln!(
            out,
            "All figures in percent, differences in points. Brackets: 95 % of {} bootstrap \
             draws, `[]` over rows, `{{}}` over repositories, whichever is wider.",
            self.draws
        )
    }
}

fn corpus(out: &mut String, gold: &CorpusReport) -> fmt::Result {
    let CorpusReport { rows, repositories, dropped, broken } = gold;
    writeln!(out, "rows with gold: {rows}, repositories: {repositories}")?;
    list(out, "rows without gold", dropped, |row| format!("{}: {}", row.id, row.reason))?;
    list(out, "broken rows", broken, |fault| format!("line {}: {}", fault.line, fault.reason))
}

/// Writes a count and the first items, or nothing where there are none.
fn list<T>(out: &mut String, what: &str, items: &[T], text: impl Fn(&T) -> String) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{what}: {}", items.len())?;
    for item in items.iter().take(MOST) {
        writeln!(out, "- {}", inert(&text(item)))?;
    }
    match items.len().checked_sub(MOST) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(out, "- and {more} more"),
    }
}

fn file_tables(out: &mut String, file: &FileReport) -> fmt::Result {
    writeln!(out, "\n## {}\n", inert(&file.name))?;
    writeln!(out, "rows answered: {}", file.answered)?;
    list(out, "rows not answered, each counts as a miss", &file.missing, String::clone)?;
    list(out, "answers to rows that are not asked", &file.unknown, String::clone)?;
    list(out, "broken lines", &file.broken, |fault| {
        format!("line {}: {}", fault.line, fault.reason)
    })?;
    writeln!(out)?;
    means(out, &file.strata)?;
    if let Some(functions) = &file.functions {
        writeln!(out)?;
        means(out, std::slice::from_ref(functions))?;
    }
    writeln!(out)?;
    repositories(out, file)
}

fn means(out: &mut String, strata: &[StratumReport]) -> fmt::Result {
    let Some(first) = strata.first() else { return Ok(()) };
    let names: Vec<&str> = first.metrics.iter().map(|mean| mean.metric.as_str()).collect();
    writeln!(out, "| stratum | rows | {} |", names.join(" | "))?;
    writeln!(out, "|---|--:|{}", "--:|".repeat(names.len()))?;
    for stratum in strata {
        let cells: Vec<String> = stratum.metrics.iter().map(mean_cell).collect();
        writeln!(out, "| {} | {} | {} |", stratum.stratum, stratum.rows, cells.join(" | "))?;
    }
    Ok(())
}

fn mean_cell(mean: &Mean) -> String {
    match mean.interval {
        Some(interval) => format!("{} {}", percent(mean.mean), brackets(interval)),
        None => "-".to_owned(),
    }
}

fn repositories(out: &mut String, file: &FileReport) -> fmt::Result {
    let Some(first) = file.repositories.first() else { return Ok(()) };
    let names: Vec<&str> = first.means.keys().map(String::as_str).collect();
    writeln!(out, "| repository | rows | {} |", names.join(" | "))?;
    writeln!(out, "|---|--:|{}", "--:|".repeat(names.len()))?;
    for row in &file.repositories {
        let cells: Vec<String> = row.means.values().map(|mean| percent(*mean)).collect();
        writeln!(out, "| {} | {} | {} |", row.repository, row.rows, cells.join(" | "))?;
    }
    Ok(())
}

fn comparison(out: &mut String, pair: &PairReport) -> fmt::Result {
    let (first, second) = (inert(&pair.first), inert(&pair.second));
    writeln!(out, "\n## {first} against {second}\n")?;
    writeln!(out, "A positive difference favors {first}. Rows marked * decide.\n")?;
    writeln!(
        out,
        "| stratum | metric | rows | {first} | {second} | difference | detectable | won / tied / lost \
         | repositories | p (sign test) | p (Holm) | verdict |"
    )?;
    writeln!(out, "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|")?;
    // A stratum without rows says nothing.
    for row in pair.rows.iter().filter(|row| row.comparison.issues > 0) {
        pair_row(out, row)?;
    }
    writeln!(out, "\n| repository | rows | difference of mrr |\n|---|--:|--:|")?;
    for row in &pair.repositories {
        writeln!(out, "| {} | {} | {} |", row.repository, row.rows, points(row.mrr))?;
    }
    Ok(())
}

fn pair_row(out: &mut String, row: &PairRow) -> fmt::Result {
    let found = &row.comparison;
    let star = if row.primary { "\\*" } else { "" };
    let interval = found.interval.map_or_else(String::new, |one| format!(" {}", brackets(one)));
    let detectable = found.detectable.map_or("-".to_owned(), |effect| percent(effect.larger()));
    let corrected = row.corrected_p.map_or("-".to_owned(), |p| format!("{p:.3}"));
    writeln!(
        out,
        "| {} | {}{star} | {} | {} | {} | {}{interval} | {detectable} | {} | {} | {:.3} \
         | {corrected} | {} |",
        row.stratum,
        row.metric,
        found.issues,
        percent(row.first),
        percent(row.second),
        points(found.effect),
        signs(found.by_issue),
        signs(found.by_repository),
        found.repository_sign_p,
        found.verdict
    )
}

/// Returns foreign text without what would break a line or a table.
fn inert(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() || letter == '|' { ' ' } else { letter })
        .collect()
}
