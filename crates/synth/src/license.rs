//! Under which license does the base stand?
//!
//! In: the files of the base. Out: the license file and the SPDX expression its
//! words stand for; `NOASSERTION` where they are not clear.

use backstory_model::{LicenseEvidence, RepoSnapshot, Repository, RepositoryError};

use crate::text::TextCache;

/// Words that mark a license, the more specific first.
const MARKS: &[(&str, &[&str])] = &[
    ("AGPL-3.0-only", &["gnu affero general public license", "version 3"]),
    ("LGPL-2.1-only", &["gnu lesser general public license", "version 2.1"]),
    ("LGPL-3.0-only", &["gnu lesser general public license", "version 3"]),
    ("GPL-3.0-only", &["gnu general public license", "version 3"]),
    ("GPL-2.0-only", &["gnu general public license", "version 2"]),
    ("MPL-2.0", &["mozilla public license", "2.0"]),
    ("Apache-2.0", &["apache license", "version 2.0"]),
    ("BSD-3-Clause", &["redistribution and use in source and binary forms", "neither the name"]),
    (
        "BSD-3-Clause",
        &["redistribution and use in source and binary forms", "may not be used to endorse"],
    ),
    ("BSD-2-Clause", &["redistribution and use in source and binary forms"]),
    ("MIT", &["permission is hereby granted, free of charge"]),
    ("ISC", &["permission to use, copy, modify, and/or distribute this software"]),
    ("Unlicense", &["free and unencumbered software"]),
];

/// Reads the license of the base; `None` when no license file stands at the root.
pub fn license(
    repo: &dyn Repository,
    snapshot: &RepoSnapshot,
    texts: &TextCache,
) -> Result<Option<LicenseEvidence>, RepositoryError> {
    let is_license = |name: &[u8]| {
        let name = name.to_ascii_uppercase();
        [&b"LICENSE"[..], b"LICENCE", b"COPYING", b"UNLICENSE"]
            .iter()
            .any(|start| name.starts_with(start))
    };
    let mut spdx = Vec::new();
    let mut first = None;
    for file in &snapshot.files {
        let at_root = !file.path.as_bytes().contains(&b'/');
        if !at_root || !file.mode.is_file() || !is_license(file.path.file_name()) {
            continue;
        }
        if let Ok(text) = texts.text(repo, file.mode, &file.blob)? {
            let name = named(text.as_str()).filter(|name| !spdx.contains(name));
            spdx.extend(name);
        }
        first.get_or_insert((file.path.clone(), file.blob.clone()));
    }
    Ok(first.map(|(path, blob)| LicenseEvidence {
        path,
        blob,
        spdx: if spdx.is_empty() { "NOASSERTION".to_owned() } else { spdx.join(" OR ") },
    }))
}

fn named(text: &str) -> Option<&'static str> {
    let words: Vec<String> = text.split_whitespace().take(4_000).map(str::to_lowercase).collect();
    let text = words.join(" ");
    let holds = |marks: &&[&str]| marks.iter().all(|mark| text.contains(mark));
    MARKS.iter().find(|(_, marks)| holds(marks)).map(|(name, _)| *name)
}
