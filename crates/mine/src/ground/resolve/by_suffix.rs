//! Which file does a Java class name or a C include name?
//!
//! Both say the end of a path; where it starts is a matter of build settings,
//! so the file nearest to the importing one is taken.

use backstory_model::Import;

use super::{directory, joined};
use crate::ground::layout::Layout;

/// Resolves `a.b.C`, `a.b.C.member` and `a.b.*`.
pub(super) fn java(layout: &Layout, from: u32, import: &Import) -> Vec<u32> {
    let path = import.module.replace('.', "/");
    if import.names.iter().any(|name| name == "*") {
        let package = package(layout, from, &path);
        if !package.is_empty() {
            return package;
        }
    }
    let mut class = path.as_str();
    while class.contains('/') {
        let found = layout.ending_with(&format!("{class}.java"));
        if let Some(found) = layout.nearest(from, &found) {
            return vec![found];
        }
        class = directory(class);
    }
    Vec::new()
}

/// Returns the classes of a package: of its directory in the same source tree
/// as the importing file, else at the root.
fn package(layout: &Layout, from: u32, package: &str) -> Vec<u32> {
    let importing = std::str::from_utf8(layout.path(from)).unwrap_or_default();
    let mut root = directory(importing);
    loop {
        let within = if root.is_empty() { package.to_owned() } else { format!("{root}/{package}") };
        let mut classes = layout.directly_in(&within);
        classes.retain(|at| layout.path(*at).ends_with(b".java"));
        if !classes.is_empty() || root.is_empty() {
            return classes;
        }
        root = directory(root);
    }
}

/// Resolves an include: beside the including file, else by the end of its path.
pub(super) fn include(layout: &Layout, from: u32, path: &str, import: &Import) -> Vec<u32> {
    let beside = joined(directory(path), &import.module).and_then(|path| layout.find(&path));
    let found = beside.or_else(|| {
        let end = joined("", import.module.trim_start_matches("../"))?;
        layout.nearest(from, &layout.ending_with(&end))
    });
    found.into_iter().collect()
}
