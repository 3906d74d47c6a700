//! Which thought follows from what earlier steps of a change have shown?
//!
//! Written against the table of `docs/language-models.md`: the sentences are published, and
//! which of them are said before an action is derived here again from the steps before it.

use std::collections::BTreeSet;

use backstory_model::reasoning::KEYWORDS;
use backstory_model::{Action, EvidenceId, Observation, Provenance, RepoPath, Step, Thought};

use super::leaks::tokens;
use super::told::Reading;

/// How many names a sentence lists at most.
const NAMED: usize = 3;

/// The steps before an action.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    pub(super) steps: &'a [Step],
    pub(super) shown: &'a [Reading],
}

impl<'a> Before<'a> {
    /// Derives the first thought before an action.
    pub(super) fn thought(&self, action: &Action) -> Option<Thought> {
        let said = match action {
            Action::Search { pattern, .. } => match self.first_with(pattern)? {
                1 => format!("The request speaks of `{pattern}`, so I look for where it stands."),
                _ => format!("I have seen `{pattern}`, so I look for where else it stands."),
            },
            Action::View { path, .. } => self.read(path)?,
            Action::Edit { path, old, .. } => self.edit(path, old)?,
            Action::Create { path, .. } => self.create(path),
            Action::RunTests { .. } => self.run(),
            Action::Message { .. }
            | Action::List { .. }
            | Action::Delete { .. }
            | Action::Rename { .. }
            | Action::SetMode { .. }
            | Action::CiReport { .. }
            | Action::Finish { .. } => return None,
        };
        let provenance = Provenance::derived("story/seen", self.evidence(&said));
        Some(Thought { text: said, provenance })
    }

    /// Returns the first step that holds each name in code marks.
    pub(super) fn evidence(&self, said: &str) -> Vec<EvidenceId> {
        let parts: Vec<&str> = said.split('`').collect();
        let names = parts.iter().enumerate().filter(|(at, _)| at % 2 == 1).map(|(_, name)| name);
        let steps: BTreeSet<usize> = names.filter_map(|name| self.first_with(name)).collect();
        steps.into_iter().map(EvidenceId::step).collect()
    }

    /// Returns the number of the first step that holds a name as a word.
    fn first_with(&self, name: &str) -> Option<usize> {
        let markable = !name.trim().is_empty() && !name.contains('`') && !name.contains('\n');
        let mut numbered = (1..).zip(self.shown);
        numbered.find(|(_, step)| markable && as_word(name, &step.shown)).map(|(number, _)| number)
    }

    fn pairs(&self) -> impl DoubleEndedIterator<Item = (&'a Step, &'a Reading)> + use<'a> {
        let count = self.steps.len().min(self.shown.len());
        self.steps[..count].iter().zip(&self.shown[..count])
    }

    fn read(&self, path: &RepoPath) -> Option<String> {
        let name = path.to_string();
        let listed = self.pairs().rev().find_map(|(step, _)| place_in_hits(step, path));
        let ran = self.pairs().any(|(step, shown)| is_run(step) && as_word(&name, &shown.shown));
        let why = match (self.first_with(&name)?, listed) {
            (1, _) => format!("The request names `{name}`."),
            (_, Some(listed)) => listed,
            (_, None) if ran => format!("What was run speaks of `{name}`."),
            (_, None) => format!("I have seen the name `{name}`."),
        };
        let more = if self.view_of(path).is_some() { "I read more of it." } else { "I read it." };
        Some(format!("{why} {more}{}", self.failing()))
    }

    fn edit(&self, path: &RepoPath, old: &str) -> Option<String> {
        let name = path.to_string();
        self.first_with(&name)?;
        let what = match self.view_of(path).map(|view| definition(&view.shown, old)) {
            None => format!("I know `{name}` and change it."),
            Some(None) => format!("I have read `{name}` and change it."),
            Some(Some(of)) => format!("I have read `{name}` and change `{of}` in it."),
        };
        let asked = self.shown.first().map_or("", |first| first.shown.as_str());
        let mut words: Vec<String> = Vec::new();
        for word in tokens(asked) {
            let starts = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
            let tells = word.chars().count() >= 4 && KEYWORDS.split(' ').all(|key| key != word);
            if starts
                && tells
                && words.len() < NAMED
                && !words.contains(&word)
                && as_word(&word, old)
            {
                words.push(word);
            }
        }
        let speaks = if words.is_empty() {
            String::new()
        } else {
            format!(" It speaks of {}, as the request does.", marked(&words))
        };
        Some(format!("{what}{speaks}{}", self.failing()))
    }

    fn create(&self, path: &RepoPath) -> String {
        if self.first_with(&path.to_string()).is_some() {
            return format!("I know `{path}` and write it anew.");
        }
        let touched = self.pairs().rev().filter_map(|(step, _)| match &step.action {
            Action::View { path, .. } => Some(path),
            action => left(action),
        });
        let beside = touched.into_iter().find(|other| other.parent() == path.parent());
        let beside = beside.map(RepoPath::to_string).filter(|name| !name.contains(['`', '\n']));
        let beside = beside.map_or(String::new(), |name| format!(" It goes beside `{name}`."));
        format!("What is asked for here has no file yet, so I write one.{beside}")
    }

    fn run(&self) -> String {
        let mut changed: Vec<String> = Vec::new();
        for (step, _) in self.pairs().rev() {
            if changed.len() == NAMED || matches!(step.action, Action::RunTests { .. }) {
                break;
            }
            let name = left(&step.action).map(RepoPath::to_string);
            let name = name.filter(|name| !name.trim().is_empty() && !name.contains(['`', '\n']));
            changed.extend(name.filter(|name| !changed.contains(name)));
        }
        changed.reverse();
        if changed.is_empty() {
            "Nothing is changed since, so I run the tests to see what fails.".to_owned()
        } else {
            format!("I have changed {}, so I run the tests.", marked(&changed))
        }
    }

    /// Says which test the last run or report of CI names first as failed.
    fn failing(&self) -> String {
        let last = self.pairs().rev().find(|(step, _)| is_run(step));
        let named = last.and_then(|(_, run)| {
            let mut lines = run.shown.split('\n').map(str::trim);
            let line = lines.find_map(|line| line.strip_prefix("FAILED "))?;
            Some(line.split_once(" - ").map_or(line, |(test, _)| test).trim())
        });
        let test = named.filter(|test| !test.is_empty() && !test.contains('`'));
        test.map_or(String::new(), |test| format!(" `{test}` fails."))
    }

    fn view_of(&self, path: &RepoPath) -> Option<&'a Reading> {
        let is_view =
            |step: &Step| matches!(&step.action, Action::View { path: p, .. } if p == path);
        self.pairs().rev().find(|(step, _)| is_view(step)).map(|(_, shown)| shown)
    }
}

