//! How are queries kept, so that others can train and the experiment runs again?
//!
//! Two files in a folder: `candidates.parquet`, one row a candidate with its query,
//! group, path, gold and every column as measured, and `queries.jsonl`, one query a
//! line in the order of the groups. Columns of the test and of its execution are 0 where
//! a query has none; `has_test` and `has_execution` in its line say so.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use backstory_model::{RepoName, RepoPath};
use backstory_store::{StoreError, fs};
use backstory_table::{ColumnWriter, TableError, Values, read_columns};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::query::{Query, Role, Source};
use super::report::SourceFile;
use crate::rows::Strata;
use crate::seen::Columns;
use crate::{execution, history, snapshot, test_query};

/// The table of candidates.
const CANDIDATES: &str = "candidates.parquet";
/// The queries.
const QUERIES: &str = "queries.jsonl";
/// The columns before the features.
const KEYS: [&str; 4] = ["query", "group", "path", "gold"];

/// Says why the tables cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// The table of candidates.
    #[error("failed to use the table of candidates")]
    Table(#[from] TableError),
    /// The file of queries.
    #[error("failed to use the file of queries")]
    Store(#[from] StoreError),
    /// A line of the file of queries is none.
    #[error("line {line} of the file of queries is no query")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The two files do not belong together.
    #[error("the table of candidates does not fit the file of queries: {0}")]
    Apart(String),
}

/// What stands in a line of the file of queries.
#[derive(Serialize, Deserialize)]
struct Line {
    id: String,
    repo: String,
    date: String,
    parent: String,
    text: String,
    source: Source,
    role: Role,
    strata: Strata,
    candidates: usize,
    has_test: bool,
    /// Missing in tables of before there was any.
    #[serde(default)]
    has_execution: bool,
}

/// Writes queries as they come.
pub struct QueryWriter {
    table: ColumnWriter,
    lines: Vec<u8>,
    place: PathBuf,
    group: i64,
}

impl QueryWriter {
    /// Starts a folder; what was in it is replaced when the writer finishes.
    pub fn create(folder: &Path) -> Result<Self, TablesError> {
        fs::create_dirs(folder)?;
        let table = ColumnWriter::create(&folder.join(CANDIDATES), names());
        Ok(Self { table, lines: Vec::new(), place: folder.join(QUERIES), group: 0 })
    }

    /// Adds a query.
    pub fn push(&mut self, query: &Query) -> Result<(), TablesError> {
        let count = query.columns.len();
        let gold = (0..count).map(|at| query.gold.binary_search(&at).is_ok());
        let mut columns = vec![
            Values::Text(vec![query.id.clone(); count]),
            Values::Integer(vec![self.group; count]),
            Values::Text(query.columns.paths.iter().map(ToString::to_string).collect()),
            Values::Boolean(gold.collect()),
        ];
        let silent = vec![vec![0.0; count]; test_columns()];
        let test = if query.columns.has_test() { &query.columns.test } else { &silent };
        let silent = vec![vec![0.0; count]; execution::FEATURES.len()];
        let executed =
            if query.columns.has_execution() { &query.columns.execution } else { &silent };
        let features = query.columns.snapshot.iter().chain(&query.columns.process);
        let features = features.chain(test).chain(executed);
        columns.extend(features.map(|column| Values::Real(column.clone())));
        self.table.push(&columns)?;
        self.group += 1;
        let line = Line {
            id: query.id.clone(),
            repo: query.repo.to_string(),
            date: query.date.clone(),
            parent: query.parent.clone(),
            text: query.text.clone(),
            source: query.source,
            role: query.role,
            strata: query.strata,
            candidates: count,
            has_test: query.columns.has_test(),
            has_execution: query.columns.has_execution(),
        };
        let json = serde_json::to_string(&line).unwrap_or_default();
        self.lines.extend_from_slice(json.as_bytes());
        self.lines.push(b'\n');
        Ok(())
    }

    /// Puts both files in place and returns how many queries there are.
    pub fn finish(self) -> Result<i64, TablesError> {
        self.table.finish()?;
        fs::write_file(&self.place, &self.lines)?;
        Ok(self.group)
    }
}

/// Reads the queries of a folder.
pub fn read_queries(folder: &Path) -> Result<Vec<Query>, TablesError> {
    let text = fs::read_file(&folder.join(QUERIES))?;
    let mut queries = Vec::new();
    let mut wanted = Vec::new();
    for (line, bytes) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if bytes.is_empty() {
            continue;
        }
        let read: Line =
            serde_json::from_slice(bytes).map_err(|source| TablesError::Line { line, source })?;
        wanted.push((read.candidates, read.has_test, read.has_execution));
        queries.push(blank(read)?);
    }
    let mut fault = None;
    read_columns(&folder.join(CANDIDATES), |batch| {
        if let Err(error) = add(&mut queries, batch) {
            fault.get_or_insert(error);
        }
    })?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    for (query, (candidates, has_test, has_execution)) in queries.iter_mut().zip(wanted) {
        if query.columns.len() != candidates || query.gold.is_empty() {
            let why =
                format!("`{}` has {} candidates, not {candidates}", query.id, query.columns.len());
            return Err(TablesError::Apart(why));
        }
        if !has_test {
            query.columns.test.clear();
        }
        if !has_execution {
            query.columns.execution.clear();
        }
    }
    Ok(queries)
}

