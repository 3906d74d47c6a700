//! How does what forges and CI servers gave become record files?
//!
//! In: dumps in whatever form a team has them, and the interfaces of forges. Out: a
//! records folder (see `docs/records.md`) of immutable record files and logs, named
//! by content. Nothing is lost: an item that cannot be read is reported with its
//! position, and the rest is taken. Touches the given files, that folder, and the
//! network where a forge is asked.

mod collect;
mod error;
mod export;
mod folder;
mod import;
mod items;
mod line;
mod redact;
mod survey;
mod unpack;

pub use collect::{
    Clock, CollectError, CollectOptions, Collected, Forge, Gap, Http, Missing, Part, Request,
    Response, Transport, collect,
};
pub use error::RecordsError;
pub use export::{ExportOptions, Exported, export};
pub use folder::{LogName, RecordFolder, RecordWriter, StoredFile};
pub use import::{
    Broken, ImportOptions, Imported, JunitCase, JunitReport, Position, SourceFile, dialects,
    import, read_junit,
};
pub use items::{DEEPEST, Item, JsonItems, ListPath, Piece};
pub use redact::{RedactingReader, Redactor};
pub use survey::{KindCount, LogAbsence, Survey, SurveyFinding, survey};

/// The version of the record format this build writes.
pub const RECORD_FORMAT_VERSION: u32 = 1;

/// The longest item (a line, an object of a dump) that is read.
pub const LONGEST_ITEM: usize = 64 << 20;
