//! What of a question and its repository speaks for one file, in words?
//!
//! In: what was measured, and what it was measured on. Out: for a file and a kind of
//! reason the sentence that a person can check, or nothing where there is nothing to say.

use backstory_model::RepoPath;

use super::Asked;
use super::reasons::ReasonKind;
use super::words::Words;
use crate::history::{self, NearCommit, Together};
use crate::number::real;
use crate::seen::{Columns, Ground};
use crate::snapshot::best_hits;
use crate::test_query;
use crate::text::{Bag, Term};

/// How many words a reason names.
const WORDS: usize = 4;
/// How many characters of a subject are shown.
const SUBJECT: usize = 60;
/// Names up to this length are in every file.
const SHORT_NAME: usize = 2;

/// Everything that reasons are looked up in.
pub(super) struct Evidence<'a> {
    ground: Ground<'a>,
    columns: &'a Columns,
    asked: Asked<'a>,
    hits: Vec<usize>,
    near: Vec<NearCommit<'a>>,
    path: Words,
    content: Words,
    definitions: Words,
    test: Words,
}

impl<'a> Evidence<'a> {
    /// Gathers what all files share.
    pub(super) fn of(ground: Ground<'a>, columns: &'a Columns, asked: Asked<'a>) -> Self {
        let Ground { snapshot, past, cache } = ground;
        let contents: Vec<&Bag> = snapshot.files.iter().map(|file| &file.content).collect();
        let names: Vec<&Bag> = snapshot.files.iter().map(|file| &file.definitions).collect();
        let paths: Vec<&Bag> = snapshot.paths.iter().collect();
        let test = asked.test.map_or("", |test| &test.added);
        Self {
            ground,
            columns,
            asked,
            hits: best_hits(columns.snapshot_column("content")),
            near: past.near(&Bag::of(asked.issue), &columns.paths, cache),
            path: Words::of(asked.issue, &paths),
            content: Words::of(asked.issue, &contents),
            definitions: Words::of(asked.issue, &names),
            test: Words::of(test, &contents),
        }
    }

    /// Says in one sentence what of this kind speaks for a file.
    pub(super) fn sentence(&self, kind: ReasonKind, at: usize) -> Option<String> {
        let file = &self.ground.snapshot.files[at];
        match kind {
            ReasonKind::Named => self.named(at),
            ReasonKind::Content => {
                listed("content: ", &self.content.heaviest(&file.content, WORDS))
            }
            ReasonKind::Definitions => {
                self.defined(at, self.asked.issue, "defines ", "").or_else(|| {
                    listed(
                        "defines names of: ",
                        &self.definitions.heaviest(&file.definitions, WORDS),
                    )
                })
            }
            ReasonKind::Imports => self.imports(at),
            ReasonKind::PastChanges => self.past_change(at),
            ReasonKind::ChangedTogether => {
                let others = self.hits.iter().map(|hit| &self.columns.paths[*hit]);
                self.together(at, others)
            }
            ReasonKind::Activity => self.activity(at),
            ReasonKind::TestContent => {
                let test = &self.asked.test?.added;
                self.defined(at, test, "defines ", ", which the failing test names").or_else(|| {
                    listed("words of the failing test: ", &self.test.heaviest(&file.content, WORDS))
                })
            }
            ReasonKind::TestNamed => (self.test_column("test_name")?[at] > 0.0)
                .then(|| "the failing test is called after it".to_owned()),
            ReasonKind::TestImports => (self.test_column("test_imports")?[at] > 0.0)
                .then(|| "imported by the failing test".to_owned()),
            ReasonKind::TestTogether => self.together(at, self.asked.test?.paths.iter()),
        }
    }

