//! Was exactly this run done before, and how often was each unit tried?
//!
//! The ledger is a database beside the covered files. It holds costs and
//! attempts, which must not reach them, and lets an unchanged build stop at
//! once. It can be deleted at any time: files are the truth. Written by the
//! process that has the run for itself, by no worker.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use backstory_model::{RepoName, Sha256, UnitKey};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use crate::StoreError;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS run (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        run_key TEXT NOT NULL,
        listing TEXT NOT NULL,
        cpu_seconds REAL NOT NULL,
        peak_rss_mb REAL NOT NULL
    );
    CREATE TABLE IF NOT EXISTS unit (
        unit_key TEXT PRIMARY KEY,
        attempts INTEGER NOT NULL,
        status TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS source (
        repo TEXT PRIMARY KEY,
        path TEXT NOT NULL
    ) WITHOUT ROWID;
";

/// Returns the address of a database that nobody changes while it is open.
fn unchanging(path: &Path) -> String {
    let mut address = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            address.push(char::from(*byte));
        } else {
            write!(address, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    address + "?immutable=1"
}

/// What the ledger says about the last complete build.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    /// The digest of everything that determines the run.
    pub run_key: Sha256,
    /// The names and sizes of the files, as one digest.
    pub listing: Sha256,
    /// What the build cost, in CPU seconds.
    pub cpu_seconds: f64,
    /// How much memory it held at most, in MiB.
    pub peak_rss_mb: f64,
}

/// The ledger of one run.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    connection: Connection,
}

impl Ledger {
    /// Opens the ledger; a file that is no database is replaced.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let connect = || {
            let connection = Connection::open(path)?;
            connection.execute_batch(SCHEMA)?;
            Ok(connection)
        };
        let connection = match connect() {
            Err(error) if is_damage(&error) => {
                for suffix in ["", "-wal", "-shm"] {
                    let mut name = path.as_os_str().to_owned();
                    name.push(suffix);
                    crate::fs::remove_file(Path::new(&name))?;
                }
                connect()
            }
            other => other,
        };
        let connection =
            connection.map_err(|source| StoreError::Ledger { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), connection })
    }

    /// Opens a ledger that is there and writes nothing, not even beside it.
    pub(crate) fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let reading = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        // Without a log nobody has it open, and its folder may be closed to us.
        let connection = if Path::new(&log).exists() {
            Connection::open_with_flags(path, reading)
        } else {
            Connection::open_with_flags(unchanging(path), reading | OpenFlags::SQLITE_OPEN_URI)
        };
        let connection =
            connection.map_err(|source| StoreError::Ledger { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), connection })
    }

    fn error(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Ledger { path: self.path.clone(), source }
    }

    /// Returns the last complete build.
    pub fn last_run(&self) -> Result<Option<RunState>, StoreError> {
        let query = "SELECT run_key, listing, cpu_seconds, peak_rss_mb FROM run WHERE id = 1";
        let row = self
            .connection
            .query_row(query, [], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()
            .map_err(|source| self.error(source))?;
        Ok(row.and_then(|(run_key, listing, cpu_seconds, peak_rss_mb)| {
            let run_key = Sha256::new(run_key).ok()?;
            let listing = Sha256::new(listing).ok()?;
            Some(RunState { run_key, listing, cpu_seconds, peak_rss_mb })
        }))
    }

    /// Forgets the last complete build, because another one begins.
    pub fn begin(&self) -> Result<(), StoreError> {
        self.connection
            .execute("DELETE FROM run", [])
            .map(|_| ())
            .map_err(|source| self.error(source))
    }

    /// Remembers where the repositories lie, for later commands on this machine.
    pub fn set_sources<'a>(
        &mut self,
        sources: impl IntoIterator<Item = (&'a RepoName, &'a Path)>,
    ) -> Result<(), StoreError> {
        let write = || {
            let transaction = self.connection.transaction()?;
            transaction.execute("DELETE FROM source", [])?;
            for (repo, path) in sources {
                let row = params![repo.to_string(), path.to_string_lossy()];
                transaction.execute("INSERT INTO source VALUES (?1, ?2)", row)?;
            }
            transaction.commit()
        };
        write().map_err(|source| StoreError::Ledger { path: self.path.clone(), source })
    }

    /// Returns where the repositories lay when the run was built.
    pub fn sources(&self) -> Result<BTreeMap<RepoName, PathBuf>, StoreError> {
        let read = || {
            let mut statement = self.connection.prepare("SELECT repo, path FROM source")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<Vec<(String, String)>, rusqlite::Error>>()
        };
        let rows = read().map_err(|source| self.error(source))?;
        let named =
            |(repo, path): (String, String)| Some((RepoName::parse(&repo).ok()?, path.into()));
        Ok(rows.into_iter().filter_map(named).collect())
    }

    /// Remembers a complete build.
    pub fn complete(&self, state: &RunState) -> Result<(), StoreError> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO run VALUES (1, ?1, ?2, ?3, ?4)",
                params![
                    state.run_key.as_str(),
                    state.listing.as_str(),
                    state.cpu_seconds,
                    state.peak_rss_mb
                ],
            )
            .map(|_| ())
            .map_err(|source| self.error(source))
    }

    /// Counts one attempt for each of these units and sets their status.
    pub fn attempted<'a>(
        &mut self,
        units: impl IntoIterator<Item = (&'a UnitKey, &'a str)>,
    ) -> Result<(), StoreError> {
        let write = || {
            let transaction = self.connection.transaction()?;
            {
                let mut statement = transaction.prepare_cached(
                    "INSERT INTO unit VALUES (?1, 1, ?2) ON CONFLICT (unit_key)
                     DO UPDATE SET attempts = attempts + 1, status = excluded.status",
                )?;
                for (key, status) in units {
                    statement.execute(params![key.as_str(), status])?;
                }
            }
            transaction.commit()
        };
        write().map_err(|source| StoreError::Ledger { path: self.path.clone(), source })
    }

    /// Returns how often a unit was tried, and what its status is.
    pub fn attempts(&self, key: &UnitKey) -> Result<Option<(u32, String)>, StoreError> {
        self.connection
            .query_row(
                "SELECT attempts, status FROM unit WHERE unit_key = ?1",
                [key.as_str()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(|source| self.error(source))
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt)
    )
}
