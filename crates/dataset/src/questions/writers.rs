//! Which rows does an item become, and where do they go?

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use backstory_store::fs;
use backstory_verify::{CallOutcome, Function, RewardOptions, Value, score_with};

use super::cwm::{NoCwm, cwm};
use super::files::{Lines, SplitTables};
use super::rationale::{NoRationale, rationale};
use super::read::{Gold, ReadItem};
use super::receipt::Receipt;
use super::traces::{TraceRow, Traces};
use super::{QuestionExportError, QuestionFormat, QuestionsExported, card, rows};
use crate::Split;
use crate::chat::llamafactory_description;

/// The open files of an export; each format grows in a hidden folder first.
pub(super) struct Writers {
    formats: BTreeMap<QuestionFormat, Files>,
    /// The traces, where a format is made of them.
    traces: Option<Traces>,
    /// The traces that were written or left out.
    told: BTreeSet<String>,
}

/// The files of one format.
struct Files {
    folder: PathBuf,
    lines: Lines,
    tables: SplitTables,
    rows: BTreeMap<Split, u64>,
    unwritten: BTreeMap<&'static str, u64>,
}

/// An item on its way into the files.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) read: &'a ReadItem,
    pub(super) split: Split,
    /// Whether its reward would have to wait for a call.
    pub(super) waits: bool,
}

impl Writers {
    /// Begins the folders.
    pub(super) fn open(
        questions: &Path,
        out: &Path,
        formats: &BTreeSet<QuestionFormat>,
    ) -> Result<Self, QuestionExportError> {
        let files = |format: &QuestionFormat| Ok((*format, Files::open(*format, out)?));
        let needs_traces = formats.iter().any(|format| !format.is_rewarded());
        Ok(Self {
            formats: formats.iter().map(files).collect::<Result<_, QuestionExportError>>()?,
            traces: needs_traces.then(|| Traces::open(questions)).transpose()?,
            told: BTreeSet::new(),
        })
    }

    /// Writes the rows of an item.
    pub(super) fn add(&mut self, placed: Placed<'_>) -> Result<(), QuestionExportError> {
        let row = match (&mut self.traces, &placed.read.item.trace_ref) {
            (Some(traces), Some(name)) => traces.get(name)?,
            _ => None,
        };
        let is_new = placed.read.item.trace_ref.iter().any(|name| self.told.insert(name.clone()));
        for (format, files) in &mut self.formats {
            match format {
                QuestionFormat::Sft => files.add_sft(placed, row)?,
                QuestionFormat::Cwm if is_new => files.add_cwm(placed, row)?,
                QuestionFormat::Cwm => {}
                _ if placed.waits => files.leave_out("needs_call"),
                _ => files.add(*format, placed)?,
            }
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
        for (format, files) in self.formats {
            files.lines.finish()?;
            files.tables.finish()?;
            exported.rows.insert(format, files.rows);
            exported.unwritten.insert(format, files.unwritten);
            hidden.insert(format, files.folder);
        }
        exported.unwritten.retain(|_, reasons| !reasons.is_empty());
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

impl Files {
    fn open(format: QuestionFormat, out: &Path) -> Result<Self, QuestionExportError> {
        let folder = out.join(format!(".{format}.partial"));
        fs::remove_dirs(&folder)?;
        fs::create_dirs(&folder)?;
        let columns = match format {
            QuestionFormat::Verl => rows::VERL.to_vec(),
            QuestionFormat::Trl => rows::trl_columns(),
            QuestionFormat::Sft => rows::sft_columns(),
            QuestionFormat::NemoGym | QuestionFormat::Items | QuestionFormat::Cwm => Vec::new(),
        };
        if format == QuestionFormat::Sft {
            let description =
                llamafactory_description(&format!("{}.jsonl", Split::Train.file_stem()));
            let path = folder.join("dataset_info.json");
            fs::write_file(&path, format!("{description:#}\n").as_bytes())?;
        }
        Ok(Self {
            lines: Lines::new(&folder),
            tables: SplitTables::new(&folder, columns),
            folder,
            rows: BTreeMap::new(),
            unwritten: BTreeMap::new(),
        })
    }

    fn leave_out(&mut self, why: &'static str) {
        *self.unwritten.entry(why).or_default() += 1;
    }

    /// Writes a row that a reward scores.
    fn add(
        &mut self,
        format: QuestionFormat,
        placed: Placed<'_>,
    ) -> Result<(), QuestionExportError> {
        let Placed { read, split, .. } = placed;
        let count = self.rows.entry(split).or_default();
        match format {
            QuestionFormat::Verl => self.tables.push(split, rows::verl(read, split, *count))?,
            QuestionFormat::Trl => {
                self.tables.push(split, rows::trl(read))?;
                self.lines.push(split, &rows::trl_line(read).to_string())?;
            }
            QuestionFormat::NemoGym => {
                self.lines.push(split, &rows::nemo_gym(read).to_string())?;
            }
            QuestionFormat::Items => self.lines.push(split, &read.text)?,
            QuestionFormat::Sft | QuestionFormat::Cwm => return Ok(()),
        }
        *count += 1;
        Ok(())
    }

    fn add_sft(
        &mut self,
        placed: Placed<'_>,
        row: Option<&TraceRow>,
    ) -> Result<(), QuestionExportError> {
        let Placed { read, split, .. } = placed;
        let answer = row.ok_or(NoRationale::NoTrace).and_then(|row| {
            let text = rationale(&read.item, row)?;
            if is_full(read, row, &text) { Ok(text) } else { Err(NoRationale::NotFull) }
        });
        match answer {
            Ok(answer) => {
                self.tables.push(split, rows::sft(read, &answer))?;
                self.lines.push(split, &rows::sft_line(read, &answer).to_string())?;
                *self.rows.entry(split).or_default() += 1;
            }
            Err(why) => self.leave_out(why.as_str()),
        }
        Ok(())
    }

    fn add_cwm(
        &mut self,
        placed: Placed<'_>,
        row: Option<&TraceRow>,
    ) -> Result<(), QuestionExportError> {
        let Placed { read, split, .. } = placed;
        match row.ok_or(NoCwm::NoTrace).and_then(|row| cwm(&read.item, row)) {
            Ok(text) => {
                let name = read.item.trace_ref.as_deref().unwrap_or_default();
                self.lines.push(split, &rows::cwm(read, name, &text).to_string())?;
                *self.rows.entry(split).or_default() += 1;
            }
            Err(why) => self.leave_out(why.as_str()),
        }
        Ok(())
    }
}

/// Says whether the verifier gives a text the maximum. Where it has arguments called, the
/// trace says what those of the trace gave, and nothing of any others.
fn is_full(read: &ReadItem, row: &TraceRow, text: &str) -> bool {
    let caller = |function: &Function, arguments: &[Value]| {
        let known = Value::parse(&function.arguments);
        let is_known = known.is_ok_and(|known| known.same(&Value::List(arguments.to_vec())));
        match row.returned().filter(|_| is_known) {
            Some(result) => CallOutcome::Returned(result),
            None => CallOutcome::Infrastructure("nothing was called".to_owned()),
        }
    };
    let scored = score_with(&read.text, text, &RewardOptions::default(), &caller);
    Gold::judged(&scored) == Gold::Full
}
