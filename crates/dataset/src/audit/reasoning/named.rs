//! Does a thought before an action of a change name only what earlier steps have shown?
//!
//! Written against the guard `grounded` as `docs/language-models.md` states it: what stands
//! in code marks, what has the shape of a name of code, and paths.

use std::collections::BTreeSet;

use backstory_model::reasoning::{CandidateKind, FILE_ENDINGS, KEYWORDS, Reason};

use super::leaks::tokens;
use super::{About, StepAudit};

impl StepAudit<'_> {
    /// Looks for names that were not shown in every thought that was scored.
    pub(super) fn named(&mut self) {
        let About::Action { earlier, .. } = &self.around.about else { return };
        let shown: BTreeSet<String> = tokens(earlier).into_iter().collect();
        let mut wrong = Vec::new();
        for row in &self.step.searched.rows {
            let is_thought = matches!(row.kind, CandidateKind::Initial | CandidateKind::Rewrite);
            let is_open = matches!(row.reason, None | Some(Reason::NotLower | Reason::OverWindow));
            let Some(text) = self.text(row.text_hash.as_ref()) else { continue };
            let names = names(text);
            let unknown = names.words.iter().find(|name| !shown.contains(*name));
            let unknown =
                unknown.or_else(|| names.paths.iter().find(|path| !earlier.contains(*path)));
            if let Some(name) = unknown.filter(|_| is_thought && is_open) {
                wrong.push(format!("`{name}` in {text:?}"));
            }
        }
        for found in wrong {
            let expected = "names that an earlier step has shown";
            self.findings.note(self.at("reason/earlier"), expected, found);
        }
    }
}

/// What can only be meant as a name.
#[derive(Default)]
struct Names {
    words: Vec<String>,
    paths: Vec<String>,
}

fn names(text: &str) -> Names {
    let mut found = Names::default();
    for (at, part) in text.split('`').enumerate() {
        let marked = at % 2 == 1;
        for chunk in part.split_whitespace() {
            let bare = chunk.trim_matches(|c: char| !(c.is_alphanumeric() || "_./".contains(c)));
            let bare = bare.trim_end_matches(['.', '/']);
            if is_path(bare, marked) {
                found.paths.push(bare.to_owned());
            } else {
                let meant = |word: &String| is_word(word) && (marked || is_shaped(word));
                found.words.extend(tokens(chunk).into_iter().filter(meant));
            }
        }
    }
    found
}

fn is_word(token: &str) -> bool {
    let starts = token.starts_with(|c: char| c.is_alphabetic() || c == '_');
    starts && !KEYWORDS.split(' ').any(|key| key == token)
}

/// Returns true for words with an underscore, a digit, or a capital behind a small letter.
fn is_shaped(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    let hump = letters.windows(2).any(|pair| pair[0].is_lowercase() && pair[1].is_uppercase());
    hump || letters.iter().any(|c| *c == '_' || c.is_ascii_digit())
}

/// Returns true for what ends like a file, or has two folders, or one in code marks.
fn is_path(text: &str, marked: bool) -> bool {
    let folders = text.matches('/').count();
    let file = text.rsplit('/').next().unwrap_or(text);
    let is_file = file.rsplit_once('.').is_some_and(|(stem, ending)| {
        let named = stem.len() > 1 && stem.contains(|c: char| c.is_ascii_alphabetic());
        named && FILE_ENDINGS.contains(&ending)
    });
    is_file || folders > 1 || (marked && folders == 1 && !text.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn words_of_prose_name_nothing() {
        let found =
            names("Read and/or write it, e.g. one. Then `run` isOpen, a_b, up.py and `a/b`.");
        assert_eq!(found.words, ["run", "isOpen", "a_b"]);
        assert_eq!(found.paths, ["up.py", "a/b"]);
    }
}
