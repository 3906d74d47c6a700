//! How do rows turn into the columns Arrow wants?

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Int64Builder, ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, ListArray, RecordBatch, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::ArrowError;

use crate::schema::{Cell, Column, ColumnKind, Record, Schema, record_fields};

pub(crate) fn arrow_schema(schema: &Schema) -> arrow_schema::SchemaRef {
    let fields: Vec<_> = schema.columns().iter().map(Column::field).collect();
    Arc::new(arrow_schema::Schema::new(fields))
}

/// Turns checked rows into one batch.
pub(crate) fn record_batch(
    schema: &Schema,
    arrow: arrow_schema::SchemaRef,
    rows: &[Vec<Cell>],
) -> Result<RecordBatch, ArrowError> {
    let arrays = schema.columns().iter().enumerate().map(|(at, column)| {
        let cells = rows.iter().map(|row| &row[at]);
        array(column.kind, cells)
    });
    RecordBatch::try_new(arrow, arrays.collect::<Result<_, _>>()?)
}

type Fields = [(&'static str, ColumnKind)];

fn array<'a>(
    kind: ColumnKind,
    cells: impl Iterator<Item = &'a Cell>,
) -> Result<ArrayRef, ArrowError> {
    Ok(match kind {
        ColumnKind::Text | ColumnKind::Json => texts(cells),
        ColumnKind::Integer => integers(cells),
        ColumnKind::Boolean => booleans(cells),
        ColumnKind::JsonList | ColumnKind::TextList => lists(kind, cells),
        ColumnKind::Record(fields) => {
            let record = |cell: &'a Cell| match cell {
                Cell::Record(record) => Some(record),
                _ => None,
            };
            Arc::new(records(fields, &cells.map(record).collect::<Vec<_>>())?)
        }
        ColumnKind::RecordList(fields) => record_lists(kind, fields, cells)?,
    })
}

fn records(fields: &Fields, records: &[Option<&Record>]) -> Result<StructArray, ArrowError> {
    let columns = fields.iter().map(|(name, kind)| {
        let cells = records.iter().map(|one| one.and_then(|record| record.get(*name)));
        array(*kind, cells.map(|cell| cell.unwrap_or(&Cell::Missing)))
    });
    let columns = columns.collect::<Result<_, _>>()?;
    let known: NullBuffer = records.iter().map(Option::is_some).collect();
    StructArray::try_new(record_fields(fields), columns, Some(known))
}

fn record_lists<'a>(
    kind: ColumnKind,
    fields: &Fields,
    cells: impl Iterator<Item = &'a Cell>,
) -> Result<ArrayRef, ArrowError> {
    let (mut items, mut lengths, mut known) = (Vec::new(), Vec::new(), Vec::new());
    for cell in cells {
        let list: &[Record] = match cell {
            Cell::RecordList(list) => list,
            _ => &[],
        };
        items.extend(list.iter().map(Some));
        lengths.push(list.len());
        known.push(matches!(cell, Cell::RecordList(_)));
    }
    let (item, items) = (Arc::new(kind.item_field()), Arc::new(records(fields, &items)?));
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(item, offsets, items, Some(NullBuffer::from(known)))?))
}

fn texts<'a>(cells: impl Iterator<Item = &'a Cell>) -> ArrayRef {
    let mut builder = StringBuilder::new();
    for cell in cells {
        match cell {
            Cell::Text(text) | Cell::Json(text) => builder.append_value(text),
            _ => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}

fn integers<'a>(cells: impl Iterator<Item = &'a Cell>) -> ArrayRef {
    let mut builder = Int64Builder::new();
    for cell in cells {
        match cell {
            Cell::Integer(value) => builder.append_value(*value),
            _ => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}

fn booleans<'a>(cells: impl Iterator<Item = &'a Cell>) -> ArrayRef {
    let mut builder = BooleanBuilder::new();
    for cell in cells {
        match cell {
            Cell::Boolean(value) => builder.append_value(*value),
            _ => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}

fn lists<'a>(kind: ColumnKind, cells: impl Iterator<Item = &'a Cell>) -> ArrayRef {
    let mut builder =
        ListBuilder::new(StringBuilder::new()).with_field(Arc::new(kind.item_field()));
    for cell in cells {
        match cell {
            Cell::JsonList(items) | Cell::TextList(items) => {
                for item in items {
                    builder.values().append_value(item);
                }
                builder.append(true);
            }
            _ => builder.append(false),
        }
    }
    Arc::new(builder.finish())
}
