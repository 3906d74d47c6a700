//! Which value does canonical JSON state?
//!
//! In: JSON, foreign or ours. Out: the value, or one sentence why there is none. Where
//! two texts can only mean one value, both are read: an integer of any size as a plain
//! number, `-0.0` as a number, sets in any order. Nothing else is guessed: an object
//! has exactly one tag, and a plain JSON object is no `dict`.

use std::cmp::Ordering;

use crate::json::{Json, JsonError, LIMITS};
use crate::type_name::TypeName;

use super::{Int, Members, Value, compare, float};

/// The most containers that may lie in one another.
pub const DEEPEST: usize = 64;

/// The most bytes of the JSON of one value.
pub const LONGEST: usize = 256 * 1024;

/// Why a text states no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// It is no JSON we read.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It has too many bytes.
    #[error("the value is longer than {LONGEST} bytes")]
    Length,
    /// Containers lie too deeply in one another.
    #[error("the value is nested deeper than {DEEPEST} containers")]
    Depth,
    /// An object is not exactly one known tag.
    #[error("an object of the value has no single known tag")]
    Tag,
    /// What stands under a tag does not belong there.
    #[error("the content under `{0}` does not have its form")]
    Content(&'static str),
    /// A number is no integer and no finite float.
    #[error("a number of the value is out of range")]
    Number,
    /// An element of a set or a key of a dict could not be one.
    #[error("an element or key cannot be hashed")]
    Unhashable,
    /// An element, a key or a field stands twice.
    #[error("an element, a key or a field stands twice")]
    Twice,
}

impl Value {
    /// Reads the JSON of one value.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        if text.len() > LONGEST {
            return Err(ValueError::Length);
        }
        Self::from_json(&Json::read(text, &LIMITS)?)
    }

    /// Reads a value from JSON that was parsed.
    pub(crate) fn from_json(json: &Json<'_>) -> Result<Self, ValueError> {
        read(json, 0)
    }
}

fn read(json: &Json<'_>, depth: usize) -> Result<Value, ValueError> {
    match json {
        Json::Null => Ok(Value::None),
        Json::Bool(value) => Ok(Value::Bool(*value)),
        Json::Number(text) => number(text),
        Json::Text(text) => Ok(Value::Text(text.clone().into_owned())),
        Json::Points(points) => Ok(Value::Points(points.clone())),
        Json::Array(items) => Ok(Value::List(read_all(items, depth)?)),
        Json::Object(pairs) => match pairs.as_slice() {
            [(tag, content)] => tagged(tag, content, depth),
            _ => Err(ValueError::Tag),
        },
    }
}

fn tagged(tag: &str, content: &Json<'_>, depth: usize) -> Result<Value, ValueError> {
    match tag {
        "int" => {
            let Json::Text(digits) = content else { return Err(ValueError::Content("int")) };
            Int::parse(digits).map(Value::Int).ok_or(ValueError::Content("int"))
        }
        "float" => {
            let Json::Text(name) = content else { return Err(ValueError::Content("float")) };
            float::named(name).map(Value::Float).ok_or(ValueError::Content("float"))
        }
        "complex" => complex(content),
        "str" => points(content),
        "bytes" => Ok(Value::Bytes(bytes(content, "bytes")?)),
        "bytearray" => Ok(Value::ByteArray(bytes(content, "bytearray")?)),
        "tuple" => Ok(Value::Tuple(list(content, depth, "tuple")?)),
        "set" => Ok(Value::Set(members(content, depth, "set")?)),
        "frozenset" => Ok(Value::FrozenSet(members(content, depth, "frozenset")?)),
        "dict" => dict(content, depth),
        "range" => range(content),
        "slice" => match <[Value; 3]>::try_from(list(content, depth, "slice")?) {
            Ok(parts) => Ok(Value::Slice(Box::new(parts))),
            Err(_) => Err(ValueError::Content("slice")),
        },
        "items" => {
            let (class, items) = classed(content, "items", "items")?;
            Ok(Value::Items { class, items: list(items, depth, "items")? })
        }
        "object" => object(content, depth),
        "ref" => reference(content, depth),
        _ => Err(ValueError::Tag),
    }
}

fn number(text: &str) -> Result<Value, ValueError> {
    if text.contains(['.', 'e', 'E']) {
        let value: f64 = text.parse().map_err(|_| ValueError::Number)?;
        return if value.is_finite() { Ok(Value::Float(value)) } else { Err(ValueError::Number) };
    }
    Int::parse(text).map(Value::Int).ok_or(ValueError::Number)
}

