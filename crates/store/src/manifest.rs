//! Is every file of this run there, unaltered, and is there no other?
//!
//! Covered is every file below the run but `state.sqlite*`, `*.lock` and the
//! manifest's own two files, which cover each other.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use backstory_model::{RunManifest, Sha256};

use crate::reasoning::REASONING;
use crate::run::REPORT;
use crate::unit::{from_json, sha256};
use crate::{RunDirectory, StoreError, fs};

const MANIFEST: &str = "manifest.json";
const MANIFEST_DIGEST: &str = "manifest.sha256";

/// What is wrong with one file of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// The manifest lists it and it is not there.
    Missing {
        /// Its path inside the run.
        path: String,
    },
    /// Its digest is not the one in the manifest.
    Altered {
        /// Its path inside the run.
        path: String,
        /// The digest the manifest gives; `None` when that cannot be read.
        expected: Option<Sha256>,
        /// The digest of what is there.
        found: Sha256,
    },
    /// It is there and the manifest does not list it.
    Unlisted {
        /// Its path inside the run.
        path: String,
    },
}

impl RunDirectory {
    /// Reads the manifest; a run without one has not come to its end.
    pub fn manifest(&self) -> Result<RunManifest, StoreError> {
        let path = self.manifest_path();
        match fs::read_file(&path) {
            Err(error) if error.is_not_found() => {
                Err(StoreError::Incomplete { path: self.path().to_owned() })
            }
            Err(error) => Err(error),
            Ok(text) => from_json(&path, &text),
        }
    }

    /// Returns true when the manifest is there and its digest matches.
    pub fn is_sealed(&self) -> bool {
        let digest = fs::read_file(&self.manifest_path()).map(|text| sha256(&text));
        digest.is_ok_and(|digest| self.recorded_manifest_digest() == Some(digest))
    }

    /// Compares every file below the run with the manifest; sorted by path.
    pub fn verify(&self) -> Result<Vec<Damage>, StoreError> {
        let manifest = self.manifest()?;
        let mut damage = BTreeSet::new();
        let found = digest_file(&self.manifest_path())?;
        let expected = self.recorded_manifest_digest();
        if expected.as_ref() != Some(&found) {
            damage.insert(Damage::Altered { path: MANIFEST.to_owned(), expected, found });
        }
        let present = self.covered_files(&[""])?;
        for path in present.keys().filter(|path| !manifest.files.contains_key(*path)) {
            damage.insert(Damage::Unlisted { path: path.clone() });
        }
        for (path, expected) in &manifest.files {
            if !present.contains_key(path) {
                damage.insert(Damage::Missing { path: path.clone() });
                continue;
            }
            let found = digest_file(&self.path().join(path))?;
            if found != *expected {
                let expected = Some(expected.clone());
                damage.insert(Damage::Altered { path: path.clone(), expected, found });
            }
        }
        Ok(damage.into_iter().collect())
    }

    /// Returns one digest over the names and sizes of all covered files.
    ///
    /// Costs a look at every directory and no reading; a file of the same size
    /// with other bytes is found by [`RunDirectory::verify`] only.
    pub fn listing_digest(&self) -> Result<Sha256, StoreError> {
        let files = self.covered_files(&[""])?;
        let lines: Vec<String> =
            files.iter().map(|(path, size)| format!("{size} {path}")).collect();
        Ok(sha256(
            lines
                .join(
                    "
",
                )
                .as_bytes(),
        ))
    }

    pub(crate) fn digests(&self) -> Result<BTreeMap<String, Sha256>, StoreError> {
        let files = self.covered_files(&["blobs", "log", REASONING, "tables", "units"])?;
        let report = self.report_path().is_file().then(|| REPORT.to_owned());
        files
            .into_keys()
            .chain(report)
            .map(|path| Ok((path.clone(), digest_file(&self.path().join(&path))?)))
            .collect()
    }

    fn recorded_manifest_digest(&self) -> Option<Sha256> {
        let text = fs::read_text(&self.manifest_digest_path()).ok()?;
        let digest = text.strip_suffix("  manifest.json\n")?;
        Sha256::new(digest).ok()
    }

    fn covered_files(&self, below: &[&str]) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut files = BTreeMap::new();
        let there = below.iter().map(|name| self.path().join(name)).filter(|path| path.is_dir());
        for directory in there {
            for (path, size) in fs::files_below(&directory)? {
                let inside = path.strip_prefix(self.path()).unwrap_or(&path);
                let name = inside.to_string_lossy().into_owned();
                if is_covered(&name) {
                    files.insert(name, size);
                }
            }
        }
        Ok(files)
    }
}

fn is_covered(path: &str) -> bool {
    let lock = Path::new(path).extension().is_some_and(|extension| extension == "lock");
    !(lock || path.starts_with("state.sqlite") || path == MANIFEST || path == MANIFEST_DIGEST)
}

/// Returns the digest of the bytes of a file.
pub fn digest_file(path: &Path) -> Result<Sha256, StoreError> {
    use sha2::Digest as _;
    let mut file = fs::open(path)?;
    let mut hasher = sha2::Sha256::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut chunk).map_err(|source| StoreError::read(path, source))?;
        if read == 0 {
            return Ok(Sha256::from_digest(&hasher.finalize()));
        }
        hasher.update(&chunk[..read]);
    }
}
