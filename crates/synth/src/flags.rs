//! Does the requirement give the answer away?
//!
//! In: the requirement text and what the change touches. Out: flags; the text
//! itself is never altered.

use std::sync::LazyLock;

use backstory_model::{AnswerFlag, RepoPath};
use regex::Regex;

use crate::plan::Added;

/// Added lines shorter than this are too common to give anything away.
const TELLING_LINE: usize = 25;

static CHANGE_LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)https?://[^\s/]+/[\w./-]+?/(?:-/)?(?:pull|commit|merge_requests)/[0-9a-f]+")
        .expect("the pattern is fixed and valid")
});

/// Lists how the text gives the answer away, sorted.
pub fn answer_flags<'a>(
    text: &str,
    changed: &[RepoPath],
    added: impl IntoIterator<Item = &'a Added>,
) -> Vec<AnswerFlag> {
    let mut flags = Vec::new();
    let names = |path: &RepoPath| path.to_text().is_some_and(|path| text.contains(path));
    if changed.iter().any(names) {
        flags.push(AnswerFlag::NamesChangedPath);
    }
    if added.into_iter().any(|part| holds_added_line(text, part)) {
        flags.push(AnswerFlag::HoldsAddedLine);
    }
    if CHANGE_LINK.is_match(text) {
        flags.push(AnswerFlag::LinksToChange);
    }
    flags
}

fn holds_added_line(text: &str, part: &Added) -> bool {
    let numbers = part.ranges.iter().flat_map(|range| range.start + 1..range.end + 1);
    numbers.into_iter().any(|number| {
        let line = part.text.line(number).trim();
        line.chars().count() >= TELLING_LINE && text.contains(line)
    })
}
