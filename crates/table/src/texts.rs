//! Which texts stand in a Parquet file that another tool wrote?
//!
//! In: the path of a file and the names of columns. Out: for every row, those
//! of the columns that are there. Columns of other names are never decoded.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow_array::{Array, ListArray, StringArray};
use arrow_schema::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use crate::TableError;
use crate::read::{cells, open_file};
use crate::schema::Cell;

/// Rows decoded at a time; bounds memory where rows are large.
const BATCH_ROWS: usize = 64;

/// Returns the columns that hold one text in every row.
pub fn text_columns(path: &Path) -> Result<Vec<String>, TableError> {
    let builder = builder(path)?;
    let fields = builder.schema().fields().iter();
    let texts = fields.filter(|field| *field.data_type() == DataType::Utf8);
    Ok(texts.map(|field| field.name().clone()).collect())
}

/// Reads the named columns and gives every row to `each`.
///
/// A cell is [`Cell::Text`], [`Cell::TextList`] or [`Cell::Missing`]; a column that
/// holds anything else is an error, one that is not there is left out.
pub fn read_texts(
    path: &Path,
    columns: &[&str],
    mut each: impl FnMut(BTreeMap<String, Cell>),
) -> Result<(), TableError> {
    let refused = |source| TableError::Parquet { verb: "read", path: path.into(), source };
    let builder = builder(path)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let reader =
        builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(refused)?;
    for batch in reader {
        let batch = batch.map_err(|source| TableError::Arrow { path: path.to_owned(), source })?;
        for row in 0..batch.num_rows() {
            each(cells(path, &batch, row, |_, array, row| cell(array, row))?);
        }
    }
    Ok(())
}

fn builder(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, TableError> {
    // The types its writer had in memory say nothing about what is stored.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    ParquetRecordBatchReaderBuilder::try_new_with_options(open_file(path)?, options)
        .map_err(|source| TableError::Parquet { verb: "read", path: path.into(), source })
}

fn cell(array: &dyn Array, row: usize) -> Option<Cell> {
    if array.is_null(row) {
        return Some(Cell::Missing);
    }
    if let Some(texts) = array.as_any().downcast_ref::<StringArray>() {
        return Some(Cell::Text(texts.value(row).to_owned()));
    }
    let list = array.as_any().downcast_ref::<ListArray>()?.value(row);
    let texts = list.as_any().downcast_ref::<StringArray>()?;
    Some(Cell::TextList(texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect()))
}
