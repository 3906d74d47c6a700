//! Which rows of questions would a trainer read wrongly, or learn wrong things from?
//!
//! Reads the rows of an export back: their shape, whether the item in them can be scored and
//! its own right answer is worth the maximum, whether what stands beside the item is what
//! the item says, and whether anything is on two sides of a split. Knows nothing of how
//! the rows were written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backstory_store::{StoreError, fs};
use backstory_verify::{Item, RewardOptions, Status, score};
use serde_json::{Map, Value};

use super::frames::check_frames;
use super::rows::check_file;
use super::shape::{self, Key, Kind, Presence};
use super::{Finding, Report, with_causes};

use Presence::{Optional, Required};

/// What all rows say of their item.
const TOLD: [Key; 9] = [
    ("item_id", Kind::Text, Required),
    ("type", Kind::Text, Required),
    ("program_id", Kind::Text, Required),
    ("family_id", Kind::Text, Required),
    ("python_version", Kind::Text, Required),
    ("source", Kind::Text, Required),
    ("license", Kind::Text, Optional),
    ("questions", Kind::Count, Required),
    ("prompt_bytes", Kind::Count, Required),
];

/// What verl is told of the right answer.
const MODEL: [Key; 2] = [("style", Kind::Text, Required), ("ground_truth", Kind::Text, Required)];

/// What a file of rows is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Verl,
    Trl,
    NemoGym,
    Items,
    Sft,
    Cwm,
}

/// What was met in all files.
#[derive(Default)]
struct Met {
    /// The side of a family, a program or a trace, and the file that said so first.
    sides: BTreeMap<String, (String, PathBuf)>,
    /// The items of one format of files.
    items: BTreeMap<String, PathBuf>,
    rows: u64,
}

/// Checks an export of questions, or one of its folders or files.
pub fn questions(path: &Path) -> Vec<Finding> {
    let mut report = Report::new(path);
    let mut met = Met::default();
    match row_files(path) {
        Ok(files) => {
            for file in files {
                report.path.clone_from(&file);
                check_file(&mut report, &file, &mut |report, row| met.row(report, row));
                report.within.clear();
            }
        }
        Err(error) => report.rejected("", with_causes(&error)),
    }
    if met.rows == 0 && report.findings.is_empty() {
        report.rejected("", "holds no row of questions");
    }
    report.findings
}

/// Returns the files of rows, those of one format together.
fn row_files(path: &Path) -> Result<Vec<PathBuf>, StoreError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let files = fs::files_below(path)?.into_iter().map(|(file, _)| file);
    let is_rows = |file: &PathBuf| {
        side(file).is_some()
            && file.extension().is_some_and(|one| one == "jsonl" || one == "parquet")
    };
    Ok(files.filter(is_rows).collect())
}

/// Returns the side of a split that a file says it is.
fn side(file: &Path) -> Option<&'static str> {
    let name = file.file_name()?.to_str()?;
    ["train", "validation", "test"]
        .into_iter()
        .find(|side| name.strip_prefix(side).is_some_and(|rest| rest.starts_with('-')))
}

impl Shape {
    /// Returns the shape that the keys of a row tell.
    fn of(row: &Map<String, Value>) -> Option<Self> {
        let has = |key: &str| row.contains_key(key);
        let found = [
            (has("reward_model"), Self::Verl),
            (has("responses_create_params"), Self::NemoGym),
            (has("messages"), Self::Sft),
            (has("text"), Self::Cwm),
            (has("prompt") && has("item"), Self::Trl),
            (has("questions") && has("prompt"), Self::Items),
        ];
        found.into_iter().find(|(is_it, _)| *is_it).map(|(_, shape)| shape)
    }

