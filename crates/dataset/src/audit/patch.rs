//! What does a unified patch say, and what does it make of a file?
//!
//! In: the bytes of a patch as git writes them, and the old content of a file.
//! Out: the new content. Strict: every context line must stand where the hunk
//! says, and every count must be right. Reads nothing but its arguments.

use std::collections::BTreeMap;

use backstory_model::{FileMode, RepoPath};

/// What a patch says about one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FilePatch {
    /// The mode the header gives before; `None` when it gives none.
    pub(super) old_mode: Option<FileMode>,
    /// The mode the header gives after.
    pub(super) new_mode: Option<FileMode>,
    /// The mode of the `index` line, for files that keep theirs.
    pub(super) kept_mode: Option<FileMode>,
    /// The shortened ids of the `index` line.
    pub(super) index: Option<(String, String)>,
    pub(super) is_new: bool,
    pub(super) is_deleted: bool,
    /// The content is only said to differ.
    pub(super) is_binary: bool,
    pub(super) hunks: Vec<Hunk>,
}

/// One hunk: where it stands and its lines, line ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hunk {
    /// The first old line, 1-based; for an empty old side the line before it.
    pub(super) old_start: usize,
    pub(super) new_start: usize,
    pub(super) old: Vec<Vec<u8>>,
    pub(super) new: Vec<Vec<u8>>,
    /// The text after the second `@@`.
    pub(super) heading: Vec<u8>,
}

/// Reads a whole patch; the error says what is wrong in which line.
///
/// A file that becomes a link (or back) stands twice: deleted, then new.
pub(super) fn parse(patch: &[u8]) -> Result<BTreeMap<RepoPath, Vec<FilePatch>>, String> {
    let mut lines = Lines { rest: patch, number: 0 };
    let mut files = BTreeMap::<RepoPath, Vec<FilePatch>>::new();
    while let Some(line) = lines.next() {
        let Some(names) = line.strip_prefix(b"diff --git ") else {
            return Err(lines.wrong("a `diff --git` line"));
        };
        let path =
            header_path(without_feed(names)).ok_or_else(|| lines.wrong("two equal names"))?;
        let file = parse_file(&mut lines, &path)?;
        let entries = files.entry(path).or_default();
        let becomes = entries.len() == 1 && entries[0].is_deleted && file.is_new;
        if !entries.is_empty() && !becomes {
            return Err(lines.wrong("every file once"));
        }
        entries.push(file);
    }
    Ok(files)
}

#[derive(Clone, Copy)]
struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl<'a> Lines<'a> {
    fn peek(&self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.rest).map_or(self.rest.len(), |feed| feed + 1);
        Some(&self.rest[..end])
    }

    fn next(&mut self) -> Option<&'a [u8]> {
        let line = self.peek()?;
        self.rest = &self.rest[line.len()..];
        self.number += 1;
        Some(line)
    }

    fn wrong(&self, expected: &str) -> String {
        format!("line {} is not what a patch has there: {expected}", self.number)
    }
}

fn parse_file(lines: &mut Lines<'_>, path: &RepoPath) -> Result<FilePatch, String> {
    let mut file = FilePatch::default();
    while let Some(line) = lines.peek() {
        if line.starts_with(b"diff --git ") {
            break;
        }
        lines.next();
        if line.starts_with(b"@@ ") {
            let hunk = parse_hunk(line, lines)?;
            file.hunks.push(hunk);
        } else {
            let text = std::str::from_utf8(without_feed(line)).unwrap_or("");
            let known = if line.starts_with(b"--- ") || line.starts_with(b"+++ ") {
                is_side(without_feed(line), path, &file)
            } else {
                file.hunks.is_empty() && read_header(&mut file, text)
            };
            let binary = is_binary_line(without_feed(line), path, &file);
            if !known && !binary {
                return Err(lines.wrong("a file header"));
            }
            file.is_binary |= binary;
        }
    }
    Ok(file)
}

