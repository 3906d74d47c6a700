//! Which text is shown of the bytes of a log?
//!
//! In: bytes of a stored log. Out: the text, by the rule `show/ci-log` of
//! `docs/rules.md`.

/// Returns the text that is shown of these bytes.
pub(super) fn shown_text(log: &[u8]) -> String {
    let mut shown = String::with_capacity(log.len());
    for (at, line) in String::from_utf8_lossy(log).split('\n').enumerate() {
        if at > 0 {
            shown.push('\n');
        }
        let mut line = line;
        if line.ends_with('\r') {
            line = &line[..line.len() - 1];
        }
        line = line.trim_start_matches_once('\u{feff}');
        let line = without_sequences(&line[time_length(line)..]);
        let end = line.split('\r').next_back().unwrap_or("");
        shown.extend(end.chars().filter(|c| is_shown(*c)));
    }
    shown
}

trait TrimOnce {
    fn trim_start_matches_once(&self, mark: char) -> &str;
}

impl TrimOnce for str {
    fn trim_start_matches_once(&self, mark: char) -> &str {
        self.strip_prefix(mark).unwrap_or(self)
    }
}

/// Returns the length of a time at the start, with the blank behind it.
fn time_length(line: &str) -> usize {
    const FORM: &str = "0000-00-00T00:00:00";
    let bytes = line.as_bytes();
    let fits = bytes.len() > FORM.len()
        && bytes.iter().zip(FORM.bytes()).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => *byte == form,
        });
    if !fits {
        return 0;
    }
    let mut at = FORM.len();
    if bytes[at] == b'.' {
        let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return 0;
        }
        at += 1 + digits;
    }
    match (bytes.get(at), bytes.get(at + 1)) {
        (Some(b'Z'), Some(b' ')) => at + 2,
        (Some(b'Z'), None) => at + 1,
        _ => 0,
    }
}

fn without_sequences(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('\u{1b}') {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = sequence_length(rest);
        // An escape that begins nothing is dropped with the control characters.
        rest = &rest[length.max(1)..];
    }
    kept + rest
}

/// Returns the length of the terminal sequence at the start; 0 if there is none.
fn sequence_length(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        None => 0,
        Some((_, '[')) => {
            let body = text[2..].trim_start_matches(|c| ('\u{30}'..='\u{3f}').contains(&c));
            let body = body.trim_start_matches(|c| ('\u{20}'..='\u{2f}').contains(&c));
            let ends = body.starts_with(|c| ('\u{40}'..='\u{7e}').contains(&c));
            if ends { text.len() - body.len() + 1 } else { 0 }
        }
        Some((_, ']')) => match text[2..].find(['\u{7}', '\u{1b}']) {
            Some(at) if text[2 + at..].starts_with('\u{7}') => at + 3,
            Some(at) if text[2 + at..].starts_with("\u{1b}\\") => at + 4,
            Some(_) | None => 0,
        },
        Some((at, other)) => at + other.len_utf8(),
    }
}

fn is_shown(c: char) -> bool {
    let reorders =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c == '\t' || !(c.is_control() || reorders)
}

#[cfg(test)]
mod tests {
    use super::shown_text;

    #[test]
    fn what_a_terminal_acts_on_is_not_shown() {
        let log = b"\xef\xbb\xbf2026-01-02T03:04:05.1234567Z \x1b[1;31mred\x1b[0m\r\n10%\r100%\n\
            \x1b]0;title\x07\x1b(a\tb\x00\xff\xe2\x80\xae\x1b[\x1b";
        assert_eq!(shown_text(log), "red\n100%\na\tb\u{fffd}[");
        assert_eq!(shown_text(b"2026-01-02T03:04:05Zx"), "2026-01-02T03:04:05Zx");
    }
}
