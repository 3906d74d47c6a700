//! What does one file hold that an issue could speak of?

use backstory_model::{FileStructure, Import, Language};
use backstory_syntax::parse;
use serde::{Deserialize, Serialize};

use super::documentation::documentation;
use crate::text::{Bag, Term};

/// What the index keeps of one blob in one language; depends on nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileTerms {
    /// Its size in bytes.
    pub size: u64,
    /// Its words, comments and strings included.
    pub content: Bag,
    /// The words of the names it defines.
    pub definitions: Bag,
    /// The names it defines, as written, each once; sorted by term.
    pub names: Vec<Term>,
    /// What it imports, as written.
    pub imports: Vec<Import>,
    /// The documentation of its definitions, 60 to 800 characters each.
    pub documentation: Vec<String>,
}

impl FileTerms {
    /// Reads a file; any bytes are accepted.
    pub fn read(language: Language, bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let structure = parse(language, bytes);
        Self {
            size: bytes.len() as u64,
            content: Bag::of(&text),
            definitions: definitions(&structure),
            names: names(&structure),
            documentation: documentation(language, &text, &structure),
            imports: structure.imports,
        }
    }

    /// Estimates what it takes in memory.
    pub(super) fn weight(&self) -> usize {
        let imports: usize = self.imports.iter().map(|import| 96 + 48 * import.names.len()).sum();
        let documentation: usize = self.documentation.iter().map(|text| 40 + text.len()).sum();
        let counts = self.content.counts().len() + self.definitions.counts().len();
        256 + 16 * counts + 8 * self.names.len() + imports + documentation
    }
}

fn definitions(structure: &FileStructure) -> Bag {
    let names: Vec<&str> = structure.symbols.iter().map(|symbol| symbol.name.as_str()).collect();
    Bag::of(&names.join("\n"))
}

/// Names up to this length are in every file.
const SHORT_NAME: usize = 2;

fn names(structure: &FileStructure) -> Vec<Term> {
    let telling = structure.symbols.iter().filter(|symbol| symbol.name.len() > SHORT_NAME);
    let mut names: Vec<Term> = telling.map(|symbol| Term::of(&symbol.name)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use backstory_model::Language;

    use super::FileTerms;
    use crate::text::{Bag, Term};

    #[test]
    fn a_file_is_told_by_its_words_names_imports_and_documentation() {
        let source = b"from .io import read_line\n\nclass LineReader:\n    def next_line(self): \
                       ...\n";
        let file = FileTerms::read(Language::Python, source);
        assert_eq!(file.definitions, Bag::of("LineReader next_line"));
        assert_eq!(file.content.count(Term::of("line")), 3);
        assert!(file.names.contains(&Term::of("LineReader")));
        assert_eq!(file.imports[0].module, ".io");
        assert_eq!(file.size, source.len() as u64);
    }

    #[test]
    fn bytes_that_are_no_text_are_read_as_far_as_they_are() {
        let file = FileTerms::read(Language::Python, b"\xff\xfe parser = 1\n");
        assert_eq!(file.content.count(Term::of("parser")), 1);
    }
}
