//! How do the issues that a repository keeps in itself become record files?

use std::collections::BTreeMap;
use std::path::Path;

use backstory_mine::GitRepository;
use backstory_mine::git_bug::{Bug, bugs, has_bugs};
use backstory_records::{Broken, ImportOptions, Imported, Position, RecordFolder, SourceFile};

use crate::Failure;
use crate::build::name_of;

/// Imports the bugs of a repository; `None` for a path that is none or keeps none.
pub(super) fn import(
    path: &Path,
    folder: &RecordFolder,
    options: &ImportOptions,
) -> Result<Option<Imported>, Failure> {
    let repo = match GitRepository::open(path) {
        Ok(repo) if has_bugs(&repo)? => repo,
        Ok(_) | Err(_) => return Ok(None),
    };
    let given = options.repo.as_ref().map(ToString::to_string);
    let name = name_of(path, given.as_deref())?;
    let mut writer = folder.writer("git-bug", "git-bug", Some(&name))?;
    let mut source = SourceFile {
        name: path.display().to_string(),
        dialect: Some("git-bug"),
        records: BTreeMap::new(),
        other: BTreeMap::new(),
        broken: Vec::new(),
        broken_count: 0,
    };
    for bug in bugs(&repo, &name)? {
        for told in &bug.records {
            writer.add(&told.record, Some(&told.raw))?;
            *source.records.entry(told.record.kind()).or_default() += 1;
        }
        account(bug, &mut source);
    }
    let files = writer.finish()?.into_iter().collect();
    Ok(Some(Imported { sources: vec![source], files, logs: 0 }))
}

/// Notes what of a bug is not kept or cannot be read.
fn account(bug: Bug, source: &mut SourceFile) {
    for (kind, count) in bug.other {
        *source.other.entry(kind).or_default() += count;
    }
    if let Some(why) = bug.broken {
        source.broken_count += 1;
        source.broken.push(Broken { at: Position::Named(bug.name), why });
    }
}
