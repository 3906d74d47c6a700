//! What of a piece of code is code, and which literals does it hold?
//!
//! In: code of any language. Out: the code with comments and strings blanked out, and its
//! strings. Quotes and comments are read the way most languages write them; where one
//! does not, a comment is taken for code or code for a comment, line by line.

/// Code and literals of one text.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// The text without comments and strings.
    pub(super) bare: String,
    /// What stands between quotes, one line each.
    pub(super) strings: Vec<String>,
}

/// Reads a text.
pub(super) fn code(text: &str) -> Code {
    let mut code = Code::default();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if let Some(length) = comment(rest) {
            code.bare.push('\n');
            at += length;
        } else if let Some((length, inside)) = string(rest) {
            code.bare.push(' ');
            let lines = inside.lines().map(str::trim).filter(|line| !line.is_empty());
            code.strings.extend(lines.map(str::to_owned));
            at += length;
        } else {
            code.bare.push(first);
            at += first.len_utf8();
        }
    }
    code
}

/// Returns the length of a comment the text begins with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("/*") {
        return Some(text.find("*/").map_or(text.len(), |at| at + 2));
    }
    let is_attribute = text.starts_with("#[") || text.starts_with("#![");
    let line = text.starts_with("//") || (text.starts_with('#') && !is_attribute);
    line.then(|| text.find('\n').unwrap_or(text.len()))
}

/// Returns the length of a string the text begins with, and what is inside.
fn string(text: &str) -> Option<(usize, &str)> {
    for quotes in ["\"\"\"", "'''", "\"", "'", "`"] {
        let Some(inside) = text.strip_prefix(quotes) else { continue };
        let over_lines = quotes.len() == 3 || quotes == "`";
        let Some(end) = closing(inside, quotes, over_lines) else { continue };
        return Some((end + 2 * quotes.len(), &inside[..end]));
    }
    None
}

/// Returns where the closing quotes begin.
fn closing(inside: &str, quotes: &str, over_lines: bool) -> Option<usize> {
    let bytes = inside.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'\n' if !over_lines => return None,
            _ if bytes[at..].starts_with(quotes.as_bytes()) => return Some(at),
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn comments_and_strings_are_no_code() {
        let read = code(
            "a = 'it' # don't\nb = \"x\\\"y\" // c\n/* d */ e\n\"\"\"doc\n  more\"\"\"\nf'open\n",
        );
        assert_eq!(read.strings, ["it", "x\\\"y", "doc", "more"]);
        let words: Vec<&str> = read.bare.split_whitespace().collect();
        assert_eq!(words, ["a", "=", "b", "=", "e", "f'open"]);
    }

    #[test]
    fn an_attribute_is_code() {
        let read = code("#![warn(a)]\n#[serde(rename = \"the name\")] // b\n# c\n");
        assert_eq!(read.strings, ["the name"]);
        assert_eq!(read.bare.split_whitespace().last(), Some(")]"));
    }
}