fn read_header(file: &mut FilePatch, line: &str) -> bool {
    let (word, rest) = line.rsplit_once(' ').unwrap_or((line, ""));
    match word {
        "old mode" => file.old_mode = mode(rest),
        "new mode" => file.new_mode = mode(rest),
        "new file mode" => (file.new_mode, file.is_new) = (mode(rest), true),
        "deleted file mode" => (file.old_mode, file.is_deleted) = (mode(rest), true),
        _ => return read_index(file, line),
    }
    mode(rest).is_some()
}

fn read_index(file: &mut FilePatch, line: &str) -> bool {
    let Some(rest) = line.strip_prefix("index ") else { return false };
    let (ids, kept) = match rest.split_once(' ') {
        Some((ids, kept)) => (ids, Some(kept)),
        None => (rest, None),
    };
    file.index = ids.split_once("..").map(|(old, new)| (old.to_owned(), new.to_owned()));
    file.kept_mode = kept.and_then(mode);
    file.index.is_some() && kept.is_some() == file.kept_mode.is_some()
}

fn mode(text: &str) -> Option<FileMode> {
    Some(match text {
        "100644" => FileMode::Plain,
        "100755" => FileMode::Executable,
        "100664" => FileMode::GroupWritable,
        "120000" => FileMode::Symlink,
        "160000" => FileMode::Submodule,
        _ => return None,
    })
}

/// Reads `a/PATH b/PATH`, quoted or not; both must name the same path.
fn header_path(names: &[u8]) -> Option<RepoPath> {
    if names.first() == Some(&b'"') {
        let end = 1 + closing_quote(&names[1..])?;
        let (one, other) = (&names[..=end], names.get(end + 2..)?);
        let (one, other) = (side_path(one, b"a/")?, side_path(other, b"b/")?);
        return (one == other).then_some(one);
    }
    // Unquoted names may hold blanks; equal names have equal lengths.
    let length = names.len().checked_sub(1)? / 2;
    let (one, other) = (side_path(&names[..length], b"a/")?, names.get(length + 1..)?);
    (side_path(other, b"b/")? == one && names[length] == b' ').then_some(one)
}

fn closing_quote(inner: &[u8]) -> Option<usize> {
    let mut escaped = false;
    inner.iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    })
}

fn side_path(name: &[u8], prefix: &[u8]) -> Option<RepoPath> {
    let bytes = if name.first() == Some(&b'"') {
        RepoPath::parse(std::str::from_utf8(name).ok()?).ok()?.as_bytes().to_vec()
    } else {
        name.to_vec()
    };
    bytes.strip_prefix(prefix).map(RepoPath::from_bytes)
}

/// Checks a `---` or `+++` line.
fn is_side(line: &[u8], path: &RepoPath, file: &FilePatch) -> bool {
    let (name, absent, prefix): (_, _, &[u8]) = if line.starts_with(b"--- ") {
        (&line[4..], file.is_new, b"a/")
    } else {
        (&line[4..], file.is_deleted, b"b/")
    };
    // A name with a blank is followed by a tab.
    let name = name.strip_suffix(b"\t").unwrap_or(name);
    if absent { name == b"/dev/null" } else { side_path(name, prefix).as_ref() == Some(path) }
}

/// Checks a `Binary files ONE and OTHER differ` line.
fn is_binary_line(line: &[u8], path: &RepoPath, file: &FilePatch) -> bool {
    let names = line.strip_prefix(b"Binary files ").and_then(|rest| rest.strip_suffix(b" differ"));
    let Some(names) = names else { return false };
    memchr::memmem::find_iter(names, b" and ").any(|at| {
        let (one, other) =
            ([&b"--- "[..], &names[..at]].concat(), [&b"+++ "[..], &names[at + 5..]].concat());
        is_side(&one, path, file) && is_side(&other, path, file)
    })
}

