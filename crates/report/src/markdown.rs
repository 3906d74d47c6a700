//! How does a page read as Markdown?

use crate::figure::{Figure, Numbers};
use crate::inert::{markdown_cell, markdown_line, plain_lines};
use crate::page::{Block, Page};
use crate::table::{Cell, Column, Table};

/// Writes a page.
pub(crate) fn write(page: &Page) -> String {
    let mut writer = Writer { out: format!("# {}\n", markdown_line(&page.title)), figures: 0 };
    writer.blocks(&page.lead);
    for section in &page.sections {
        writer.line(&format!("## {}", markdown_line(&section.heading)));
        writer.blocks(&section.blocks);
    }
    writer.out
}

struct Writer {
    out: String,
    figures: usize,
}

impl Writer {
    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Text(text) => self.line(&markdown_line(text)),
                Block::Heading(text) => self.line(&format!("### {}", markdown_line(text))),
                Block::List(items) => {
                    let items = items.iter().map(|item| format!("- {}", markdown_line(item)));
                    self.line(&items.collect::<Vec<_>>().join("\n"));
                }
                Block::Code(text) => self.code(text),
                Block::Table(table) => self.line(&lines(table)),
                Block::Figure(figure) => self.figure(figure),
            }
        }
    }

    /// Adds a block after an empty line.
    fn line(&mut self, text: &str) {
        self.out.push('\n');
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn code(&mut self, text: &str) {
        let text = plain_lines(text);
        let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or_default();
        let fence = "`".repeat(longest.max(2) + 1);
        self.line(&format!("{fence}\n{text}\n{fence}"));
    }

    fn figure(&mut self, figure: &Figure) {
        self.figures += 1;
        let caption = markdown_line(&figure.caption);
        self.line(&format!("**Figure {}.** {caption}", self.figures));
        if figure.numbers == Numbers::Beside {
            self.line(&lines(&figure.table()));
        }
    }
}

fn lines(table: &Table) -> String {
    let names = table.columns.iter().map(|column| markdown_cell(&column.name));
    let rule = |column: &Column| if column.is_number { "--:" } else { "---" };
    let rules = table.columns.iter().map(rule).collect::<Vec<_>>().join("|");
    let mut lines = vec![joined(names), format!("|{rules}|")];
    lines.extend(table.rows.iter().map(|row| joined(row.iter().map(cell))));
    lines.join("\n")
}

fn joined(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

fn cell(cell: &Cell) -> String {
    let text = markdown_cell(&cell.text);
    if cell.is_strong && !text.is_empty() { format!("**{text}**") } else { text }
}
