//! Which instances of a dataset have patches to choose from?
//!
//! In: the `candidates` and `instances` tables of an export. Out: each instance with the
//! patches that were run for it. A wrong patch that passes is no wrong one and a
//! variant that fails is no variant: both are left out and counted, and so is what has
//! no verdict and what another patch of its group says word for word.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use backstory_model::{CommitId, RepoName, RepoPath};
use backstory_store::fs;
use backstory_table::{Cell, read_rows};
use serde::Serialize;

use super::diff::{SourceDiff, read_source};
use super::error::PatchError;

/// How a patch was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// What was merged.
    Gold,
    /// Another name for a local variable.
    RenamedLocal,
    /// Other quotes, brackets or blank lines.
    Reformatted,
    /// Without comments and blank lines.
    Bare,
    /// Only the first hunks.
    EditPrefix,
    /// Without one hunk.
    DropHunk,
    /// Without one added line.
    DropAddedLine,
    /// With one removed line kept.
    KeepRemovedLine,
    /// With an operator or constant changed.
    FlipToken,
    /// With a hunk of another change besides.
    UnrelatedHunk,
    /// With a line spoiled besides.
    StrayEdit,
    /// Hunks of another change instead.
    OtherHunks,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 12] = [
        Self::Gold,
        Self::RenamedLocal,
        Self::Reformatted,
        Self::Bare,
        Self::EditPrefix,
        Self::DropHunk,
        Self::DropAddedLine,
        Self::KeepRemovedLine,
        Self::FlipToken,
        Self::UnrelatedHunk,
        Self::StrayEdit,
        Self::OtherHunks,
    ];

    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gold => "gold",
            Self::RenamedLocal => "renamed_local",
            Self::Reformatted => "reformatted",
            Self::Bare => "bare",
            Self::EditPrefix => "edit_prefix",
            Self::DropHunk => "drop_hunk",
            Self::DropAddedLine => "drop_added_line",
            Self::KeepRemovedLine => "keep_removed_line",
            Self::FlipToken => "flip_token",
            Self::UnrelatedHunk => "unrelated_hunk",
            Self::StrayEdit => "stray_edit",
            Self::OtherHunks => "other_hunks",
        }
    }

    /// Returns true for the gold patch and its variants.
    pub fn is_right(self) -> bool {
        matches!(self, Self::Gold | Self::RenamedLocal | Self::Reformatted | Self::Bare)
    }

    /// Returns true for wrong families that are learned from when families are held out.
    pub fn is_learned(self) -> bool {
        matches!(self, Self::EditPrefix | Self::DropHunk | Self::DropAddedLine)
    }

    /// Returns true for gold with something besides.
    pub fn is_over_long(self) -> bool {
        matches!(self, Self::UnrelatedHunk | Self::StrayEdit)
    }

    /// Returns true for wrong families that are held out.
    pub fn is_held_out(self) -> bool {
        !self.is_right() && !self.is_learned()
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.as_str() == word)
    }
}

/// One patch that was run.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// How it was made; a label, never a feature.
    pub family: Family,
    /// What it changes in source files.
    pub files: Vec<SourceDiff>,
    /// True where every test of the instance passes.
    pub passes: bool,
    /// True where every `FAIL_TO_PASS` test passes, whatever else breaks; what one
    /// run of them shows.
    pub fixes: bool,
    /// The part of its hunks, and of the lines they change, that failing tests execute
    /// at the base; `None` where no test was traced.
    pub executed: Option<(f32, f32)>,
}

/// One instance with the patches to choose from.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Its id.
    pub id: String,
    /// Its repository.
    pub repo: RepoName,
    /// The commit that all patches stand against.
    pub base: CommitId,
    /// What is asked for.
    pub statement: String,
    /// The files of the tests that must pass.
    pub tests: Vec<RepoPath>,
    /// The patches; their order means nothing.
    pub tried: Vec<Tried>,
    /// How many patches were left out, by family and reason.
    pub left_out: BTreeMap<(Family, &'static str), usize>,
}

/// How many patches of one family an instance offers at most, in the order they were
/// made: where a change has few hunks, one family would be all there is.
const MOST_OF_FAMILY: usize = 3;

