//! Which files of the repository does an import name?
//!
//! In: the layout of a tree and the structure of one file. Out: positions of
//! files. One module per family of languages; what none of them finds is
//! counted as external.

mod by_suffix;
mod go;
mod python;
mod rust;
mod script;

use std::collections::BTreeSet;

use backstory_model::{FileStructure, Language};

use super::layout::{Edges, Layout};

/// Resolves the imports of the file at `from`.
pub(super) fn edges(
    layout: &Layout,
    from: u32,
    language: Language,
    structure: &FileStructure,
) -> Edges {
    let mut edges = Edges::default();
    let mut hard = BTreeSet::new();
    let Ok(path) = std::str::from_utf8(layout.path(from)) else { return edges };
    for import in &structure.imports {
        let found = match language {
            Language::Python => python::resolve(layout, from, path, import),
            Language::Rust => {
                let inline = structure.test_lines.iter().any(|range| range.contains(import.line));
                rust::resolve(layout, path, import, inline)
            }
            Language::JavaScript | Language::TypeScript | Language::Tsx => {
                script::resolve(layout, path, import)
            }
            Language::Go => go::resolve(layout, import),
            Language::Java => by_suffix::java(layout, from, import),
            Language::C | Language::Cpp => by_suffix::include(layout, from, path, import),
        };
        if found.is_empty() {
            edges.external = edges.external.saturating_add(1);
        }
        if !import.nested {
            hard.extend(found.iter().copied());
        }
        edges.targets.extend(found);
    }
    edges.targets.sort_unstable();
    edges.targets.dedup();
    edges.targets.retain(|target| *target != from);
    edges.soft = edges.targets.iter().copied().filter(|to| !hard.contains(to)).collect();
    edges
}

/// Returns the directory of a path, without a slash at the end.
fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// Joins a directory and a relative path, resolving `.` and `..`; `None` when
/// the path leaves the repository.
fn joined(directory: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
