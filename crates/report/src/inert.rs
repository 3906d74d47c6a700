//! How does foreign text stay text?
//!
//! In: any text. Out: the same words, so written that neither HTML nor Markdown reads
//! anything into them.

/// Returns a text on one line, without what moves or hides other letters.
pub(crate) fn plain(text: &str) -> String {
    let kept: String = text.chars().filter_map(shown).collect();
    kept.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns the lines of a text, each without what moves or hides other letters.
pub(crate) fn plain_lines(text: &str) -> String {
    text.lines()
        .map(|line| line.chars().filter_map(shown).collect::<String>())
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

fn shown(letter: char) -> Option<char> {
    match letter {
        // Marks of the direction of writing, which reorder what stands beside them, and
        // what is no letter.
        '\u{200e}'
        | '\u{200f}'
        | '\u{061c}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}'
        | '\u{fffe}'
        | '\u{ffff}' => None,
        letter if letter.is_control() || letter.is_whitespace() => Some(' '),
        letter => Some(letter),
    }
}

/// Returns a text for HTML, also within an attribute in double quotes.
pub(crate) fn html(text: &str) -> String {
    marked(&plain(text))
}

/// Returns lines for HTML.
pub(crate) fn html_lines(text: &str) -> String {
    marked(&plain_lines(text))
}

fn marked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

/// Returns a text for a cell of a Markdown table.
pub(crate) fn markdown_cell(text: &str) -> String {
    escaped(&plain(text), false)
}

/// Returns a text for a line of its own in Markdown.
pub(crate) fn markdown_line(text: &str) -> String {
    escaped(&plain(text), true)
}

fn escaped(text: &str, begins_line: bool) -> String {
    let letters: Vec<char> = text.chars().collect();
    let digits = letters.iter().take_while(|letter| letter.is_ascii_digit()).count();
    let mut out = String::with_capacity(text.len() + 8);
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1).copied();
        let is_word = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '|' | '~' | '$' => out.extend(['\\', *letter]),
            '_' if !(is_word(before) && is_word(after)) => out.push_str("\\_"),
            // Notes, calls to attention and links; a pair of brackets alone is none.
            '[' if matches!(after, Some('^' | '!' | '[')) => out.push_str("\\["),
            ']' if matches!(after, Some('(' | '[' | ':')) => out.push_str("\\]"),
            // What would be made a link where it stands.
            ':' if after == Some('/') => out.push_str("\\:"),
            '.' if text[..byte(&letters, at)].to_ascii_lowercase().ends_with("www") => {
                out.push_str("\\.");
            }
            '-' | '+' | '=' | '[' | ':' if begins_line && at == 0 => out.extend(['\\', *letter]),
            '#' if begins_line => out.push_str("\\#"),
            '.' | ')' if begins_line && at == digits && digits > 0 => out.extend(['\\', *letter]),
            letter => out.push(*letter),
        }
    }
    out
}

/// Returns the place of a letter in bytes.
fn byte(letters: &[char], at: usize) -> usize {
    letters[..at].iter().map(|letter| letter.len_utf8()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_stay_readable() {
        for text in ["+3.4 {0.8, 6.9}", "[-1.2, 3.4]", "a_b/c_d.py", "RRF+T+co", "acc@1 (n=3)"] {
            assert_eq!(markdown_cell(text), text);
        }
        assert_eq!(markdown_line("- 1. a"), "\\- 1. a");
        assert_eq!(markdown_line("1. a #b"), "1\\. a \\#b");
        assert_eq!(markdown_cell("<b>|`*[x](y)"), "&lt;b&gt;\\|\\`\\*[x\\](y)");
    }

    #[test]
    fn a_text_stays_on_its_line_and_in_its_direction() {
        assert_eq!(plain(" a\r\n\tb\u{202e}c\u{0}d "), "a bc d");
        assert_eq!(plain_lines("a  \n  b\u{2066}\r\n"), "a\n  b");
    }
}
