//! What did an installation leave in the work tree beside the files of the commit?
//!
//! In: the upper directory of the overlay and the tree below it. Out: a folder
//! with the files the tree does not have. What the installation changed or
//! deleted is left out, because the tree of each state has its own.

use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use backstory_store::{StoreError, fs};

/// Moves what the tree does not have to `products`; leaves no folder when there is nothing.
pub(super) fn keep(upper: &Path, base: &Path, products: &Path) -> Result<(), StoreError> {
    if prune(upper, base)? { fs::rename(upper, products) } else { fs::remove_dirs(upper) }
}

/// Removes what is no product; returns whether something is left.
fn prune(upper: &Path, base: &Path) -> Result<bool, StoreError> {
    let mut is_left = false;
    for entry in fs::entries(upper)? {
        let name = entry.file_name().unwrap_or_default();
        let below = base.join(name);
        let kind = std::fs::symlink_metadata(&entry)
            .map_err(|source| StoreError::Read { path: entry.clone(), source })?
            .file_type();
        let exists = std::fs::symlink_metadata(&below).is_ok();
        if name == "__pycache__" {
            fs::remove_dirs(&entry)?;
        } else if kind.is_dir() && exists {
            if prune(&entry, &below)? {
                is_left = true;
            } else {
                fs::remove_dirs(&entry)?;
            }
        } else if exists || kind.is_char_device() {
            fs::remove_file(&entry)?;
        } else {
            is_left = true;
        }
    }
    Ok(is_left)
}
