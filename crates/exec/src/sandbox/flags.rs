//! How are bubblewrap's flags put together?

use std::ffi::OsString;
use std::path::Path;

/// Flags of bubblewrap, in the order it follows them.
#[derive(Default)]
pub struct Flags(Vec<OsString>);

impl Flags {
    /// Adds words as they are.
    pub fn words(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(OsString::from));
    }

    /// Shows a file or folder, for reading.
    pub fn show(&mut self, source: &Path, target: impl AsRef<Path>) {
        self.pair("--ro-bind", source, target.as_ref());
    }

    /// Shows a file or folder, for reading and writing.
    pub fn bind(&mut self, source: &Path, target: impl AsRef<Path>) {
        self.pair("--bind", source, target.as_ref());
    }

    /// Makes a symbolic link.
    pub fn link(&mut self, content: &Path, place: impl AsRef<Path>) {
        self.pair("--symlink", content, place.as_ref());
    }

    /// Returns the flags.
    pub fn as_slice(&self) -> &[OsString] {
        &self.0
    }

    fn pair(&mut self, flag: &str, first: &Path, second: &Path) {
        self.0.extend([OsString::from(flag), first.into(), second.into()]);
    }
}
