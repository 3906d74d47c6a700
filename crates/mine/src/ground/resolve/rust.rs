//! Which files does a Rust `use` or `mod` name?

use backstory_model::Import;

use super::{directory, joined};
use crate::ground::layout::Layout;

/// Resolves `mod:x`, and `crate::`, `self::`, `super::` and crate paths.
///
/// The file of the longest module path that exists is taken. A path into
/// another crate of the repository ends in that crate. An import `in_tests`
/// stands in a module inside the file, so its first `super` is the file.
pub(super) fn resolve(layout: &Layout, path: &str, import: &Import, in_tests: bool) -> Vec<u32> {
    let inside = children_directory(layout, path);
    if let Some(name) = import.module.strip_prefix("mod:") {
        return module_file(layout, &join(&inside, name)).into_iter().collect();
    }
    let mut segments = import.module.split("::").filter(|part| !part.is_empty()).peekable();
    let Some(first) = segments.next() else { return Vec::new() };
    let mut base = match first {
        "crate" => crate_source(layout, path),
        "self" => Some(inside),
        "super" if in_tests => Some(inside),
        "super" => Some(directory(&inside).to_owned()),
        name => other_crate(layout, name)
            .or_else(|| module_file(layout, &join(&inside, name)).map(|_| join(&inside, name))),
    };
    while segments.next_if(|part| *part == "super").is_some() {
        base = base.map(|base| directory(&base).to_owned());
    }
    let Some(base) = base else { return Vec::new() };
    let rest: Vec<&str> = segments.collect();
    if import.names.is_empty() {
        return deepest(layout, &base, &rest).into_iter().collect();
    }
    let mut found: Vec<u32> = Vec::new();
    for name in &import.names {
        let with_name: Vec<&str> = rest.iter().copied().chain([name.as_str()]).collect();
        found.extend(deepest(layout, &base, &with_name));
    }
    found.dedup();
    found
}

/// Returns the directory that holds the modules a file declares.
fn children_directory(layout: &Layout, path: &str) -> String {
    let parent = directory(path);
    let bare = path.strip_suffix(".rs").unwrap_or(path);
    let name = bare.rsplit('/').next().unwrap_or(bare);
    let is_target = ["tests", "benches", "examples", "bin"]
        .contains(&parent.rsplit('/').next().unwrap_or_default())
        && layout.find(&join(directory(parent), "mod.rs")).is_none();
    if matches!(name, "mod" | "lib" | "main" | "build") || is_target {
        parent.to_owned()
    } else {
        bare.to_owned()
    }
}

/// Returns the directory of the crate root above a file.
fn crate_source(layout: &Layout, path: &str) -> Option<String> {
    let mut at = directory(path);
    loop {
        if root_file(layout, at).is_some() {
            return Some(at.to_owned());
        }
        if at.is_empty() {
            return None;
        }
        at = directory(at);
    }
}

fn root_file(layout: &Layout, directory: &str) -> Option<u32> {
    ["lib.rs", "main.rs"].iter().find_map(|name| layout.find(&join(directory, name)))
}

fn other_crate(layout: &Layout, name: &str) -> Option<String> {
    let found = layout.crates.iter().find(|one| one.name == name)?;
    joined(&found.directory, "src")
}

/// Returns the file of the longest module path below `base` that exists.
fn deepest(layout: &Layout, base: &str, segments: &[&str]) -> Option<u32> {
    (1..=segments.len())
        .rev()
        .map(|length| join(base, &segments[..length].join("/")))
        .find_map(|bare| module_file(layout, &bare))
        .or_else(|| root_file(layout, base))
        .or_else(|| module_file(layout, base))
}

fn module_file(layout: &Layout, bare: &str) -> Option<u32> {
    layout.find(&format!("{bare}.rs")).or_else(|| layout.find(&format!("{bare}/mod.rs")))
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}