/// Reads the instances of a dataset that have patches, sorted by id.
///
/// `folder` is the dataset, or its `parquet` folder.
pub fn read_candidates(folder: &Path) -> Result<Vec<Instance>, PatchError> {
    let inner = folder.join("parquet");
    let folder = if inner.is_dir() { inner } else { folder.to_owned() };
    let mut known: BTreeMap<String, Instance> = BTreeMap::new();
    for file in tables(&folder.join("instances"))? {
        read_rows(&file, |row| {
            known.extend(instance(&row).map(|one| (one.id.clone(), one)));
        })?;
    }
    let mut raw: BTreeMap<String, Vec<Raw>> = BTreeMap::new();
    let candidates = folder.join("candidates");
    // A dataset has no such table where no patch was run.
    let files = if candidates.is_dir() { tables(&candidates)? } else { Vec::new() };
    for file in files {
        read_rows(&file, |row| {
            if let Some((id, one)) = Raw::read(&row) {
                raw.entry(id).or_default().push(one);
            }
        })?;
    }
    for (id, raw) in raw {
        if let Some(instance) = known.get_mut(&id) {
            instance.take(raw);
        }
    }
    Ok(known.into_values().filter(|instance| !instance.tried.is_empty()).collect())
}

fn tables(folder: &Path) -> Result<Vec<std::path::PathBuf>, PatchError> {
    let parquet = |file: &std::path::PathBuf| file.extension().is_some_and(|end| end == "parquet");
    Ok(fs::entries(folder)?.into_iter().filter(parquet).collect())
}

type Row = BTreeMap<String, Cell>;

fn text<'r>(row: &'r Row, name: &str) -> Option<&'r str> {
    match row.get(name) {
        Some(Cell::Text(text)) => Some(text),
        _ => None,
    }
}

fn integer(row: &Row, name: &str) -> Option<i64> {
    match row.get(name) {
        Some(Cell::Integer(number)) => Some(*number),
        _ => None,
    }
}

fn instance(row: &Row) -> Option<Instance> {
    let ids: Vec<String> = serde_json::from_str(text(row, "FAIL_TO_PASS")?).ok()?;
    let files: BTreeSet<&str> = ids.iter().filter_map(|id| id.split("::").next()).collect();
    Some(Instance {
        id: text(row, "instance_id")?.to_owned(),
        repo: RepoName::parse(text(row, "repo")?).ok()?,
        base: CommitId::new(text(row, "base_commit")?).ok()?,
        statement: text(row, "problem_statement").unwrap_or_default().to_owned(),
        tests: files.into_iter().map(RepoPath::from).collect(),
        tried: Vec::new(),
        left_out: BTreeMap::new(),
    })
}

/// A row before it is known to be of use.
struct Raw {
    family: Family,
    patch: String,
    verdict: String,
    executed: Option<(f32, f32)>,
}

impl Raw {
    fn read(row: &Row) -> Option<(String, Self)> {
        let part = |run: &str, all: &str| -> Option<f32> {
            let (run, all) = (integer(row, run)?, integer(row, all)?);
            let count = |number: i64| u16::try_from(number).map_or(f32::from(u16::MAX), f32::from);
            Some(if all > 0 { count(run) / count(all) } else { 0.0 })
        };
        let one = Self {
            family: Family::parse(text(row, "family")?)?,
            patch: text(row, "patch")?.to_owned(),
            verdict: text(row, "verdict")?.to_owned(),
            executed: part("hunks_run", "hunks").zip(part("lines_run", "lines")),
        };
        Some((text(row, "instance_id")?.to_owned(), one))
    }

    /// Returns why it is of no use; `None` where it is.
    fn left_out(&self) -> Option<&'static str> {
        let passes = self.verdict == "survives";
        if self.verdict == "unresolved" {
            Some("no verdict")
        } else if passes && !self.family.is_right() {
            Some("wrong family, passes")
        } else if !passes && self.family.is_right() {
            Some("variant, fails")
        } else {
            None
        }
    }
}

impl Instance {
    fn take(&mut self, raw: Vec<Raw>) {
        let mut known: Vec<Vec<SourceDiff>> = Vec::new();
        let mut counts: BTreeMap<Family, usize> = BTreeMap::new();
        for one in raw {
            let files = read_source(&one.patch);
            let count = counts.entry(one.family).or_default();
            let why = one.left_out().or_else(|| {
                if files.is_empty() {
                    Some("no source")
                } else if known.contains(&files) {
                    Some("as another")
                } else {
                    (*count == MOST_OF_FAMILY).then_some("more than three")
                }
            });
            if let Some(why) = why {
                *self.left_out.entry((one.family, why)).or_default() += 1;
                continue;
            }
            *count += 1;
            known.push(files.clone());
            let verdict = one.verdict.as_str();
            self.tried.push(Tried {
                family: one.family,
                files,
                passes: verdict == "survives",
                fixes: matches!(verdict, "survives" | "pass_to_pass_breaks"),
                executed: one.executed,
            });
        }
    }
}
