//! What do git's objects look like as bytes?
//!
//! In: trees and commits as structures. Out: their canonical bytes and ids, and
//! back again. Objects live in memory only.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use backstory_model::{
    BlobId, Commit, CommitId, FileMode, RepoPath, Signature, TreeEntry, TreeId, git_object_id,
};

/// The kind of an object, as git writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Blob,
    Tree,
    Commit,
    Tag,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
            Self::Commit => "commit",
            Self::Tag => "tag",
        }
    }

    /// Returns the number a pack writes for this kind.
    pub(crate) fn pack_number(self) -> u8 {
        match self {
            Self::Commit => 1,
            Self::Tree => 2,
            Self::Blob => 3,
            Self::Tag => 4,
        }
    }
}

/// One object.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) kind: Kind,
    pub(crate) content: Arc<[u8]>,
}

/// All objects of one repository, by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Objects {
    pub(crate) by_id: BTreeMap<BlobId, Object>,
}

/// A file below some directory: its path from there, its mode and its blob.
type Below<'a> = (&'a [u8], FileMode, &'a BlobId);

/// Every file of a tree: mode and blob by path.
pub(crate) type Files = BTreeMap<RepoPath, (FileMode, BlobId)>;

impl Objects {
    pub(crate) fn add(&mut self, kind: Kind, content: Vec<u8>) -> BlobId {
        let id = git_object_id(kind.as_str(), &content);
        self.by_id.insert(id.clone(), Object { kind, content: content.into() });
        id
    }

    /// Returns the content of an object of this kind.
    pub(crate) fn content(&self, kind: Kind, id: &str) -> Option<&Arc<[u8]>> {
        let id = BlobId::new(id).ok()?;
        self.by_id.get(&id).filter(|object| object.kind == kind).map(|object| &object.content)
    }

    pub(crate) fn commit(&self, id: &CommitId) -> Option<Commit> {
        parse_commit(id, self.content(Kind::Commit, id.as_str())?)
    }

    pub(crate) fn tree(&self, id: &TreeId) -> Option<Vec<TreeEntry>> {
        parse_tree(self.content(Kind::Tree, id.as_str())?)
    }

    /// Writes the tree objects of these files and returns the root.
    pub(crate) fn add_files(&mut self, files: &Files) -> TreeId {
        let flat: Vec<Below<'_>> =
            files.iter().map(|(path, (mode, id))| (path.as_bytes(), *mode, id)).collect();
        self.add_directory(&flat)
    }

    fn add_directory(&mut self, files: &[Below<'_>]) -> TreeId {
        let mut below: BTreeMap<&[u8], Vec<Below<'_>>> = BTreeMap::new();
        let mut entries: Vec<TreeEntry> = Vec::new();
        for (path, mode, id) in files {
            if let Some(at) = path.iter().position(|byte| *byte == b'/') {
                below.entry(&path[..at]).or_default().push((&path[at + 1..], *mode, *id));
            } else {
                let (name, id) = (path.to_vec(), (*id).clone());
                entries.push(TreeEntry { name, mode: *mode, id });
            }
        }
        for (name, inner) in below {
            let tree = self.add_directory(&inner);
            let id = BlobId::new(tree.as_str()).expect("a tree id has 40 digits");
            entries.push(TreeEntry { name: name.to_vec(), mode: FileMode::Directory, id });
        }
        entries.sort_by_key(sort_key);
        let id = self.add(Kind::Tree, tree_bytes(&entries));
        TreeId::new(id.as_str()).expect("an object id has 40 digits")
    }
}

/// Git sorts a directory as if its name ended in a slash.
fn sort_key(entry: &TreeEntry) -> Vec<u8> {
    let mut key = entry.name.clone();
    if entry.mode == FileMode::Directory {
        key.push(b'/');
    }
    key
}

/// Writes the entries in the order given.
pub(crate) fn tree_bytes(entries: &[TreeEntry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.extend_from_slice(entry.mode.as_tree_text().as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(&entry.name);
        bytes.push(0);
        bytes.extend_from_slice(&raw_id(entry.id.as_str()));
    }
    bytes
}

/// Returns the 20 bytes of an id.
pub(crate) fn raw_id(id: &str) -> Vec<u8> {
    let digit = |byte: u8| if byte <= b'9' { byte - b'0' } else { byte - b'a' + 10 };
    id.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn parse_tree(mut bytes: &[u8]) -> Option<Vec<TreeEntry>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|byte| *byte == b' ')?;
        let zero = bytes.iter().position(|byte| *byte == 0)?;
        let mode = match &bytes[..space] {
            b"40000" => FileMode::Directory,
            b"100644" => FileMode::Plain,
            b"100755" => FileMode::Executable,
            b"120000" => FileMode::Symlink,
            b"160000" => FileMode::Submodule,
            b"100664" => FileMode::GroupWritable,
            _ => return None,
        };
        let name = bytes.get(space + 1..zero)?.to_vec();
        let id = BlobId::from_digest(bytes.get(zero + 1..zero + 21)?);
        entries.push(TreeEntry { name, mode, id });
        bytes = &bytes[zero + 21..];
    }
    Some(entries)
}

fn signature_text(who: &Signature) -> String {
    let sign = if who.offset_minutes < 0 { '-' } else { '+' };
    let minutes = who.offset_minutes.abs();
    let (hours, minutes) = (minutes / 60, minutes % 60);
    format!("{} <{}> {} {sign}{hours:02}{minutes:02}", who.name, who.email, who.seconds)
}

/// Writes a commit object; the message is stored as given.
pub(crate) fn commit_bytes(commit: &Commit) -> Vec<u8> {
    let mut text = format!("tree {}\n", commit.tree);
    for parent in &commit.parents {
        let _ = writeln!(text, "parent {parent}");
    }
    let _ = writeln!(text, "author {}", signature_text(&commit.author));
    let _ = writeln!(text, "committer {}\n", signature_text(&commit.committer));
    text.push_str(&commit.message);
    text.into_bytes()
}

fn parse_signature(text: &str) -> Option<Signature> {
    let (name, rest) = text.split_once('<')?;
    let (email, rest) = rest.split_once('>')?;
    let (seconds, offset) = rest.trim().split_once(' ')?;
    let number: i32 = offset.trim_start_matches(['+', '-']).parse().ok()?;
    let minutes = number / 100 * 60 + number % 100;
    Some(Signature {
        name: name.trim_end().to_owned(),
        email: email.to_owned(),
        seconds: seconds.parse().ok()?,
        offset_minutes: if offset.starts_with('-') { -minutes } else { minutes },
    })
}

fn parse_commit(id: &CommitId, bytes: &[u8]) -> Option<Commit> {
    let text = String::from_utf8_lossy(bytes);
    let (headers, message) = text.split_once("\n\n").unwrap_or((&text, ""));
    let (mut tree, mut parents, mut author, mut committer) = (None, Vec::new(), None, None);
    for line in headers.lines() {
        match line.split_once(' ')? {
            ("tree", value) => tree = TreeId::new(value).ok(),
            ("parent", value) => parents.push(CommitId::new(value).ok()?),
            ("author", value) => author = parse_signature(value),
            ("committer", value) => committer = parse_signature(value),
            _ => {}
        }
    }
    Some(Commit {
        id: id.clone(),
        tree: tree?,
        parents,
        author: author?,
        committer: committer?,
        message: message.to_owned(),
    })
}