fn read_all(items: &[Json<'_>], depth: usize) -> Result<Vec<Value>, ValueError> {
    let depth = deeper(depth)?;
    items.iter().map(|item| read(item, depth)).collect()
}

fn deeper(depth: usize) -> Result<usize, ValueError> {
    if depth >= DEEPEST { Err(ValueError::Depth) } else { Ok(depth + 1) }
}

fn list(content: &Json<'_>, depth: usize, tag: &'static str) -> Result<Vec<Value>, ValueError> {
    let Json::Array(items) = content else { return Err(ValueError::Content(tag)) };
    read_all(items, depth)
}

fn members(content: &Json<'_>, depth: usize, tag: &'static str) -> Result<Members, ValueError> {
    let items = list(content, depth, tag)?;
    if !items.iter().all(Value::is_hashable) {
        return Err(ValueError::Unhashable);
    }
    let members = Members::from(items);
    let twice =
        members.as_slice().windows(2).any(|pair| compare::order(&pair[0], &pair[1]).is_eq());
    if twice { Err(ValueError::Twice) } else { Ok(members) }
}

/// Refuses pairs of which two have the same first part.
fn once<N>(pairs: &[(N, Value)], names: impl Fn(&N, &N) -> Ordering) -> Result<(), ValueError> {
    let mut sorted: Vec<&N> = pairs.iter().map(|(name, _)| name).collect();
    sorted.sort_by(|one, two| names(one, two));
    let twice = sorted.windows(2).any(|pair| names(pair[0], pair[1]).is_eq());
    if twice { Err(ValueError::Twice) } else { Ok(()) }
}

fn dict(content: &Json<'_>, depth: usize) -> Result<Value, ValueError> {
    let depth = deeper(depth)?;
    let Json::Array(items) = content else { return Err(ValueError::Content("dict")) };
    let pairs = items.iter().map(|pair| {
        let Json::Array(pair) = pair else { return Err(ValueError::Content("dict")) };
        let [key, value] = pair.as_slice() else { return Err(ValueError::Content("dict")) };
        let key = read(key, depth)?;
        if !key.is_hashable() {
            return Err(ValueError::Unhashable);
        }
        Ok((key, read(value, depth)?))
    });
    let pairs: Vec<(Value, Value)> = pairs.collect::<Result<_, _>>()?;
    once(&pairs, compare::order)?;
    Ok(Value::Dict(pairs))
}

fn object(content: &Json<'_>, depth: usize) -> Result<Value, ValueError> {
    let depth = deeper(depth)?;
    let (class, fields) = classed(content, "fields", "object")?;
    let Json::Array(items) = fields else { return Err(ValueError::Content("object")) };
    let fields = items.iter().map(|field| {
        let Json::Array(field) = field else { return Err(ValueError::Content("object")) };
        let [Json::Text(name), value] = field.as_slice() else {
            return Err(ValueError::Content("object"));
        };
        Ok((name.clone().into_owned(), read(value, depth)?))
    });
    let fields: Vec<(String, Value)> = fields.collect::<Result<_, _>>()?;
    once(&fields, String::cmp)?;
    Ok(Value::Object { class, fields })
}

/// Reads `{"class": …, KEY: …}` with nothing beside.
fn classed<'j, 't>(
    content: &'j Json<'t>,
    key: &str,
    tag: &'static str,
) -> Result<(TypeName, &'j Json<'t>), ValueError> {
    let wrong = ValueError::Content(tag);
    let Json::Object(pairs) = content else { return Err(wrong) };
    match (pairs.len(), content.get("class"), content.get(key)) {
        (2, Some(Json::Text(class)), Some(items)) => {
            Ok((TypeName::parse(class).map_err(|_| wrong)?, items))
        }
        _ => Err(wrong),
    }
}

fn complex(content: &Json<'_>) -> Result<Value, ValueError> {
    let wrong = ValueError::Content("complex");
    let Json::Array(parts) = content else { return Err(wrong) };
    let [real, imaginary] = parts.as_slice() else { return Err(wrong) };
    match (read(real, 0)?, read(imaginary, 0)?) {
        (Value::Float(real), Value::Float(imaginary)) => Ok(Value::Complex(real, imaginary)),
        _ => Err(wrong),
    }
}

fn range(content: &Json<'_>) -> Result<Value, ValueError> {
    let wrong = ValueError::Content("range");
    let Json::Array(parts) = content else { return Err(wrong) };
    let [start, stop, step] = parts.as_slice() else { return Err(wrong) };
    match (read(start, 0)?, read(stop, 0)?, read(step, 0)?) {
        (Value::Int(start), Value::Int(stop), Value::Int(step)) if step != Int::from(0) => {
            Ok(Value::Range(start, stop, step))
        }
        _ => Err(wrong),
    }
}

/// Reads code points; without a surrogate among them they are a plain text.
fn points(content: &Json<'_>) -> Result<Value, ValueError> {
    let wrong = ValueError::Content("str");
    let Json::Array(items) = content else { return Err(wrong) };
    let point = |item: &Json<'_>| match item {
        Json::Number(text) => text.parse().ok().filter(|point| *point <= u32::from(char::MAX)),
        _ => None,
    };
    let points: Option<Vec<u32>> = items.iter().map(point).collect();
    let points = points.ok_or(wrong)?;
    let plain: Option<String> = points.iter().map(|point| char::from_u32(*point)).collect();
    Ok(plain.map_or(Value::Points(points), Value::Text))
}

fn bytes(content: &Json<'_>, tag: &'static str) -> Result<Vec<u8>, ValueError> {
    let wrong = ValueError::Content(tag);
    let Json::Text(digits) = content else { return Err(wrong) };
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let half = |digit: u8| char::from(digit).to_digit(16).and_then(|half| u8::try_from(half).ok());
    let byte = |pair: &[u8; 2]| Some(half(pair[0])? << 4 | half(pair[1])?);
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    bytes.filter(|_| rest.is_empty()).ok_or(wrong)
}

fn reference(content: &Json<'_>, depth: usize) -> Result<Value, ValueError> {
    let wrong = ValueError::Content("ref");
    let Json::Number(text) = content else { return Err(wrong) };
    let place: u32 = text.parse().map_err(|_| wrong)?;
    // Only a container that is open can be led back to.
    if (place as usize) < depth { Ok(Value::Ref(place)) } else { Err(wrong) }
}
