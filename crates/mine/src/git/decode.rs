//! What does the text of a commit, tag or tree object say?
//!
//! In: the bytes of one object. Out: its parts. Lenient where git is: a header
//! git would read is read, odd signatures lose only what cannot be made out.

use backstory_model::{BlobId, Commit, CommitId, FileMode, Signature, TreeEntry, TreeId};
use gix::ObjectId;

/// Says that an object is not what its kind promises.
#[derive(Debug, thiserror::Error)]
#[error("it is not a well-formed {kind}")]
pub(crate) struct Malformed {
    kind: &'static str,
}

/// Reads a commit.
pub(crate) fn commit(id: &CommitId, bytes: &[u8]) -> Result<Commit, Malformed> {
    let malformed = || Malformed { kind: "commit" };
    let (mut tree, mut parents) = (None, Vec::new());
    let (mut author, mut committer) = (None, None);
    let mut rest = bytes;
    loop {
        let (line, after) = split_line(rest);
        rest = after;
        if line.is_empty() {
            break;
        }
        let Some((key, value)) = split_once(line, b' ') else { continue };
        match key {
            b"tree" if tree.is_none() => tree = hex(value).and_then(|t| TreeId::new(t).ok()),
            b"parent" if author.is_none() => {
                parents.push(hex(value).and_then(|t| CommitId::new(t).ok()).ok_or_else(malformed)?);
            }
            b"author" if author.is_none() => author = Some(signature(value)),
            b"committer" if committer.is_none() => committer = Some(signature(value)),
            _ => {}
        }
    }
    Ok(Commit {
        id: id.clone(),
        tree: tree.ok_or_else(malformed)?,
        parents,
        author: author.ok_or_else(malformed)?,
        committer: committer.ok_or_else(malformed)?,
        message: String::from_utf8_lossy(rest).into_owned(),
    })
}

/// Reads which object an annotated tag names.
pub(crate) fn tag_target(bytes: &[u8]) -> Result<ObjectId, Malformed> {
    let (line, _) = split_line(bytes);
    line.strip_prefix(b"object ")
        .and_then(|hex| ObjectId::from_hex(hex).ok())
        .ok_or(Malformed { kind: "tag" })
}

/// One entry of a tree object, borrowed from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawEntry<'a> {
    /// The name inside the directory.
    pub(crate) name: &'a [u8],
    /// What it is.
    pub(crate) mode: FileMode,
    /// The 20 bytes of the id.
    pub(crate) id: &'a [u8],
}

impl RawEntry<'_> {
    /// Compares the way git orders a tree: a directory sorts as if it ended in a slash.
    pub(crate) fn order(&self, other: &Self) -> std::cmp::Ordering {
        let shared = self.name.len().min(other.name.len());
        self.name[..shared]
            .cmp(&other.name[..shared])
            .then_with(|| self.byte_at(shared).cmp(&other.byte_at(shared)))
    }

    fn byte_at(&self, at: usize) -> u8 {
        let end = if self.mode == FileMode::Directory { b'/' } else { 0 };
        self.name.get(at).copied().unwrap_or(end)
    }

    /// Returns the id the way the nouns carry it.
    pub(crate) fn blob_id(&self) -> BlobId {
        BlobId::from_digest(self.id)
    }

    /// Returns the entry the way the nouns carry it.
    pub(crate) fn to_entry(self) -> TreeEntry {
        TreeEntry { name: self.name.to_vec(), mode: self.mode, id: self.blob_id() }
    }
}

/// Reads the entries of a tree, in git's order even if they are stored in another.
pub(crate) fn tree(bytes: &[u8]) -> Result<Vec<RawEntry<'_>>, Malformed> {
    let mut entries = Vec::with_capacity(bytes.len() / 40);
    let mut rest = bytes;
    while !rest.is_empty() {
        let (entry, after) = tree_entry(rest).ok_or(Malformed { kind: "tree" })?;
        entries.push(entry);
        rest = after;
    }
    if !entries.is_sorted_by(|a, b| a.order(b).is_le()) {
        entries.sort_by(RawEntry::order);
    }
    Ok(entries)
}

fn tree_entry(bytes: &[u8]) -> Option<(RawEntry<'_>, &[u8])> {
    let (mode, rest) = split_once(bytes, b' ')?;
    let (name, rest) = split_once(rest, 0)?;
    let (id, rest) = rest.split_at_checked(20)?;
    // Such names make one path of two; git writes none and checks none out.
    if name.is_empty() || memchr::memchr(b'/', name).is_some() {
        return None;
    }
    Some((RawEntry { name, mode: file_mode(mode)?, id }, rest))
}

