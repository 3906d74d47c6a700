//! Which rows does an item become, and where do they go?

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use backstory_store::fs;

use super::files::{Lines, SplitTables};
use super::read::ReadItem;
use super::receipt::Receipt;
use super::{QuestionExportError, QuestionFormat, QuestionsExported, card, rows};
use crate::Split;

/// The open files of an export; each format grows in a hidden folder first.
pub(super) struct Writers(BTreeMap<QuestionFormat, Files>);

/// The files of one format.
struct Files {
    folder: PathBuf,
    lines: Lines,
    tables: SplitTables,
    rows: BTreeMap<Split, u64>,
}

impl Writers {
    /// Begins the folders.
    pub(super) fn open(
        out: &Path,
        formats: &BTreeSet<QuestionFormat>,
    ) -> Result<Self, QuestionExportError> {
        let open = |format: &QuestionFormat| {
            let folder = out.join(format!(".{format}.partial"));
            fs::remove_dirs(&folder)?;
            fs::create_dirs(&folder)?;
            let lines = Lines::new(&folder);
            let columns = match format {
                QuestionFormat::Verl => rows::VERL.to_vec(),
                QuestionFormat::Trl => rows::trl_columns(),
                QuestionFormat::NemoGym | QuestionFormat::Items => Vec::new(),
            };
            let tables = SplitTables::new(&folder, columns);
            Ok((*format, Files { folder, lines, tables, rows: BTreeMap::new() }))
        };
        formats.iter().map(open).collect::<Result<_, _>>().map(Self)
    }

    /// Writes the rows of an item.
    pub(super) fn add(&mut self, read: &ReadItem, split: Split) -> Result<(), QuestionExportError> {
        for (format, files) in &mut self.0 {
            let count = files.rows.entry(split).or_default();
            match format {
                QuestionFormat::Verl => {
                    files.tables.push(split, rows::verl(read, split, *count))?;
                }
                QuestionFormat::Trl => {
                    files.tables.push(split, rows::trl(read))?;
                    files.lines.push(split, &rows::trl_line(read).to_string())?;
                }
                QuestionFormat::NemoGym => {
                    files.lines.push(split, &rows::nemo_gym(read).to_string())?;
                }
                QuestionFormat::Items => files.lines.push(split, &read.text)?,
            }
            *count += 1;
        }
        Ok(())
    }

    /// Puts the folders in their places and says what was written.
    pub(super) fn finish(
        self,
        out: &Path,
        exported: &mut QuestionsExported,
        receipt: &Receipt,
    ) -> Result<(), QuestionExportError> {
        let mut hidden = BTreeMap::new();
        for (format, files) in self.0 {
            files.lines.finish()?;
            files.tables.finish()?;
            exported.rows.insert(format, files.rows);
            hidden.insert(format, files.folder);
        }
        for (format, folder) in hidden {
            let card = card::write(format, exported, receipt);
            fs::write_file(&folder.join("README.md"), card.as_bytes())?;
            let place = out.join(format.as_str());
            fs::remove_dirs(&place)?;
            fs::rename(&folder, &place)?;
            exported.folders.insert(format, place);
        }
        receipt.write(out, exported)
    }
}
