//! How does foreign text stand in a shell command without being read as one?

use std::fmt::Write as _;

use backstory_model::RepoPath;

/// Quotes text for a POSIX shell; words of harmless characters stay as they are.
pub(super) fn quote(text: &str) -> String {
    let harmless = |b: u8| b.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&b);
    if !text.is_empty() && text.bytes().all(harmless) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Quotes a path byte for byte; one that is not UTF-8 takes the `$'…'` form of bash.
pub(super) fn quote_path(path: &RepoPath) -> String {
    if path.is_root() {
        return ".".to_owned();
    }
    if let Some(text) = path.to_text() {
        return quote(text);
    }
    let mut quoted = String::from("$'");
    for byte in path.as_bytes() {
        match byte {
            b'\'' | b'\\' => write!(quoted, "\\{}", char::from(*byte)),
            b' '..=b'~' => write!(quoted, "{}", char::from(*byte)),
            _ => write!(quoted, "\\{byte:03o}"),
        }
        .expect("writing to a string cannot fail");
    }
    quoted.push('\'');
    quoted
}

/// Returns a command that writes exactly this text to a file, making its directory.
pub(super) fn write_file(path: &RepoPath, text: &str) -> String {
    let target = quote_path(path);
    let make = make_parent(path);
    if !text.ends_with('\n') {
        return format!("{make}printf '%s' {} > {target}", quote(text));
    }
    let end = heredoc_end(text);
    format!("{make}cat > {target} <<'{end}'\n{text}{end}")
}

/// Returns `mkdir -p … && ` for the directory of a path; empty at the root.
pub(super) fn make_parent(path: &RepoPath) -> String {
    let parent = path.parent();
    if parent.is_root() {
        String::new()
    } else {
        format!("mkdir -p -- {} && ", quote_path(&parent))
    }
}

fn heredoc_end(text: &str) -> String {
    let mut end = "EOF".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('F');
    }
    end
}

#[cfg(test)]
mod tests {
    use super::{quote, quote_path, write_file};
    use backstory_model::RepoPath;
    use proptest::prelude::*;

    /// Reads one word the way a POSIX shell does, or says that it would do more than that.
    fn unquote(word: &str) -> Option<String> {
        let mut text = String::new();
        let mut rest = word.chars();
        while let Some(c) = rest.next() {
            match c {
                '\'' => loop {
                    match rest.next()? {
                        '\'' => break,
                        inner => text.push(inner),
                    }
                },
                '\\' => text.push(rest.next()?),
                c if c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c) => text.push(c),
                _ => return None,
            }
        }
        Some(text)
    }

    proptest! {
        #[test]
        fn a_quoted_text_is_read_back_as_one_word(text in "\\PC*|[ '\"$`\\\\;&|<>(){}*?!#~\n-]*") {
            prop_assert_eq!(unquote(&quote(&text)), Some(text));
        }
    }

    #[test]
    fn an_unquoted_command_substitution_would_be_noticed() {
        assert_eq!(unquote("$(id)"), None);
    }

    #[test]
    fn bytes_that_are_not_utf8_survive() {
        let path = RepoPath::from_bytes(b"caf\xe9's".to_vec());
        assert_eq!(quote_path(&path), r"$'caf\351\'s'");
    }

    #[test]
    fn a_text_that_holds_the_end_marker_gets_another_one() {
        let command = write_file(&"a/b.sh".into(), "cat <<EOF\nEOF\n");
        assert_eq!(command, "mkdir -p -- a && cat > a/b.sh <<'EOFF'\ncat <<EOF\nEOF\nEOFF");
        assert_eq!(write_file(&"c".into(), "it's"), r"printf '%s' 'it'\''s' > c");
    }
}