fn parse_hunk(header: &[u8], lines: &mut Lines<'_>) -> Result<Hunk, String> {
    let (mut hunk, counts) =
        hunk_header(without_feed(header)).ok_or_else(|| lines.wrong("a hunk header"))?;
    let mut in_both = 0;
    while hunk.old.len() < counts.0 || hunk.new.len() < counts.1 {
        let line = lines.next().ok_or_else(|| lines.wrong("more lines of the hunk"))?;
        let mut content = line[1..].to_vec();
        if lines.peek().is_some_and(|next| next.starts_with(b"\\ ")) {
            if lines.next() != Some(b"\\ No newline at end of file\n") {
                return Err(lines.wrong("the mark of a missing line feed"));
            }
            content.pop();
        } else if !content.ends_with(b"\n") {
            return Err(lines.wrong("a line feed"));
        }
        match line[0] {
            b' ' => {
                hunk.old.push(content.clone());
                hunk.new.push(content);
                in_both += 1;
            }
            b'-' => hunk.old.push(content),
            b'+' => hunk.new.push(content),
            _ => return Err(lines.wrong("a line of the hunk")),
        }
    }
    if (hunk.old.len(), hunk.new.len()) != counts {
        return Err(lines.wrong("as many lines as the hunk header says"));
    }
    if in_both == hunk.old.len() && in_both == hunk.new.len() {
        return Err(lines.wrong("a hunk that changes something"));
    }
    Ok(hunk)
}

fn hunk_header(line: &[u8]) -> Option<(Hunk, (usize, usize))> {
    let rest = line.strip_prefix(b"@@ -")?;
    let end = memchr::memmem::find(rest, b" @@")?;
    let ranges = std::str::from_utf8(&rest[..end]).ok()?;
    let (old, new) = ranges.split_once(" +")?;
    let range = |text: &str| -> Option<(usize, usize)> {
        match text.split_once(',') {
            Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
            None => Some((text.parse().ok()?, 1)),
        }
    };
    let ((old_start, old_count), (new_start, new_count)) = (range(old)?, range(new)?);
    let heading = rest[end + 3..].to_vec();
    let hunk = Hunk { old_start, new_start, old: Vec::new(), new: Vec::new(), heading };
    Some((hunk, (old_count, new_count)))
}

fn without_feed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

/// Applies hunks to the lines of a file; the error says which hunk does not fit.
///
/// The hunks may come from two patches against the same base, so new line
/// numbers are checked only where `new_starts` asks for it.
pub(super) fn apply(old: &[&[u8]], hunks: &[&Hunk], new_starts: bool) -> Result<Vec<u8>, String> {
    let (mut new, mut at, mut new_lines) = (Vec::new(), 0_usize, 0_usize);
    for hunk in hunks {
        let begin =
            if hunk.old.is_empty() { hunk.old_start } else { hunk.old_start.wrapping_sub(1) };
        let named = |what: &str| format!("hunk at old line {} {what}", hunk.old_start);
        let kept = old.get(at..begin).ok_or_else(|| named("overlaps or lies outside"))?;
        let span = old.get(begin..begin + hunk.old.len()).ok_or_else(|| named("lies outside"))?;
        if !span.iter().zip(&hunk.old).all(|(line, other)| *line == other.as_slice()) {
            return Err(named("does not fit the old content"));
        }
        new_lines += kept.len();
        let new_start = if hunk.new.is_empty() { new_lines } else { new_lines + 1 };
        if new_starts && hunk.new_start != new_start {
            return Err(named(&format!("begins at new line {new_start}, not {}", hunk.new_start)));
        }
        if !hunk.heading.is_empty() && !is_heading(&hunk.heading, &old[..begin]) {
            return Err(named("has a heading that is no line above it"));
        }
        new.extend(kept.concat());
        new.extend(hunk.new.concat());
        new_lines += hunk.new.len();
        at = begin + hunk.old.len();
    }
    new.extend(old[at..].concat());
    Ok(new)
}

/// Returns true when the heading of a hunk is the beginning of a line above it.
fn is_heading(heading: &[u8], above: &[&[u8]]) -> bool {
    heading.strip_prefix(b" ").is_some_and(|name| {
        above.iter().any(|line| line.starts_with(name) || line.trim_ascii() == name)
    })
}

