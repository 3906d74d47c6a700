//! Where does an answer stay, so that nobody asks twice?
//!
//! In: keys that are hashes of questions, and answers. Out: the answers, after a kill as
//! well: a file appears whole or not at all. A damaged file is no answer. Touches the one
//! folder it is given.

use std::path::{Path, PathBuf};

use backstory_model::Sha256;
use backstory_store::{StoreError, fs};

/// Keeps answers.
pub trait Answers: Send + Sync {
    /// Returns the answer of a question, if there is one.
    fn get(&self, key: &Sha256) -> Option<String>;

    /// Keeps an answer.
    fn put(&self, key: &Sha256, answer: &str) -> Result<(), StoreError>;
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAnswers;

impl Answers for NoAnswers {
    fn get(&self, _key: &Sha256) -> Option<String> {
        None
    }

    fn put(&self, _key: &Sha256, _answer: &str) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Keeps answers in a folder, one file each.
#[derive(Clone, Debug)]
pub struct AnswerFolder {
    root: PathBuf,
}

impl AnswerFolder {
    /// Opens a folder, or makes it.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        fs::create_dirs(root)?;
        Ok(Self { root: root.to_owned() })
    }

    fn place(&self, key: &Sha256) -> PathBuf {
        let (folder, name) = key.as_str().split_at(2);
        self.root.join(folder).join(format!("{name}.json"))
    }
}

impl Answers for AnswerFolder {
    fn get(&self, key: &Sha256) -> Option<String> {
        fs::read_text(&self.place(key)).ok()
    }

    fn put(&self, key: &Sha256, answer: &str) -> Result<(), StoreError> {
        let place = self.place(key);
        if let Some(folder) = place.parent() {
            fs::create_dirs(folder)?;
        }
        fs::write_file(&place, answer.as_bytes())
    }
}
