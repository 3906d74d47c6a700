//! What does a localizer hold that ranks on another machine?
//!
//! One ranker of files for each task, rankers of functions where they were trained, and
//! on what all were trained. As bytes: JSON, packed with zstd; plain JSON is read too.
//! A file is read by a build that measures the same features under the same names in
//! the same order, and refused by any other.

use std::io::{Read as _, Write as _};

use serde::{Deserialize, Serialize};

use super::{function_names, sight};
use crate::rank::Ranker;
use crate::seen::names;

/// What the header calls such a file.
const FORMAT: &str = "backstory-localizer";
/// The version that is written; older ones stay readable.
const VERSION: u32 = 1;
/// What a packed file begins with.
const PACKED: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// How much effort is put into packing.
const EFFORT: i32 = 19;
/// How many bytes a file may unpack to.
const LARGEST: u64 = 64 << 20;

/// What is asked of a localizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Files for an issue.
    Issue,
    /// Files for an issue and a failing test.
    IssueAndTest,
}

impl Task {
    /// Both tasks.
    pub const ALL: [Self; 2] = [Self::Issue, Self::IssueAndTest];

    /// Returns the name of the task in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::IssueAndTest => "issue_and_test",
        }
    }
}

/// Trained rankers for both tasks.
#[derive(Clone, Debug, PartialEq)]
pub struct Localizer {
    /// On what it was trained, in words.
    pub trained_on: String,
    /// The rankers of files, in the order of [`Task::ALL`].
    pub files: [Ranker; 2],
    /// The rankers of functions, in the same order.
    pub functions: [Option<Ranker>; 2],
}

/// Says why bytes are no localizer of this build.
#[derive(Debug, thiserror::Error)]
pub enum LocalizerError {
    /// The packing is broken.
    #[error("the file is packed and cannot be unpacked")]
    Packing(#[source] std::io::Error),
    /// It unpacks to more than any localizer.
    #[error("the file unpacks to more than {LARGEST} bytes")]
    Large,
    /// It is something else.
    #[error("the file is not a trained localizer")]
    Syntax(#[source] serde_json::Error),
    /// It is JSON of something else.
    #[error("the file is a `{0}`, not a `{FORMAT}`")]
    Format(String),
    /// It was written by a later version.
    #[error("the localizer has version {found}; this build reads up to version {VERSION}")]
    Version {
        /// What the header says.
        found: u32,
    },
    /// It reads a feature that is not measured.
    #[error("the ranker `{ranker}` reads the feature `{name}`, which this build does not measure")]
    Unknown {
        /// Which ranker.
        ranker: String,
        /// The feature.
        name: String,
    },
    /// A feature that is measured is not read where it stands.
    #[error("the ranker `{ranker}` does not read the feature `{name}` where this build has it")]
    Missing {
        /// Which ranker.
        ranker: String,
        /// The feature.
        name: String,
    },
}

/// What every version of the file has.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    version: u32,
    trained_on: String,
    files: Rankers<Ranker>,
    functions: Rankers<Option<Ranker>>,
}

#[derive(Serialize, Deserialize)]
struct Rankers<T> {
    issue: T,
    issue_and_test: T,
}

impl<T> From<[T; 2]> for Rankers<T> {
    fn from([issue, issue_and_test]: [T; 2]) -> Self {
        Self { issue, issue_and_test }
    }
}

impl Localizer {
    /// Returns the ranker of files for a task.
    pub fn files(&self, task: Task) -> &Ranker {
        &self.files[place(task)]
    }

    /// Returns the ranker of functions for a task, if there is one.
    pub fn functions(&self, task: Task) -> Option<&Ranker> {
        self.functions[place(task)].as_ref()
    }

    /// Returns the bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let file = File {
            format: FORMAT.to_owned(),
            version: VERSION,
            trained_on: self.trained_on.clone(),
            files: self.files.clone().into(),
            functions: self.functions.clone().into(),
        };
        written(&file)
    }

    /// Reads the bytes of a file, packed or plain, and checks that this build measures
    /// what the rankers read.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LocalizerError> {
        let json = unpacked(bytes)?;
        let header: Header = serde_json::from_slice(&json).map_err(LocalizerError::Syntax)?;
        if header.format != FORMAT {
            return Err(LocalizerError::Format(header.format));
        }
        if header.version > VERSION {
            return Err(LocalizerError::Version { found: header.version });
        }
        let file: File = serde_json::from_slice(&json).map_err(LocalizerError::Syntax)?;
        let File { trained_on, files, functions, .. } = file;
        let read = Self {
            trained_on,
            files: [files.issue, files.issue_and_test],
            functions: [functions.issue, functions.issue_and_test],
        };
        read.check()?;
        Ok(read)
    }

    fn check(&self) -> Result<(), LocalizerError> {
        for task in Task::ALL {
            let ranker = |level: &str| format!("{level}.{}", task.as_str());
            check(&ranker("files"), self.files(task), &names(sight(task)))?;
            if let Some(functions) = self.functions(task) {
                check(&ranker("functions"), functions, &function_names())?;
            }
        }
        Ok(())
    }
}

fn written(file: &File) -> Vec<u8> {
    let json = serde_json::to_vec(file).expect("plain values serialize");
    packed(&json).expect("memory takes what is written")
}

fn place(task: Task) -> usize {
    match task {
        Task::Issue => 0,
        Task::IssueAndTest => 1,
    }
}

