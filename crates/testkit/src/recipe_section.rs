//! What does one section of a recipe file do to one path?
//!
//! In: the lines from the first `@@` on. Out: edits in order, each with its
//! line; an error is a line number and what is wrong there.

use backstory_model::RepoPath;

use crate::edit::Edit;

/// A `@@` line with the lines up to the next one.
struct Section<'a> {
    line: usize,
    words: Vec<&'a str>,
    content: String,
}

type Located<T> = Result<T, (usize, String)>;

/// Reads the sections; `first` is the line number of `lines[0]`.
pub(crate) fn sections(lines: &[&str], first: usize) -> Located<Vec<(usize, RepoPath, Edit)>> {
    let mut edits: Vec<(usize, RepoPath, Edit)> = Vec::new();
    let mut old: Option<(usize, String)> = None;
    for section in split(lines, first) {
        let Section { line, words, content } = section;
        match words[..] {
            ["old"] if old.is_none() => old = Some((line, content)),
            ["new"] => match (old.take(), edits.last_mut()) {
                (Some((_, old)), Some((_, _, Edit::Replace(pairs)))) => pairs.push((old, content)),
                _ => return Err((line, "`@@ new` does not follow `@@ old`".to_owned())),
            },
            _ => edits.push(edit(line, &words, content)?),
        }
    }
    if let Some((line, _)) = old {
        return Err((line, "`@@ old` has no `@@ new`".to_owned()));
    }
    match edits.iter().find(|(.., edit)| *edit == Edit::Replace(Vec::new())) {
        Some((line, ..)) => Err((*line, "`@@ edit` replaces nothing".to_owned())),
        None => Ok(edits),
    }
}

fn split<'a>(lines: &[&'a str], first: usize) -> Vec<Section<'a>> {
    let mut found: Vec<Section<'a>> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if let Some(head) = line.strip_prefix("@@") {
            let words = head.split_whitespace().collect();
            found.push(Section { line: first + at, words, content: String::new() });
        } else if let Some(section) = found.last_mut() {
            section.content.push_str(line);
        }
    }
    found
}

fn edit(line: usize, words: &[&str], content: String) -> Located<(usize, RepoPath, Edit)> {
    let (path, edit) = match *words {
        ["write", path] => (path, Edit::from(content)),
        ["write-executable", path] => (path, Edit::WriteExecutable(content.into_bytes())),
        ["edit", path] => (path, Edit::Replace(Vec::new())),
        ["delete", path] => (path, Edit::Delete),
        ["move", from, "to", path] => (path, Edit::MoveFrom(from.into())),
        ["executable", path] => (path, Edit::MakeExecutable),
        ["base64", path] => {
            let bytes = decode_base64(&content)
                .ok_or_else(|| (line, "the content is not base64".to_owned()))?;
            (path, Edit::Write(bytes))
        }
        _ => return Err((line, format!("`@@ {}` is no section", words.join(" ")))),
    };
    Ok((line, path.into(), edit))
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0_u32);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        (bits, count) = (bits << 6 | u32::from(value), count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decode_base64;

    #[test]
    fn base64_is_read_with_and_without_padding() {
        assert_eq!(decode_base64("aGFy\nYm9y\n").as_deref(), Some(b"harbor".as_slice()));
        assert_eq!(decode_base64("cGllcg==").as_deref(), Some(b"pier".as_slice()));
        assert_eq!(decode_base64("c-"), None);
    }
}
