//! Which tree do the first changes of a commit give?
//!
//! In: a tree of the repository and planned steps. Out: the git id of the tree
//! they lead to, which git itself need not hold.

use std::collections::BTreeMap;

use backstory_model::{
    Action, BlobId, FileMode, RepoPath, Repository, RepositoryError, TreeId, git_object_id,
};

use crate::plan::PlannedStep;

type Files = BTreeMap<RepoPath, (FileMode, BlobId)>;

/// Returns the id of the tree that `steps` make of `base`.
pub fn tree_after(
    repo: &dyn Repository,
    base: &TreeId,
    steps: &[PlannedStep],
) -> Result<TreeId, RepositoryError> {
    let listed = repo.files(base)?;
    let mut files: Files =
        listed.into_iter().map(|file| (file.path, (file.mode, file.id))).collect();
    for step in steps {
        apply(&mut files, step);
    }
    let entries: Vec<Entry<'_>> =
        files.iter().map(|(path, (mode, id))| (path.as_bytes(), *mode, id)).collect();
    Ok(tree_of(&entries))
}

fn apply(files: &mut Files, step: &PlannedStep) {
    match (&step.action, &step.after) {
        (Action::Edit { path, .. }, Some(blob)) => {
            if let Some((_, known)) = files.get_mut(path) {
                known.clone_from(blob);
            }
        }
        (Action::Create { path, mode, content }, _) => {
            files.insert(path.clone(), (*mode, content.blob().clone()));
        }
        (Action::Delete { path }, _) => {
            files.remove(path);
        }
        (Action::Rename { from, to }, _) => {
            if let Some(file) = files.remove(from) {
                files.insert(to.clone(), file);
            }
        }
        (Action::SetMode { path, mode }, _) => {
            if let Some((known, _)) = files.get_mut(path) {
                *known = *mode;
            }
        }
        _ => {}
    }
}

/// A file by what is left of its path.
type Entry<'a> = (&'a [u8], FileMode, &'a BlobId);

/// Hashes a directory; its files are in the order of whole paths, which is git's.
fn tree_of(entries: &[Entry<'_>]) -> TreeId {
    let mut content = Vec::new();
    let mut rest = entries;
    while let Some((path, mode, id)) = rest.first() {
        let (name, below) = match memchr::memchr(b'/', path) {
            None => (*path, None),
            Some(slash) => {
                let start = &path[..=slash];
                let count = rest.partition_point(|(path, ..)| path.starts_with(start));
                (&path[..slash], Some((slash, count)))
            }
        };
        let (mode, id) = match below {
            None => (*mode, (*id).clone()),
            Some((slash, count)) => {
                let inner: Vec<Entry<'_>> =
                    rest[..count].iter().map(|(path, m, i)| (&path[slash + 1..], *m, *i)).collect();
                let id = BlobId::new(tree_of(&inner).as_str()).expect("an id has 40 digits");
                (FileMode::Directory, id)
            }
        };
        content.extend_from_slice(mode.as_tree_text().as_bytes());
        content.push(b' ');
        content.extend_from_slice(name);
        content.push(0);
        content.extend(digest(id.as_str()));
        rest = &rest[below.map_or(1, |(_, count)| count)..];
    }
    let id = git_object_id("tree", &content);
    TreeId::new(id.as_str()).expect("an id has 40 digits")
}

/// Turns hexadecimal digits into bytes.
fn digest(hex: &str) -> impl Iterator<Item = u8> + '_ {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit - b'a' + 10,
    };
    hex.as_bytes().chunks_exact(2).map(move |pair| value(pair[0]) << 4 | value(pair[1]))
}
