//! How is a value written as canonical JSON?
//!
//! Out: text without white space, strings with only the escapes JSON demands, floats in
//! their shortest form, as `json.dumps(…, ensure_ascii=False, separators=(",", ":"))` of
//! Python writes them.

use std::fmt::Write as _;

use super::{Int, Value, float};

/// In which order dicts and fields are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Sorted, so that equal values have equal texts.
    Sorted,
    /// As they were given.
    AsGiven,
}

/// Returns the JSON of a value.
pub(super) fn text(value: &Value, order: Order) -> String {
    let mut out = String::new();
    write(value, order, &mut out);
    out
}

fn write(value: &Value, order: Order, out: &mut String) {
    match value {
        Value::None => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => write_int(value, out),
        Value::Float(value) => write_float(*value, out),
        Value::Complex(real, imaginary) => {
            out.push_str("{\"complex\":[");
            write_float(*real, out);
            out.push(',');
            write_float(*imaginary, out);
            out.push_str("]}");
        }
        Value::Text(text) => quote(text, out),
        Value::Points(points) => {
            let points: Vec<String> = points.iter().map(u32::to_string).collect();
            _ = write!(out, "{{\"str\":[{}]}}", points.join(","));
        }
        Value::Bytes(bytes) => write_bytes("bytes", bytes, out),
        Value::ByteArray(bytes) => write_bytes("bytearray", bytes, out),
        Value::List(items) => write_array(&texts(items, order), out),
        Value::Tuple(items) => write_tagged("tuple", &texts(items, order), out),
        Value::Set(items) => write_tagged("set", &sorted(texts(items.as_slice(), order)), out),
        Value::FrozenSet(items) => {
            write_tagged("frozenset", &sorted(texts(items.as_slice(), order)), out);
        }
        Value::Dict(pairs) => write_tagged("dict", &pair_texts(pairs, order), out),
        Value::Range(start, stop, step) => {
            let parts = [start, stop, step].map(|part| {
                let mut out = String::new();
                write_int(part, &mut out);
                out
            });
            write_tagged("range", &parts, out);
        }
        Value::Slice(parts) => write_tagged("slice", &texts(&parts[..], order), out),
        Value::Items { class, items } => {
            out.push_str("{\"items\":{\"class\":");
            quote(class.as_str(), out);
            out.push_str(",\"items\":");
            write_array(&texts(items, order), out);
            out.push_str("}}");
        }
        Value::Object { class, fields } => {
            out.push_str("{\"object\":{\"class\":");
            quote(class.as_str(), out);
            out.push_str(",\"fields\":");
            write_array(&field_texts(fields, order), out);
            out.push_str("}}");
        }
        Value::Ref(depth) => _ = write!(out, "{{\"ref\":{depth}}}"),
    }
}

fn write_int(value: &Int, out: &mut String) {
    _ = if value.is_exact() {
        write!(out, "{value}")
    } else {
        write!(out, "{{\"int\":\"{value}\"}}")
    };
}

fn write_float(value: f64, out: &mut String) {
    match float::name(value) {
        Some(name) => _ = write!(out, "{{\"float\":\"{name}\"}}"),
        None => out.push_str(&float::digits(value)),
    }
}

fn write_bytes(tag: &str, bytes: &[u8], out: &mut String) {
    _ = write!(out, "{{\"{tag}\":\"");
    for byte in bytes {
        _ = write!(out, "{byte:02x}");
    }
    out.push_str("\"}");
}

fn write_tagged(tag: &str, items: &[String], out: &mut String) {
    _ = write!(out, "{{\"{tag}\":");
    write_array(items, out);
    out.push('}');
}

fn write_array(items: &[String], out: &mut String) {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(item);
    }
    out.push(']');
}

fn texts(items: &[Value], order: Order) -> Vec<String> {
    items.iter().map(|item| text(item, order)).collect()
}

fn pair_texts(pairs: &[(Value, Value)], order: Order) -> Vec<String> {
    in_order(pairs.iter().map(|(key, value)| (text(key, order), text(value, order))), order)
}

fn field_texts(fields: &[(String, Value)], order: Order) -> Vec<String> {
    let pairs = fields.iter().map(|(name, value)| {
        let mut quoted = String::new();
        quote(name, &mut quoted);
        (quoted, text(value, order))
    });
    in_order(pairs, order)
}

fn in_order(pairs: impl Iterator<Item = (String, String)>, order: Order) -> Vec<String> {
    let mut pairs: Vec<(String, String)> = pairs.collect();
    if order == Order::Sorted {
        pairs.sort();
    }
    pairs.into_iter().map(|(key, value)| format!("[{key},{value}]")).collect()
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

/// Writes a JSON string with the escapes Python writes.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' => _ = write!(out, "\\u{:04x}", u32::from(letter)),
            _ => out.push(letter),
        }
    }
    out.push('"');
}
