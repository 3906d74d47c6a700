//! Which table do the documents of snapshots make, and what stands in its rows?

use std::path::Path;

use backstory_model::SnapshotStory;
use backstory_store::fs;
use backstory_table::{Cell, ColumnKind, Schema, TableWriter, WriteOptions};

use super::document::Document;
use super::flatten::Arm;
use crate::export::ExportError;

const COLUMNS: [(&str, ColumnKind); 10] = [
    ("id", ColumnKind::Text),
    ("repo", ColumnKind::Text),
    ("commit", ColumnKind::Text),
    ("license", ColumnKind::Text),
    ("arm", ColumnKind::Text),
    ("part", ColumnKind::Integer),
    ("parts", ColumnKind::Integer),
    ("bucket", ColumnKind::Text),
    ("text", ColumnKind::Text),
    ("spans", ColumnKind::JsonList),
];

/// The open table.
pub(super) struct Tables(TableWriter);

impl Tables {
    pub(super) fn create(folder: &Path) -> Result<Self, ExportError> {
        let folder = folder.join("documents");
        fs::create_dirs(&folder)?;
        let path = folder.join("train-00000-of-00001.parquet");
        Ok(Self(TableWriter::create(&path, Schema::new(COLUMNS), WriteOptions::default())?))
    }

    pub(super) fn add(
        &mut self,
        story: &SnapshotStory,
        arm: Arm,
        document: &Document,
        (part, parts): (usize, usize),
    ) -> Result<(), ExportError> {
        let text = |text: &str| Cell::Text(text.to_owned());
        let count = |number: usize| Cell::integer(i64::try_from(number).ok());
        let spans = document.spans.iter().map(|span| serde_json::json!(span).to_string()).collect();
        self.0.push(vec![
            text(story.id.as_str()),
            text(&story.repo.to_string()),
            text(story.commit.as_str()),
            Cell::text(story.license.as_ref().map(|license| license.spdx.clone())),
            text(arm.as_str()),
            count(part),
            count(parts),
            text(document.bucket()),
            text(&document.text),
            Cell::JsonList(spans),
        ])?;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), ExportError> {
        self.0.finish()?;
        Ok(())
    }
}
