//! Does a text stand where it is said to stand?

/// Returns true when the words of `said` follow each other in the text, with comment
/// marks and line ends between them or not.
pub(super) fn is_quoted(said: &str, text: &str) -> bool {
    let marks = ['/', '*', '!', '#', '"', '\'', '=', ' ', '\t', '\u{feff}'];
    let plain = |text: &str| {
        let lines = text.lines().map(|line| line.trim_start_matches(&marks[..]));
        lines.flat_map(|line| line.split_whitespace()).collect::<Vec<_>>().join(" ")
    };
    plain(text).contains(&plain(said)) || words(text).contains(&words(said))
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns true when a name occurs in a text as a word.
pub(super) fn stands_in(name: &str, text: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    !name.is_empty()
        && text.match_indices(name).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + name.len()..].chars().next();
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
}

/// Returns what stands in code marks.
pub(in crate::audit) fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_may_be_broken_over_lines_of_comments() {
        let text = "//! Reads words\n//! and sorts them.\nfn a() {}\n";
        assert!(is_quoted("Reads words and sorts them.", text));
        assert!(!is_quoted("Reads words and eats them.", text));
    }

    #[test]
    fn a_name_stands_as_a_word() {
        assert!(stands_in("a", "def a(): ..."));
        assert!(!stands_in("a", "def ab(): ..."));
    }
}
