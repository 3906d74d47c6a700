//! What went wrong, why, and what can be done about it?
//!
//! In: the errors of the libraries. Out: one sentence, its causes, a hint and
//! an exit code.

use std::error::Error;
use std::fmt;
use std::io;

use backstory_dataset::questions::QuestionExportError;
use backstory_dataset::{BodyError, ExportError};
use backstory_mine::MineError;
use backstory_mine::records::RecordsError;
use backstory_model::{LanguageModelError, exit};
use backstory_records::{CollectError, RecordsError as ImportError};
use backstory_store::StoreError;
use backstory_table::TableError;

const DISK_FULL: &str = "free some space and run the same command again";

const RECORD_FORMAT: &str = "`backstory schema records` prints the format of record files";

/// A command that could not do its work.
#[derive(Debug)]
pub struct Failure {
    error: anyhow::Error,
    hint: Option<String>,
}

impl Failure {
    /// Says it in one sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { error: anyhow::Error::msg(sentence.into()), hint: None }
    }

    /// Says what was tried when the error came up.
    pub fn of(error: impl Error + Send + Sync + 'static, tried: &str) -> Self {
        Self { error: anyhow::Error::new(error).context(tried.to_owned()), hint: None }
    }

    /// Adds what can be done about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns the exit code.
    pub fn code(&self) -> u8 {
        exit::ERROR
    }

    fn plain(error: impl Error + Send + Sync + 'static, hint: Option<&str>) -> Self {
        let hint = machine_hint(&error).or(hint);
        Self { error: anyhow::Error::new(error), hint: hint.map(str::to_owned) }
    }
}

/// Says what to do when the machine, not the content, is the cause.
fn machine_hint(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(cause) = next {
        match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::PermissionDenied) => {
                return Some("check the permissions, or run the command as the user they are for");
            }
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                return Some(DISK_FULL);
            }
            _ => next = cause.source(),
        }
    }
    None
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.error)?;
        for cause in self.error.chain().skip(1) {
            write!(f, "\n  Caused by: {}", cause.to_string().trim_end())?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let hint = store_hint(&error);
        Self::plain(error, hint)
    }
}

fn store_hint(error: &StoreError) -> Option<&'static str> {
    if error.is_disk_full() {
        return Some(DISK_FULL);
    }
    match error {
        StoreError::Locked { .. } => {
            Some("wait for the other build to end, or write to another directory")
        }
        StoreError::NotARun { .. } => Some("choose an empty or a new directory with `-o`"),
        StoreError::NoRun { .. } => Some("make one with `backstory build REPOSITORY -o RUN`"),
        StoreError::OfSnapshots { .. } => Some("`backstory build` makes a run of changes"),
        StoreError::OfChanges { .. } => Some("`backstory snapshot` makes a run of snapshots"),
        StoreError::Incomplete { .. } => {
            Some("run the same `backstory build` again; it goes on where it stopped")
        }
        StoreError::Damaged { .. } | StoreError::MissingBlob { .. } => {
            Some("`backstory audit` lists what is damaged; `backstory build` makes it again")
        }
        StoreError::Schema { .. } => Some("use the version of backstory that wrote the run"),
        StoreError::Ledger { .. } => Some(
            "the ledger `state.sqlite` can be deleted; it holds nothing that is not in the files",
        ),
        StoreError::Read { .. }
        | StoreError::Write { .. }
        | StoreError::ReadOnly { .. }
        | StoreError::MissingUnit { .. } => None,
    }
}

impl From<MineError> for Failure {
    fn from(error: MineError) -> Self {
        let hint = match &error {
            MineError::NotARepository { .. } => {
                Some("give a work tree, a bare repository or a `.git` directory")
            }
            MineError::NoCommits { .. } => {
                Some("commit something, or name the commit to start from with `--head`")
            }
            MineError::Unreadable { .. } | MineError::MissingTip { .. } | MineError::Object(_) => {
                Some("`git fsck` tells what is damaged; fetch the repository again")
            }
            _ => None,
        };
        Self::plain(error, hint)
    }
}

