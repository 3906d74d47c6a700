//! Which columns does a table have, and what may stand in them?

use arrow_schema::extension::Json;
use arrow_schema::{DataType, Field};
use std::sync::Arc;

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
}

impl ColumnKind {
    fn describe(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integers",
            Self::Boolean => "booleans",
            Self::Json => "JSON",
            Self::JsonList => "lists of JSON",
            Self::TextList => "lists of text",
        }
    }

    pub(crate) fn item_field(self) -> Field {
        let item = Field::new("item", DataType::Utf8, true);
        match self {
            Self::JsonList => item.with_extension_type(Json::default()),
            Self::Text | Self::Integer | Self::Boolean | Self::Json | Self::TextList => item,
        }
    }
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
        match self.kind {
            ColumnKind::Text => Field::new(&self.name, DataType::Utf8, true),
            ColumnKind::Integer => Field::new(&self.name, DataType::Int64, true),
            ColumnKind::Boolean => Field::new(&self.name, DataType::Boolean, true),
            ColumnKind::Json => {
                Field::new(&self.name, DataType::Utf8, true).with_extension_type(Json::default())
            }
            ColumnKind::JsonList | ColumnKind::TextList => {
                Field::new(&self.name, DataType::List(Arc::new(self.kind.item_field())), true)
            }
        }
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
            if cell.kind().is_some_and(|kind| kind != column.kind) {
                return Err(TableError::CellKind {
                    column: column.name.clone(),
                    wanted: column.kind.describe(),
                    found: cell.kind().map_or("nothing", ColumnKind::describe),
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

    fn kind(&self) -> Option<ColumnKind> {
        match self {
            Self::Missing => None,
            Self::Text(_) => Some(ColumnKind::Text),
            Self::Integer(_) => Some(ColumnKind::Integer),
            Self::Boolean(_) => Some(ColumnKind::Boolean),
            Self::Json(_) => Some(ColumnKind::Json),
            Self::JsonList(_) => Some(ColumnKind::JsonList),
            Self::TextList(_) => Some(ColumnKind::TextList),
        }
    }

    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Missing | Self::Integer(_) | Self::Boolean(_) => 8,
            Self::Text(text) | Self::Json(text) => text.len(),
            Self::JsonList(items) | Self::TextList(items) => items.iter().map(String::len).sum(),
        }
    }
}
