//! What does a Python file define, use and import, read token by token?
//!
//! Python's blocks follow from indentation alone, so its definitions can be
//! read ten times faster than a full parse. In: bytes. Out: the same structure
//! the full parse gives, or `None` for a file whose tokens do not make lines;
//! such a file is left to the error-tolerant parser.

mod statement;
mod tokens;

use backstory_model::{FileStructure, LineRange, Reference, Symbol, SymbolKind};

use tokens::{Token, Tokens};

/// Reads one file; `None` when its tokens do not make lines.
pub(super) fn structure(bytes: &[u8]) -> Option<FileStructure> {
    let mut tokens = Tokens::new(bytes);
    let mut reader = Reader {
        bytes,
        out: FileStructure::default(),
        scopes: Vec::new(),
        decorated_from: None,
        line_from: 0,
        last_row: 0,
    };
    while tokens.advance()? {
        reader.leave(tokens.indent, &tokens.comments);
        reader.logical_line(&tokens.line, tokens.indent);
        reader.last_row = tokens.last_row;
    }
    reader.leave(0, &tokens.comments);
    reader.out.symbols.sort_by_key(|symbol| (symbol.lines.start, symbol.name_line));
    Some(reader.out)
}

/// A class or function whose block is open.
struct Scope {
    indent: usize,
    symbol: usize,
    is_type: bool,
}

struct Reader<'a> {
    bytes: &'a [u8],
    out: FileStructure,
    scopes: Vec<Scope>,
    /// The row of the first decorator before the definition to come.
    decorated_from: Option<usize>,
    /// The first reference of the current line.
    line_from: usize,
    last_row: usize,
}

impl<'a> Reader<'a> {
    /// Closes the blocks that a line with this indentation ends. Comments that
    /// follow a block and are indented like it belong to it.
    fn leave(&mut self, indent: usize, comments: &[(usize, usize)]) {
        while let Some(scope) = self.scopes.pop_if(|scope| scope.indent >= indent) {
            let inside = comments.iter().take_while(|(column, _)| *column > scope.indent);
            let last = inside.last().map_or(self.last_row, |(_, row)| *row);
            self.out.symbols[scope.symbol].lines.end = line(last);
        }
    }

    fn text(&self, token: &Token) -> &'a [u8] {
        &self.bytes[token.start..token.end]
    }

    fn in_function(&self) -> bool {
        self.scopes.iter().any(|scope| !scope.is_type)
    }

    fn add_symbol(&mut self, token: &Token, kind: SymbolKind, first_row: usize, last_row: usize) {
        let name = String::from_utf8_lossy(self.text(token)).into_owned();
        let qualified = match self.scopes.last() {
            Some(scope) => format!("{}.{name}", self.out.symbols[scope.symbol].qualified),
            None => name.clone(),
        };
        self.out.symbols.push(Symbol {
            name,
            qualified,
            kind,
            lines: LineRange { start: line(first_row), end: line(last_row) },
            name_line: line(token.row),
        });
    }

    fn add_reference(&mut self, token: &Token) {
        let line = line(token.row);
        if self.out.references.last().is_none_or(|last| last.line != line) {
            self.line_from = self.out.references.len();
        }
        let name = self.text(token);
        let seen = &self.out.references[self.line_from..];
        if !seen.iter().any(|reference| reference.name.as_bytes() == name) {
            let name = String::from_utf8_lossy(name).into_owned();
            self.out.references.push(Reference { name, line });
        }
    }
}

fn line(row: usize) -> u32 {
    u32::try_from(row + 1).unwrap_or(u32::MAX)
}
