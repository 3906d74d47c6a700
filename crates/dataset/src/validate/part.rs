//! Which lists of an ATIF document hold what a reader refuses?

use serde_json::{Map, Value};

use super::Report;
use super::shape::{self, Key, Kind, Presence};

const PART: &[Key] = &[
    ("type", Kind::Text, Presence::Required),
    ("text", Kind::Text, Presence::Optional),
    ("source", Kind::Object, Presence::Optional),
];
const SOURCE: &[Key] =
    &[("media_type", Kind::Text, Presence::Required), ("path", Kind::Text, Presence::Required)];
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// Checks the content parts under a key, if it holds a list of them.
pub(super) fn check_parts(
    report: &mut Report,
    place: &str,
    object: &Map<String, Value>,
    key: &str,
) {
    for (index, part) in shape::list(object, key).iter().enumerate() {
        let place = format!("{place}.{key}[{index}]");
        let Some(part) = shape::object(report, &place, part) else { continue };
        shape::keys(report, &place, part, PART);
        let (text, source) = (shape::holds(part, "text"), shape::holds(part, "source"));
        match shape::text(part, "type") {
            Some("text") if !text || source => {
                report.rejected(&place, "is a part of text and needs `text` alone");
            }
            Some("image") if text || !source => {
                report.rejected(&place, "is an image and needs `source` alone");
            }
            Some("text" | "image") | None => {}
            Some(kind) => report.rejected(&place, format!("has the unknown type {kind:?}")),
        }
        if let Some(source) = part.get("source").and_then(Value::as_object) {
            shape::keys(report, &place, source, SOURCE);
            let kind = shape::text(source, "media_type");
            if kind.is_some_and(|kind| !IMAGES.contains(&kind)) {
                report.rejected(&place, "is an image of an unknown media type");
            }
        }
    }
}

/// Checks that a list under a key holds one kind of value only.
pub(super) fn check_items(
    report: &mut Report,
    place: &str,
    object: &Map<String, Value>,
    key: &str,
    kind: Kind,
) {
    for (index, item) in shape::list(object, key).iter().enumerate() {
        if !kind.fits(item) {
            report.rejected(
                &format!("{place}.{key}[{index}]"),
                format!("is not {}", kind.describe()),
            );
        }
    }
}
