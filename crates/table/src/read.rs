//! What stands in a Parquet file this crate wrote?

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow_array::{Array, BooleanArray, Int64Array, ListArray, RecordBatch, StringArray};
use arrow_schema::extension::ExtensionType as _;
use arrow_schema::{DataType, Field};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::TableError;
use crate::schema::{Cell, ColumnKind};

/// Reads a file and gives every row to `each`, one batch in memory at a time.
pub fn read_rows(
    path: &Path,
    mut each: impl FnMut(BTreeMap<String, Cell>),
) -> Result<(), TableError> {
    let reader = open(path)?.build().map_err(|source| TableError::Parquet {
        verb: "read",
        path: path.into(),
        source,
    })?;
    for batch in reader {
        let batch = batch.map_err(|source| TableError::Arrow { path: path.to_owned(), source })?;
        for row in 0..batch.num_rows() {
            each(cells(path, &batch, row, cell)?);
        }
    }
    Ok(())
}

/// Returns the columns of a file and, for each, the Parquet logical types of its leaves.
pub fn column_types(path: &Path) -> Result<BTreeMap<String, String>, TableError> {
    let builder = open(path)?;
    let leaves = builder.parquet_schema().columns().iter();
    Ok(leaves
        .map(|leaf| (leaf.path().string(), format!("{:?}", leaf.logical_type_ref())))
        .collect())
}

/// Opens a Parquet file.
pub(crate) fn open(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, TableError> {
    let file = open_file(path)?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|source| TableError::Parquet {
        verb: "open",
        path: path.into(),
        source,
    })
}

/// Opens a file for reading.
pub(crate) fn open_file(path: &Path) -> Result<File, TableError> {
    File::open(path).map_err(|source| TableError::Io {
        verb: "open",
        path: path.to_owned(),
        source,
    })
}

/// Returns the cells of a row by column, each as `cell` reads it.
pub(crate) fn cells(
    path: &Path,
    batch: &RecordBatch,
    row: usize,
    cell: impl Fn(&Field, &dyn Array, usize) -> Option<Cell>,
) -> Result<BTreeMap<String, Cell>, TableError> {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    columns
        .map(|(field, array)| match cell(field, array.as_ref(), row) {
            Some(cell) => Ok((field.name().clone(), cell)),
            None => Err(TableError::ColumnType {
                path: path.to_owned(),
                column: field.name().clone(),
                kind: field.data_type().to_string(),
            }),
        })
        .collect()
}

fn is_json(field: &Field) -> bool {
    field.extension_type_name() == Some(arrow_schema::extension::Json::NAME)
}

fn kind(field: &Field) -> Option<ColumnKind> {
    match field.data_type() {
        DataType::Utf8 if is_json(field) => Some(ColumnKind::Json),
        DataType::Utf8 => Some(ColumnKind::Text),
        DataType::Int64 => Some(ColumnKind::Integer),
        DataType::Boolean => Some(ColumnKind::Boolean),
        DataType::List(item) if is_json(item) => Some(ColumnKind::JsonList),
        DataType::List(item) if *item.data_type() == DataType::Utf8 => Some(ColumnKind::TextList),
        _ => None,
    }
}

fn cell(field: &Field, array: &dyn Array, row: usize) -> Option<Cell> {
    let kind = kind(field)?;
    if array.is_null(row) {
        return Some(Cell::Missing);
    }
    let any = array.as_any();
    let text = || any.downcast_ref::<StringArray>().map(|texts| texts.value(row).to_owned());
    match kind {
        ColumnKind::Text => text().map(Cell::Text),
        ColumnKind::Json => text().map(Cell::Json),
        ColumnKind::Integer => {
            any.downcast_ref::<Int64Array>().map(|a| Cell::Integer(a.value(row)))
        }
        ColumnKind::Boolean => {
            any.downcast_ref::<BooleanArray>().map(|a| Cell::Boolean(a.value(row)))
        }
        ColumnKind::JsonList => items(array, row).map(Cell::JsonList),
        ColumnKind::TextList => items(array, row).map(Cell::TextList),
    }
}

fn items(array: &dyn Array, row: usize) -> Option<Vec<String>> {
    let list = array.as_any().downcast_ref::<ListArray>()?.value(row);
    let texts = list.as_any().downcast_ref::<StringArray>()?;
    Some(texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect())
}
