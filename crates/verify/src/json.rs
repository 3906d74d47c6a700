//! Which JSON stands in a text nobody vouches for?
//!
//! In: a text and limits. Out: one JSON value and where it ends, or why there is none.
//! Numbers keep their text, because `1` and `1.0` are two answers and an integer may
//! have more digits than a float can hold. Touches nothing.
//!
//! The reader calls itself once per bracket, so [`Limits::depth`] bounds the stack.

use std::borrow::Cow;

/// How much a JSON text may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The most brackets that may be open at once.
    pub(crate) depth: usize,
    /// The most values, counting each inner one.
    pub(crate) nodes: usize,
    /// The most characters of one number.
    pub(crate) digits: usize,
}

/// The limits of values and of answers.
pub(crate) const LIMITS: Limits = Limits { depth: 256, nodes: 100_000, digits: 4_400 };

/// The most keys of one object; ours have at most six.
const KEYS: usize = 16;

/// One JSON value; texts are borrowed where they hold no escape.
#[derive(Clone, Debug)]
pub(crate) enum Json<'t> {
    Null,
    Bool(bool),
    /// The number as it was written.
    Number(&'t str),
    Text(Cow<'t, str>),
    /// The code points of a text with a surrogate that has no partner.
    Points(Vec<u32>),
    Array(Vec<Json<'t>>),
    Object(Vec<(Cow<'t, str>, Json<'t>)>),
}

/// Why a text is no JSON we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text ends in the middle of a value.
    #[error("the JSON ends too early")]
    Ends,
    /// A character stands where it may not.
    #[error("byte {0} has no place in JSON")]
    Unexpected(usize),
    /// Brackets are nested too deeply.
    #[error("the JSON is nested too deeply")]
    Depth,
    /// There are too many values.
    #[error("the JSON holds too many values")]
    Nodes,
    /// A number has too many digits.
    #[error("a number of the JSON has too many digits")]
    Digits,
    /// An object names a key twice or has too many keys.
    #[error("an object of the JSON repeats a key or has too many")]
    Keys,
}

impl<'t> Json<'t> {
    /// Reads a text that holds one value and white space around it.
    pub(crate) fn read(text: &'t str, limits: &Limits) -> Result<Self, JsonError> {
        let (value, end) = Self::read_first(text, limits)?;
        let rest = text[end..].trim_start_matches(is_space);
        if rest.is_empty() {
            Ok(value)
        } else {
            Err(JsonError::Unexpected(text.len() - rest.len()))
        }
    }

    /// Reads the value a text begins with; returns it and the byte after it.
    pub(crate) fn read_first(text: &'t str, limits: &Limits) -> Result<(Self, usize), JsonError> {
        let mut reader = Reader { text, at: 0, nodes: 0, limits };
        let value = reader.value(0)?;
        Ok((value, reader.at))
    }

    /// Returns the value of a key of an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(pairs) = self else { return None };
        pairs.iter().find_map(|(name, value)| (name == key).then_some(value))
    }
}

/// JSON's own white space, nothing more.
pub(crate) fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}

struct Reader<'t, 'l> {
    text: &'t str,
    at: usize,
    nodes: usize,
    limits: &'l Limits,
}

