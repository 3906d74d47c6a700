//! Which records does the delivery of a webhook hold?
//!
//! In: `{event, delivery, payload}`, a payload alone, or a delivery as the REST
//! interface lists it. Out: the record the
//! delivery is about, which carries the whole delivery, and a version of the issue
//! or pull request around it. Deliveries of other kinds are counted.

use backstory_model::Record;
use serde_json::value::RawValue;

use super::object::{Object, Wrong};
use super::reading::Reading;
use super::rest::{self, RestKind};
use crate::RecordsError;

/// What a delivery is about: its name, the fields its record is in.
const PARTS: [(&str, &[(&str, RestKind)]); 10] = [
    ("issue_comment", &[("comment", RestKind::Comment), ("issue", RestKind::Issue)]),
    ("issues", &[("issue", RestKind::Issue)]),
    (
        "pull_request_review_comment",
        &[("comment", RestKind::ReviewComment), ("pull_request", RestKind::Change)],
    ),
    ("pull_request_review", &[("review", RestKind::Review), ("pull_request", RestKind::Change)]),
    ("pull_request_review_thread", &[("pull_request", RestKind::Change)]),
    ("pull_request", &[("pull_request", RestKind::Change)]),
    ("workflow_run", &[("workflow_run", RestKind::Run)]),
    ("workflow_job", &[("workflow_job", RestKind::Job)]),
    ("check_run", &[("check_run", RestKind::CheckRun)]),
    ("check_suite", &[("check_suite", RestKind::CheckSuite)]),
];

/// Fields that make one of these objects a part of something else.
const ELSEWHERE: [&str; 4] = ["deployment", "discussion", "deployment_callback_url", "milestone"];

/// Returns true for a delivery in its envelope.
pub(super) fn is_delivery(has: impl Fn(&str) -> bool) -> bool {
    has("payload") && (has("event") || has("x-github-event")) || has("guid") && has("delivered_at")
}

/// Returns true for a payload without an envelope.
pub(super) fn is_payload(has: impl Fn(&str) -> bool) -> bool {
    has("sender") && (has("action") || has("repository") || has("organization"))
}

impl Reading<'_, '_> {
    /// Takes the records of a delivery in its envelope.
    pub(super) fn delivery(
        &mut self,
        object: &Object<'_>,
        raw: &RawValue,
    ) -> Result<(), RecordsError> {
        let event = object.text("event").and_then(|event| match event {
            Some(event) => Ok(event),
            None => object.need_text("x-github-event"),
        });
        let payload = payload_of(object);
        let times = ["delivered_at", "received_at", "timestamp"];
        let delivered = times.into_iter().find_map(|name| object.time(name));
        match (event, payload) {
            (Ok(event), Ok(Some(payload))) => {
                self.payload(&event, &payload, delivered.as_deref(), raw)
            }
            (Ok(_), Ok(None)) => {
                self.sink.other("webhook without its payload");
                Ok(())
            }
            (Err(wrong), _) | (_, Err(wrong)) => {
                self.broken(wrong);
                Ok(())
            }
        }
    }

    /// Takes the records of a payload without an envelope; its fields tell the event.
    pub(super) fn bare_payload(
        &mut self,
        payload: &Object<'_>,
        raw: &RawValue,
    ) -> Result<(), RecordsError> {
        let elsewhere = ELSEWHERE.into_iter().any(|name| payload.raw(name).is_some());
        let has_all = |parts: &[(&str, RestKind)]| parts.iter().all(|(name, _)| payload.has(name));
        let found = PARTS.into_iter().find(|(_, parts)| !elsewhere && has_all(parts));
        let event = match found {
            Some((event, _)) => event,
            None if payload.has("context") && payload.has("sha") => "status",
            None => "without a name",
        };
        self.payload(event, payload, None, raw)
    }

    fn payload(
        &mut self,
        event: &str,
        payload: &Object<'_>,
        delivered: Option<&str>,
        raw: &RawValue,
    ) -> Result<(), RecordsError> {
        self.learn_repository(payload);
        if event == "status" {
            return self.part(RestKind::Status, payload, delivered, raw);
        }
        let Some((_, parts)) = PARTS.into_iter().find(|(name, _)| *name == event) else {
            self.sink.other(&format!("webhook {event}"));
            return Ok(());
        };
        for (at, (name, kind)) in parts.iter().enumerate() {
            match payload.object(name) {
                Ok(Some(part)) => {
                    let own = payload.raw(name).filter(|_| at > 0).unwrap_or(raw);
                    self.part(*kind, &part, delivered, own)?;
                }
                Ok(None) if at == 0 => self.broken(format_args!("`{name}` is missing")),
                Ok(None) => {}
                Err(wrong) => self.broken(wrong),
            }
        }
        if event == "pull_request_review_thread" { self.thread(payload, delivered) } else { Ok(()) }
    }

    /// Takes the comments of a thread.
    fn thread(
        &mut self,
        payload: &Object<'_>,
        delivered: Option<&str>,
    ) -> Result<(), RecordsError> {
        let thread = payload.object("thread").and_then(|thread| {
            let list = thread.unwrap_or_default().list("comments")?;
            list.into_iter().map(|raw| Ok((Object::read(raw)?, raw))).collect::<Result<Vec<_>, _>>()
        });
        match thread {
            Ok(comments) => {
                for (comment, raw) in comments {
                    self.part(RestKind::ReviewComment, &comment, delivered, raw)?;
                }
            }
            Err(wrong) => self.broken(wrong),
        }
        Ok(())
    }

    /// Takes one object of a delivery. It is sent as it stands at its last change, so
    /// that this is when it was seen, unless the delivery says a later time.
    fn part(
        &mut self,
        kind: RestKind,
        object: &Object<'_>,
        delivered: Option<&str>,
        raw: &RawValue,
    ) -> Result<(), RecordsError> {
        let changed = || object.time("updated_at").or_else(|| object.time("submitted_at"));
        let seen_at =
            delivered.map(str::to_owned).or_else(changed).or_else(|| self.seen.observed_at.clone());
        let before = std::mem::replace(&mut self.seen.observed_at, seen_at);
        let records: Result<Vec<Record>, Wrong> = rest::records(kind, object, &self.seen);
        self.seen.observed_at = before;
        self.take(records, raw)
    }
}

/// Returns the payload of a delivery; a listing of deliveries leaves it out.
fn payload_of<'o>(object: &Object<'o>) -> Result<Option<Object<'o>>, Wrong> {
    match object.object("payload")? {
        Some(payload) => Ok(Some(payload)),
        None => object.object("request")?.unwrap_or_default().object("payload"),
    }
}
