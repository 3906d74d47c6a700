//! How does a line of JSON become a ranking?
//!
//! One object a line: `instance_id` and `ranking`, paths with the best first; other
//! tools call the list `found_files`, which is taken as well. `functions` (or
//! `found_entities`) may rank functions as `path:Class.method`. Other fields are
//! skipped. Of a path listed twice the first place counts; the second keeps its place,
//! so listing twice gains nothing.

use serde::Deserialize;

use crate::rows::{BrokenRow, read_lines};

/// The rankings of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// Which row is answered.
    pub id: String,
    /// Paths, best first.
    pub files: Vec<String>,
    /// Functions, best first; `None` where they are not ranked.
    pub functions: Option<Vec<String>>,
}

/// The predictions of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Predictions {
    /// What could be read, in file order, no row twice.
    pub rows: Vec<Prediction>,
    /// What could not, in file order.
    pub broken: Vec<BrokenRow>,
}

/// Reads predictions, one JSON object a line; empty lines are none.
///
/// Never fails: every line that is not empty is a prediction or a [`BrokenRow`].
pub fn read_predictions(bytes: &[u8]) -> Predictions {
    let (rows, broken) = read_lines(bytes, prediction, |row| &row.id);
    Predictions { rows, broken }
}

/// The fields that are read.
#[derive(Deserialize)]
struct Line {
    instance_id: String,
    ranking: Option<Vec<String>>,
    found_files: Option<Vec<String>>,
    functions: Option<Vec<String>>,
    found_entities: Option<Vec<String>>,
}

fn prediction(line: Line) -> Result<Prediction, String> {
    let ranking = line.ranking.or(line.found_files);
    let files = ranking.ok_or("it has neither `ranking` nor `found_files`")?;
    Ok(Prediction {
        id: line.instance_id,
        files: files.into_iter().map(plain).collect(),
        functions: line
            .functions
            .or(line.found_entities)
            .map(|functions| functions.into_iter().map(plain).collect()),
    })
}

/// Returns a path as repositories name it.
fn plain(path: String) -> String {
    path.strip_prefix("./").map(str::to_owned).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rankings_of_other_tools_are_read() {
        let found = read_predictions(
            b"{\"instance_id\":\"a-1\",\"ranking\":[\"./a.py\",\"b.py\"],\"cost\":3}\n\n\
              {\"instance_id\":\"a-2\",\"found_files\":[],\"found_entities\":[\"a.py:A.run\"]}",
        );
        insta::assert_debug_snapshot!(found, @r#"
        Predictions {
            rows: [
                Prediction {
                    id: "a-1",
                    files: [
                        "a.py",
                        "b.py",
                    ],
                    functions: None,
                },
                Prediction {
                    id: "a-2",
                    files: [],
                    functions: Some(
                        [
                            "a.py:A.run",
                        ],
                    ),
                },
            ],
            broken: [],
        }
        "#);
    }

    #[test]
    fn broken_lines_are_told_by_number_and_the_rest_is_kept() {
        let found = read_predictions(
            b"{\"instance_id\":\"a-1\",\"ranking\":[\"a.py\"]}\n\
              {\"instance_id\":\"a-1\",\"ranking\":[\"b.py\"]}\n\
              {\"instance_id\":\"a-2\"}\n\
              {\"instance_id\":\"a-3\",\"found_files\":[[\"a.py\"],[\"b.py\"]]}\n\
              {\"ranking\":[\"a.py\"]}\n\
              \xff\n\
              {\"instance_id\":\"a-4\",\"ranking\":[\"a.py\"]",
        );
        assert_eq!(found.rows.len(), 1);
        let told: Vec<String> =
            found.broken.iter().map(|row| format!("{}: {}", row.line, row.reason)).collect();
        insta::assert_snapshot!(told.join("\n"), @"
        2: `a-1` is the name of an earlier line
        3: it has neither `ranking` nor `found_files`
        4: invalid type: sequence, expected a string
        5: missing field `instance_id`
        6: expected value
        7: EOF while parsing an object
        ");
    }

    proptest! {
        #[test]
        fn every_line_is_a_prediction_or_broken(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let lines = bytes
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.trim_ascii().is_empty())
                .count();
            let found = read_predictions(&bytes);
            prop_assert_eq!(found.rows.len() + found.broken.len(), lines);
        }
    }
}