    fn named(&self, at: usize) -> Option<String> {
        let path = self.columns.paths[at].to_string();
        let base = path.rsplit('/').next().unwrap_or(&path);
        let is = |name: &str| self.columns.snapshot_column(name)[at] > 0.0;
        if is("named_whole") || is("named_last_two") {
            return Some(format!("the issue names `{path}`"));
        }
        if is("named_base") {
            return Some(format!("the issue names `{base}`"));
        }
        let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
        if is("stem_word") {
            return Some(format!("the issue says `{stem}`"));
        }
        listed("path: ", &self.path.heaviest(&self.ground.snapshot.paths[at], WORDS))
    }

    /// Names what the file defines of the identifiers of a text.
    fn defined(&self, at: usize, text: &str, before: &str, after: &str) -> Option<String> {
        let names = &self.ground.snapshot.files[at].names;
        let mut found: Vec<&str> = Vec::new();
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
            // A name of small letters alone is most often a word of the language.
            let is_name =
                word.len() > SHORT_NAME && word.contains(|c: char| !c.is_ascii_lowercase());
            if is_name
                && found.len() < WORDS
                && !found.contains(&word)
                && names.binary_search(&Term::of(word)).is_ok()
            {
                found.push(word);
            }
        }
        let quoted: Vec<String> = found.iter().map(|name| format!("`{name}`")).collect();
        (!quoted.is_empty()).then(|| format!("{before}{}{after}", quoted.join(", ")))
    }

    fn imports(&self, at: usize) -> Option<String> {
        let (graph, paths) = (&self.ground.snapshot.imports, &self.columns.paths);
        for hit in self.hits.iter().filter(|hit| **hit != at) {
            if graph.imports(at).contains(hit) {
                return Some(format!("imports `{}`", paths[*hit]));
            }
            if graph.imported_by(at).contains(hit) {
                return Some(format!("imported by `{}`", paths[*hit]));
            }
        }
        None
    }

    fn past_change(&self, at: usize) -> Option<String> {
        let touched = || self.near.iter().filter(|near| near.changed.contains(&at));
        let fix = touched().find(|near| near.commit.is_fix);
        let (what, near) = match fix {
            Some(near) => ("fix", near),
            None => ("change", touched().next()?),
        };
        let subject = near.commit.message.lines().next().unwrap_or("").trim();
        let short: String = subject.chars().take(SUBJECT).collect();
        let dots = if short.len() < subject.len() { "…" } else { "" };
        let id = &near.commit.id.as_str()[..12];
        Some(format!("past {what} `{short}{dots}` ({id}) touched it"))
    }

    /// Names the file that it changed with most often.
    fn together<'p>(
        &self,
        at: usize,
        others: impl Iterator<Item = &'p RepoPath>,
    ) -> Option<String> {
        let path = &self.columns.paths[at];
        let Ground { past, cache, .. } = self.ground;
        let mut best: Option<(f64, &RepoPath, Together)> = None;
        for other in others.filter(|other| *other != path) {
            let counts = past.together(other, path, cache);
            let share = real(counts.both) / (real(counts.first) + 1.0);
            if counts.both > 0 && best.as_ref().is_none_or(|(known, ..)| share > *known) {
                best = Some((share, other, counts));
            }
        }
        let (_, other, Together { both, first }) = best?;
        let commits = if first == 1 { "commit" } else { "commits" };
        Some(format!("changed in {both} of {first} past {commits} that changed `{other}`"))
    }

    fn activity(&self, at: usize) -> Option<String> {
        let count = |name| history::column(&self.columns.process, name)[at].exp_m1().round();
        let (year, fixes) = (count("commits_last_year"), count("fix_commits"));
        if year >= 1.0 {
            let times = if year < 2.0 { "once".to_owned() } else { format!("{year} times") };
            return Some(format!("changed {times} in the year before"));
        }
        (fixes >= 2.0).then(|| format!("changed by {fixes} past fixes"))
    }

    fn test_column(&self, name: &str) -> Option<&[f32]> {
        let at = test_query::FEATURES.iter().position(|feature| feature.name == name)?;
        self.columns.test.get(at).map(Vec::as_slice)
    }
}

/// Lists words behind a mark; nothing where there is no word.
fn listed(mark: &str, words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| format!("{mark}{}", words.join(", ")))
}
