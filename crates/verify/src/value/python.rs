//! How does Python write a value?
//!
//! In: a [`Value`]. Out: what `repr` gives, or an expression that makes the value again;
//! nothing where there is no such text. Elements of sets stand in canonical order, because
//! the order they had is not known.

use super::{Value, float};

/// Which text is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// What `repr` gives.
    Repr,
    /// What makes the value when it is evaluated, without a name but those of builtin types.
    Expression,
}

/// Writes a value; `None` for objects, iterators and containers inside themselves.
pub(super) fn text(value: &Value, form: Form) -> Option<String> {
    Some(match value {
        Value::None => "None".to_owned(),
        Value::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => real(*value, form),
        Value::Complex(real, imaginary) => complex(*real, *imaginary, form),
        Value::Text(text) => quoted(text.chars().map(u32::from)),
        Value::Points(points) => quoted(points.iter().copied()),
        Value::Bytes(bytes) => quoted_bytes(bytes),
        Value::ByteArray(bytes) => format!("bytearray({})", quoted_bytes(bytes)),
        Value::List(items) => format!("[{}]", texts(items, form)?),
        Value::Tuple(items) if items.len() == 1 => format!("({},)", texts(items, form)?),
        Value::Tuple(items) => format!("({})", texts(items, form)?),
        Value::Set(items) if items.as_slice().is_empty() => "set()".to_owned(),
        Value::Set(items) => format!("{{{}}}", texts(items.as_slice(), form)?),
        Value::FrozenSet(items) if items.as_slice().is_empty() => "frozenset()".to_owned(),
        Value::FrozenSet(items) => format!("frozenset({{{}}})", texts(items.as_slice(), form)?),
        Value::Dict(pairs) => format!("{{{}}}", pair_texts(pairs, form)?),
        Value::Range(start, stop, step) if step.small() == Some(1) => {
            format!("range({start}, {stop})")
        }
        Value::Range(start, stop, step) => format!("range({start}, {stop}, {step})"),
        Value::Slice(parts) => format!("slice({})", texts(&parts[..], form)?),
        Value::Items { class, items } if form == Form::Repr => view(class.as_str(), items)?,
        Value::Items { .. } | Value::Object { .. } | Value::Ref(_) => return None,
    })
}

fn texts(items: &[Value], form: Form) -> Option<String> {
    let texts: Option<Vec<String>> = items.iter().map(|item| text(item, form)).collect();
    Some(texts?.join(", "))
}

fn pair_texts(pairs: &[(Value, Value)], form: Form) -> Option<String> {
    let pair = |(key, value): &(Value, Value)| {
        Some(format!("{}: {}", text(key, form)?, text(value, form)?))
    };
    Some(pairs.iter().map(pair).collect::<Option<Vec<_>>>()?.join(", "))
}

/// Writes the view of a dict; an iterator shows nothing of what it would give.
fn view(class: &str, items: &[Value]) -> Option<String> {
    let is_view = matches!(class, "dict_keys" | "dict_values" | "dict_items");
    is_view.then(|| texts(items, Form::Repr).map(|items| format!("{class}([{items}])")))?
}

fn real(value: f64, form: Form) -> String {
    match (float::name(value), form) {
        (Some(name), Form::Expression) => format!("float('{name}')"),
        (Some(name), Form::Repr) => name.to_owned(),
        (None, _) => float::digits(value),
    }
}

fn complex(re: f64, im: f64, form: Form) -> String {
    if form == Form::Expression {
        return format!("complex({}, {})", real(re, form), real(im, form));
    }
    let part = |value: f64| {
        let text = real(value, Form::Repr);
        text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
    };
    let imaginary = part(im);
    if re == 0.0 && re.is_sign_positive() {
        return format!("{imaginary}j");
    }
    let sign = if imaginary.starts_with('-') { "" } else { "+" };
    format!("({}{sign}{imaginary}j)", part(re))
}

fn quoted(points: impl Iterator<Item = u32> + Clone) -> String {
    let mark = mark(points.clone());
    let inner: String = points.map(|point| escaped(point, mark)).collect();
    format!("{mark}{inner}{mark}")
}

fn quoted_bytes(bytes: &[u8]) -> String {
    let points = bytes.iter().copied().map(u32::from);
    let mark = mark(points.clone());
    let escaped = |point: u32| match point {
        0x7f.. => format!("\\x{point:02x}"),
        _ => escaped(point, mark),
    };
    format!("b{mark}{}{mark}", points.map(escaped).collect::<String>())
}

