//! How are the instances of a run written for the SWE-bench harness, version 5?
//!
//! In: tasks one by one. Out, in one folder: a task repository (`sweb.yaml`,
//! `tasks/ID/`), the same rows as `data/SPLIT.parquet` and `data/SPLIT.jsonl`,
//! and the gold patches as `predictions/gold.jsonl`.

mod row;
mod task_files;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use backstory_store::fs;
use backstory_table::{Schema, TableWriter, WriteOptions};
use serde_json::{Value, json};

use crate::export::{ExportError, Split, file_name};
use crate::task::Task;

/// The name the task repository publishes its rows under.
const DATASET: &str = "backstory/instances";

/// The open files.
pub(crate) struct SweBench {
    folder: PathBuf,
    split: Split,
    rows: TableWriter,
    lines: (PathBuf, fs::NewFile),
    predictions: (PathBuf, fs::NewFile),
}

impl SweBench {
    /// Starts the files below a folder.
    pub(crate) fn create(folder: &Path, split: Split) -> Result<Self, ExportError> {
        for below in ["tasks", "data", "predictions"] {
            fs::create_dirs(&folder.join(below))?;
        }
        let name = split.as_str();
        let table = folder.join("data").join(format!("{name}.parquet"));
        let open = |path: PathBuf| -> Result<_, ExportError> {
            let file = fs::NewFile::create(&path)?;
            Ok((path, file))
        };
        let configuration = format!("datasets:\n- {DATASET}\nsplits:\n- {name}\n");
        fs::write_file(&folder.join("sweb.yaml"), configuration.as_bytes())?;
        Ok(Self {
            folder: folder.to_owned(),
            split,
            rows: TableWriter::create(
                &table,
                Schema::new(row::columns()),
                WriteOptions::default(),
            )?,
            lines: open(folder.join("data").join(format!("{name}.jsonl")))?,
            predictions: open(folder.join("predictions/gold.jsonl"))?,
        })
    }

    /// Adds one task.
    pub(crate) fn add(&mut self, task: &Task<'_>) -> Result<(), ExportError> {
        let id = &task.instance.instance_id;
        let place = self.folder.join("tasks").join(file_name(id)?);
        task_files::write(&place, task, self.split)?;
        self.rows.push(row::cells(task))?;
        put(&mut self.lines, &row::object(task))?;
        let prediction = json!({
            "instance_id": id,
            "model_name_or_path": "gold",
            "model_patch": task.patch,
        });
        put(&mut self.predictions, &prediction)
    }

    /// Closes the files.
    pub(crate) fn finish(self) -> Result<(), ExportError> {
        self.rows.finish()?;
        self.lines.1.commit()?;
        self.predictions.1.commit()?;
        Ok(())
    }
}

fn put((path, file): &mut (PathBuf, fs::NewFile), line: &Value) -> Result<(), ExportError> {
    writeln!(file, "{line}").map_err(|source| ExportError::Write { path: path.clone(), source })
}

/// Returns the name the harness derives for the image of an instance.
fn image(id: &str) -> String {
    format!("swebench/sweb.eval.x86_64.{id}:latest").to_lowercase().replace("__", "_1776_")
}

/// The reader of a log that keeps an id whole, spaces and all.
const LOG_PARSER: &str = "parse_log_jest_json";

/// How verdicts are made: a test without a line has failed.
const EVAL_TYPE: &str = "pass_and_fail";
