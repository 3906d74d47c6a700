//! What does an export of questions say of itself, and may it stand beside an earlier one?

use std::collections::BTreeSet;
use std::path::Path;

use backstory_model::{SchemaVersion, Sha256};
use backstory_store::{digest_file, fs};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ITEMS, QuestionExport, QuestionExportError, QuestionFormat, QuestionsExported};

const RECEIPT: &str = "export.json";

/// What every format of a folder must share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Receipt {
    /// The digest of the items.
    items_sha256: Sha256,
    split_key: String,
    validation_per_cent: u32,
    test_per_cent: u32,
    /// The digests of the benchmarks that questions were compared with.
    #[serde(default)]
    against_sha256: Vec<Sha256>,
}

/// What an earlier export says of itself.
#[derive(Deserialize)]
struct Earlier {
    formats: BTreeSet<QuestionFormat>,
    made_of: Receipt,
}

impl Receipt {
    /// Says what an export is made of.
    pub(super) fn of(folder: &Path, options: &QuestionExport) -> Result<Self, QuestionExportError> {
        let (validation_per_cent, test_per_cent) = options.shares.as_per_cent();
        Ok(Self {
            items_sha256: digest_file(&folder.join(ITEMS))?,
            split_key: options.split_key.clone(),
            validation_per_cent,
            test_per_cent,
            against_sha256: options
                .against
                .iter()
                .map(|path| digest_file(path))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Returns the per cents of validation and test.
    pub(super) fn per_cent(&self) -> (u32, u32) {
        (self.validation_per_cent, self.test_per_cent)
    }

    /// Checks that nothing in a folder is in the way or was made another way.
    pub(super) fn check_place(
        &self,
        out: &Path,
        formats: &BTreeSet<QuestionFormat>,
    ) -> Result<(), QuestionExportError> {
        let earlier = earlier(out);
        let known = earlier.as_ref().map(|earlier| &earlier.formats);
        if earlier.is_none() && out.join(RECEIPT).exists() {
            return Err(QuestionExportError::Occupied { path: out.to_owned() });
        }
        for format in formats {
            let path = out.join(format.as_str());
            if path.exists() && !known.is_some_and(|known| known.contains(format)) {
                return Err(QuestionExportError::Occupied { path });
            }
        }
        let Some(earlier) = earlier.filter(|earlier| earlier.made_of != *self) else {
            return Ok(());
        };
        match earlier.formats.difference(formats).next() {
            Some(stays) => Err(QuestionExportError::OtherSplit { path: out.join(stays.as_str()) }),
            None => Ok(()),
        }
    }

    /// Writes what was exported.
    pub(super) fn write(
        &self,
        out: &Path,
        exported: &QuestionsExported,
    ) -> Result<(), QuestionExportError> {
        let earlier = earlier(out).map(|earlier| earlier.formats).unwrap_or_default();
        let formats: BTreeSet<QuestionFormat> =
            earlier.into_iter().chain(exported.rows.keys().copied()).collect();
        let receipt = json!({
            "tool": format!("backstory {}", env!("CARGO_PKG_VERSION")),
            "schema": SchemaVersion::CURRENT,
            "formats": formats,
            "made_of": self,
            "items": exported.items,
            "families": exported.families,
            "left_out": left_out(exported),
            "against": exported.against,
            "rows": exported.rows,
            "unwritten": exported.unwritten,
        });
        fs::write_file(&out.join(RECEIPT), format!("{receipt:#}\n").as_bytes())?;
        Ok(())
    }
}

fn earlier(out: &Path) -> Option<Earlier> {
    serde_json::from_str(&fs::read_text(&out.join(RECEIPT)).ok()?).ok()
}

fn left_out(exported: &QuestionsExported) -> Value {
    let counts = exported.left_out.iter();
    Value::Object(counts.map(|(why, count)| (why.as_str().to_owned(), (*count).into())).collect())
}
