//! Which columns does a table have, and what may stand in them?

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::extension::Json;
use arrow_schema::{DataType, Field, Fields};

use crate::TableError;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// UTF-8 text.
    Text,
    /// A 64-bit integer.
    Integer,
    /// True or false.
    Boolean,
    /// One JSON value, as text.
    Json,
    /// A list of JSON values, each as text.
    JsonList,
    /// A list of texts.
    TextList,
    /// Named values; for readers that want them as columns of columns, not as JSON.
    Record(&'static [(&'static str, ColumnKind)]),
    /// A list of such.
    RecordList(&'static [(&'static str, ColumnKind)]),
}

/// The named values of one [`Cell::Record`].
pub type Record = BTreeMap<String, Cell>;

impl ColumnKind {
    fn describe(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integers",
            Self::Boolean => "booleans",
            Self::Json => "JSON",
            Self::JsonList => "lists of JSON",
            Self::TextList => "lists of text",
            Self::Record(_) => "records",
            Self::RecordList(_) => "lists of records",
        }
    }

    pub(crate) fn item_field(self) -> Field {
        let item = Field::new("item", DataType::Utf8, true);
        match self {
            Self::JsonList => item.with_extension_type(Json::default()),
            Self::RecordList(fields) => {
                Field::new("item", DataType::Struct(record_fields(fields)), true)
            }
            Self::Text
            | Self::Integer
            | Self::Boolean
            | Self::Json
            | Self::TextList
            | Self::Record(_) => item,
        }
    }

    fn field(self, name: &str) -> Field {
        match self {
            Self::Text => Field::new(name, DataType::Utf8, true),
            Self::Integer => Field::new(name, DataType::Int64, true),
            Self::Boolean => Field::new(name, DataType::Boolean, true),
            Self::Json => {
                Field::new(name, DataType::Utf8, true).with_extension_type(Json::default())
            }
            Self::JsonList | Self::TextList | Self::RecordList(_) => {
                Field::new(name, DataType::List(Arc::new(self.item_field())), true)
            }
            Self::Record(fields) => Field::new(name, DataType::Struct(record_fields(fields)), true),
        }
    }
}

/// Returns the fields of records.
pub(crate) fn record_fields(fields: &[(&str, ColumnKind)]) -> Fields {
    fields.iter().map(|(name, kind)| kind.field(name)).collect()
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

impl Column {
    pub(crate) fn field(&self) -> Field {
        self.kind.field(&self.name)
    }
}

/// The columns of a table, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    columns: Vec<Column>,
}

impl Schema {
    /// Takes the columns in this order.
    pub fn new<'a>(columns: impl IntoIterator<Item = (&'a str, ColumnKind)>) -> Self {
        let columns =
            columns.into_iter().map(|(name, kind)| Column { name: name.to_owned(), kind });
        Self { columns: columns.collect() }
    }

    /// Returns the columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Checks that the cells of a row fit the columns.
    pub fn check(&self, row: &[Cell]) -> Result<(), TableError> {
        if row.len() != self.columns.len() {
            return Err(TableError::RowLength { found: row.len(), wanted: self.columns.len() });
        }
        for (column, cell) in self.columns.iter().zip(row) {
            if !cell.fits(column.kind) {
                return Err(TableError::CellKind {
                    column: column.name.clone(),
                    wanted: column.kind.describe(),
                    found: cell.describe(),
                });
            }
        }
        Ok(())
    }
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Not known.
    Missing,
    /// See [`ColumnKind::Text`].
    Text(String),
    /// See [`ColumnKind::Integer`].
    Integer(i64),
    /// See [`ColumnKind::Boolean`].
    Boolean(bool),
    /// See [`ColumnKind::Json`].
    Json(String),
    /// See [`ColumnKind::JsonList`].
    JsonList(Vec<String>),
    /// See [`ColumnKind::TextList`].
    TextList(Vec<String>),
    /// See [`ColumnKind::Record`].
    Record(Record),
    /// See [`ColumnKind::RecordList`].
    RecordList(Vec<Record>),
}

impl Cell {
    /// Returns a text cell, missing for `None`.
    pub fn text(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Missing, |text| Self::Text(text.into()))
    }

    /// Returns an integer cell, missing for `None`.
    pub fn integer(value: Option<i64>) -> Self {
        value.map_or(Self::Missing, Self::Integer)
    }

    /// Says whether it can stand in a column of a kind.
    fn fits(&self, kind: ColumnKind) -> bool {
        match (self, kind) {
            (Self::Missing, _)
            | (Self::Text(_), ColumnKind::Text)
            | (Self::Integer(_), ColumnKind::Integer)
            | (Self::Boolean(_), ColumnKind::Boolean)
            | (Self::Json(_), ColumnKind::Json)
            | (Self::JsonList(_), ColumnKind::JsonList)
            | (Self::TextList(_), ColumnKind::TextList) => true,
            (Self::Record(record), ColumnKind::Record(fields)) => fits(record, fields),
            (Self::RecordList(records), ColumnKind::RecordList(fields)) => {
                records.iter().all(|record| fits(record, fields))
            }
            _ => false,
        }
    }

    fn describe(&self) -> &'static str {
        match self {
            Self::Missing => "nothing",
            Self::Text(_) => ColumnKind::Text.describe(),
            Self::Integer(_) => ColumnKind::Integer.describe(),
            Self::Boolean(_) => ColumnKind::Boolean.describe(),
            Self::Json(_) => ColumnKind::Json.describe(),
            Self::JsonList(_) => ColumnKind::JsonList.describe(),
            Self::TextList(_) => ColumnKind::TextList.describe(),
            Self::Record(_) => "a record of other fields",
            Self::RecordList(_) => "a list of other records",
        }
    }

    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Missing | Self::Integer(_) | Self::Boolean(_) => 8,
            Self::Text(text) | Self::Json(text) => text.len(),
            Self::JsonList(items) | Self::TextList(items) => items.iter().map(String::len).sum(),
            Self::Record(record) => record.values().map(Self::size).sum(),
            Self::RecordList(records) => {
                records.iter().flat_map(BTreeMap::values).map(Self::size).sum()
            }
        }
    }
}

/// Says whether a record has these fields, each of its kind, and no others.
fn fits(record: &Record, fields: &[(&str, ColumnKind)]) -> bool {
    let fit = |(name, kind): &(&str, ColumnKind)| record.get(*name).is_some_and(|c| c.fits(*kind));
    record.len() == fields.len() && fields.iter().all(fit)
}