impl From<RecordsError> for Failure {
    fn from(error: RecordsError) -> Self {
        Self::plain(error, Some(RECORD_FORMAT))
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Store(error) => error.into(),
            ImportError::Repositories { .. } => {
                Self::plain(error, Some("name one with `--repo OWNER/NAME`"))
            }
            ImportError::Header { .. } => Self::plain(error, Some(RECORD_FORMAT)),
            ImportError::Read { .. } | ImportError::Write { .. } | ImportError::Json { .. } => {
                Self::plain(error, None)
            }
        }
    }
}

impl From<CollectError> for Failure {
    fn from(error: CollectError) -> Self {
        let hint = match error {
            CollectError::Records(error) => return error.into(),
            CollectError::Address { .. } => "give an address that begins with `https://`",
            CollectError::Token { .. } => {
                "set a token in `BACKSTORY_GITHUB_TOKEN`, `BACKSTORY_GITLAB_TOKEN` or \
                 `BACKSTORY_GITEA_TOKEN`"
            }
            CollectError::NoRepository { .. } => {
                "check the name, and that the token may read the repository"
            }
            CollectError::Busy { .. } => "wait for it to end",
            CollectError::Journal { .. } => {
                "it was written by another version; delete it to begin anew"
            }
            CollectError::Unreachable { .. }
            | CollectError::Status { .. }
            | CollectError::Elsewhere { .. }
            | CollectError::Limit { .. }
            | CollectError::Shape { .. }
            | CollectError::TooLong { .. } => {
                "what was fetched is kept; run the same command again to go on"
            }
        };
        Self::plain(error, Some(hint))
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        Self::plain(error, Some("`backstory audit` lists what is damaged"))
    }
}

impl From<LanguageModelError> for Failure {
    fn from(error: LanguageModelError) -> Self {
        let hint = model_hint(&error);
        Self::plain(error, hint)
    }
}

fn model_hint(error: &LanguageModelError) -> Option<&'static str> {
    match error {
        LanguageModelError::Address { .. } => {
            Some("write it as `http://localhost:8000`; a key goes into `BACKSTORY_MODEL_KEY`")
        }
        LanguageModelError::WhichModel { .. } => Some("name one of them with `--name`"),
        LanguageModelError::Refused { status: 401 | 403, .. } => {
            Some("put the key of the server into `BACKSTORY_MODEL_KEY`")
        }
        LanguageModelError::CannotScore { .. } => {
            Some("`backstory doctor --model` says what a server can do; `--model ngram` needs none")
        }
        LanguageModelError::BudgetSpent { .. } => {
            Some("what was answered is kept; run the same command with a larger `--budget`")
        }
        LanguageModelError::Unreachable { .. }
        | LanguageModelError::Failing { .. }
        | LanguageModelError::Limited { .. } => {
            Some("see that the server runs; what was answered before is kept")
        }
        LanguageModelError::CannotComplete { .. }
        | LanguageModelError::NothingToScore
        | LanguageModelError::MissingLogprob { .. }
        | LanguageModelError::NotALogprob { .. }
        | LanguageModelError::TokenCount { .. }
        | LanguageModelError::OtherText { .. }
        | LanguageModelError::Incomplete { .. }
        | LanguageModelError::OverWindow { .. }
        | LanguageModelError::Shape { .. }
        | LanguageModelError::AnswerTooLong { .. }
        | LanguageModelError::Refused { .. }
        | LanguageModelError::Keep { .. } => None,
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        Self::plain(error, None)
    }
}

impl From<QuestionExportError> for Failure {
    fn from(error: QuestionExportError) -> Self {
        let hint = match &error {
            QuestionExportError::Occupied { .. } => Some("choose another directory with `-o`"),
            QuestionExportError::OtherSplit { .. } => {
                Some("export all formats again at once, or choose another directory with `-o`")
            }
            QuestionExportError::Store(error) => store_hint(error),
            QuestionExportError::Read(_)
            | QuestionExportError::Table(_)
            | QuestionExportError::Write { .. } => None,
        };
        Self::plain(error, hint)
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        let hint = match &error {
            ExportError::Occupied { .. } => Some("choose another directory with `-o`"),
            ExportError::OtherAuthors { .. } => {
                Some("export all formats together, or choose another directory with `-o`")
            }
            _ => None,
        };
        Self::plain(error, hint)
    }
}
