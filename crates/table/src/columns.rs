//! How are tables of numbers written and read, a column at a time?
//!
//! Feature tables have few kinds of columns and many rows; here a column is one
//! vector, so that no cell is an object of its own. The file is made like that of
//! [`crate::TableWriter`]: `PATH.partial` becomes `PATH` when it is finished.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Float32Array, Int64Array, RecordBatch, StringArray,
};
use arrow_schema::{DataType, Field};
use parquet::arrow::ArrowWriter;

use crate::TableError;
use crate::read::open;
use crate::write::{WriteOptions, properties};

/// The values of one column, without gaps.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// UTF-8 texts.
    Text(Vec<String>),
    /// 64-bit integers.
    Integer(Vec<i64>),
    /// 32-bit real numbers.
    Real(Vec<f32>),
    /// True or false.
    Boolean(Vec<bool>),
}

impl Values {
    fn array(&self) -> ArrayRef {
        match self {
            Self::Text(values) => Arc::new(StringArray::from_iter_values(values)),
            Self::Integer(values) => Arc::new(Int64Array::from_iter_values(values.iter().copied())),
            Self::Real(values) => Arc::new(Float32Array::from_iter_values(values.iter().copied())),
            Self::Boolean(values) => Arc::new(BooleanArray::from(values.clone())),
        }
    }

    fn read(array: &dyn Array) -> Option<Self> {
        if array.null_count() > 0 {
            return None;
        }
        let any = array.as_any();
        match array.data_type() {
            DataType::Utf8 => {
                let texts = any.downcast_ref::<StringArray>()?.iter().flatten();
                Some(Self::Text(texts.map(str::to_owned).collect()))
            }
            DataType::Int64 => {
                Some(Self::Integer(any.downcast_ref::<Int64Array>()?.values().to_vec()))
            }
            DataType::Float32 => {
                Some(Self::Real(any.downcast_ref::<Float32Array>()?.values().to_vec()))
            }
            DataType::Boolean => {
                Some(Self::Boolean(any.downcast_ref::<BooleanArray>()?.iter().flatten().collect()))
            }
            _ => None,
        }
    }
}

/// Rows of a group; a group is held in memory until it is full.
const GROUP_ROWS: usize = 1 << 17;

/// Writes one table by groups of columns.
pub struct ColumnWriter {
    path: PathBuf,
    partial: PathBuf,
    names: Vec<String>,
    // `None` until the first columns tell their kinds.
    file: Option<ArrowWriter<File>>,
    written: u64,
}

impl ColumnWriter {
    /// Starts a table with columns of these names.
    pub fn create(path: &Path, names: Vec<String>) -> Self {
        let partial = path.with_added_extension("partial");
        Self { path: path.to_owned(), partial, names, file: None, written: 0 }
    }

    /// Adds rows: one vector for each name, all of one length and of the kinds of the
    /// first rows.
    pub fn push(&mut self, columns: &[Values]) -> Result<(), TableError> {
        if columns.len() != self.names.len() {
            return Err(TableError::RowLength { found: columns.len(), wanted: self.names.len() });
        }
        let arrays: Vec<ArrayRef> = columns.iter().map(Values::array).collect();
        let field = |(name, array): (&String, &ArrayRef)| {
            Field::new(name, array.data_type().clone(), false)
        };
        let fields: Vec<Field> = self.names.iter().zip(&arrays).map(field).collect();
        let batch = RecordBatch::try_new(Arc::new(arrow_schema::Schema::new(fields)), arrays)
            .map_err(|source| TableError::Arrow { path: self.path.clone(), source })?;
        self.written += batch.num_rows() as u64;
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.start(&batch)?,
        };
        let wrote = file.write(&batch);
        self.file = Some(file);
        wrote.map_err(|source| self.refused("write", source))
    }

    fn start(&self, first: &RecordBatch) -> Result<ArrowWriter<File>, TableError> {
        let file = File::create(&self.partial).map_err(|source| TableError::Io {
            verb: "create",
            path: self.partial.clone(),
            source,
        })?;
        let options = WriteOptions { group_rows: GROUP_ROWS, ..WriteOptions::default() };
        let properties = properties(&options).map_err(|source| self.refused("set up", source))?;
        ArrowWriter::try_new(file, first.schema(), Some(properties))
            .map_err(|source| self.refused("start", source))
    }

    /// Puts the file in its place and returns the number of rows.
    ///
    /// A table that was never given columns has no kinds and makes no file.
    pub fn finish(mut self) -> Result<u64, TableError> {
        let Some(file) = self.file.take() else { return Ok(0) };
        file.close().map_err(|source| self.refused("finish", source))?;
        std::fs::rename(&self.partial, &self.path).map_err(|source| TableError::Io {
            verb: "rename",
            path: self.partial.clone(),
            source,
        })?;
        Ok(self.written)
    }

    fn refused(&self, verb: &'static str, source: parquet::errors::ParquetError) -> TableError {
        TableError::Parquet { verb, path: self.path.clone(), source }
    }
}

impl Drop for ColumnWriter {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Nobody can be told here; a later run overwrites the partial file.
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

/// Reads a table and gives every batch of rows to `each`, by column.
pub fn read_columns(
    path: &Path,
    mut each: impl FnMut(Vec<(String, Values)>),
) -> Result<(), TableError> {
    let reader = open(path)?.build().map_err(|source| TableError::Parquet {
        verb: "read",
        path: path.into(),
        source,
    })?;
    for batch in reader {
        let batch = batch.map_err(|source| TableError::Arrow { path: path.to_owned(), source })?;
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns());
        let read = |(field, array): (&Arc<Field>, &ArrayRef)| match Values::read(array.as_ref()) {
            Some(values) => Ok((field.name().clone(), values)),
            None => Err(TableError::ColumnType {
                path: path.to_owned(),
                column: field.name().clone(),
                kind: field.data_type().to_string(),
            }),
        };
        each(columns.map(read).collect::<Result<_, _>>()?);
    }
    Ok(())
}
