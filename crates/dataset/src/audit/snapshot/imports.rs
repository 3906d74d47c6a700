//! Does loading a Python file import another one?
//!
//! Only what is certain is found: unindented imports outside of strings over several
//! lines whose module is the file, by its place in the package or from the root.

use backstory_model::RepoPath;

/// Returns true when an unindented import of the text names the other file.
pub(super) fn imports_at_once((from, text): (&RepoPath, &str), to: &RepoPath) -> bool {
    let (Some(from), Some(to)) = (from.to_text(), to.to_text()) else { return false };
    let suffix = ".py";
    let (Some(_), Some(module)) = (from.strip_suffix(suffix), to.strip_suffix(suffix)) else {
        return false;
    };
    let package: Vec<&str> =
        from.rsplit_once('/').map_or(vec![], |(at, _)| at.split('/').collect());
    let wanted: Vec<&str> = module.split('/').collect();
    let mut top = outside_strings(text).filter(|line| !line.starts_with([' ', '\t']));
    top.any(|line| {
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("from"), Some(module), Some("import")) => {
                let names = words.map(|name| name.trim_matches(['(', ',', ')']));
                from_names(module, names, &package, &wanted)
            }
            (Some("import"), Some(module), _) => is_absolute(module, &wanted),
            _ => false,
        }
    })
}

/// Returns the lines of a Python text, empty where they begin inside of a long string.
pub(super) fn outside_strings(text: &str) -> impl Iterator<Item = &str> {
    text.lines().scan(None, |open: &mut Option<&str>, line| {
        let was_open = open.is_some();
        let mut rest = line;
        while let Some((at, mark)) = next_mark(rest, *open) {
            *open = if open.is_some() { None } else { Some(mark) };
            rest = &rest[at + mark.len()..];
        }
        Some(if was_open { "" } else { line })
    })
}

/// Finds where a long string begins, or where the open one ends.
fn next_mark(text: &str, open: Option<&'static str>) -> Option<(usize, &'static str)> {
    let marks = ["\"\"\"", "'''"].into_iter().filter(|mark| open.is_none_or(|open| open == *mark));
    marks.filter_map(|mark| text.find(mark).map(|at| (at, mark))).min()
}

/// Looks for the file in the module of `from … import`, and among the modules in it.
fn from_names<'t>(
    module: &str,
    mut names: impl Iterator<Item = &'t str>,
    package: &[&str],
    wanted: &[&str],
) -> bool {
    let bare = module.trim_start_matches('.');
    let up = module.len() - bare.len();
    if up == 0 {
        return is_absolute(module, wanted);
    }
    let Some(kept) = package.len().checked_sub(up - 1) else { return false };
    let inner = bare.split('.').filter(|part| !part.is_empty());
    let base: Vec<&str> = package[..kept].iter().copied().chain(inner).collect();
    let (last, folder) = wanted.split_last().unwrap_or((&"", &[]));
    (!bare.is_empty() && base == wanted) || (base == folder && names.any(|name| name == *last))
}

/// Compares a dotted module with a file at the root or below `src`.
fn is_absolute(module: &str, wanted: &[&str]) -> bool {
    let parts: Vec<&str> = module.trim_end_matches(',').split('.').collect();
    let below = wanted.strip_prefix(&["src"]).unwrap_or(wanted);
    parts.len() > 1 && (parts == wanted || parts == below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_once(text: &str, to: &str) -> bool {
        imports_at_once((&RepoPath::from("src/toy/words.py"), text), &RepoPath::from(to))
    }

    #[test]
    fn an_unindented_import_is_needed_at_once() {
        let lexer = "src/toy/lexer.py";
        assert!(at_once("from .lexer import token\n", lexer));
        assert!(at_once("import os\nfrom . import six, lexer\n", lexer));
        assert!(at_once("from toy.lexer import (\n    token,\n)\n", lexer));
        assert!(at_once("import toy.lexer as a\n", lexer));
        assert!(at_once("\"\"\"Words.\n\"\"\"\nfrom ..toy.lexer import a\n", lexer));
    }

    #[test]
    fn what_is_indented_quoted_or_another_file_is_not() {
        let lexer = "src/toy/lexer.py";
        assert!(!at_once("def a():\n    from .lexer import token\n", lexer));
        assert!(!at_once("\"\"\"\nfrom .lexer import token\n\"\"\"\n", lexer));
        assert!(!at_once("import lexer\n", lexer));
        assert!(!at_once("from .parser import lexer\n", lexer));
        assert!(!at_once("from .lexer import token\n", "src/toy/lexer.js"));
        assert!(!at_once("from . import lexer\n", "src/toy/__init__.py"));
    }
}
