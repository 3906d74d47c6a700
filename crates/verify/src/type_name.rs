//! Which type does a text name?
//!
//! In: a qualified name as Python has it (`module.Qualified.name`). Out: one spelling
//! of it: `builtins.` is left out, and so is `__main__.` where no builtin type has the
//! name that remains. A type is compared by this spelling, never by what a value looks
//! like. Touches nothing.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most bytes of a name.
const LONGEST: usize = 1_000;
const LOCALS: &str = "<locals>";

/// The types and exceptions a Python program reaches without an import, and those of
/// its own parts.
const BUILTIN: [&str; 125] = [
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "BaseExceptionGroup",
    "BlockingIOError",
    "BrokenPipeError",
    "BufferError",
    "BytesWarning",
    "ChildProcessError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "DeprecationWarning",
    "EOFError",
    "EncodingWarning",
    "Exception",
    "ExceptionGroup",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "FutureWarning",
    "GeneratorExit",
    "ImportError",
    "ImportWarning",
    "IndentationError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NoneType",
    "NotADirectoryError",
    "NotImplementedError",
    "NotImplementedType",
    "OSError",
    "OverflowError",
    "PendingDeprecationWarning",
    "PermissionError",
    "ProcessLookupError",
    "PythonFinalizationError",
    "RecursionError",
    "ReferenceError",
    "ResourceWarning",
    "RuntimeError",
    "RuntimeWarning",
    "StopAsyncIteration",
    "StopIteration",
    "SyntaxError",
    "SyntaxWarning",
    "SystemError",
    "SystemExit",
    "TabError",
    "TimeoutError",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnicodeTranslateError",
    "UnicodeWarning",
    "UserWarning",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
    "async_generator",
    "bool",
    "builtin_function_or_method",
    "bytearray",
    "bytearray_iterator",
    "bytes",
    "bytes_iterator",
    "classmethod",
    "code",
    "complex",
    "coroutine",
    "dict",
    "dict_itemiterator",
    "dict_items",
    "dict_keyiterator",
    "dict_keys",
    "dict_valueiterator",
    "dict_values",
    "ellipsis",
    "enumerate",
    "filter",
    "float",
    "frame",
    "frozenset",
    "function",
    "generator",
    "getset_descriptor",
    "int",
    "list",
    "list_iterator",
    "list_reverseiterator",
    "map",
    "mappingproxy",
    "member_descriptor",
    "memoryview",
    "method",
    "method_descriptor",
    "module",
    "object",
    "property",
    "range",
    "range_iterator",
    "reversed",
    "set",
    "set_iterator",
    "slice",
    "staticmethod",
    "str",
    "str_ascii_iterator",
    "str_iterator",
    "super",
    "tuple",
    "tuple_iterator",
    "type",
    "zip",
];

/// The qualified name of a Python type, in its one spelling.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct TypeName(Cow<'static, str>);

/// Says that a text names no type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no qualified type name")]
pub struct NotATypeName(String);

impl TypeName {
    /// Takes a name as Python has it, white space around it left out.
    pub fn parse(text: &str) -> Result<Self, NotATypeName> {
        let name = text.trim();
        let wrong = || NotATypeName(name.chars().take(80).collect());
        if name.len() > LONGEST || !name.split('.').all(is_part) || name.starts_with(LOCALS) {
            return Err(wrong());
        }
        let short = match name.strip_prefix("builtins.") {
            Some(rest) => rest,
            None => match name.strip_prefix("__main__.") {
                Some(rest) if BUILTIN.binary_search(&rest).is_err() => rest,
                _ => name,
            },
        };
        Ok(Self(Cow::Owned(short.to_owned())))
    }

    /// Names a builtin type.
    pub(crate) const fn builtin(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// Returns the spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Says whether a text can stand between the dots of a qualified name.
fn is_part(part: &str) -> bool {
    let mut letters = part.chars();
    let starts = letters.next().is_some_and(|first| first == '_' || first.is_alphabetic());
    part == LOCALS || (starts && letters.all(|letter| letter == '_' || letter.is_alphanumeric()))
}

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TypeName {
    type Error = NotATypeName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<TypeName> for String {
    fn from(name: TypeName) -> Self {
        name.0.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> String {
        TypeName::parse(text).expect("a name").to_string()
    }

    #[test]
    fn builtins_are_sorted_so_that_they_are_found() {
        assert!(BUILTIN.is_sorted());
    }

    #[test]
    fn a_type_has_one_spelling() {
        assert_eq!(name("builtins.int"), "int");
        assert_eq!(name(" int\n"), "int");
        assert_eq!(name("__main__.Point"), "Point");
        assert_eq!(name("collections.OrderedDict"), "collections.OrderedDict");
        assert_eq!(name("shop.make.<locals>.Größe"), "shop.make.<locals>.Größe");
    }

    #[test]
    fn a_class_named_like_a_builtin_is_not_the_builtin() {
        assert_eq!(name("__main__.list"), "__main__.list");
        assert_ne!(TypeName::parse("__main__.list"), TypeName::parse("list"));
        assert_eq!(name("__main__.KeyError"), "__main__.KeyError");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", ".", "a..b", "<class 'int'>", "int|bool", "int bool", "1a", "<locals>.A"] {
            assert!(TypeName::parse(text).is_err(), "{text}");
        }
        assert!(TypeName::parse(&"a".repeat(LONGEST + 1)).is_err());
    }
}
