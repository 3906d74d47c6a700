//! What do dumps of GitHub hold?
//!
//! In: what `gh`, python-github-backup, webhooks, mirrors of issues and scripts wrote:
//! arrays, pages one after another, objects a line, lists in their wrapping. Out: the
//! records of every object. Each object is told by its fields, so that forms and
//! endpoints may be mixed in one file; the form of the first one names the file.

mod backup;
mod ci;
pub(super) mod discussion;
mod graphql;
pub(crate) mod object;
mod origin;
pub(super) mod place;
mod reading;
pub(crate) mod rest;
mod rows;
mod webhook;

pub(super) use self::reading::TableRows;
use self::reading::{Form, Reading, form_of};
pub(super) use self::rows::is_row;
use super::sink::{Position, Sink};
use super::{Dialect, Input};
use crate::RecordsError;
use crate::items::first_names;

/// Rows of SWE-bench and data sets like it.
pub(super) struct Rows;

impl Dialect for Rows {
    fn name(&self) -> &'static str {
        "swe-bench rows"
    }

    fn recognizes(&self, _: &str, head: &[u8]) -> bool {
        first_form(head) == Some(Form::Row)
    }

    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
        Reading::new(input.name, sink).all(&mut *input.reader)
    }
}

/// Deliveries of webhooks.
pub(super) struct Webhooks;

impl Dialect for Webhooks {
    fn name(&self) -> &'static str {
        "github webhooks"
    }

    fn recognizes(&self, _: &str, head: &[u8]) -> bool {
        matches!(first_form(head), Some(Form::Delivery | Form::Payload))
    }

    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
        Reading::new(input.name, sink).all(&mut *input.reader)
    }
}

/// The folders of python-github-backup.
pub(super) struct Backup;

impl Dialect for Backup {
    fn name(&self) -> &'static str {
        "github backup"
    }

    fn recognizes(&self, name: &str, head: &[u8]) -> bool {
        let object = head.trim_ascii_start().starts_with(b"{");
        backup::is_torn(name)
            || (object && backup::is_backup_path(name))
            || matches!(first_form(head), Some(Form::Backup(_)))
    }

    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
        if backup::is_torn(input.name) {
            sink.broken(Position::Whole, "the backup was stopped while it wrote this file");
            return Ok(());
        }
        Reading::new(input.name, sink).all(&mut *input.reader)
    }
}

/// Issues and pull requests in camel case.
pub(super) struct Graphql;

impl Dialect for Graphql {
    fn name(&self) -> &'static str {
        "github graphql"
    }

    fn recognizes(&self, _: &str, head: &[u8]) -> bool {
        let names = first_names(head);
        let has = |name: &str| names.iter().any(|found| found == name);
        form_of(has) == Some(Form::Graphql)
            || (has("magic") && has("repo"))
            || (has("data") && names.len() < 4)
    }

    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
        Reading::new(input.name, sink).all(&mut *input.reader)
    }
}

/// Objects of the REST interface.
pub(super) struct Rest;

impl Dialect for Rest {
    fn name(&self) -> &'static str {
        "github rest"
    }

    fn recognizes(&self, _: &str, head: &[u8]) -> bool {
        let names = first_names(head);
        let has = |name: &str| names.iter().any(|found| found == name);
        let known = matches!(form_of(has), Some(Form::Rest(kind)) if kind.makes_records());
        let page = has("total_count") && (has("jobs") || has("artifacts"));
        let statuses = has("statuses") && has("sha");
        known || page || statuses || MARKS.into_iter().any(has) || is_empty_list(head)
    }

    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
        Reading::new(input.name, sink).all(&mut *input.reader)
    }
}

fn first_form(head: &[u8]) -> Option<Form> {
    let names = first_names(head);
    form_of(|name| names.iter().any(|found| found == name))
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
