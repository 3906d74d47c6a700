//! Which file does a JavaScript or TypeScript import name?

use backstory_model::Import;

use super::{directory, joined};
use crate::ground::layout::Layout;

const SUFFIXES: [&str; 9] = ["", ".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts"];

/// Resolves a relative import: the file as written, with a suffix, or the
/// index of a directory. TypeScript writes `./x.js` for `./x.ts`.
pub(super) fn resolve(layout: &Layout, path: &str, import: &Import) -> Vec<u32> {
    if !import.module.starts_with('.') {
        return Vec::new();
    }
    let module = import.module.split(['?', '#']).next().unwrap_or(&import.module);
    let Some(base) = joined(directory(path), module) else { return Vec::new() };
    let with_suffix =
        |base: &str| SUFFIXES.iter().find_map(|suffix| layout.find(&format!("{base}{suffix}")));
    let index = if base.is_empty() { "index".to_owned() } else { format!("{base}/index") };
    let found = with_suffix(&base)
        .or_else(|| with_suffix(base.strip_suffix(".js")?))
        .or_else(|| with_suffix(&index));
    found.into_iter().collect()
}
