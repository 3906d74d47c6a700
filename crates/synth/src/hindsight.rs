//! Which searches lead to the changed files that the requirement's words missed?
//!
//! In: the changes to come and the base. Out: a few searches, marked as
//! hindsight: with a name the changed tests use, else with a word of the lines
//! that will be replaced; the rarest that shows the file.

use std::collections::BTreeSet;

use backstory_model::{Action, FileRole, RepoPath, RepoSnapshot};

use crate::plan::{Added, StatePlan};
use crate::search::{Corpus, Found};
use crate::text::words;

/// So many searches are made with knowledge of the change.
const SEARCHES: usize = 2;
/// Words tried for one of them.
const TRIED: usize = 16;
/// A word found in more lines than this leads nowhere.
const COMMON: u32 = 60;
/// Shorter words tell too little.
const SHORTEST_WORD: usize = 4;

/// What the unit is going to change, as far as searches need it.
#[derive(Debug)]
pub struct Coming<'a> {
    /// The edits of the first state that no run will lead to: file and text that
    /// will be replaced.
    edits: Vec<(&'a RepoPath, &'a str)>,
    /// The words that the changed tests gain.
    test_words: BTreeSet<&'a str>,
}

/// One search made in hindsight.
pub struct HindsightSearch<'a> {
    /// The word.
    pub pattern: &'a str,
    /// The rule that chose it.
    pub rule: &'static str,
    /// What it found.
    pub found: Found,
}

impl<'a> Coming<'a> {
    /// Reads the plans of a unit; `led` are the files that a run will lead to.
    pub fn of(plans: &'a [StatePlan], led: impl Fn(&RepoPath) -> bool) -> Self {
        let steps = plans.iter().take(1).flat_map(|plan| &plan.steps);
        let edits = steps
            .filter_map(|step| match &step.action {
                Action::Edit { path, old, .. } if !led(path) => Some((path, old.as_str())),
                _ => None,
            })
            .collect();
        let parts = plans.iter().flat_map(|plan| &plan.added);
        let tests = parts.filter(|part| backstory_syntax::role_of(&part.path) == FileRole::Test);
        let test_words = tests.flat_map(Added::words).collect();
        Self { edits, test_words }
    }
}

/// Makes the searches for source files that nothing has shown yet.
pub fn searches_in_hindsight<'a>(
    coming: &Coming<'a>,
    corpus: &Corpus<'_>,
    snapshot: &RepoSnapshot,
    shown: impl Fn(&RepoPath) -> bool,
) -> Vec<HindsightSearch<'a>> {
    let mut made: Vec<HindsightSearch<'a>> = Vec::new();
    for (path, old) in &coming.edits {
        let is_source = backstory_syntax::role_of(path) == FileRole::Source;
        let found = made.iter().any(|search| search.found.shows(path));
        if made.len() == SEARCHES || !is_source || shown(path) || found {
            continue;
        }
        let tested = tested_names(path, &coming.test_words, snapshot);
        let search = rarest("localize/test-term", tested, path, corpus)
            .or_else(|| rarest("localize/changed-term", telling_words(old), path, corpus));
        made.extend(search);
    }
    made
}

/// Lists the names a file defines that the changed tests use.
fn tested_names<'a>(
    path: &RepoPath,
    test_words: &BTreeSet<&'a str>,
    snapshot: &RepoSnapshot,
) -> Vec<&'a str> {
    let structure = snapshot.file(path).and_then(|file| file.structure.as_deref());
    let symbols = structure.into_iter().flat_map(|structure| &structure.symbols);
    let names: BTreeSet<&'a str> = symbols
        .filter(|symbol| symbol.name.len() >= SHORTEST_WORD)
        .filter_map(|symbol| test_words.get(symbol.name.as_str()).copied())
        .collect();
    names.into_iter().take(TRIED).collect()
}

fn telling_words(old: &str) -> Vec<&str> {
    let mut telling: Vec<&str> = Vec::new();
    for word in words(old.as_bytes()).filter_map(|word| std::str::from_utf8(word).ok()) {
        let long = word.len() >= SHORTEST_WORD && !word.starts_with(|c: char| c.is_ascii_digit());
        if long && !telling.contains(&word) && telling.len() < TRIED {
            telling.push(word);
        }
    }
    telling
}

fn rarest<'a>(
    rule: &'static str,
    words: Vec<&'a str>,
    path: &RepoPath,
    corpus: &Corpus<'_>,
) -> Option<HindsightSearch<'a>> {
    words
        .into_iter()
        .map(|pattern| HindsightSearch { pattern, rule, found: corpus.search(pattern, true) })
        .filter(|search| search.found.total <= COMMON && search.found.shows(path))
        .min_by(|a, b| a.found.total.cmp(&b.found.total).then(a.pattern.cmp(b.pattern)))
}
