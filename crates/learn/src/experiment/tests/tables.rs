//! Do queries come back as they were written, and are other tables refused?

use backstory_table::{ColumnWriter, Values, read_columns};

use super::made::{Told, query};
use crate::execution::FEATURES;
use crate::experiment::{Query, QueryWriter, Role, TablesError, read_queries};

fn written(queries: &[Query]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = QueryWriter::create(folder.path()).unwrap();
    for query in queries {
        writer.push(query).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), i64::try_from(queries.len()).unwrap());
    folder
}

#[test]
fn queries_come_back_as_they_were_written() {
    let mut queries: Vec<Query> =
        (0..3).map(|at| query("acme/toy", at, Role::Development, Told::Past)).collect();
    queries[1].columns.test.clear();
    queries.push(query("acme/toy", 4, Role::Unit, Told::Execution));
    assert!(queries[3].columns.has_execution());
    let folder = written(&queries);
    let read = read_queries(folder.path()).unwrap();
    assert_eq!(format!("{queries:?}"), format!("{read:?}"));
}

#[test]
fn tables_that_do_not_belong_together_are_refused() {
    let queries = [query("acme/toy", 1, Role::Unit, Told::Nowhere)];
    let folder = written(&queries);
    let lines = folder.path().join("queries.jsonl");
    let text = backstory_store::fs::read_text(&lines).unwrap();
    let refused = |text: String| {
        backstory_store::fs::write_file(&lines, text.as_bytes()).unwrap();
        read_queries(folder.path()).unwrap_err()
    };
    let other = text.replace("\"candidates\":30", "\"candidates\":31");
    assert!(matches!(refused(other), TablesError::Apart(_)));
    assert!(matches!(refused(String::new()), TablesError::Apart(_)));
    assert!(matches!(refused(format!("{text}{{}}\n")), TablesError::Line { line: 2, .. }));
}

#[test]
fn tables_of_before_there_was_any_execution_are_read() {
    let queries = [query("acme/toy", 1, Role::Unit, Told::Past)];
    let folder = written(&queries);
    let table = folder.path().join("candidates.parquet");
    let mut columns = Vec::new();
    read_columns(&table, |batch| columns.extend(batch)).unwrap();
    columns.truncate(columns.len() - FEATURES.len());
    let (names, values): (Vec<String>, Vec<Values>) = columns.into_iter().unzip();
    let mut writer = ColumnWriter::create(&table, names);
    writer.push(&values).unwrap();
    writer.finish().unwrap();
    let lines = folder.path().join("queries.jsonl");
    let text = backstory_store::fs::read_text(&lines).unwrap();
    let text = text.replace(",\"has_execution\":false", "");
    backstory_store::fs::write_file(&lines, text.as_bytes()).unwrap();
    let read = read_queries(folder.path()).unwrap();
    assert_eq!(format!("{queries:?}"), format!("{read:?}"));
}
