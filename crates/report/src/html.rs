//! How does a page read as HTML?
//!
//! One file: the style and the figures stand in it, and the browser is told to load
//! nothing else. Tags are closed as in XML, so that any reader of XML can check it.

use crate::figure::{DrawError, Figure, Numbers};
use crate::inert::{html, html_lines};
use crate::page::{Block, Page};
use crate::table::{Cell, Column, Table};

/// How the page looks.
const STYLE: &str = include_str!("style.css");

/// Nothing is loaded and no script runs, whatever the text says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Writes a page.
pub(crate) fn write(page: &Page) -> Result<String, DrawError> {
    let title = html(&page.title);
    let mut writer = Writer { out: String::new(), figures: 0 };
    writer.add("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
    writer.add(&format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"/>\n"));
    writer.add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    writer.add(&format!("<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"));
    writer.add(&format!("<h1>{title}</h1>\n"));
    writer.blocks(&page.lead)?;
    writer.contents(page);
    for (number, section) in (1..).zip(&page.sections) {
        let heading = html(&section.heading);
        writer.add(&format!("<section id=\"s{number}\">\n<h2>{heading}</h2>\n"));
        writer.blocks(&section.blocks)?;
        writer.add("</section>\n");
    }
    writer.add("</body>\n</html>\n");
    Ok(writer.out)
}

struct Writer {
    out: String,
    figures: usize,
}

impl Writer {
    fn add(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn contents(&mut self, page: &Page) {
        if page.sections.len() < 2 {
            return;
        }
        self.add("<nav aria-label=\"Contents\">\n<ol>\n");
        for (number, section) in (1..).zip(&page.sections) {
            let heading = html(&section.heading);
            self.add(&format!("<li><a href=\"#s{number}\">{heading}</a></li>\n"));
        }
        self.add("</ol>\n</nav>\n");
    }

    fn blocks(&mut self, blocks: &[Block]) -> Result<(), DrawError> {
        for block in blocks {
            match block {
                Block::Text(text) => self.add(&format!("<p>{}</p>\n", html(text))),
                Block::Heading(text) => self.add(&format!("<h3>{}</h3>\n", html(text))),
                Block::List(items) => {
                    self.add("<ul>\n");
                    for item in items {
                        self.add(&format!("<li>{}</li>\n", html(item)));
                    }
                    self.add("</ul>\n");
                }
                Block::Code(text) => {
                    self.add(&format!("<pre><code>{}</code></pre>\n", html_lines(text)));
                }
                Block::Table(table) => self.table(table),
                Block::Figure(figure) => self.figure(figure)?,
            }
        }
        Ok(())
    }

    fn table(&mut self, table: &Table) {
        self.add("<div class=\"wide\"><table>\n<thead><tr>");
        for column in &table.columns {
            self.add(&format!("<th{}>{}</th>", side(column), html(&column.name)));
        }
        self.add("</tr></thead>\n<tbody>\n");
        for row in &table.rows {
            self.add("<tr>");
            for (column, cell) in table.columns.iter().zip(row) {
                self.add(&format!("<td{}>{}</td>", side(column), words(cell)));
            }
            self.add("</tr>\n");
        }
        self.add("</tbody>\n</table></div>\n");
    }

    fn figure(&mut self, figure: &Figure) -> Result<(), DrawError> {
        self.figures += 1;
        let number = self.figures;
        let caption = html(&figure.caption);
        self.add(&format!("<figure id=\"f{number}\">\n{}", figure.svg()?));
        self.add(&format!("<figcaption>Figure {number}. {caption}</figcaption>\n"));
        if figure.numbers == Numbers::Beside {
            self.add("<details><summary>Numbers</summary>\n");
            self.table(&figure.table());
            self.add("</details>\n");
        }
        self.add("</figure>\n");
        Ok(())
    }
}

fn side(column: &Column) -> &'static str {
    if column.is_number { " class=\"number\"" } else { "" }
}

fn words(cell: &Cell) -> String {
    let text = html(&cell.text);
    if cell.is_strong { format!("<strong>{text}</strong>") } else { text }
}