fn check(ranker: &str, read: &Ranker, measured: &[String]) -> Result<(), LocalizerError> {
    let ranker = || ranker.to_owned();
    if let Some(name) = read.features.iter().find(|name| !measured.contains(name)) {
        return Err(LocalizerError::Unknown { ranker: ranker(), name: name.clone() });
    }
    let mut places = measured.iter().enumerate();
    match places.find(|(at, name)| read.features.get(*at) != Some(name)) {
        Some((_, name)) => Err(LocalizerError::Missing { ranker: ranker(), name: name.clone() }),
        None => Ok(()),
    }
}

/// Packs bytes with a checksum, so that damage is never a ranking.
fn packed(json: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer = zstd::Encoder::new(Vec::new(), EFFORT)?;
    packer.include_checksum(true)?;
    packer.write_all(json)?;
    packer.finish()
}

fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, LocalizerError> {
    if !bytes.starts_with(&PACKED) {
        return Ok(bytes.to_vec());
    }
    let reader = zstd::Decoder::new(bytes).map_err(LocalizerError::Packing)?;
    let mut json = Vec::new();
    reader.take(LARGEST + 1).read_to_end(&mut json).map_err(LocalizerError::Packing)?;
    if json.len() as u64 > LARGEST {
        return Err(LocalizerError::Large);
    }
    Ok(json)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rank::{Blend, Forest, Linear, Model, Node, Tree};

    /// A tree of one question.
    fn stump((column, threshold, left, right): (u16, f32, f32, f32)) -> Tree {
        let root = Node { column, threshold, left: 1, value: 0.0 };
        Tree { nodes: vec![root, Node::leaf(left), Node::leaf(right)] }
    }

    fn linear(weights: usize) -> Linear {
        let zeros = vec!["0.25"; weights].join(" ");
        let text = format!("{{\"centers\":\"{zeros}\",\"weights\":\"{zeros}\"}}");
        serde_json::from_str(&text).expect("weights")
    }

    fn ranker(features: Vec<String>, trees: Vec<Tree>) -> Ranker {
        let count = features.len();
        let forest = Forest::new(count, trees).expect("a forest");
        let blend = Blend { trees: forest, linear: linear(count), weight: 0.5 };
        Ranker { features, model: Model::Blend(blend), calibration: None }
    }

    fn localizer(trees: &[Tree]) -> Localizer {
        let files = Task::ALL.map(|task| ranker(names(sight(task)), trees.to_vec()));
        let functions = [Some(ranker(function_names(), trees.to_vec())), None];
        Localizer { trained_on: "made up".to_owned(), files, functions }
    }

    fn trees() -> impl Strategy<Value = Vec<Tree>> {
        let stump = (0_u16..9, -3.0_f32..3.0, -1.0_f32..1.0, -1.0_f32..1.0).prop_map(stump);
        prop::collection::vec(stump, 0..6)
    }

    #[test]
    fn what_no_build_measures_is_refused_in_one_sentence() {
        let good = unpacked(&localizer(&[]).to_bytes()).expect("packed here");
        let good = String::from_utf8(good).expect("JSON");
        let said = |from: &str, to: &str| {
            assert!(good.contains(from), "{from}");
            let torn = good.replacen(from, to, 1);
            Localizer::from_bytes(torn.as_bytes()).expect_err("is refused").to_string()
        };
        insta::assert_snapshot!([
            said("backstory-localizer", "backstory-ranker"),
            said("\"version\":1", "\"version\":9"),
            said("\"content\"", "\"contents\""),
            said("\"content\",\"content_rank\"", "\"content_rank\",\"content\""),
            said("\"weight\":0.5", "\"weight\":2.5"),
            said("\"trained_on\"", "\"trained\""),
            Localizer::from_bytes(b"").expect_err("is refused").to_string(),
            Localizer::from_bytes(&PACKED).expect_err("is refused").to_string(),
        ].join("\n"), @"
        the file is a `backstory-ranker`, not a `backstory-localizer`
        the localizer has version 9; this build reads up to version 1
        the ranker `files.issue` reads the feature `contents`, which this build does not measure
        the ranker `files.issue` does not read the feature `content` where this build has it
        the file is not a trained localizer
        the file is not a trained localizer
        the file is not a trained localizer
        the file is packed and cannot be unpacked
        ");
        assert_eq!(Localizer::from_bytes(good.as_bytes()).expect("plain"), localizer(&[]));
    }

    #[test]
    fn what_unpacks_to_too_much_is_not_read_to_its_end() {
        let many = vec![b' '; usize::try_from(LARGEST).expect("fits") + 2];
        let bytes = packed(&many).expect("packs");
        assert!(matches!(Localizer::from_bytes(&bytes), Err(LocalizerError::Large)));
    }

    #[test]
    fn the_shipped_localizer_fits_this_build_and_is_small() {
        let shipped = crate::localize::shipped();
        assert!(shipped.trained_on.contains("repositories: "), "{}", shipped.trained_on);
        let length = shipped.to_bytes().len();
        assert!(length < 300_000, "{length} bytes");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_localizer_reads_back_equal(trees in trees()) {
            let written = localizer(&trees);
            let bytes = written.to_bytes();
            prop_assert_eq!(&Localizer::from_bytes(&bytes).expect("reads back"), &written);
            prop_assert_eq!(written.to_bytes(), bytes);
        }

        #[test]
        fn damage_is_refused(trees in trees(), at in 0.0_f64..1.0, bit in 0_u8..8) {
            let written = localizer(&trees);
            let mut bytes = written.to_bytes();
            let at = crate::number::share(bytes.len(), at);
            let read = Localizer::from_bytes(&bytes[..at]);
            prop_assert!(read.is_err(), "cut after {at} bytes");
            bytes[at] ^= 1 << bit;
            // A bit that says nothing may turn.
            prop_assert!(Localizer::from_bytes(&bytes).map_or(true, |read| read == written));
        }
    }
}
