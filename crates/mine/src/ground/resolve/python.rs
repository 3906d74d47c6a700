//! Which files does a Python import name?

use backstory_model::Import;

use super::{directory, joined};
use crate::ground::layout::Layout;

/// Resolves `import a.b`, `from a.b import c` and `from ..c import d`.
///
/// A name that is a module is that module; any other comes from the module
/// before it.
pub(super) fn resolve(layout: &Layout, from: u32, path: &str, import: &Import) -> Vec<u32> {
    let relative = import.module.trim_start_matches('.');
    let dots = import.module.len() - relative.len();
    if dots > 0 {
        let up = "../".repeat(dots - 1);
        let Some(base) = joined(directory(path), &format!("{up}{}", relative.replace('.', "/")))
        else {
            return Vec::new();
        };
        return with_names(import, |name| in_directory(layout, &join(&base, name, '/')));
    }
    let module = |name: &str| {
        let dotted = join(&import.module, name, '.');
        let found = layout.python.get(&dotted)?;
        layout.nearest(from, found)
    };
    if !import.names.is_empty() {
        return with_names(import, module);
    }
    // `import a.b.c` of a name that `a.b` makes up still needs `a.b`.
    let mut dotted = import.module.as_str();
    loop {
        let found = layout.python.get(dotted).and_then(|found| layout.nearest(from, found));
        match (found, dotted.rsplit_once('.')) {
            (Some(found), _) => return vec![found],
            (None, Some((outer, _))) => dotted = outer,
            (None, None) => return Vec::new(),
        }
    }
}

fn with_names(import: &Import, find: impl Fn(&str) -> Option<u32>) -> Vec<u32> {
    let mut found: Vec<u32> = Vec::new();
    let mut whole = import.names.is_empty();
    for name in &import.names {
        match find(name) {
            Some(module) => found.push(module),
            None => whole = true,
        }
    }
    found.extend(if whole { find("") } else { None });
    found
}

fn in_directory(layout: &Layout, bare: &str) -> Option<u32> {
    ["/__init__.py", ".py", "/__init__.pyi", ".pyi"]
        .iter()
        .map(|end| format!("{bare}{end}"))
        .find_map(|path| layout.find(path.trim_start_matches('/')))
}

fn join(base: &str, name: &str, between: char) -> String {
    match (base, name) {
        (base, "") => base.to_owned(),
        ("", name) => name.to_owned(),
        (base, name) => format!("{base}{between}{name}"),
    }
}
