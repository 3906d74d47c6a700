//! How are the trajectories of a run exported, and the questions of a folder?

use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr;

use backstory_dataset::questions::ITEMS;
use backstory_dataset::snapshot::{SnapshotExport, SnapshotFormat, export_snapshots};
use backstory_dataset::{
    Dialect, ExportContext, ExportFormat, ExportOptions, Exported, UnknownWord,
};
use backstory_exec::report::python;
use backstory_identity::Authors;
use backstory_model::exit;
use backstory_store::RunDirectory;

use super::reasoning::export_questions;
use crate::arguments::ExportArgs;
use crate::language_model::tokenizer;
use crate::settings::Settings;
use crate::{Failure, Talk};

/// Writes one folder per format.
pub(super) fn export(args: &ExportArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    if args.run.join(ITEMS).is_file() {
        return export_questions(args, settings, talk);
    }
    let run = RunDirectory::read_only(&args.run)?;
    let manifest = run.manifest()?;
    if inside(&args.out, &args.run) {
        return Err(Failure::new(format!(
            "`{}` lies in the run; an export there would be taken for damage",
            args.out.display()
        ))
        .hint("choose a directory outside of the run with `-o`"));
    }
    if manifest.snapshots.is_some() {
        return export_of_snapshots(args, settings, &run, talk);
    }
    let options = options(args, settings)?;
    warn_of_key(&options.authors, talk);
    let reporter = python::REPORTERS.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let context = ExportContext {
        counts: manifest.counts,
        repositories: manifest.repositories,
        reporter: reporter.into(),
    };
    let stories = run.reasoned_changes()?;
    let exported = backstory_dataset::export(stories, &run, &args.out, &context, &options)
        .map_err(Failure::from)?;
    say(&exported, talk);
    Ok(exit::OK)
}

/// Writes one folder per format of a run of snapshots.
fn export_of_snapshots(
    args: &ExportArgs,
    settings: &Settings,
    run: &RunDirectory,
    talk: &Talk,
) -> Result<u8, Failure> {
    let mut options = SnapshotExport::default();
    let words = settings.formats(args.formats.clone());
    if !words.is_empty() {
        options.formats = words
            .iter()
            .map(|word| SnapshotFormat::from_str(word))
            .collect::<Result<_, UnknownWord>>()
            .map_err(|error| Failure::of(error, "the option `--to` cannot be understood"))?;
    }
    if let Some(limit) = args.document_limit {
        options.document_limit = limit;
    }
    options.searched = run.reasoning()?.is_some();
    let tokenizer = args.tokenizer.as_deref().map(tokenizer).transpose()?;
    let stories = run.reasoned_stories()?;
    let exported = export_snapshots(stories, run, &args.out, &options, tokenizer.as_deref())?;
    talk.say(&format!("{} stories", exported.stories));
    for (arm, told) in &exported.arms {
        let buckets: Vec<String> =
            told.buckets.iter().map(|(name, number)| format!("{number} of {name}")).collect();
        let tokens = told.tokens.map_or(String::new(), |tokens| format!(", {tokens} tokens"));
        talk.say(&format!(
            "{arm}: {} documents ({}), {} bytes, {} of them trained on{tokens}",
            told.documents,
            buckets.join(", "),
            told.bytes,
            told.bytes_with_loss
        ));
    }
    for (format, folder) in &exported.folders {
        talk.say(&format!("{format}: {}", folder.display()));
    }
    Ok(exit::OK)
}

/// Says so when the pseudonyms of an export are made with the key everybody knows.
pub(super) fn warn_of_key(authors: &Authors, talk: &Talk) {
    if authors.key_word() == Some("default-insecure") {
        talk.say(
            "warning: people are hashed with a key that everybody knows; \
             set `BACKSTORY_IDENTITY_KEY` to one of your own",
        );
    }
}

/// Returns true when the directory is the run or would be made in it.
pub(super) fn inside(out: &Path, run: &Path) -> bool {
    let Ok(run) = run.canonicalize() else { return false };
    let real = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
    real.ancestors().find_map(|path| path.canonicalize().ok()).is_some_and(|p| p.starts_with(run))
}

fn options(args: &ExportArgs, settings: &Settings) -> Result<ExportOptions, Failure> {
    let default = ExportOptions::default();
    let formats: BTreeSet<ExportFormat> = settings
        .formats(args.formats.clone())
        .iter()
        .map(|word| ExportFormat::from_str(word))
        .collect::<Result<_, UnknownWord>>()
        .map_err(|error| Failure::of(error, "the option `--to` cannot be understood"))?;
    let dialect = match settings.dialect(args.dialect.clone()) {
        Some(word) => Dialect::from_str(&word)
            .map_err(|error| Failure::of(error, "the option `--dialect` cannot be understood"))?,
        None => default.dialect,
    };
    let formats = if formats.is_empty() { default.formats } else { formats };
    Ok(ExportOptions {
        formats,
        dialect,
        train_on_hindsight: !args.no_train_on_hindsight,
        authors: settings.authors(args.keep_authors),
        ..default
    })
}

fn say(exported: &Exported, talk: &Talk) {
    talk.say(&format!(
        "{} trajectories, {} steps, {} task instances",
        exported.trajectories, exported.steps, exported.instances
    ));
    if exported.tasks > 0 || !exported.left_out.is_empty() {
        let left_out = exported.left_out.iter().map(|(why, number)| format!("{number} {why}"));
        let counts: Vec<String> =
            std::iter::once(format!("{} tasks", exported.tasks)).chain(left_out).collect();
        talk.say(&counts.join(", left out: "));
    }
    for (format, folder) in &exported.folders {
        talk.say(&format!("{format}: {}", folder.display()));
    }
}