/// Returns the quotation mark that Python takes.
fn mark(mut points: impl Iterator<Item = u32> + Clone) -> char {
    let has_one = points.clone().any(|point| point == u32::from('\''));
    if has_one && !points.any(|point| point == u32::from('"')) { '"' } else { '\'' }
}

fn escaped(point: u32, mark: char) -> String {
    match char::from_u32(point) {
        Some('\\') => "\\\\".to_owned(),
        Some('\n') => "\\n".to_owned(),
        Some('\r') => "\\r".to_owned(),
        Some('\t') => "\\t".to_owned(),
        Some(letter) if letter == mark => format!("\\{letter}"),
        Some(letter) if is_printable(letter) => letter.to_string(),
        _ if point < 0x100 => format!("\\x{point:02x}"),
        _ if point < 0x1_0000 => format!("\\u{point:04x}"),
        _ => format!("\\U{point:08x}"),
    }
}

/// Says whether Python shows a letter as it is.
fn is_printable(letter: char) -> bool {
    // Rust and Python go by the same categories; the first letter of a text is escaped by
    // other rules than those behind it.
    let text: String = ['a', letter].iter().collect();
    matches!(letter, '\'' | '"') || text.escape_debug().eq(text.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repr(json: &str) -> String {
        text(&Value::parse(json).unwrap(), Form::Repr).unwrap_or_else(|| "none".to_owned())
    }

    #[test]
    fn values_read_as_repr_writes_them() {
        for (json, wanted) in [
            ("null", "None"),
            ("true", "True"),
            ("{\"int\":\"9007199254740993\"}", "9007199254740993"),
            ("1e+16", "1e+16"),
            ("{\"float\":\"-inf\"}", "-inf"),
            ("{\"float\":\"-0.0\"}", "-0.0"),
            ("{\"complex\":[0.0,2.0]}", "2j"),
            ("{\"complex\":[1.5,{\"float\":\"-0.0\"}]}", "(1.5-0j)"),
            ("{\"complex\":[{\"float\":\"-0.0\"},1.0]}", "(-0+1j)"),
            ("\"it's\"", "\"it's\""),
            ("\"it's \\\"so\\\"\"", "'it\\'s \"so\"'"),
            ("\"a\\nb\\u0000\\u00a0é→\\u200b\u{301}\"", "'a\\nb\\x00\\xa0é→\\u200b\u{301}'"),
            ("{\"str\":[97,55296]}", "'a\\ud800'"),
            ("{\"bytes\":\"61ff0a27\"}", "b\"a\\xff\\n'\""),
            ("{\"bytearray\":\"\"}", "bytearray(b'')"),
            ("{\"tuple\":[1]}", "(1,)"),
            ("{\"tuple\":[]}", "()"),
            ("{\"set\":[]}", "set()"),
            ("{\"frozenset\":[1,2]}", "frozenset({1, 2})"),
            ("{\"dict\":[[\"b\",[1]],[\"a\",2.0]]}", "{'b': [1], 'a': 2.0}"),
            ("{\"range\":[0,4,1]}", "range(0, 4)"),
            ("{\"range\":[4,0,-2]}", "range(4, 0, -2)"),
            ("{\"slice\":[null,3,null]}", "slice(None, 3, None)"),
            ("{\"items\":{\"class\":\"dict_keys\",\"items\":[1]}}", "dict_keys([1])"),
            ("{\"items\":{\"class\":\"zip\",\"items\":[1]}}", "none"),
            ("[{\"object\":{\"class\":\"a.B\",\"fields\":[]}}]", "none"),
        ] {
            assert_eq!(repr(json), wanted, "{json}");
        }
    }

    #[test]
    fn an_expression_makes_what_repr_only_names() {
        let expression = |json: &str| text(&Value::parse(json).unwrap(), Form::Expression);
        let wanted = "[float('nan'), complex(1.0, float('inf'))]";
        let json = "[{\"float\":\"nan\"},{\"complex\":[1.0,{\"float\":\"inf\"}]}]";
        assert_eq!(expression(json).as_deref(), Some(wanted));
        assert_eq!(expression("{\"items\":{\"class\":\"dict_keys\",\"items\":[1]}}"), None);
    }
}
