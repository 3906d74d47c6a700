//! Do queries come back as they were written, and are other tables refused?

use super::made::{Told, query};
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
