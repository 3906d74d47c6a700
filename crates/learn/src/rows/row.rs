//! What does one issue row tell, and to whom?

use std::collections::BTreeSet;

use backstory_model::{CommitId, RepoName, RepoPath};

use crate::snapshot::{Candidates, is_candidate};

/// What a localizer may see of a row: every feature of T1 is a function of this and
/// of the repository up to the base commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name of the row, unique in its file.
    pub id: String,
    /// Which repository it is about.
    pub repo: RepoName,
    /// The commit whose tree is ranked.
    pub base: CommitId,
    /// The issue: its title, a line feed, its body.
    pub text: String,
}

impl Question {
    /// Returns the first line of the issue.
    pub fn title(&self) -> &str {
        self.text.lines().next().unwrap_or("")
    }
}

/// What only labels, the failing test of T2 and the score may see of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Files that the fix changes, as the row names them or as its patch does.
    pub gold_files: Vec<RepoPath>,
    /// Functions that the fix changes, `path:Class.method`; `None` when not told.
    pub gold_functions: Option<Vec<String>>,
    /// Test files that the fix changes; `None` when not told.
    pub test_files: Option<Vec<RepoPath>>,
    /// The last commit of the fixing pull request.
    pub pull_head: Option<CommitId>,
}

/// Whether a row may be learned from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Usage {
    /// Training, tuning and cross-validation; also rows that do not say.
    #[default]
    Development,
    /// Scored once, by a finished model; also rows whose usage is not known here.
    TestOnly,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueRow {
    /// What is asked.
    pub question: Question,
    /// What is right.
    pub answer: Answer,
    /// Whether it may be learned from.
    pub usage: Usage,
    /// Which published set it comes from.
    pub source_set: Option<String>,
    /// When its base was committed, RFC 3339; what splits by time order by.
    pub base_date: Option<String>,
}

impl Answer {
    /// Returns the places of the gold files among the candidates, sorted.
    ///
    /// Files that the fix creates are not there, and neither are those that are no
    /// code or a test.
    pub fn gold(&self, candidates: &Candidates) -> Vec<usize> {
        let places: BTreeSet<usize> =
            self.gold_files.iter().filter_map(|path| candidates.index_of(path)).collect();
        places.into_iter().collect()
    }

    /// Says why a row without gold among the candidates has none.
    pub fn missing_gold(&self) -> &'static str {
        if self.gold_files.iter().any(is_candidate) {
            "every gold file is missing from the base tree: the fix only adds files"
        } else if self.gold_files.is_empty() {
            "no gold file is named: the fix only adds files, or changes no code"
        } else {
            "no gold file is code that is not a test"
        }
    }
}

#[cfg(test)]
mod tests {
    use backstory_model::{BlobId, RepoPath};

    use super::Answer;
    use crate::snapshot::Candidates;

    #[test]
    fn gold_that_cannot_be_named_is_told_with_its_reason() {
        let blob = BlobId::new("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391").unwrap();
        let candidates =
            Candidates { paths: vec!["a.py".into(), "b.py".into()], blobs: vec![blob; 2] };
        let answer = |paths: &[&str]| Answer {
            gold_files: paths.iter().map(|path| RepoPath::from(*path)).collect(),
            ..Answer::default()
        };
        assert_eq!(answer(&["b.py", "new.py", "b.py"]).gold(&candidates), [1]);
        assert!(answer(&["new.py"]).missing_gold().contains("only adds files"));
        assert!(answer(&["README.md"]).missing_gold().contains("not a test"));
        assert!(answer(&[]).missing_gold().contains("named"));
    }
}
