//! How does an interpreter run in another folder than it was installed in?
//!
//! In: the prefix of an interpreter. Out: a copy of its program whose library
//! path is relative to the program, when it was absolute. Without it the loader
//! finds no library, or silently that of another interpreter.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use backstory_model::Sha256;
use backstory_store::{StoreError, fs};
use sha2::Digest as _;

/// The library path of a program that stands in `bin` beside `lib`.
const RELATIVE: &[u8] = b"$ORIGIN/../lib\0";

/// Returns the copy to mount over `bin/NAME`; `None` when none is needed.
///
/// The library path is a text of fixed size in the program, so it can only be
/// replaced by one that is not longer.
pub(super) fn interpreter(
    prefix: &Path,
    name: &str,
    cache: &Path,
) -> Result<Option<PathBuf>, StoreError> {
    let mut bytes = fs::read_file(&prefix.join("bin").join(name))?;
    let mut absolute = prefix.join("lib").as_os_str().as_encoded_bytes().to_vec();
    absolute.push(0);
    let Some(at) = memchr::memmem::find(&bytes, &absolute) else { return Ok(None) };
    if absolute.len() < RELATIVE.len() {
        return Ok(None);
    }
    bytes[at..at + RELATIVE.len()].copy_from_slice(RELATIVE);
    let digest = Sha256::from_digest(&sha2::Sha256::digest(&bytes));
    let folder = cache.join("interpreters");
    let place = folder.join(format!("{name}-{}", &digest.as_str()[..16]));
    if !place.exists() {
        fs::create_dirs(&folder)?;
        fs::write_file(&place, &bytes)?;
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o755))
            .map_err(|source| StoreError::Write { path: place.clone(), source })?;
    }
    Ok(Some(place))
}
