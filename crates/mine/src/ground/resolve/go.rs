//! Which files does a Go import name?

use backstory_model::Import;

use crate::ground::layout::Layout;

/// Resolves an import below a module of this repository to the files of the
/// package, tests excluded.
pub(super) fn resolve(layout: &Layout, import: &Import) -> Vec<u32> {
    let below = |name: &str| {
        let rest = import.module.strip_prefix(name)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    };
    let module = layout
        .go_modules
        .iter()
        .filter_map(|module| Some((module, below(&module.name)?)))
        .max_by_key(|(module, _)| module.name.len());
    let Some((module, rest)) = module else { return Vec::new() };
    let directory = match (module.directory.as_str(), rest) {
        (directory, "") => directory.to_owned(),
        ("", rest) => rest.to_owned(),
        (directory, rest) => format!("{directory}/{rest}"),
    };
    let mut files = layout.directly_in(&directory);
    files.retain(|at| {
        let path = layout.path(*at);
        path.ends_with(b".go") && !path.ends_with(b"_test.go")
    });
    files
}
