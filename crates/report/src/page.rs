//! What stands on a page, in which order?

use crate::figure::{DrawError, Figure};
use crate::table::Table;
use crate::{html, markdown};

/// One piece of a page.
#[derive(Clone, Debug)]
pub(crate) enum Block {
    /// A paragraph.
    Text(String),
    /// A heading below that of the section.
    Heading(String),
    /// Items, one a line.
    List(Vec<String>),
    /// Text that is shown letter by letter, e.g., a command.
    Code(String),
    /// A table.
    Table(Table),
    /// A figure.
    Figure(Figure),
}

/// A part of a page with a heading; the table of contents leads to it.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) heading: String,
    pub(crate) blocks: Vec<Block>,
}

/// A page that grows from top to bottom.
///
/// Every text is plain: nothing in it becomes markup.
#[derive(Clone, Debug)]
pub struct Page {
    pub(crate) title: String,
    pub(crate) lead: Vec<Block>,
    pub(crate) sections: Vec<Section>,
}

impl Page {
    /// Begins a page.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), lead: Vec::new(), sections: Vec::new() }
    }

    /// Begins a section.
    pub fn section(&mut self, heading: impl Into<String>) -> &mut Self {
        self.sections.push(Section { heading: heading.into(), blocks: Vec::new() });
        self
    }

    /// Adds a heading within the section.
    pub fn heading(&mut self, heading: impl Into<String>) -> &mut Self {
        self.push(Block::Heading(heading.into()))
    }

    /// Adds a paragraph.
    pub fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.push(Block::Text(text.into()))
    }

    /// Adds a list; one without items is left out.
    pub fn list(&mut self, items: impl IntoIterator<Item = String>) -> &mut Self {
        let items: Vec<String> = items.into_iter().collect();
        if items.is_empty() { self } else { self.push(Block::List(items)) }
    }

    /// Adds lines that are shown letter by letter.
    pub fn code(&mut self, text: impl Into<String>) -> &mut Self {
        self.push(Block::Code(text.into()))
    }

    /// Adds a table; one without rows is left out.
    pub fn table(&mut self, table: Table) -> &mut Self {
        if table.is_empty() { self } else { self.push(Block::Table(table)) }
    }

    /// Adds a figure; one that shows nothing is left out.
    pub fn figure(&mut self, figure: Figure) -> &mut Self {
        if figure.is_empty() { self } else { self.push(Block::Figure(figure)) }
    }

    /// Returns the page as one HTML file.
    pub fn to_html(&self) -> Result<String, DrawError> {
        html::write(self)
    }

    /// Returns the page as Markdown; instead of figures stand their numbers.
    pub fn to_markdown(&self) -> String {
        markdown::write(self)
    }

    fn push(&mut self, block: Block) -> &mut Self {
        let section = self.sections.last_mut();
        section.map_or(&mut self.lead, |section| &mut section.blocks).push(block);
        self
    }
}