/// Says at which place the hits of a search list a file.
fn place_in_hits(step: &Step, path: &RepoPath) -> Option<String> {
    let Action::Search { pattern, .. } = &step.action else { return None };
    let Some(Observation::Hits { hits, files, .. }) = step.observation.as_ref().map(|s| &s.content)
    else {
        return None;
    };
    let at = hits.iter().position(|hit| hit.path == *path)?;
    let before: BTreeSet<&RepoPath> = hits[..at].iter().map(|hit| &hit.path).collect();
    let place = before.len() + 1;
    let markable = !pattern.trim().is_empty() && !pattern.contains(['`', '\n']);
    markable
        .then(|| format!("The search for `{pattern}` lists `{path}` as file {place} of {files}."))
}

fn is_run(step: &Step) -> bool {
    matches!(step.action, Action::RunTests { .. } | Action::CiReport { .. })
}

/// Returns the path of a change, where the file lies afterwards.
fn left(action: &Action) -> Option<&RepoPath> {
    match action {
        Action::Edit { path, .. }
        | Action::Create { path, .. }
        | Action::Delete { path }
        | Action::SetMode { path, .. } => Some(path),
        Action::Rename { to, .. } => Some(to),
        Action::Message { .. }
        | Action::Search { .. }
        | Action::List { .. }
        | Action::View { .. }
        | Action::RunTests { .. }
        | Action::CiReport { .. }
        | Action::Finish { .. } => None,
    }
}

/// Finds the definition that the changed lines lie in, among the lines of a view.
fn definition(view: &str, old: &str) -> Option<String> {
    const DEFINES: &str = " class def enum fn func function interface struct trait ";
    const BEFORE: &str = " abstract async const default export final private pub public static ";
    let first = old.split('\n').map(str::trim).find(|line| !line.is_empty())?;
    let numbered = view.split('\n').filter_map(|line| line.split_once('\t'));
    let lines: Vec<&str> = numbered.map(|(_, line)| line).collect();
    let at = lines.iter().position(|line| line.trim() == first)?;
    lines[..=at].iter().rev().find_map(|line| {
        let is_in = |list: &str, word: &str| list.contains(&format!(" {word} "));
        let mut words = tokens(line).into_iter().skip_while(|word| is_in(BEFORE, word));
        words.next().filter(|word| is_in(DEFINES, word))?;
        words.next().filter(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_'))
    })
}

/// Lists up to three names in code marks.
fn marked(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [one, two] => format!("`{one}` and `{two}`"),
        [first, .., last] => format!("`{first}`, `{}` and `{last}`", names[1]),
    }
}

/// Returns true when a name stands in a text with no letter, digit or underscore at it.
pub(super) fn as_word(name: &str, text: &str) -> bool {
    let touches = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(name).any(|(at, found)| {
        let (before, after) = (&text[..at], &text[at + found.len()..]);
        !touches(before.chars().next_back()) && !touches(after.chars().next())
    })
}
