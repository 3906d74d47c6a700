//! Which files does an issue name, and by how much of their path?
//!
//! In: the candidates, once, and a text. Out: for each candidate, by what it is named.
//! A name counts where it stands by itself: `core.py` is not named by `score.py`.

use std::collections::BTreeSet;

use super::candidates::{Candidates, is_package_index};
use super::lookup::Lookup;

/// The names of the candidates of one tree.
#[derive(Debug, Default)]
pub(super) struct Names {
    bases: Lookup,
    pairs: Lookup,
    paths: Lookup,
    modules: Lookup,
    stems: Lookup,
}

/// By what each candidate is named, as 0 or 1.
#[derive(Debug, PartialEq)]
pub(super) struct Mentions {
    /// By its full path or its dotted module name.
    pub(super) whole: Vec<f32>,
    /// By its base name.
    pub(super) base_name: Vec<f32>,
    /// Its base name without suffix is a word of the text.
    pub(super) stem: Vec<f32>,
    /// By its last two path parts.
    pub(super) last_two: Vec<f32>,
}

/// A module name of one part is a word like any other.
const LEAST_MODULE_PARTS: usize = 2;
/// A dotted name longer than this is no module of any repository.
const MOST_MODULE_PARTS: usize = 12;

impl Names {
    /// Reads the paths of a tree.
    pub(super) fn of(candidates: &Candidates) -> Self {
        let mut names = Self::default();
        for (at, path) in candidates.paths.iter().enumerate() {
            let text = path.to_string();
            let is_index = is_package_index(path);
            let parts: Vec<&str> = text.split('/').collect();
            let base = parts.last().copied().unwrap_or_default();
            let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
            if !is_index {
                names.bases.add(base, at);
                names.stems.add(stem, at);
            }
            if let [.., above, base] = parts[..] {
                names.pairs.add(&format!("{above}/{base}"), at);
            }
            for module in modules(&parts, stem, is_index) {
                names.modules.add(&module, at);
            }
            names.paths.add(&text, at);
        }
        for lookup in [
            &mut names.bases,
            &mut names.pairs,
            &mut names.paths,
            &mut names.modules,
            &mut names.stems,
        ] {
            lookup.sort();
        }
        names
    }

    /// Looks for names in a text.
    pub(super) fn in_text(&self, text: &str, candidates: usize) -> Mentions {
        let mut out = Mentions {
            whole: vec![0.0; candidates],
            base_name: vec![0.0; candidates],
            stem: vec![0.0; candidates],
            last_two: vec![0.0; candidates],
        };
        for run in runs(text, |c| c == '/' || c == '\\' || c == '.' || c == '-') {
            self.path_in(run, &mut out);
        }
        for run in runs(text, |c| c == '.') {
            self.module_in(run, &mut out);
        }
        let words: BTreeSet<&str> = runs(text, |_| false).collect();
        for word in words {
            mark(&self.stems, word, &mut out.stem);
        }
        out
    }

    fn path_in(&self, run: &str, out: &mut Mentions) {
        let run = run.replace('\\', "/");
        let run = run.trim_matches(['.', '-']);
        let parts: Vec<&str> = run.split('/').collect();
        for (at, part) in parts.iter().enumerate() {
            mark(&self.bases, part, &mut out.base_name);
            if at > 0 {
                mark(&self.pairs, &format!("{}/{part}", parts[at - 1]), &mut out.last_two);
            }
            // A traceback puts the place of the installation before the path.
            for from in 0..=at {
                mark(&self.paths, &parts[from..=at].join("/"), &mut out.whole);
            }
        }
    }

    fn module_in(&self, run: &str, out: &mut Mentions) {
        let parts: Vec<&str> = run.split('.').filter(|part| !part.is_empty()).collect();
        for from in 0..parts.len() {
            let most = parts.len().min(from + MOST_MODULE_PARTS);
            for to in from + LEAST_MODULE_PARTS..=most {
                mark(&self.modules, &parts[from..to].join("."), &mut out.whole);
            }
        }
    }
}

/// Returns the dotted names of a path, also without a leading `src` or `lib`.
fn modules(parts: &[&str], stem: &str, is_index: bool) -> Vec<String> {
    let mut names = parts[..parts.len().saturating_sub(1)].to_vec();
    if !is_index {
        names.push(stem);
    }
    let inner = names.strip_prefix(&["src"]).or_else(|| names.strip_prefix(&["lib"]));
    [Some(&names[..]), inner]
        .into_iter()
        .flatten()
        .filter(|names| names.len() >= LEAST_MODULE_PARTS)
        .map(|names| names.join("."))
        .collect()
}

/// Returns the longest pieces of identifier characters and `also`.
fn runs(text: &str, also: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    text.split(move |c: char| !c.is_alphanumeric() && c != '_' && !also(c))
        .filter(|run| !run.is_empty())
}

fn mark(names: &Lookup, name: &str, column: &mut [f32]) {
    for at in names.get(name) {
        column[at] = 1.0;
    }
}

#[cfg(test)]
mod tests {
    use backstory_model::{BlobId, RepoPath};

    use super::{Candidates, Names};

    const PATHS: [&str; 4] =
        ["core.py", "src/pkg/nodes/__init__.py", "src/pkg/score.py", "web/score.ts"];

    /// Says who is named: `w` whole, `b` base name, `s` stem, `2` last two parts.
    fn named(text: &str) -> Vec<String> {
        let blob = BlobId::new("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391").unwrap();
        let paths: Vec<RepoPath> = PATHS.iter().map(|path| RepoPath::from(*path)).collect();
        let blobs = vec![blob; paths.len()];
        let found = Names::of(&Candidates { paths, blobs }).in_text(text, PATHS.len());
        let columns = [
            ('w', &found.whole),
            ('b', &found.base_name),
            ('s', &found.stem),
            ('2', &found.last_two),
        ];
        let row = |at: usize| {
            columns.iter().filter(|(_, column)| column[at] > 0.0).map(|(mark, _)| mark).collect()
        };
        (0..PATHS.len()).map(row).collect()
    }

    #[test]
    fn a_name_counts_where_it_stands_by_itself() {
        assert_eq!(named("in score.py:12."), ["", "", "bs", "s"]);
        assert_eq!(named("core.py, not ascore.py"), ["wbs", "", "", ""]);
        assert_eq!(named("File \"/usr/lib/src/pkg/score.py\""), ["", "", "wbs2", "s"]);
        assert_eq!(named("C:\\x\\web\\score.ts"), ["", "", "s", "wbs2"]);
        assert_eq!(named("pkg.score.Line fails"), ["", "", "ws", "s"]);
        assert_eq!(named("from pkg.nodes import x"), ["", "w", "", ""]);
        assert_eq!(named("nodes/__init__.py"), ["", "2", "", ""]);
        assert_eq!(named("nothing at all"), ["", "", "", ""]);
    }
}
