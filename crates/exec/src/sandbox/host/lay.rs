//! How do folders come to lie over each other without an overlay?
//!
//! In: folders of the host. Out: one folder that holds what the topmost of them
//! shows, as copies that keep their times; and, afterwards, what a job wrote there
//! beside what was laid.

use std::fs::{self, File, FileTimes, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::{Path, PathBuf};

/// How a file is laid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// As a copy, which may be changed.
    Copied,
    /// As another name of the same file: for large folders of which a job replaces
    /// files and changes none.
    Linked,
}

/// What was laid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Laid {
    /// Bytes of files.
    pub bytes: u64,
    /// Files and folders.
    pub files: u64,
}

impl Laid {
    /// Lays everything below one folder into another, over what is there.
    pub fn add(&mut self, from: &Path, to: &Path, how: How) -> io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let (source, place) = (entry.path(), to.join(entry.file_name()));
            let metadata = entry.metadata()?;
            self.files += 1;
            if metadata.is_dir() {
                if fs::symlink_metadata(&place).is_ok_and(|there| !there.is_dir()) {
                    fs::remove_file(&place)?;
                }
                self.add(&source, &place, how)?;
            } else if !metadata.file_type().is_char_device() {
                make_room(&place)?;
                self.bytes += metadata.len();
                lay_one(&source, &place, &metadata, how)?;
            }
        }
        fs::set_permissions(to, fs::metadata(from)?.permissions())
    }
}

fn lay_one(source: &Path, place: &Path, metadata: &Metadata, how: How) -> io::Result<()> {
    if metadata.is_symlink() {
        return symlink(fs::read_link(source)?, place);
    }
    if how == How::Linked && fs::hard_link(source, place).is_ok() {
        return Ok(());
    }
    fs::copy(source, place)?;
    File::open(place)?.set_times(FileTimes::new().set_modified(metadata.modified()?))
}

fn make_room(place: &Path) -> io::Result<()> {
    match fs::symlink_metadata(place) {
        Ok(there) if there.is_dir() => fs::remove_dir_all(place),
        Ok(_) => fs::remove_file(place),
        Err(_) => Ok(()),
    }
}

/// Moves what lies below `from` and does not come from the layers to `to`.
///
/// What was deleted leaves no mark, as it would in the upper directory of an overlay.
pub fn gather(from: &Path, layers: &[PathBuf], to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (place, metadata) = (entry.path(), entry.metadata()?);
        let below: Vec<PathBuf> = layers
            .iter()
            .map(|layer| layer.join(entry.file_name()))
            .filter(|path| fs::symlink_metadata(path).is_ok())
            .collect();
        let kept = to.join(entry.file_name());
        match below.first() {
            Some(first) if metadata.is_dir() && first.is_dir() => {
                gather(&place, &below, &kept)?;
                // Fails where something is in it, and that stays.
                let _ = fs::remove_dir(&kept);
            }
            Some(first) if is_same(&place, &metadata, first)? => {}
            Some(_) | None => fs::rename(&place, &kept)?,
        }
    }
    Ok(())
}

/// Returns whether a file is still the one that was laid.
fn is_same(place: &Path, metadata: &Metadata, layer: &Path) -> io::Result<bool> {
    let laid = fs::symlink_metadata(layer)?;
    if metadata.is_symlink() || laid.is_symlink() {
        return Ok(metadata.is_symlink()
            && laid.is_symlink()
            && fs::read_link(place)? == fs::read_link(layer)?);
    }
    Ok(metadata.is_file() == laid.is_file()
        && metadata.len() == laid.len()
        && metadata.modified()? == laid.modified()?)
}

#[cfg(test)]
mod tests {
    use backstory_store::fs::{files_below, read_text, write_file};

    use super::*;

    #[test]
    fn the_topmost_file_is_shown_and_only_what_was_written_is_gathered() {
        let place = tempfile::tempdir().unwrap();
        let at = |path: &str| place.path().join(path);
        for (path, text) in [
            ("top/both", "top"),
            ("bottom/both", "bottom"),
            ("bottom/folder/kept", "kept"),
            ("bottom/folder/changed", "before"),
        ] {
            fs::create_dir_all(at(path).parent().unwrap()).unwrap();
            write_file(&at(path), text.as_bytes()).unwrap();
        }
        symlink("both", at("bottom/link")).unwrap();
        let mut laid = Laid::default();
        for layer in ["bottom", "top"] {
            laid.add(&at(layer), &at("work"), How::Copied).unwrap();
        }
        assert_eq!(read_text(&at("work/both")).unwrap(), "top");
        assert_eq!(laid, Laid { bytes: 23, files: 6 });
        write_file(&at("work/folder/changed"), b"after and longer").unwrap();
        write_file(&at("work/new"), b"new").unwrap();
        gather(&at("work"), &[at("top"), at("bottom")], &at("upper")).unwrap();
        let kept: Vec<String> = files_below(&at("upper"))
            .unwrap()
            .into_iter()
            .map(|(path, _)| path.strip_prefix(at("upper")).unwrap().display().to_string())
            .collect();
        assert_eq!(kept, ["folder/changed", "new"]);
        assert_eq!(read_text(&at("bottom/folder/changed")).unwrap(), "before");
    }
}