/// Reads a mode as git does: only the type and the owner's execute bit count,
/// apart from the group-writable files of old histories, which keep theirs.
fn file_mode(octal: &[u8]) -> Option<FileMode> {
    let mode = octal.iter().try_fold(0_u32, |mode, digit| {
        (b'0'..=b'7').contains(digit).then(|| mode << 3 | u32::from(digit - b'0'))
    })?;
    Some(match mode & 0o170_000 {
        0o040_000 => FileMode::Directory,
        0o100_000 if mode == 0o100_664 => FileMode::GroupWritable,
        0o100_000 if mode & 0o100 != 0 => FileMode::Executable,
        0o100_000 => FileMode::Plain,
        0o120_000 => FileMode::Symlink,
        0o160_000 => FileMode::Submodule,
        _ => return None,
    })
}

fn signature(line: &[u8]) -> Signature {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let (who, when) = match memchr::memrchr(b'>', line) {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, &[][..]),
    };
    let (name, email) = split_once(who, b'<').unwrap_or((who, &[]));
    let when = String::from_utf8_lossy(when);
    let mut parts = when.split_ascii_whitespace();
    Signature {
        name: text(name),
        email: text(email),
        seconds: parts.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0),
        offset_minutes: parts.next().and_then(offset_minutes).unwrap_or(0),
    }
}

/// Reads `+0530` as 330.
fn offset_minutes(text: &str) -> Option<i32> {
    let number: i32 = text.parse().ok()?;
    Some(number / 100 * 60 + number % 100)
}

fn hex(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_ascii_lowercase)
}

fn split_once(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(at, bytes)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    split_once(bytes, b'\n').unwrap_or((bytes, &[]))
}

#[cfg(test)]
mod tests {
    use backstory_model::{CommitId, FileMode};

    use super::{commit, signature, tree};

    fn id() -> CommitId {
        CommitId::new("a".repeat(40)).expect("hex")
    }

    #[test]
    fn names_that_could_not_be_told_from_paths_are_malformed() {
        for name in ["", "a/../../x"] {
            let bytes = [b"100644 ", name.as_bytes(), &[0; 21]].concat();
            assert!(tree(&bytes).is_err(), "`{name}`");
        }
    }

    #[test]
    fn a_commit_with_a_signature_header_keeps_its_message() {
        let text = format!(
            "tree {}\nparent {}\nauthor A <a@x> 5 +0530\ncommitter B <b@x> 6 -0130\n\
             gpgsig -----BEGIN-----\n parent fake\n \n -----END-----\nencoding latin-1\n\n\
             Subject\n\nBody\n",
            "1".repeat(40),
            "2".repeat(40)
        );
        let read = commit(&id(), text.as_bytes()).expect("well-formed");
        assert_eq!(read.parents.len(), 1);
        assert_eq!((read.author.seconds, read.author.offset_minutes), (5, 330));
        assert_eq!(read.committer.offset_minutes, -90);
        assert_eq!(read.message, "Subject\n\nBody\n");
    }

    #[test]
    fn a_commit_without_tree_or_author_is_malformed() {
        assert!(commit(&id(), b"author A <a@x> 5 +0000\n\nx").is_err());
        assert!(commit(&id(), b"").is_err());
    }

    #[test]
    fn odd_signatures_lose_only_what_cannot_be_made_out() {
        let odd = signature(b"A <a <b>@x> never");
        assert_eq!((odd.name.as_str(), odd.seconds), ("A", 0));
        assert_eq!(signature(b"no brackets").name, "no brackets");
    }

    #[test]
    fn modes_read_as_git_reads_them() {
        let mut bytes = Vec::new();
        for (mode, name) in
            [("100644", "a"), ("100664", "b"), ("100755", "c"), ("100600", "d"), ("40000", "e")]
        {
            bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            bytes.extend_from_slice(&[1; 20]);
        }
        let modes: Vec<_> = tree(&bytes).expect("well-formed").iter().map(|e| e.mode).collect();
        assert_eq!(
            modes,
            [
                FileMode::Plain,
                FileMode::GroupWritable,
                FileMode::Executable,
                FileMode::Plain,
                FileMode::Directory
            ]
        );
        assert!(tree(&bytes[..bytes.len() - 1]).is_err());
        assert!(tree(b"999999 x\0").is_err());
    }

    #[test]
    fn entries_stored_out_of_order_come_in_order() {
        let mut bytes = Vec::new();
        for (mode, name) in [("40000", "a"), ("100644", "a.b"), ("100644", "a")] {
            bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            bytes.extend_from_slice(&[1; 20]);
        }
        let entries = tree(&bytes).expect("well-formed");
        let order: Vec<_> = entries.iter().map(|e| (e.name, e.mode)).collect();
        assert_eq!(
            order,
            [(&b"a"[..], FileMode::Plain), (b"a.b", FileMode::Plain), (b"a", FileMode::Directory)]
        );
    }
}
