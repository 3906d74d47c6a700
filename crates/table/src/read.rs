//! What stands in a Parquet file this crate wrote?

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow_array::{
    Array, BooleanArray, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow_schema::extension::ExtensionType as _;
use arrow_schema::{DataType, Field};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::TableError;
use crate::schema::{Cell, Record};

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

/// Reads one cell; `None` where this crate never writes such a column.
fn cell(field: &Field, array: &dyn Array, row: usize) -> Option<Cell> {
    let any = array.as_any();
    let is_null = array.is_null(row);
    let known = |cell: Option<Cell>| if is_null { Some(Cell::Missing) } else { cell };
    let text = || any.downcast_ref::<StringArray>().map(|texts| texts.value(row).to_owned());
    match field.data_type() {
        DataType::Utf8 if is_json(field) => known(text().map(Cell::Json)),
        DataType::Utf8 => known(text().map(Cell::Text)),
        DataType::Int64 => {
            known(any.downcast_ref::<Int64Array>().map(|a| Cell::Integer(a.value(row))))
        }
        DataType::Boolean => {
            known(any.downcast_ref::<BooleanArray>().map(|a| Cell::Boolean(a.value(row))))
        }
        DataType::List(item) if is_json(item) => known(items(array, row).map(Cell::JsonList)),
        DataType::List(item) if *item.data_type() == DataType::Utf8 => {
            known(items(array, row).map(Cell::TextList))
        }
        DataType::List(item) if matches!(item.data_type(), DataType::Struct(_)) => {
            let list = any.downcast_ref::<ListArray>()?.value(row);
            let all: Option<Vec<Record>> =
                (0..list.len()).map(|at| record(list.as_ref(), at)).collect();
            known(all.map(Cell::RecordList))
        }
        DataType::Struct(_) => known(record(array, row).map(Cell::Record)),
        _ => None,
    }
}

fn record(array: &dyn Array, row: usize) -> Option<Record> {
    let record = array.as_any().downcast_ref::<StructArray>()?;
    let columns = record.fields().iter().zip(record.columns());
    columns
        .map(|(field, array)| Some((field.name().clone(), cell(field, array.as_ref(), row)?)))
        .collect()
}

fn items(array: &dyn Array, row: usize) -> Option<Vec<String>> {
    let list = array.as_any().downcast_ref::<ListArray>()?.value(row);
    let texts = list.as_any().downcast_ref::<StringArray>()?;
    Some(texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect())
}
