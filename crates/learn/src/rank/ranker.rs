//! What does a file hold that ranks on another machine?
//!
//! A [`Model`], the names of the features that it reads in their order, and a header
//! with the version. JSON, one list of numbers a line; a forest of 100 trees with 15
//! leaves takes about 70 kB. Reads back equal, bit by bit.

use serde::{Deserialize, Serialize};

use super::{Blend, Model};
use crate::measure::Platt;

/// What the header calls such a file.
const FORMAT: &str = "backstory-ranker";
/// The version that is written; older ones stay readable.
const VERSION: u32 = 1;

/// A model with what is needed to feed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "File", into = "File")]
pub struct Ranker {
    /// The names of the features, in the order of the rows.
    pub features: Vec<String>,
    /// The model.
    pub model: Model,
    /// How scores become probabilities, where that was learned.
    pub calibration: Option<Platt>,
}

/// Says why a text is no ranker.
#[derive(Debug, thiserror::Error)]
pub enum RankerError {
    /// It is something else.
    #[error("the file is not a trained ranker")]
    Syntax(#[source] serde_json::Error),
    /// It is JSON of something else.
    #[error("the file is a `{0}`, not a `{FORMAT}`")]
    Format(String),
    /// It was written by a later version.
    #[error("the ranker has version {found}; this build reads up to version {VERSION}")]
    Version {
        /// What the header says.
        found: u32,
    },
    /// Model and names differ.
    #[error("the ranker names {named} features, its model reads {read}")]
    Features {
        /// How many names there are.
        named: usize,
        /// How many the model reads.
        read: usize,
    },
    /// The parts of a blend differ.
    #[error("the parts of the ranker read different features")]
    Parts,
    /// A blend cannot be mixed so.
    #[error("the weighted sum has the part `{0}` of the score, which is not from 0 to 1")]
    Weight(f32),
}

/// What every version of the file has.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

#[derive(Clone, Serialize, Deserialize)]
struct File {
    format: String,
    version: u32,
    features: Vec<String>,
    model: Model,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calibration: Option<Platt>,
}

impl Ranker {
    /// Returns the text of the file.
    pub fn to_text(&self) -> String {
        // Writing to memory fails for maps with keys that are no text; there are none.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads the text of a file.
    pub fn from_text(text: &str) -> Result<Self, RankerError> {
        let header: Header = serde_json::from_str(text).map_err(RankerError::Syntax)?;
        check(&header.format, header.version)?;
        let file: File = serde_json::from_str(text).map_err(RankerError::Syntax)?;
        Self::try_from(file)
    }
}

fn check(format: &str, version: u32) -> Result<(), RankerError> {
    if format != FORMAT {
        return Err(RankerError::Format(format.to_owned()));
    }
    if version > VERSION {
        return Err(RankerError::Version { found: version });
    }
    Ok(())
}

impl From<Ranker> for File {
    fn from(ranker: Ranker) -> Self {
        let Ranker { features, model, calibration } = ranker;
        Self { format: FORMAT.to_owned(), version: VERSION, features, model, calibration }
    }
}

impl TryFrom<File> for Ranker {
    type Error = RankerError;

    fn try_from(file: File) -> Result<Self, RankerError> {
        check(&file.format, file.version)?;
        if let Model::Blend(Blend { weight, .. }) = &file.model
            && !(0.0..=1.0).contains(weight)
        {
            return Err(RankerError::Weight(*weight));
        }
        let (named, read) = (file.features.len(), file.model.columns().ok_or(RankerError::Parts)?);
        if read != named {
            return Err(RankerError::Features { named, read });
        }
        let File { features, model, calibration, .. } = file;
        Ok(Self { features, model, calibration })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rank::synthetic::{Size, queries};
    use crate::rank::{lambda_mart, linear};
    use crate::seed::Seed;

    fn ranker(trees: usize) -> Ranker {
        let seen = queries(Seed::of(&["seen"]), Size { queries: 30, rows: 20, columns: 5 });
        let options = lambda_mart::LambdaMartOptions { trees, ..Default::default() };
        let model = Model::Blend(Blend {
            trees: lambda_mart::train(&seen, &options).expect("learns"),
            linear: linear::train(&seen, &linear::LinearOptions::default()).expect("learns"),
            weight: 0.5,
        });
        let features = ["bm25", "path", "named", "depth", "size"].map(str::to_owned).to_vec();
        Ranker { features, model, calibration: Some(Platt { slope: 1.3, intercept: -0.1 }) }
    }

    #[test]
    fn a_ranker_reads_back_equal_and_scores_the_same() {
        let (written, unseen) =
            (ranker(20), queries(Seed::of(&["unseen"]), Size { queries: 1, rows: 50, columns: 5 }));
        let read = Ranker::from_text(&written.to_text()).expect("reads back");
        assert_eq!(read, written);
        let bits = |ranker: &Ranker| -> Vec<u64> {
            ranker.model.scores(&unseen.features).into_iter().map(f64::to_bits).collect()
        };
        assert_eq!(bits(&read), bits(&written));
        assert_eq!(read.to_text(), written.to_text());
    }

    #[test]
    fn a_forest_of_the_largest_setting_stays_small() {
        let seen = queries(Seed::of(&["seen"]), Size { queries: 60, rows: 30, columns: 5 });
        let options = lambda_mart::LambdaMartOptions { trees: 100, ..Default::default() };
        let trees = lambda_mart::train(&seen, &options).expect("learns");
        let ranker = Ranker { model: Model::Trees(trees), calibration: None, ..ranker(1) };
        let length = ranker.to_text().len();
        assert!(length < 90_000, "{length} bytes");
    }

    #[test]
    fn a_ranker_begins_with_its_header() {
        let text = ranker(1).to_text();
        insta::assert_snapshot!(text.lines().take(10).collect::<Vec<_>>().join("\n"), @r#"
        {
          "format": "backstory-ranker",
          "version": 1,
          "features": [
            "bm25",
            "path",
            "named",
            "depth",
            "size"
          ],
        "#);
    }

    #[test]
    fn what_is_no_ranker_is_refused() {
        let said = |text: &str| {
            let error = Ranker::from_text(text).expect_err("is no ranker");
            error.to_string()
        };
        let other = ranker(1).to_text();
        insta::assert_snapshot!([
            said("tree\nversion=v4\n"),
            said(r#"{"format":"atif","version":1}"#),
            said(&other.replace("\"version\": 1", "\"version\": 2")),
            said(&other.replace("\"depth\",", "")),
            said(&other.replace("\"columns\": 5", "\"columns\": 6")),
            said(&other.replace("\"weight\": 0.5", "\"weight\": 1e39")),
        ].join("\n"), @"
        the file is not a trained ranker
        the file is a `atif`, not a `backstory-ranker`
        the ranker has version 2; this build reads up to version 1
        the ranker names 4 features, its model reads 5
        the parts of the ranker read different features
        the weighted sum has the part `inf` of the score, which is not from 0 to 1
        ");
    }
}
