//! Which tokens make up one logical line of Python?
//!
//! In: bytes. Out: [`Token`]s, one logical line at a time, with brackets and
//! strings followed across physical lines. `None` for bytes that no Python
//! tokenizer would read: an open string, brackets that do not match.

/// F-strings nest; deeper ones are not read.
const FIELD_DEPTH: usize = 16;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or keyword.
    Name,
    /// An operator or bracket; `=` is the plain one only.
    Mark(u8),
    /// A number, a string, or a part of a longer operator.
    Other,
}

/// One token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// The row of its first byte.
    pub(super) row: usize,
    /// How many brackets are open around it.
    pub(super) depth: usize,
}

/// Reads logical lines.
pub(super) struct Tokens<'a> {
    pub(super) bytes: &'a [u8],
    at: usize,
    row: usize,
    brackets: Vec<u8>,
    /// The tokens of the current logical line.
    pub(super) line: Vec<Token>,
    /// Its indentation in columns.
    pub(super) indent: usize,
    /// The row of its last byte.
    pub(super) last_row: usize,
    /// Indentation and row of the lines before it that hold a comment only.
    pub(super) comments: Vec<(usize, usize)>,
    fields: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Self {
            bytes,
            at,
            row: 0,
            brackets: Vec::new(),
            line: Vec::new(),
            indent: 0,
            last_row: 0,
            comments: Vec::new(),
            fields: 0,
        }
    }

    /// Reads the next logical line; `Some(false)` at the end of the file.
    pub(super) fn advance(&mut self) -> Option<bool> {
        self.line.clear();
        self.comments.clear();
        while self.at < self.bytes.len() {
            self.read_indent();
            self.read_line()?;
            if !self.line.is_empty() {
                return Some(true);
            }
        }
        Some(false)
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn read_indent(&mut self) {
        self.indent = 0;
        loop {
            match self.peek(0) {
                b' ' => self.indent += 1,
                b'\t' => self.indent = (self.indent / 8 + 1) * 8,
                0x0c => self.indent = 0,
                _ => return,
            }
            self.at += 1;
        }
    }

    fn read_line(&mut self) -> Option<()> {
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\n' => {
                    self.at += 1;
                    self.row += 1;
                    if self.brackets.is_empty() {
                        return Some(());
                    }
                }
                b'#' => {
                    if self.line.is_empty() {
                        self.comments.push((self.indent, self.row));
                    }
                    let rest = &self.bytes[self.at..];
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                }
                b' ' | b'\t' | b'\r' | 0x0c => self.at += 1,
                b'\\' => self.continuation()?,
                _ => self.token()?,
            }
        }
        self.brackets.is_empty().then_some(())
    }

    /// Skips a backslash at the end of a line.
    fn continuation(&mut self) -> Option<()> {
        let length = match (self.peek(1), self.peek(2)) {
            (b'\n', _) => 2,
            (b'\r', b'\n') => 3,
            _ => return None,
        };
        self.at += length;
        self.row += 1;
        Some(())
    }

    fn push(&mut self, kind: Kind, start: usize, row: usize) {
        let token = Token { kind, start, end: self.at, row, depth: self.brackets.len() };
        self.line.push(token);
        self.last_row = self.row;
    }

    fn token(&mut self) -> Option<()> {
        let (start, row) = (self.at, self.row);
        match self.peek(0) {
            b'"' | b'\'' => self.string(start, row, false),
            byte if is_name_byte(byte) && !byte.is_ascii_digit() => {
                while is_name_byte(self.peek(0)) {
                    self.at += 1;
                }
                let prefix = &self.bytes[start..self.at];
                if matches!(self.peek(0), b'"' | b'\'') && is_string_prefix(prefix) {
                    let formatted = prefix.iter().any(|b| matches!(b | 0x20, b'f' | b't'));
                    return self.string(start, row, formatted);
                }
                self.push(Kind::Name, start, row);
                Some(())
            }
            byte if byte.is_ascii_digit() => {
                while is_name_byte(self.peek(0)) || self.peek(0) == b'.' {
                    self.at += 1;
                }
                self.push(Kind::Other, start, row);
                Some(())
            }
            byte => self.mark(byte),
        }
    }

    fn mark(&mut self, byte: u8) -> Option<()> {
        let (start, row) = (self.at, self.row);
        self.at += 1;
        match byte {
            b'(' | b'[' | b'{' => {
                self.push(Kind::Mark(byte), start, row);
                self.brackets.push(byte);
            }
            b')' | b']' | b'}' => {
                let open = self.brackets.pop()?;
                if !matches!((open, byte), (b'(', b')') | (b'[', b']') | (b'{', b'}')) {
                    return None;
                }
                self.push(Kind::Mark(byte), start, row);
            }
            byte if self.is_longer_operator(byte) => {
                self.at += 1;
                self.push(Kind::Other, start, row);
            }
            byte => self.push(Kind::Mark(byte), start, row),
        }
        Some(())
    }

    /// Returns true for `==`, `:=`, `+=`, `->` and the like, past their first byte.
    fn is_longer_operator(&self, first: u8) -> bool {
        match self.peek(0) {
            b'=' => b"=:!<>+-*/%@&|^".contains(&first),
            b'>' => first == b'-',
            _ => false,
        }
    }

    /// Reads a string from its quote on; names inside an f-string are tokens.
    fn string(&mut self, start: usize, row: usize, formatted: bool) -> Option<()> {
        let quote = self.peek(0);
        let triple = self.peek(1) == quote && self.peek(2) == quote;
        self.at += if triple { 3 } else { 1 };
        let ends = |it: &Self| {
            it.peek(0) == quote && (!triple || (it.peek(1) == quote && it.peek(2) == quote))
        };
        while !ends(self) {
            self.skip_plain(quote, formatted);
            if ends(self) {
                break;
            }
            match *self.bytes.get(self.at)? {
                b'\\' => {
                    self.row += usize::from(self.peek(1) == b'\n');
                    self.at += 2;
                }
                b'\n' if !triple => return None,
                b'\n' => {
                    self.row += 1;
                    self.at += 1;
                }
                b'{' if formatted && self.peek(1) == b'{' => self.at += 2,
                b'{' if formatted => self.field()?,
                _ => self.at += 1,
            }
        }
        self.at += if triple { 3 } else { 1 };
        self.push(Kind::Other, start, row);
        Some(())
    }

    /// Skips what is nothing special in any string.
    fn skip_plain(&mut self, quote: u8, formatted: bool) {
        let plain = |byte: &u8| {
            *byte != quote && !matches!(byte, b'\\' | b'\n') && !(formatted && *byte == b'{')
        };
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| plain(byte)).count();
    }

    /// Reads `{…}` of an f-string.
    fn field(&mut self) -> Option<()> {
        self.fields += 1;
        if self.fields > FIELD_DEPTH {
            return None;
        }
        let outside = self.brackets.len();
        self.mark(b'{')?;
        while self.brackets.len() > outside {
            let inside = self.brackets.len() == outside + 1;
            match *self.bytes.get(self.at)? {
                b':' if inside => self.format()?,
                b'!' if inside && self.peek(1) != b'=' => self.at += 2,
                b'\n' => {
                    self.row += 1;
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'#' | b'\\' => return None,
                _ => self.token()?,
            }
        }
        self.fields -= 1;
        Some(())
    }

    /// Reads `:…` of a field, up to its closing brace.
    fn format(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match *self.bytes.get(self.at)? {
                b'}' => return Some(()),
                b'{' => self.field()?,
                byte => {
                    self.row += usize::from(byte == b'\n');
                    self.at += 1;
                }
            }
        }
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_string_prefix(name: &[u8]) -> bool {
    name.len() <= 2 && name.iter().all(|b| b"rRbBuUfFtT".contains(b))
}