impl<'t> Reader<'t, '_> {
    fn value(&mut self, depth: usize) -> Result<Json<'t>, JsonError> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(JsonError::Nodes);
        }
        self.skip_space();
        match self.peek()? {
            b'[' => self.array(self.deeper(depth)?),
            b'{' => self.object(self.deeper(depth)?),
            b'"' => self.string(),
            b'n' => self.word("null", Json::Null),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(JsonError::Unexpected(self.at)),
        }
    }

    fn deeper(&self, depth: usize) -> Result<usize, JsonError> {
        if depth >= self.limits.depth { Err(JsonError::Depth) } else { Ok(depth + 1) }
    }

    fn array(&mut self, depth: usize) -> Result<Json<'t>, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        if self.closes(b']')? {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            if !self.goes_on(b']')? {
                return Ok(Json::Array(items));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'t>, JsonError> {
        self.at += 1;
        let mut pairs: Vec<(Cow<'t, str>, Json<'t>)> = Vec::new();
        if self.closes(b'}')? {
            return Ok(Json::Object(pairs));
        }
        loop {
            self.skip_space();
            let start = self.at;
            self.expect(b'"')?;
            self.at = start;
            let Json::Text(key) = self.string()? else { return Err(JsonError::Unexpected(start)) };
            if pairs.len() == KEYS || pairs.iter().any(|(known, _)| *known == key) {
                return Err(JsonError::Keys);
            }
            self.skip_space();
            self.expect(b':')?;
            pairs.push((key, self.value(depth)?));
            if !self.goes_on(b'}')? {
                return Ok(Json::Object(pairs));
            }
        }
    }

    /// Steps over the closing bracket of an empty array or object.
    fn closes(&mut self, bracket: u8) -> Result<bool, JsonError> {
        self.skip_space();
        let closes = self.peek()? == bracket;
        self.at += usize::from(closes);
        Ok(closes)
    }

    /// Steps over what follows an element: a comma, or the closing bracket.
    fn goes_on(&mut self, bracket: u8) -> Result<bool, JsonError> {
        self.skip_space();
        let found = self.peek()?;
        if found != b',' && found != bracket {
            return Err(JsonError::Unexpected(self.at));
        }
        self.at += 1;
        Ok(found == b',')
    }

    fn word(&mut self, word: &str, value: Json<'t>) -> Result<Json<'t>, JsonError> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(JsonError::Unexpected(self.at))
        }
    }

    fn number(&mut self) -> Result<Json<'t>, JsonError> {
        let start = self.at;
        self.at += usize::from(self.peek()? == b'-');
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.next_is(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if self.next_is(b'e') || self.next_is(b'E') {
            self.at += 1;
            self.at += usize::from(self.next_is(b'+') || self.next_is(b'-'));
            self.digits()?;
        }
        if self.at - start > self.limits.digits {
            return Err(JsonError::Digits);
        }
        Ok(Json::Number(&self.text[start..self.at]))
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        if !self.peek()?.is_ascii_digit() {
            return Err(JsonError::Unexpected(self.at));
        }
        while self.text.as_bytes().get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Json<'t>, JsonError> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => return self.escaped(start),
                0..=0x1f => return Err(JsonError::Unexpected(self.at)),
                _ => self.at += 1,
            }
        }
        let text = &self.text[start..self.at];
        self.at += 1;
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    /// Reads a string with escapes; what stands before the first one is known.
    fn escaped(&mut self, start: usize) -> Result<Json<'t>, JsonError> {
        let mut points: Vec<u32> = Vec::new();
        let mut text = self.text[start..self.at].to_owned();
        let mut whole = true;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    let point = self.escape()?;
                    match char::from_u32(point) {
                        Some(letter) if whole => text.push(letter),
                        _ => {
                            if whole {
                                points = text.chars().map(u32::from).collect();
                                whole = false;
                            }
                            points.push(point);
                        }
                    }
                }
                0..=0x1f => return Err(JsonError::Unexpected(self.at)),
                _ => {
                    let rest = &self.text[self.at..];
                    let end = rest.find(['"', '\\']).unwrap_or(rest.len());
                    let plain = &rest[..end];
                    if let Some(at) = plain.find(|letter: char| letter < ' ') {
                        return Err(JsonError::Unexpected(self.at + at));
                    }
                    if whole {
                        text.push_str(plain);
                    } else {
                        points.extend(plain.chars().map(u32::from));
                    }
                    self.at += end;
                }
            }
        }
        self.at += 1;
        Ok(if whole { Json::Text(Cow::Owned(text)) } else { Json::Points(points) })
    }

    /// Reads one escape, both halves of a surrogate pair at once.
    fn escape(&mut self) -> Result<u32, JsonError> {
        let place = self.at;
        self.at += 1;
        let letter = self.peek()?;
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => u32::from(letter),
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => 0x0a,
            b'r' => 0x0d,
            b't' => 0x09,
            b'u' => {
                let high = self.four_digits()?;
                let after = self.at;
                let paired = (0xd800..0xdc00).contains(&high)
                    && self.text.as_bytes()[self.at..].starts_with(b"\\u");
                if !paired {
                    return Ok(high);
                }
                self.at += 2;
                let low = self.four_digits()?;
                if (0xdc00..0xe000).contains(&low) {
                    0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)
                } else {
                    self.at = after;
                    high
                }
            }
            _ => return Err(JsonError::Unexpected(place)),
        })
    }

    fn four_digits(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or(JsonError::Ends)?;
        let mut point = 0;
        for digit in digits {
            let value = char::from(*digit).to_digit(16).ok_or(JsonError::Unexpected(self.at))?;
            point = point * 16 + value;
        }
        self.at += 4;
        Ok(point)
    }

    fn skip_space(&mut self) {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(|byte| is_space(char::from(*byte))) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek()? != byte {
            return Err(JsonError::Unexpected(self.at));
        }
        self.at += 1;
        Ok(())
    }

    fn next_is(&self, byte: u8) -> bool {
        self.text.as_bytes().get(self.at) == Some(&byte)
    }

    fn peek(&self) -> Result<u8, JsonError> {
        self.text.as_bytes().get(self.at).copied().ok_or(JsonError::Ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> JsonError {
        Json::read(text, &LIMITS).expect_err("refused")
    }

    fn points(text: &str) -> Vec<u32> {
        match Json::read(text, &LIMITS).expect("read") {
            Json::Text(text) => text.chars().map(u32::from).collect(),
            Json::Points(points) => points,
            other => panic!("no string: {other:?}"),
        }
    }

    #[test]
    fn what_json_does_not_allow_is_refused() {
        for text in [
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "NaN",
            "Infinity",
            "'a'",
            "[1,]",
            "{\"a\":1,}",
            "[1 2]",
            "{1:2}",
            "\"\u{1}\"",
            "\"a\\x\"",
            "\"\\u12g4\"",
            "tru",
            "nul",
            "1 2",
            "[1]]",
            "\u{a0}1",
        ] {
            assert!(matches!(error(text), JsonError::Unexpected(_) | JsonError::Ends), "{text}");
        }
        assert_eq!(error(""), JsonError::Ends);
        assert_eq!(error("[1, "), JsonError::Ends);
        assert_eq!(error("\"\\u12"), JsonError::Ends);
    }

    #[test]
    fn limits_are_refused_before_they_cost_anything() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(error(&deep), JsonError::Depth);
        assert_eq!(error(&"{\"a\":".repeat(100_000)), JsonError::Depth);
        assert_eq!(error(&format!("[{}1]", "1,".repeat(LIMITS.nodes))), JsonError::Nodes);
        assert_eq!(error(&"9".repeat(LIMITS.digits + 1)), JsonError::Digits);
        assert_eq!(error("{\"a\":1,\"a\":2}"), JsonError::Keys);
        let edge = "[".repeat(LIMITS.depth) + &"]".repeat(LIMITS.depth);
        assert!(Json::read(&edge, &LIMITS).is_ok());
    }

    #[test]
    fn escapes_are_code_points_and_lone_surrogates_stay() {
        assert_eq!(points(r#""\ud83d\ude00""#), [0x1_f600]);
        assert_eq!(points(r#""a\ud800b""#), [97, 0xd800, 98]);
        assert_eq!(points(r#""\ud800\u0041\udc00é""#), [0xd800, 65, 0xdc00, 0xe9]);
        assert_eq!(points(r#""\"\\\/\b\f\n\r\t""#), [34, 92, 47, 8, 12, 10, 13, 9]);
    }
}
