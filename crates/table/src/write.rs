//! How is a table written so that memory stays bounded and no half file remains?
//!
//! Rows gather up to a row group and then go to `PATH.partial`, which becomes
//! `PATH` when the table is finished and goes away when it is not.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::TableError;
use crate::batch::{arrow_schema, record_batch};
use crate::schema::{Cell, Schema};

/// How a table is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// A row group closes at this many rows …
    pub group_rows: usize,
    /// … or at this many bytes of values, whichever comes first.
    pub group_bytes: usize,
    /// The zstd level.
    pub zstd_level: i32,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { group_rows: 1_000, group_bytes: 32 << 20, zstd_level: 3 }
    }
}

/// Writes one table, row by row.
pub struct TableWriter {
    schema: Schema,
    arrow: arrow_schema::SchemaRef,
    options: WriteOptions,
    path: PathBuf,
    partial: PathBuf,
    // `None` once finished, so that dropping knows whether a partial file is left.
    file: Option<ArrowWriter<File>>,
    rows: Vec<Vec<Cell>>,
    bytes: usize,
    written: u64,
}

impl TableWriter {
    /// Starts a table at `path`.
    pub fn create(path: &Path, schema: Schema, options: WriteOptions) -> Result<Self, TableError> {
        let partial = path.with_added_extension("partial");
        let file = File::create(&partial).map_err(|source| TableError::Io {
            verb: "create",
            path: partial.clone(),
            source,
        })?;
        let arrow = arrow_schema(&schema);
        let properties = properties(&options).map_err(|source| TableError::Parquet {
            verb: "set up",
            path: path.into(),
            source,
        })?;
        let writer = ArrowWriter::try_new(file, arrow.clone(), Some(properties))
            .map_err(|source| TableError::Parquet { verb: "start", path: path.into(), source })?;
        Ok(Self {
            schema,
            arrow,
            options,
            path: path.to_owned(),
            partial,
            file: Some(writer),
            rows: Vec::new(),
            bytes: 0,
            written: 0,
        })
    }

    /// Adds one row.
    pub fn push(&mut self, row: Vec<Cell>) -> Result<(), TableError> {
        self.schema.check(&row)?;
        self.bytes += row.iter().map(Cell::size).sum::<usize>();
        self.rows.push(row);
        if self.rows.len() >= self.options.group_rows || self.bytes >= self.options.group_bytes {
            self.close_group()?;
        }
        Ok(())
    }

    /// Writes what is left, puts the file in its place and returns the number of rows.
    pub fn finish(mut self) -> Result<u64, TableError> {
        self.close_group()?;
        if let Some(writer) = self.file.take() {
            writer.close().map_err(|source| self.refused("finish", source))?;
        }
        std::fs::rename(&self.partial, &self.path).map_err(|source| TableError::Io {
            verb: "rename",
            path: self.partial.clone(),
            source,
        })?;
        Ok(self.written)
    }

    fn close_group(&mut self) -> Result<(), TableError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let batch = record_batch(&self.schema, self.arrow.clone(), &self.rows)
            .map_err(|source| TableError::Arrow { path: self.path.clone(), source })?;
        self.written += self.rows.len() as u64;
        self.rows.clear();
        self.bytes = 0;
        let path = self.path.clone();
        let refused = |source| TableError::Parquet { verb: "write", path, source };
        match self.file.as_mut() {
            Some(writer) => writer.write(&batch).and_then(|()| writer.flush()).map_err(refused),
            None => Ok(()),
        }
    }

    fn refused(&self, verb: &'static str, source: ParquetError) -> TableError {
        TableError::Parquet { verb, path: self.path.clone(), source }
    }
}

impl Drop for TableWriter {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Nobody can be told here; a later run overwrites the partial file.
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

/// Returns how Parquet lays the table out.
pub(crate) fn properties(options: &WriteOptions) -> Result<WriterProperties, ParquetError> {
    Ok(WriterProperties::builder()
        .set_created_by(format!("backstory {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(options.zstd_level)?))
        // A page's minimum and maximum text would repeat whole patches.
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_statistics_truncate_length(Some(64))
        .set_max_row_group_row_count(Some(options.group_rows))
        .build())
}

/// Writes a whole table.
pub fn write_table(
    path: &Path,
    schema: Schema,
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> Result<u64, TableError> {
    let mut writer = TableWriter::create(path, schema, WriteOptions::default())?;
    for row in rows {
        writer.push(row)?;
    }
    writer.finish()
}
