//! Which paths and symbols does a thought name?
//!
//! In: prose. Out: what can only be meant as a path or a symbol: what stands in
//! backticks, words with the shape of code, and paths. Plain words name nothing.

use backstory_model::reasoning::FILE_ENDINGS;

use super::words::{Kind, Piece, is_keyword, pieces};

/// What a thought names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named<'t> {
    pub(super) paths: Vec<&'t str>,
    pub(super) symbols: Vec<&'t str>,
}

/// Reads the names of a thought.
pub(super) fn named(thought: &str) -> Named<'_> {
    let mut named = Named::default();
    for (at, part) in thought.split('`').enumerate() {
        let quoted = at % 2 == 1;
        for chunk in part.split_whitespace() {
            let bare = chunk.trim_matches(|c: char| !c.is_alphanumeric() && !"_./".contains(c));
            let bare = bare.trim_end_matches(['.', '/']);
            if is_path(bare, quoted) {
                named.paths.push(bare);
                continue;
            }
            named.symbols.extend(symbols(chunk, quoted));
        }
    }
    named
}

fn symbols(chunk: &str, quoted: bool) -> Vec<&str> {
    let found = pieces(chunk);
    let mut symbols = Vec::new();
    for (at, piece) in found.iter().enumerate() {
        let next = found.get(at + 1);
        let called = next.is_some_and(|next| next.text == "(" && at_once(piece, next));
        let meant = quoted || called || has_code_shape(piece.text);
        if piece.kind == Kind::Word && meant && !is_keyword(piece.text) {
            symbols.push(piece.text);
        }
    }
    symbols
}

fn at_once(piece: &Piece<'_>, next: &Piece<'_>) -> bool {
    next.end == piece.end + next.text.len()
}

/// Words with an underscore or a digit inside, or with a capital after a small letter.
fn has_code_shape(word: &str) -> bool {
    let inner = word.trim_matches('_');
    let letters: Vec<char> = inner.chars().collect();
    let hump = letters.windows(2).any(|pair| pair[0].is_lowercase() && pair[1].is_uppercase());
    hump || inner.contains('_') || inner.chars().any(|c| c.is_ascii_digit()) || inner != word
}

/// Returns true for what has folders or ends like a file.
fn is_path(text: &str, quoted: bool) -> bool {
    let (folders, file) = text.rsplit_once('/').unwrap_or(("", text));
    let ends_like_file = file.rsplit_once('.').is_some_and(|(stem, ending)| {
        let letters = ending.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let named = stem.len() > 1 && stem.bytes().any(|b| b.is_ascii_alphabetic());
        letters && FILE_ENDINGS.contains(&ending) && named
    });
    ends_like_file || folders.contains('/') || (quoted && !folders.is_empty())
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn plain_words_name_nothing() {
        let prose =
            "Read and/or write the list, e.g. the first one; see version 1.5 (input/output).";
        assert_eq!(named(prose), super::Named::default());
    }

    #[test]
    fn paths_and_symbols_are_found() {
        let found = named(
            "Look at src/app/main.py, `lib/x` and setup.cfg: parse_args() calls `Parser.run`, isOpen, run(). _x",
        );
        assert_eq!(found.paths, ["src/app/main.py", "lib/x", "setup.cfg"]);
        assert_eq!(found.symbols, ["parse_args", "Parser", "run", "isOpen", "run", "_x"]);
    }
}
