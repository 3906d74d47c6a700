//! What may one commit of a test history do to one path?

use backstory_model::{CommitId, RepoPath};

/// What a commit does to one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Writes these bytes; an existing file keeps its mode, a new one is plain.
    Write(Vec<u8>),
    /// Writes these bytes as an executable file.
    WriteExecutable(Vec<u8>),
    /// Writes these bytes with the historic mode `100664`.
    WriteGroupWritable(Vec<u8>),
    /// Replaces texts that occur exactly once, one after the other.
    Replace(Vec<(String, String)>),
    /// Sets the mode `100755`, leaving the bytes.
    MakeExecutable,
    /// Sets the mode `100644`, leaving the bytes.
    MakePlain,
    /// Writes a symbolic link to this target.
    Symlink(Vec<u8>),
    /// Writes a submodule at this commit of another repository.
    Submodule(CommitId),
    /// Removes the path, or every file below it.
    Delete,
    /// Moves the file from this path, mode and bytes included.
    MoveFrom(RepoPath),
}

impl Edit {
    /// Replaces a text that occurs exactly once.
    pub fn replace(old: &str, new: &str) -> Self {
        Self::Replace(vec![(old.to_owned(), new.to_owned())])
    }
}

impl From<&str> for Edit {
    fn from(text: &str) -> Self {
        Self::Write(text.as_bytes().to_vec())
    }
}

impl From<String> for Edit {
    fn from(text: String) -> Self {
        Self::Write(text.into_bytes())
    }
}

impl From<&[u8]> for Edit {
    fn from(bytes: &[u8]) -> Self {
        Self::Write(bytes.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Edit {
    fn from(bytes: &[u8; N]) -> Self {
        Self::Write(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Edit {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Write(bytes)
    }
}