/// Returns the files of a folder with their digests.
pub fn source_files(folder: &Path) -> Result<Vec<SourceFile>, TablesError> {
    let file = |name: &str| {
        let bytes = fs::read_file(&folder.join(name))?;
        let mut sha256 = String::new();
        for byte in Sha256::digest(&bytes) {
            let _ = write!(sha256, "{byte:02x}");
        }
        Ok(SourceFile { name: name.to_owned(), bytes: bytes.len() as u64, sha256 })
    };
    [QUERIES, CANDIDATES].into_iter().map(file).collect()
}

/// Returns a query without candidates.
fn blank(line: Line) -> Result<Query, TablesError> {
    let repo = RepoName::parse(&line.repo);
    let repo = repo.map_err(|error| TablesError::Apart(error.to_string()))?;
    Ok(Query {
        id: line.id,
        repo,
        date: line.date,
        parent: line.parent,
        text: line.text,
        source: line.source,
        role: line.role,
        strata: line.strata,
        gold: Vec::new(),
        columns: Columns {
            paths: Vec::new(),
            snapshot: vec![Vec::new(); snapshot::FEATURES.len()],
            process: vec![Vec::new(); history::FEATURES.len()],
            test: vec![Vec::new(); test_columns()],
            execution: vec![Vec::new(); execution::FEATURES.len()],
        },
    })
}

/// Adds the rows of a batch to their queries.
fn add(queries: &mut [Query], batch: Vec<(String, Values)>) -> Result<(), TablesError> {
    let (found, columns): (Vec<String>, Vec<Values>) = batch.into_iter().unzip();
    let names = names();
    // Tables of before there was any execution end earlier.
    let earlier = names.len() - execution::FEATURES.len();
    if found != names && found != names[..earlier] {
        return Err(TablesError::Apart("it has other columns".to_owned()));
    }
    let [_, Values::Integer(groups), Values::Text(paths), Values::Boolean(gold), features @ ..] =
        columns.as_slice()
    else {
        return Err(TablesError::Apart("its columns are of other kinds".to_owned()));
    };
    for (row, group) in groups.iter().enumerate() {
        let query = usize::try_from(*group).ok().and_then(|group| queries.get_mut(group));
        let Some(query) = query else {
            return Err(TablesError::Apart(format!("there is no query {group}")));
        };
        if gold[row] {
            query.gold.push(query.columns.paths.len());
        }
        query.columns.paths.push(RepoPath::from(paths[row].as_str()));
        let Columns { snapshot, process, test, execution, .. } = &mut query.columns;
        let columns = snapshot.iter_mut().chain(process).chain(test).chain(execution);
        for (column, values) in columns.zip(features) {
            if let Values::Real(values) = values {
                column.push(values[row]);
            }
        }
    }
    Ok(())
}

/// Returns the names of the columns.
fn names() -> Vec<String> {
    let features = snapshot::FEATURES
        .iter()
        .chain(history::FEATURES)
        .chain(test_query::FEATURES)
        .chain(test_query::HISTORY_FEATURES)
        .chain(execution::FEATURES);
    let keys = KEYS.into_iter();
    keys.chain(features.map(|feature| feature.name)).map(str::to_owned).collect()
}

fn test_columns() -> usize {
    test_query::FEATURES.len() + test_query::HISTORY_FEATURES.len()
}
