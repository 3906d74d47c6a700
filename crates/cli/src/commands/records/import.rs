//! How are dumps brought in, and what is said about it?

use std::collections::BTreeMap;

use backstory_model::{CommitId, RecordId, RepoName, exit};
use backstory_records::{
    ImportOptions, Imported, RecordFolder, SourceFile, StoredFile, import as import_all,
};
use jiff::Timestamp;
use serde::Serialize;

use super::git_bug;
use crate::arguments::{RecordsImportArgs, ReportFormat};
use crate::settings::Settings;
use crate::talk::cell;
use crate::{Failure, Talk};

/// How many broken items are told one by one.
const MOST_BROKEN: u64 = 100;

/// Imports dumps and prints what came of every file.
pub(super) fn import(
    args: &RecordsImportArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    let options = options(args)?;
    if let Some(path) = args.paths.iter().find(|path| !path.exists()) {
        return Err(Failure::new(format!("there is nothing at `{}`", path.display()))
            .hint("give files and folders that exist"));
    }
    let folder = RecordFolder::open(&args.out)?.with_redactor(settings.redactor());
    let mut imported = Imported::default();
    let mut dumps = Vec::new();
    for path in &args.paths {
        match git_bug::import(path, &folder, &options)? {
            Some(bugs) => {
                imported.sources.extend(bugs.sources);
                imported.files.extend(bugs.files);
            }
            None => dumps.push(path.clone()),
        }
    }
    let read = import_all(&dumps, &folder, &options)?;
    imported.sources.extend(read.sources);
    imported.files.extend(read.files);
    imported.logs = read.logs;
    say_account(&imported, args.format, talk)
}

fn options(args: &RecordsImportArgs) -> Result<ImportOptions, Failure> {
    let repo = args.repo.as_deref().map(RepoName::parse).transpose();
    let commit = args.commit.as_deref().map(|text| CommitId::new(text.to_ascii_lowercase()));
    Ok(ImportOptions {
        repo: repo.map_err(|error| Failure::of(error, "`--repo` names no repository"))?,
        observed_at: args.observed_at.as_deref().map(utc).transpose()?,
        commit: commit
            .transpose()
            .map_err(|error| Failure::of(error, "`--commit` names no commit"))?
            .map(|id| id.to_string()),
        job: args.job.as_deref().map(RecordId::new),
    })
}

/// Reads an RFC 3339 time; returns it in UTC.
fn utc(text: &str) -> Result<String, Failure> {
    let time = text.parse::<Timestamp>().map_err(|error| {
        Failure::of(error, &format!("`{text}` is not a time"))
            .hint("write it as in RFC 3339, e.g., `2024-05-01T12:00:00Z`")
    })?;
    Ok(time.to_string())
}

/// Prints the account of an import and returns the exit code it ends with.
pub(super) fn say_account(
    imported: &Imported,
    format: ReportFormat,
    talk: &Talk,
) -> Result<u8, Failure> {
    match format {
        ReportFormat::Table => talk.data(&table(imported))?,
        ReportFormat::Json => talk.json(&Account::of(imported))?,
    }
    say_broken(imported, talk);
    for file in &imported.files {
        let known = if file.known { ", was there before" } else { "" };
        let StoredFile { name, records, redactions, .. } = file;
        talk.say(&format!("{name}: {records} records, {redactions} secrets taken out{known}"));
    }
    if imported.sources.iter().all(|source| source.dialect.is_none()) {
        talk.say("warning: no file has a form that is read; nothing was imported");
    }
    let broken = imported.sources.iter().any(|source| source.broken_count > 0);
    Ok(if broken { exit::FINDINGS } else { exit::OK })
}

fn say_broken(imported: &Imported, talk: &Talk) {
    let total: u64 = imported.sources.iter().map(|source| source.broken_count).sum();
    let told = imported
        .sources
        .iter()
        .flat_map(|source| source.broken.iter().map(|broken| (source.name.as_str(), broken)));
    let most = usize::try_from(MOST_BROKEN).unwrap_or(usize::MAX);
    for (name, broken) in told.take(most) {
        let (name, at) = (cell(name), cell(&broken.at.to_string()));
        talk.say(&format!("broken: `{name}`, {at}: {}", cell(&broken.why)));
    }
    if total > MOST_BROKEN {
        talk.say(&format!("broken: {total} items in all, {MOST_BROKEN} of them told"));
    }
}

fn table(imported: &Imported) -> String {
    let header = ["file", "taken for", "records", "broken"].map(str::to_owned);
    let rows: Vec<[String; 4]> =
        std::iter::once(header).chain(imported.sources.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths = [0, 1, 2].map(|column| width(column).unwrap_or(0));
    rows.iter().fold(String::new(), |text, [file, form, records, broken]| {
        let [a, b, c] = widths;
        text + format!("{file:a$}  {form:b$}  {records:c$}  {broken}").trim_end() + "\n"
    })
}

fn row(source: &SourceFile) -> [String; 4] {
    let kinds = source.records.iter().map(|(kind, count)| format!("{count} {kind}"));
    let other =
        source.other.iter().map(|(kind, count)| format!("{count} not kept: {}", cell(kind)));
    let kinds: Vec<String> = kinds.chain(other).collect();
    let broken =
        if source.broken_count > 0 { source.broken_count.to_string() } else { String::new() };
    [
        cell(&source.name),
        source.dialect.unwrap_or("(not known)").to_owned(),
        if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") },
        broken,
    ]
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Account<'a> {
    files: Vec<FileAccount<'a>>,
    records: BTreeMap<&'a str, u64>,
    logs: u64,
    broken: u64,
    written: Vec<Written<'a>>,
}

#[derive(Serialize)]
struct FileAccount<'a> {
    name: &'a str,
    taken_for: Option<&'static str>,
    records: &'a BTreeMap<&'static str, u64>,
    not_kept: &'a BTreeMap<String, u64>,
    broken_count: u64,
    broken: Vec<BrokenItem<'a>>,
}

#[derive(Serialize)]
struct BrokenItem<'a> {
    at: String,
    why: &'a str,
}

#[derive(Serialize)]
struct Written<'a> {
    name: &'a str,
    records: u64,
    redactions: u64,
    known: bool,
}

impl<'a> Account<'a> {
    fn of(imported: &'a Imported) -> Self {
        let mut records = BTreeMap::new();
        for (kind, count) in imported.sources.iter().flat_map(|source| &source.records) {
            *records.entry(*kind).or_default() += count;
        }
        let written = |file: &'a StoredFile| Written {
            name: &file.name,
            records: file.records,
            redactions: file.redactions,
            known: file.known,
        };
        Self {
            files: imported.sources.iter().map(FileAccount::of).collect(),
            records,
            logs: imported.logs,
            broken: imported.sources.iter().map(|source| source.broken_count).sum(),
            written: imported.files.iter().map(written).collect(),
        }
    }
}

impl<'a> FileAccount<'a> {
    fn of(source: &'a SourceFile) -> Self {
        let item = |broken: &'a backstory_records::Broken| BrokenItem {
            at: broken.at.to_string(),
            why: &broken.why,
        };
        Self {
            name: &source.name,
            taken_for: source.dialect,
            records: &source.records,
            not_kept: &source.other,
            broken_count: source.broken_count,
            broken: source.broken.iter().map(item).collect(),
        }
    }
}
