//! Which tokens does the tokenizer of a model cut a text into?
//!
//! In: a `tokenizer.json`, or a GGUF file, which holds its vocabulary. Out: the
//! [`Tokenizer`] port over it.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use backstory_model::{Token, Tokenizer, TokenizerError, TokenizerIdentity};

use crate::gguf::{LoadError, ModelFile, digest};
use crate::pieces::Cutter;

/// A tokenizer of a file.
pub struct FileTokenizer {
    identity: TokenizerIdentity,
    cutter: Kind,
}

enum Kind {
    /// The vocabulary of a GGUF file.
    Gguf(Box<Cutter>),
    /// A `tokenizer.json`.
    Json(Box<tokenizers::Tokenizer>),
}

/// Says why a tokenizer cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerFileError {
    /// It is a GGUF file that cannot be used.
    #[error(transparent)]
    Gguf(#[from] LoadError),
    /// The file cannot be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is no tokenizer.
    #[error("`{}` is no `tokenizer.json`: {why}", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// Why, as its reader says.
        why: String,
    },
}

impl FileTokenizer {
    /// Loads a tokenizer; a file that ends in `.gguf` is read as a model.
    pub fn load(path: &Path) -> Result<Self, TokenizerFileError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_gguf = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gguf"));
        if is_gguf {
            let file = ModelFile::open(path)?;
            let cutter = Cutter::of(file.vocabulary()?).map_err(|what| file.other(what))?;
            let identity = TokenizerIdentity { name, digest: file.digest.clone() };
            return Ok(Self { identity, cutter: Kind::Gguf(Box::new(cutter)) });
        }
        let digest = File::open(path)
            .and_then(|file| digest(&mut BufReader::new(file)))
            .map_err(|source| TokenizerFileError::Read { path: path.to_owned(), source })?;
        let tokenizer = tokenizers::Tokenizer::from_file(path).map_err(|error| {
            TokenizerFileError::Other { path: path.to_owned(), why: error.to_string() }
        })?;
        let identity = TokenizerIdentity { name, digest };
        Ok(Self { identity, cutter: Kind::Json(Box::new(tokenizer)) })
    }

    fn fails(&self, why: &impl ToString) -> TokenizerError {
        TokenizerError::Fails { name: self.identity.name.clone(), why: why.to_string() }
    }
}

impl Tokenizer for FileTokenizer {
    fn identity(&self) -> &TokenizerIdentity {
        &self.identity
    }

    fn cut(&self, text: &str) -> Result<Vec<Token>, TokenizerError> {
        let tokens: Vec<Token> = match &self.cutter {
            Kind::Gguf(cutter) => {
                let pieces = cutter
                    .cut(text)
                    .map_err(|at| self.fails(&format!("other tokens begin at byte {at}")))?;
                let starts = std::iter::once(0).chain(pieces.ends.iter().copied());
                let ids = pieces.ids.iter().zip(starts.zip(&pieces.ends));
                ids.map(|(id, (start, end))| Token { id: *id, start, end: *end }).collect()
            }
            Kind::Json(tokenizer) => {
                let encoded = tokenizer.encode(text, false).map_err(|error| self.fails(&error))?;
                let ids = encoded.get_ids().iter().zip(encoded.get_offsets());
                ids.map(|(id, (start, end))| Token { id: *id, start: *start, end: *end }).collect()
            }
        };
        let mut held = 0;
        for token in &tokens {
            if token.start > held {
                break;
            }
            held = held.max(token.end);
        }
        if held < text.len() {
            return Err(TokenizerError::LeavesOut { name: self.identity.name.clone(), at: held });
        }
        Ok(tokens)
    }
}

#[cfg(test)]
mod tests {
    use tokenizers::models::bpe::BPE;
    use tokenizers::models::wordlevel::WordLevel;
    use tokenizers::pre_tokenizers::byte_level::ByteLevel;
    use tokenizers::pre_tokenizers::whitespace::Whitespace;

    use super::*;

    fn loaded(tokenizer: &tokenizers::Tokenizer) -> FileTokenizer {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tokenizer.json");
        tokenizer.save(&path, false).expect("it is written");
        FileTokenizer::load(&path).expect("it is read")
    }

    fn bytes() -> tokenizers::Tokenizer {
        let mut alphabet: Vec<String> =
            ByteLevel::alphabet().into_iter().map(String::from).collect();
        alphabet.sort_unstable();
        let mut tokenizer = tokenizers::Tokenizer::new(
            BPE::builder()
                .vocab_and_merges(
                    alphabet.into_iter().zip(0..).collect::<tokenizers::models::bpe::Vocab>(),
                    Vec::new(),
                )
                .build()
                .expect("an alphabet"),
        );
        tokenizer.with_pre_tokenizer(Some(ByteLevel::new(false, false, false)));
        tokenizer
    }

    #[test]
    fn tokens_hold_every_byte_of_a_text() {
        let tokenizer = loaded(&bytes());
        let text = "a\u{e9}\u{1F600}\r\n\tz";
        let tokens = tokenizer.cut(text).expect("every byte has a token");
        assert_eq!(tokens.len(), text.len());
        let held: Vec<&str> = tokens.iter().map(|token| &text[token.start..token.end]).collect();
        // Each byte of a character of several says all of the character.
        let wanted = ["a", "\u{e9}", "\u{e9}", "\u{1F600}", "\u{1F600}", "\u{1F600}", "\u{1F600}"];
        assert_eq!(held, [&wanted[..], &["\r", "\n", "\t", "z"]].concat());
        assert_eq!(tokenizer.identity().name, "tokenizer.json");
    }

    #[test]
    fn a_tokenizer_that_leaves_text_out_is_refused() {
        let words = [("a".to_owned(), 0), ("?".to_owned(), 1)].into_iter().collect();
        let model = WordLevel::builder().vocab(words).unk_token("?".to_owned()).build();
        let mut tokenizer = tokenizers::Tokenizer::new(model.expect("two words"));
        tokenizer.with_pre_tokenizer(Some(Whitespace {}));
        let error = loaded(&tokenizer).cut("a  b").expect_err("blanks have no token");
        assert_eq!(
            error.to_string(),
            "the tokens of `tokenizer.json` leave out byte 1 of the text"
        );
    }

    #[test]
    fn what_is_no_tokenizer_is_said_to_be_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tokenizer.json");
        File::create(&path).expect("an empty file");
        assert!(matches!(FileTokenizer::load(&path), Err(TokenizerFileError::Other { .. })));
    }
}