    /// Returns the keys that a row of this shape has beside what is told of its item.
    fn keys(self) -> &'static [Key] {
        match self {
            Self::Verl => &[
                ("data_source", Kind::Text, Required),
                ("prompt", Kind::List, Required),
                ("ability", Kind::Text, Required),
                ("reward_model", Kind::Object, Required),
                ("extra_info", Kind::Object, Required),
            ],
            Self::Trl => &[("prompt", Kind::List, Required), ("item", Kind::Text, Required)],
            Self::NemoGym => &[
                ("uuid", Kind::Text, Required),
                ("responses_create_params", Kind::Object, Required),
                ("item", Kind::Text, Required),
            ],
            Self::Sft => &[
                ("id", Kind::Text, Optional),
                ("messages", Kind::List, Required),
                ("tools", Kind::List, Optional),
                ("rationale", Kind::Text, Required),
                ("item", Kind::Text, Required),
            ],
            Self::Cwm => &[
                ("id", Kind::Text, Required),
                ("text", Kind::Text, Required),
                ("program_id", Kind::Text, Required),
                ("family_id", Kind::Text, Required),
                ("python_version", Kind::Text, Required),
                ("source", Kind::Text, Required),
                ("license", Kind::Text, Optional),
            ],
            Self::Items => &[],
        }
    }
}

impl Met {
    fn row(&mut self, report: &mut Report, row: &Map<String, Value>) {
        self.rows += 1;
        let Some(shape) = Shape::of(row) else {
            return report.rejected("row", "is of no shape that questions are exported in");
        };
        match shape {
            Shape::Items => self.item(report, &Value::Object(row.clone()).to_string()),
            Shape::Cwm => {
                shape::keys(report, "row", row, shape.keys());
                check_frames(report, shape::text(row, "text").unwrap_or_default());
                let side = |key| shape::text(row, key).unwrap_or_default();
                self.side(report, "family", side("family_id"));
                self.side(report, "program", side("program_id"));
            }
            Shape::Verl => self.verl(report, row),
            Shape::Trl | Shape::NemoGym | Shape::Sft => self.rewarded(report, row, shape),
        }
    }

    fn verl(&mut self, report: &mut Report, row: &Map<String, Value>) {
        shape::keys(report, "row", row, Shape::Verl.keys());
        let empty = Map::new();
        let object = |key: &str| row.get(key).and_then(Value::as_object).unwrap_or(&empty);
        let model = object("reward_model");
        shape::keys(report, "reward_model", model, &MODEL);
        let more: [Key; 2] = [("index", Kind::Count, Required), ("split", Kind::Text, Required)];
        let keys: Vec<Key> = more.into_iter().chain(TOLD).collect();
        let told = object("extra_info");
        shape::keys(report, "extra_info", told, &keys);
        if let (Some(said), Some(side)) = (shape::text(told, "split"), side(&report.path))
            && said != side
        {
            report.rejected("extra_info.split", format!("is {said:?} in a file of {side}"));
        }
        let item = shape::text(model, "ground_truth").unwrap_or_default();
        self.judged(report, item, told, row.get("prompt"));
    }

    fn rewarded(&mut self, report: &mut Report, row: &Map<String, Value>, shape: Shape) {
        let keys: Vec<Key> = shape.keys().iter().copied().chain(TOLD).collect();
        shape::keys(report, "row", row, &keys);
        let prompt = match shape {
            Shape::NemoGym => row.get("responses_create_params").and_then(|one| one.get("input")),
            Shape::Sft => row.get("messages"),
            _ => row.get("prompt"),
        };
        let item = shape::text(row, "item").unwrap_or_default();
        self.judged(report, item, row, prompt);
        if shape == Shape::Sft {
            check_answer(report, item, row);
        }
    }

