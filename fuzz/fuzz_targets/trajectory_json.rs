//! Does any stored trajectory break its reader, the audit or the narration?
//!
//! In: the JSON of one trajectory, audited against the bundled example. Out:
//! nothing; panics on a broken promise.

#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use backstory_dataset::{audit, narrate};
use backstory_model::{BlobId, Repository, Trajectory};
use backstory_testkit::{MemoryRepository, example, example_records};
use libfuzzer_sys::fuzz_target;

/// What every input is audited against.
struct Example {
    repository: MemoryRepository,
    evidence: audit::RecordTexts,
}

static EXAMPLE: LazyLock<Example> = LazyLock::new(|| Example {
    repository: example().expect("the example builds").repository.memory(),
    evidence: audit::RecordTexts::new(&example_records().expect("the records read")),
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = serde_json::from_slice::<Trajectory>(bytes) else { return };
    let written = serde_json::to_vec(&read).expect("what was read can be written");
    let again: Trajectory = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(read, again);
    let stored = |id: &BlobId| EXAMPLE.repository.blob(id).ok()?.map(|bytes| bytes.to_vec());
    let sources =
        audit::Sources { repo: &EXAMPLE.repository, blobs: &stored, evidence: &EXAMPLE.evidence };
    _ = audit::trajectory(&read, None, sources, audit::AuditOptions::default());
    _ = narrate(&read, &BTreeMap::new(), 80);
});
