//! What has a reader seen when a write of a story begins?
//!
//! In: a story and its stored bodies. Out: for each write that is asked for, the end of
//! the document before its thought, the call, and the code; the document is that of the
//! export, uncut. Whoever looks at a place may change its thought, and later places are
//! shown behind the thought as it stands then.

use std::collections::BTreeSet;

use backstory_model::{
    BlobId, Delegation, RepoPath, SnapshotStory, Thought, WritingAction, WritingStep,
};

use super::document::{Document, SpanKind};
use super::flatten::{delegated, opening};
use crate::{Bodies, BodyError};

/// What stands before a thought in a document.
pub const BEFORE_THOUGHT: &str = "Think: ";

/// What stands behind a thought in a document.
pub const AFTER_THOUGHT: &str = "\n";

/// One write, as a reader meets it.
#[derive(Clone, Copy, Debug)]
pub struct WritePlace<'a> {
    /// The step, from 1.
    pub step: usize,
    /// The file that is written.
    pub path: &'a RepoPath,
    /// What it holds at the end.
    pub blob: &'a BlobId,
    /// The end of the document before the thought, from the beginning of a line.
    pub context: &'a str,
    /// What stands between the thought and the code.
    pub lead: &'a str,
    /// The code.
    pub target: &'a str,
    /// The thought the story has.
    pub thought: Option<&'a Thought>,
}

/// What becomes of the thought of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It stays.
    Stays,
    /// Another one stands there, or none.
    Becomes(Option<Thought>),
}

/// Lists the writes of a story that write something, each with the number of its step.
pub fn writes(story: &SnapshotStory) -> impl Iterator<Item = (usize, &WritingStep)> {
    let steps = story.delegations.iter().scan(3, |first, delegation| {
        let number = *first + 1;
        *first += 1 + delegation.steps.len();
        Some((number..).zip(&delegation.steps))
    });
    steps.flatten().filter(|(_, step)| match &step.action {
        WritingAction::Write { lines, .. } => lines.start <= lines.end,
        WritingAction::Read { .. } | WritingAction::Stub { .. } => false,
    })
}

/// Shows the wanted writes of a story in its order; returns the story as it is then.
///
/// `context` is how many bytes of the document are shown.
pub fn each_write<E: From<BodyError>>(
    story: &SnapshotStory,
    bodies: &dyn Bodies,
    (wanted, context): (&BTreeSet<usize>, usize),
    mut visit: impl FnMut(&WritePlace<'_>) -> Result<Verdict, E>,
) -> Result<SnapshotStory, E> {
    let mut told = story.clone();
    let mut before = opening(story).text;
    let mut first = 3;
    for (at, delegation) in story.delegations.iter().enumerate() {
        let steps = first + 1..first + 1 + delegation.steps.len();
        let served = delegation.served();
        for step in wanted.range(steps.clone()) {
            let piece = delegated(&told.delegations[at], bodies, true, first)?;
            let Some(seen) = Seen::of(&piece, *step) else { continue };
            let shown = format!("{before}{}", seen.before);
            let (file, _) = served[*step - steps.start];
            let place = WritePlace {
                step: *step,
                path: file.path,
                blob: file.blob,
                context: end_of(&shown, context),
                lead: seen.lead,
                target: seen.target,
                thought: thought_of(delegation, *step - steps.start),
            };
            match visit(&place)? {
                Verdict::Stays => {}
                Verdict::Becomes(thought) => told.set_thought(*step, thought),
            }
        }
        before += &delegated(&told.delegations[at], bodies, true, first)?.text;
        forget(&mut before, context);
        first = steps.end;
    }
    Ok(told)
}

fn thought_of(delegation: &Delegation, at: usize) -> Option<&Thought> {
    delegation.steps.get(at)?.thought.as_ref()
}

/// What stands around the thought of one step.
struct Seen<'d> {
    before: &'d str,
    lead: &'d str,
    target: &'d str,
}

impl<'d> Seen<'d> {
    fn of(piece: &'d Document, step: usize) -> Option<Self> {
        let mut spans = piece.spans.iter().filter(|span| span.step_id == Some(step)).peekable();
        let start = spans.peek()?.byte_start;
        let mut text = |kind: SpanKind| {
            let span = spans.find(|span| span.kind == kind)?;
            Some(&piece.text[span.byte_start..span.byte_end])
        };
        let lead = text(SpanKind::Action)?;
        let target = text(SpanKind::WriteContent)?;
        Some(Self { before: &piece.text[..start], lead, target })
    }
}

/// Drops what is never shown again from the beginning of a long text.
fn forget(text: &mut String, limit: usize) {
    // One byte more than is shown tells that something stands before.
    let kept = limit.saturating_add(8);
    if text.len() > kept.saturating_mul(2) {
        let mut start = text.len() - kept;
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        text.drain(..start);
    }
}

/// Returns the last bytes of a text, from the beginning of a line; all of a short one.
pub(crate) fn end_of(text: &str, limit: usize) -> &str {
    let mut start = text.len().saturating_sub(limit);
    if start == 0 {
        return text;
    }
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text[start..].split_once('\n').map_or("", |(_, lines)| lines)
}

#[cfg(test)]
mod tests {
    use super::{end_of, forget};

    #[test]
    fn what_is_forgotten_is_not_shown() {
        for limit in 0..12 {
            let whole = "one\ntwo\nthree\n".repeat(20) + "é\n";
            let mut text = whole.clone();
            forget(&mut text, limit);
            assert!(text.len() < whole.len());
            assert_eq!(end_of(&text, limit), end_of(&whole, limit), "{limit}");
        }
    }

    #[test]
    fn a_long_context_begins_at_a_line() {
        assert_eq!(end_of("one\ntwo\nthree\n", 100), "one\ntwo\nthree\n");
        assert_eq!(end_of("one\ntwo\nthree\n", 8), "three\n");
        assert_eq!(end_of("ééé\né\n", 6), "é\n");
        assert_eq!(end_of("no line", 3), "");
    }
}
