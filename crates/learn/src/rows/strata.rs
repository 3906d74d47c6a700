//! How much of the answer does an issue give away?
//!
//! In: the text of an issue and its gold files. Out: the strata of the protocol. They
//! look at the answer, so they describe a row and never become a feature.

use std::collections::BTreeSet;

use backstory_model::RepoPath;
use serde::{Deserialize, Serialize};

/// A kind of issue that is reported apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stratum {
    /// Every issue.
    All,
    /// The text names a gold file.
    Named,
    /// The text names no gold file.
    NotNamed,
    /// As `NotNamed`, and no gold file's name without suffix is a word of the text.
    StemAbsent,
    /// More than one gold file.
    Several,
}

impl Stratum {
    /// Every stratum, in the order of the tables.
    pub const ALL: [Self; 5] =
        [Self::All, Self::Named, Self::NotNamed, Self::StemAbsent, Self::Several];

    /// Returns how tables call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Named => "gold named",
            Self::NotNamed => "gold not named",
            Self::StemAbsent => "stem absent",
            Self::Several => "several gold files",
        }
    }
}

/// What one issue gives away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strata {
    /// At least one gold file is named.
    pub named: bool,
    /// No gold file is named, and no stem is a word of the text.
    pub stem_absent: bool,
    /// There is more than one gold file.
    pub several: bool,
}

impl Strata {
    /// Reads a text against its gold files.
    ///
    /// A file is named by its full path, its dotted module name, its last two path
    /// parts or its base name; `__init__.py` and its stem name nothing.
    pub fn of(text: &str, gold: &[RepoPath]) -> Self {
        let gold: Vec<String> = gold.iter().map(ToString::to_string).collect();
        let named = gold.iter().any(|path| names(text, path));
        let words: BTreeSet<&str> = words(text).collect();
        let is_word = |path: &String| {
            let stem = stem(base_name(path));
            stem != "__init__" && words.contains(stem)
        };
        let stem_absent = !named && !gold.iter().any(is_word);
        Self { named, stem_absent, several: gold.len() > 1 }
    }

    /// Returns true when the issue belongs to a stratum.
    pub fn contains(self, stratum: Stratum) -> bool {
        match stratum {
            Stratum::All => true,
            Stratum::Named => self.named,
            Stratum::NotNamed => !self.named,
            Stratum::StemAbsent => self.stem_absent,
            Stratum::Several => self.several,
        }
    }
}

fn names(text: &str, path: &str) -> bool {
    let dotted = stem(path).replace('/', ".");
    let module = dotted.strip_suffix(".__init__").unwrap_or(&dotted);
    let base = base_name(path);
    let last_two = match path.rmatch_indices('/').nth(1) {
        Some((at, _)) => &path[at + 1..],
        None => path,
    };
    text.contains(module)
        || text.contains(last_two)
        || (base != "__init__.py" && text.contains(base))
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Removes the suffix of the last path part.
fn stem(path: &str) -> &str {
    let from = path.len() - base_name(path).len();
    match path[from..].rfind('.') {
        Some(dot) if dot > 0 => &path[..from + dot],
        _ => path,
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Strata, Stratum};

    fn strata(text: &str, gold: &[&str]) -> (bool, bool, bool) {
        let gold: Vec<_> = gold.iter().map(|path| (*path).into()).collect();
        let strata = Strata::of(text, &gold);
        (strata.named, strata.stem_absent, strata.several)
    }

    #[test]
    fn a_file_is_named_by_path_module_last_parts_or_base_name() {
        let gold = &["src/pkg/core/reader.py"];
        for text in [
            "see src/pkg/core/reader.py",
            "import src.pkg.core.reader",
            "File \"core/reader.py\", line 3",
            "in reader.py:3",
        ] {
            assert_eq!(strata(text, gold), (true, false, false), "{text}");
        }
        assert_eq!(strata("the reader fails", gold), (false, false, false));
        assert_eq!(strata("the Reader fails in readers", gold), (false, true, false));
    }

    #[test]
    fn an_index_file_is_named_by_its_package_alone() {
        let gold = &["pkg/nodes/__init__.py"];
        assert_eq!(strata("__init__ of __init__.py", gold), (false, true, false));
        assert_eq!(strata("pkg.nodes has no such name", gold), (true, false, false));
        assert_eq!(strata("in nodes/__init__.py", gold), (true, false, false));
    }

    #[test]
    fn one_of_several_gold_files_is_enough() {
        let gold = &["pkg/one.py", "pkg/two.py"];
        assert_eq!(strata("two.py", gold), (true, false, true));
        assert_eq!(strata("only two", gold), (false, false, true));
        let strata = Strata::of("nothing", &["pkg/one.py".into()]);
        let inside: Vec<&str> = Stratum::ALL
            .into_iter()
            .filter(|stratum| strata.contains(*stratum))
            .map(Stratum::label)
            .collect();
        assert_eq!(inside, ["all", "gold not named", "stem absent"]);
    }
}
