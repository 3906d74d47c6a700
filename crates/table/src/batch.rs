//! How do rows turn into the columns Arrow wants?

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Int64Builder, ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::ArrowError;

use crate::schema::{Cell, Column, ColumnKind, Schema};

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
    RecordBatch::try_new(arrow, arrays.collect())
}

fn array<'a>(kind: ColumnKind, cells: impl Iterator<Item = &'a Cell>) -> ArrayRef {
    match kind {
        ColumnKind::Text | ColumnKind::Json => texts(cells),
        ColumnKind::Integer => integers(cells),
        ColumnKind::Boolean => booleans(cells),
        ColumnKind::JsonList | ColumnKind::TextList => lists(kind, cells),
    }
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
