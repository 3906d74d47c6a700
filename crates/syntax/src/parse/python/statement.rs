//! What does one statement of Python define, use or import?

use backstory_model::{Import, SymbolKind};

use super::tokens::{Kind, Token};
use super::{Reader, Scope, line};
use crate::parse::imports::is_nested;

const KEYWORDS: [&[u8]; 35] = [
    b"False",
    b"None",
    b"True",
    b"and",
    b"as",
    b"assert",
    b"async",
    b"await",
    b"break",
    b"class",
    b"continue",
    b"def",
    b"del",
    b"elif",
    b"else",
    b"except",
    b"finally",
    b"for",
    b"from",
    b"global",
    b"if",
    b"import",
    b"in",
    b"is",
    b"lambda",
    b"nonlocal",
    b"not",
    b"or",
    b"pass",
    b"raise",
    b"return",
    b"try",
    b"while",
    b"with",
    b"yield",
];

/// Words that start a statement with a block.
const BLOCKS: [&[u8]; 14] = [
    b"async", b"case", b"class", b"def", b"elif", b"else", b"except", b"finally", b"for", b"if",
    b"match", b"try", b"while", b"with",
];

impl Reader<'_> {
    /// Reads one logical line: statements between semicolons, and a block that
    /// starts on the line of its header.
    pub(super) fn logical_line(&mut self, tokens: &[Token], indent: usize) {
        let mut rest = tokens;
        while let Some(first) = rest.first() {
            let opens = first.kind == Kind::Name && BLOCKS.contains(&self.text(first));
            let colon = if opens { self.block_colon(rest) } else { None };
            let opens = colon.is_some();
            let end = colon.unwrap_or_else(|| {
                let semicolon = |t: &Token| t.kind == Kind::Mark(b';') && t.depth == 0;
                rest.iter().position(semicolon).unwrap_or(rest.len())
            });
            match self.text(first) {
                // Elsewhere these two are names like any other.
                b"match" | b"case" if opens => self.references(&rest[1..end], Names::Used),
                _ => self.statement(&rest[..end], indent),
            }
            rest = rest.get(end + 1..).unwrap_or_default();
        }
    }

    /// Returns where the colon stands that ends the header of a block.
    fn block_colon(&self, tokens: &[Token]) -> Option<usize> {
        let mut lambdas = 0_usize;
        for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.depth == 0) {
            match token.kind {
                Kind::Name if self.text(token) == b"lambda" => lambdas += 1,
                Kind::Mark(b':') if lambdas == 0 => return Some(at),
                Kind::Mark(b':') => lambdas -= 1,
                _ => {}
            }
        }
        None
    }

    fn statement(&mut self, tokens: &[Token], indent: usize) {
        let Some(first) = tokens.first() else { return };
        let word = if first.kind == Kind::Name { self.text(first) } else { b"" };
        let second = tokens.get(1).filter(|token| token.kind == Kind::Name);
        match (word, second.map(|token| self.text(token))) {
            (b"import", _) => self.import(tokens),
            (b"from", _) => self.import_from(tokens),
            (b"class" | b"def", Some(_)) => self.definition(tokens, 1, indent),
            (b"async", Some(b"def")) => self.definition(tokens, 2, indent),
            _ => {
                if first.kind == Kind::Mark(b'@') {
                    self.decorated_from.get_or_insert(first.row);
                } else {
                    self.decorated_from = None;
                    if !self.in_function() {
                        self.variables(tokens);
                    }
                }
                self.references(tokens, Names::Used);
                return;
            }
        }
        self.decorated_from = None;
    }

    fn definition(&mut self, tokens: &[Token], name_at: usize, indent: usize) {
        let (first, Some(name)) = (&tokens[0], tokens.get(name_at)) else { return };
        let is_type = self.text(first) == b"class";
        let kind = match self.scopes.last() {
            _ if is_type => SymbolKind::Type,
            Some(scope) if scope.is_type => SymbolKind::Method,
            _ => SymbolKind::Function,
        };
        let from = self.decorated_from.unwrap_or(first.row);
        self.add_symbol(name, kind, from, name.row);
        let header = &tokens[name_at + 1..];
        let closes = |token: &Token| token.kind == Kind::Mark(b')') && token.depth == 0;
        let parameters = match header.iter().position(closes) {
            Some(end) if !is_type => end,
            _ => 0,
        };
        self.references(&header[..parameters], Names::Parameters);
        self.references(&header[parameters..], Names::Used);
        self.scopes.push(Scope { indent, symbol: self.out.symbols.len() - 1, is_type });
    }

    /// Adds the plain names a statement outside functions assigns.
    fn variables(&mut self, tokens: &[Token]) {
        let last_row = tokens.last().map_or(0, |token| self.end_row(token));
        let mut at = 0;
        while let [target, mark, ..] = &tokens[at..] {
            let is_name = target.kind == Kind::Name && !self.is_keyword(target);
            match mark.kind {
                Kind::Mark(b'=') if is_name => {
                    self.add_symbol(target, SymbolKind::Variable, target.row, last_row);
                }
                Kind::Mark(b':') if is_name && at == 0 => {
                    self.add_symbol(target, SymbolKind::Variable, target.row, last_row);
                    return;
                }
                Kind::Name if at == 0 && self.is_type_alias(tokens) => {
                    self.add_symbol(mark, SymbolKind::Variable, target.row, last_row);
                    return;
                }
                _ => return,
            }
            at += 2;
        }
    }

    fn is_type_alias(&self, tokens: &[Token]) -> bool {
        self.text(&tokens[0]) == b"type"
            && !self.is_keyword(&tokens[1])
            && tokens.get(2).is_some_and(|t| matches!(t.kind, Kind::Mark(b'=' | b'[')))
    }

    fn is_keyword(&self, token: &Token) -> bool {
        KEYWORDS.contains(&self.text(token))
    }

    /// Returns the row of the last byte of a token: strings span lines.
    fn end_row(&self, token: &Token) -> usize {
        token.row + memchr::memchr_iter(b'\n', self.text(token)).count()
    }

    fn references(&mut self, tokens: &[Token], names: Names) {
        // The depth of the lambda whose parameters are being read.
        let mut lambda: Option<usize> = None;
        for (at, token) in tokens.iter().enumerate() {
            let before = if at == 0 { Kind::Other } else { tokens[at - 1].kind };
            let after = tokens.get(at + 1).map_or(Kind::Other, |next| next.kind);
            if token.kind == Kind::Mark(b':') && lambda == Some(token.depth) {
                lambda = None;
            }
            if token.kind != Kind::Name {
                continue;
            }
            if self.is_keyword(token) {
                if self.text(token) == b"lambda" {
                    lambda = Some(token.depth);
                }
                continue;
            }
            let follows = |marks: &[u8]| matches!(before, Kind::Mark(b) if marks.contains(&b));
            let after_word =
                |word: &[u8]| before == Kind::Name && self.text(&tokens[at - 1]) == word;
            let keyword_argument = after == Kind::Mark(b'=') && token.depth > 0 && follows(b"(,");
            let parameter = names == Names::Parameters && token.depth == 1 && follows(b"(,*[");
            let lambda_parameter =
                lambda == Some(token.depth) && (follows(b",*") || after_word(b"lambda"));
            let loop_name = after_word(b"for")
                && tokens.get(at + 1).is_some_and(|next| self.text(next) == b"in");
            let assigned = token.depth == 0
                && (at == 0 && matches!(after, Kind::Mark(b'=' | b':'))
                    || after == Kind::Mark(b'=') && before == Kind::Mark(b'='));
            let skipped =
                keyword_argument || parameter || lambda_parameter || loop_name || assigned;
            if !skipped {
                self.add_reference(token);
            }
        }
    }

    fn import(&mut self, tokens: &[Token]) {
        for part in tokens[1..].split(|token| token.kind == Kind::Mark(b',')) {
            let module = self.until_as(part);
            if !module.is_empty() {
                let line = line(tokens[0].row);
                let nested = self.is_nested(tokens);
                self.out.imports.push(Import { module, names: Vec::new(), line, nested });
            }
        }
    }

    fn is_nested(&self, tokens: &[Token]) -> bool {
        is_nested(self.bytes, tokens[0].start)
    }

    fn import_from(&mut self, tokens: &[Token]) {
        let word = |token: &&Token| token.kind == Kind::Name && self.text(token) == b"import";
        let Some(at) = tokens.iter().position(|token| word(&token)) else { return };
        let module = self.joined(&tokens[1..at]);
        let is_bracket = |token: &Token| matches!(token.kind, Kind::Mark(b'(' | b')'));
        let names: Vec<String> = tokens[at + 1..]
            .split(|token| token.kind == Kind::Mark(b','))
            .map(|part| {
                let bare: Vec<Token> = part.iter().filter(|t| !is_bracket(t)).copied().collect();
                self.until_as(&bare)
            })
            .filter(|name| !name.is_empty())
            .collect();
        if !module.is_empty() {
            let (line, nested) = (line(tokens[0].row), self.is_nested(tokens));
            self.out.imports.push(Import { module, names, line, nested });
        }
    }

    fn until_as(&self, tokens: &[Token]) -> String {
        let is_as = |token: &&Token| token.kind == Kind::Name && self.text(token) == b"as";
        let end = tokens.iter().position(|token| is_as(&token)).unwrap_or(tokens.len());
        self.joined(&tokens[..end])
    }

    fn joined(&self, tokens: &[Token]) -> String {
        tokens.iter().map(|token| String::from_utf8_lossy(self.text(token))).collect()
    }
}

/// Whether the names of a statement are parameters where they can be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Used,
    Parameters,
}
