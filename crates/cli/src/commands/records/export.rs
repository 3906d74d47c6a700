//! How are the records of a folder written as one file?

use backstory_model::{RepoName, exit};
use backstory_records::{ExportOptions, export as export_all};

use crate::arguments::RecordsExportArgs;
use crate::commands::export::warn_of_key;
use crate::settings::Settings;
use crate::talk::cell;
use crate::{Failure, Talk};

/// Writes the records and says how many there are.
pub(super) fn export(
    args: &RecordsExportArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    let repo = args.repo.as_deref().map(RepoName::parse).transpose();
    let options = ExportOptions {
        repo: repo.map_err(|error| Failure::of(error, "`--repo` names no repository"))?,
        logs: args.logs.clone(),
        authors: settings.authors(args.keep_authors),
    };
    warn_of_key(&options.authors, talk);
    let exported = export_all(&args.records, &args.out, &options)?;
    let (records, logs) = (exported.records, exported.logs);
    talk.say(&format!("{records} records written, {} lines were there twice", exported.repeated));
    if args.logs.is_some() {
        talk.say(&format!("{logs} logs copied"));
    }
    for left_out in &exported.left_out {
        talk.say(&format!("left out: {}", cell(left_out)));
    }
    if exported.left_out_count > exported.left_out.len() as u64 {
        talk.say(&format!("left out: {} in all", exported.left_out_count));
    }
    Ok(if exported.left_out_count > 0 { exit::FINDINGS } else { exit::OK })
}