    /// Checks an item, what is told of it, and that the prompt is the item's.
    fn judged(
        &mut self,
        report: &mut Report,
        text: &str,
        told: &Map<String, Value>,
        prompt: Option<&Value>,
    ) {
        self.item(report, text);
        let Ok(item) = Item::parse(text) else { return };
        let asked = prompt.and_then(|list| list.get(0)).and_then(Value::as_object);
        let is_users = asked.and_then(|one| shape::text(one, "role")) == Some("user");
        if !is_users || asked.and_then(|one| shape::text(one, "content")) != Some(&item.prompt) {
            report.rejected("prompt", "does not begin with the prompt of the item");
        }
        let said = [
            ("item_id", &item.item_id),
            ("program_id", &item.program_id),
            ("family_id", &item.family_id),
        ];
        for (key, wanted) in said {
            if shape::text(told, key).is_some_and(|said| said != wanted) {
                report.rejected(key, "is not that of the item");
            }
        }
    }

    /// Checks that an item can be scored and that its right answer is worth the maximum.
    fn item(&mut self, report: &mut Report, text: &str) {
        let item = match Item::parse(text) {
            Ok(item) => item,
            Err(error) => return report.rejected("item", with_causes(&error)),
        };
        match item.gold_answer() {
            Ok(gold) => {
                let outcome = score(text, &gold, &RewardOptions::default());
                let is_full = outcome.score.is_some_and(|score| (score - 2.0).abs() < 1e-9);
                // What arguments give is for a call to say.
                if !is_full && outcome.status != Status::Pending {
                    report.rejected("item", "has a right answer that is not worth the maximum");
                }
            }
            Err(error) => report.rejected("item", with_causes(&error)),
        }
        if item.difficulty.as_ref().is_some_and(|difficulty| !difficulty.is_sound()) {
            report.rejected("item", "has a difficulty whose numbers contradict each other");
        }
        let file = report.path.clone();
        let folder_and_id = format!("{} {}", kind_of(&file), item.item_id);
        if let Some(first) = self.items.insert(folder_and_id, file) {
            report
                .rejected("item", format!("{:?} stands in {} too", item.item_id, first.display()));
        }
        self.side(report, "family", &item.family_id);
        self.side(report, "program", &item.program_id);
        if let Some(name) = &item.trace_ref {
            self.side(report, "trace", name);
        }
    }

    /// Checks that a thing is on one side alone, over all files.
    fn side(&mut self, report: &mut Report, what: &str, name: &str) {
        let Some(side) = side(&report.path) else { return };
        let first = self.sides.entry(format!("{what} {name}"));
        let (of, file) = first.or_insert_with(|| (side.to_owned(), report.path.clone()));
        if of != side {
            let place = format!("{what} {name:?}");
            report.rejected(&place, format!("is in {of} too, in {}", file.display()));
        }
    }
}

/// Returns what keeps files apart that hold the same rows for different readers.
fn kind_of(file: &Path) -> String {
    let folder = file.parent().map(|folder| folder.display().to_string()).unwrap_or_default();
    let ending = file.extension().map(|one| one.to_string_lossy().into_owned());
    format!("{folder} {}", ending.unwrap_or_default())
}

/// Checks that the answer to train on is one that the verifier takes.
fn check_answer(report: &mut Report, item: &str, row: &Map<String, Value>) {
    let messages = shape::list(row, "messages");
    let said = messages.get(1).and_then(Value::as_object);
    let (Some(said), 2) = (said, messages.len()) else {
        return report.rejected("messages", "are not one prompt and one answer");
    };
    if shape::text(said, "role") != Some("assistant") {
        report.rejected("messages[1]", "is not the assistant's");
    }
    let outcome =
        score(item, shape::text(said, "content").unwrap_or_default(), &RewardOptions::default());
    let is_full = outcome.score.is_some_and(|score| (score - 2.0).abs() < 1e-9);
    let known = Item::parse(item).ok().and_then(|item| item.function).map(|one| one.arguments);
    let is_known = outcome.pending.is_some_and(|pending| Some(pending.arguments) == known);
    if !is_full && !is_known {
        report.rejected("messages[1]", "is an answer that is not worth the maximum");
    }
}