/// Splits a content into its lines, line ends included.
pub(super) fn lines_of(content: &[u8]) -> Vec<&[u8]> {
    content.split_inclusive(|byte| *byte == b'\n').collect()
}

#[cfg(test)]
mod tests {
    use super::{apply, lines_of, parse};
    use backstory_model::RepoPath;
    use proptest::prelude::*;

    /// Writes a hunk over whole files: the common lines at both ends are context.
    fn written(old: &str, new: &str) -> String {
        let (old, new) = (lines_of(old.as_bytes()), lines_of(new.as_bytes()));
        let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let (old_rest, new_rest) = (&old[head..], &new[head..]);
        let both = old_rest.iter().rev().zip(new_rest.iter().rev());
        let tail = both.take_while(|(a, b)| a == b).count();
        let start = |lines: usize| usize::from(lines > 0);
        let mut text = format!(
            "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -{},{} +{},{} @@\n",
            start(old.len()),
            old.len(),
            start(new.len()),
            new.len(),
        );
        let mut put = |sign: char, lines: &[&[u8]]| {
            for line in lines {
                text.push(sign);
                text.push_str(std::str::from_utf8(line).expect("a text"));
                if !line.ends_with(b"\n") {
                    text.push_str("\n\\ No newline at end of file\n");
                }
            }
        };
        put(' ', &old[..head]);
        put('-', &old_rest[..old_rest.len() - tail]);
        put('+', &new_rest[..new_rest.len() - tail]);
        put(' ', &old_rest[old_rest.len() - tail..]);
        text
    }

    proptest! {
        #[test]
        fn a_patch_leads_from_the_old_text_to_the_new(
            old in "([ab]{0,2}\n){0,6}[ab]{0,2}",
            new in "([ab]{0,2}\n){0,6}[ab]{0,2}",
        ) {
            prop_assume!(old != new);
            let files = parse(written(&old, &new).as_bytes()).expect("a patch");
            let file = &files[&RepoPath::from("f")][0];
            let hunks: Vec<_> = file.hunks.iter().collect();
            let made = apply(&lines_of(old.as_bytes()), &hunks, true);
            prop_assert_eq!(made, Ok(new.clone().into_bytes()));
            let other = format!("{old}x");
            prop_assert_ne!(apply(&lines_of(other.as_bytes()), &hunks, true), Ok(new.into_bytes()));
        }

        #[test]
        fn no_bytes_stop_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&bytes);
            let headed = [b"diff --git a/f b/f\n@@ -1 +1 @@\n".as_slice(), &bytes].concat();
            let _ = parse(&headed);
        }
    }

    #[test]
    fn names_may_be_quoted_and_hold_blanks() {
        for (names, path) in [
            ("a/x y b/x y", "x y"),
            (r#""a/caf\303\251" "b/caf\303\251""#, "café"),
            ("a/b b/c b/b b/c", "b b/c"),
        ] {
            let patch = format!("diff --git {names}\nold mode 100644\nnew mode 100755\n");
            let files = parse(patch.as_bytes()).expect("a patch");
            assert_eq!(files.keys().collect::<Vec<_>>(), [&RepoPath::from(path)]);
        }
        assert!(parse(b"diff --git a/x b/y\nold mode 100644\nnew mode 100755\n").is_err());
    }

    #[test]
    fn a_file_that_becomes_a_link_stands_twice() {
        let patch = "diff --git a/f b/f\ndeleted file mode 100644\n--- a/f\n+++ /dev/null\n\
                     @@ -1 +0,0 @@\n-x\ndiff --git a/f b/f\nnew file mode 120000\n--- /dev/null\n\
                     +++ b/f\n@@ -0,0 +1 @@\n+y\n\\ No newline at end of file\n";
        let files = parse(patch.as_bytes()).expect("a patch");
        assert_eq!(files[&RepoPath::from("f")].len(), 2);
        assert!(parse(patch.repeat(2).as_bytes()).is_err());
    }
}
