//! What do dumps of GitHub hold?
//!
//! In: what `gh api` and scripts around the REST interface wrote: arrays, pages one
//! after another, objects a line, lists in their wrapping. Out: the records of every
//! object, which is told by its fields, so that endpoints may be mixed in one file.

mod ci;
mod discussion;
mod object;
mod origin;
mod place;
mod reading;
mod rest;

use self::reading::Reading;
use super::sink::Sink;
use super::{Dialect, Input};
use crate::RecordsError;
use crate::items::first_names;

/// Objects of the REST interface.
pub(super) struct Rest;

impl Dialect for Rest {
    fn name(&self) -> &'static str {
        "github rest"
    }

    fn recognizes(&self, _: &str, head: &[u8]) -> bool {
        let names = first_names(head);
        let has = |name: &str| names.iter().any(|found| found == name);
        let known = !matches!(rest::kind_of(has), None | Some(rest::RestKind::Other(_)));
        known || MARKS.into_iter().any(has) || is_empty_list(head)
    }

    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
        Reading::new(input.name, sink).all(&mut *input.reader)
    }
}

/// Names that only objects of this forge have, also where the first bytes hold no more.
const MARKS: [&str; 9] = [
    "node_id",
    "repository_url",
    "comments_url",
    "issue_url",
    "pull_request_url",
    "workflow_runs",
    "check_runs",
    "check_suites",
    "incomplete_results",
];

/// Returns true for a file that holds an empty list and nothing else.
fn is_empty_list(head: &[u8]) -> bool {
    let mut signs = head.iter().filter(|byte| !byte.is_ascii_whitespace());
    signs.next() == Some(&b'[') && signs.all(|sign| matches!(sign, b'[' | b']' | b','))
}
