//! Which built-in methods can a program be about, and how are they called?
//!
//! A form is a call with holes, each of a kind: `{str}.center({width}, {char})`. Holes in
//! capitals take a variable, because the call changes it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Int,
    Float,
    Bool,
    Str,
    /// A list of integers.
    List,
    /// A list of texts.
    Strs,
    /// Integers by text.
    Dict,
    /// A set of integers: texts would come in an order that depends on a seed.
    Set,
    /// A tuple of integers.
    Tuple,
    /// The value of a call that only changes something.
    Nothing,
}

/// One way to call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) method: &'static str,
    pub(super) template: &'static str,
    pub(super) gives: Kind,
}

/// A built-in function or a method of a built-in type, e.g., `str.center`, `sorted`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Method(String);

/// How a call of a method looks in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Called<'m> {
    /// `name(…)`.
    Function(&'m str),
    /// `….name(…)`.
    Attribute(&'m str),
    /// `math.name(…)`.
    OfMath(&'m str),
}

impl Method {
    /// Returns its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns how a call of it looks.
    pub(super) fn called(&self) -> Called<'_> {
        match self.0.split_once('.') {
            Some(("math", name)) => Called::OfMath(name),
            Some((_, name)) => Called::Attribute(name),
            None => Called::Function(&self.0),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns every method, in the order of the table.
pub fn methods() -> Vec<Method> {
    let mut methods: Vec<Method> = Vec::new();
    for form in FORMS {
        if methods.last().is_none_or(|last| last.0 != form.method) {
            methods.push(Method(form.method.to_owned()));
        }
    }
    methods
}

/// Returns the forms of a method.
pub(super) fn forms_of(method: &Method) -> Vec<Form> {
    FORMS.iter().copied().filter(|form| form.method == method.0).collect()
}

/// Returns the forms that give a value of a kind.
pub(super) fn forms_giving(kind: Kind) -> impl Iterator<Item = Form> {
    FORMS.iter().copied().filter(move |form| form.gives == kind)
}

const fn form(method: &'static str, template: &'static str, gives: Kind) -> Form {
    Form { method, template, gives }
}

use Kind::{Bool, Dict, Float, Int, List, Nothing, Set, Str, Strs, Tuple};

/// Every form; those of one method stand together.
///
/// `set.pop` is missing: which element it takes depends on how the set came about, and a
/// value does not tell that.
const FORMS: &[Form] = &[
    form("str.capitalize", "{str}.capitalize()", Str),
    form("str.casefold", "{str}.casefold()", Str),
    form("str.center", "{str}.center({width}, {char})", Str),
    form("str.count", "{str}.count({char})", Int),
    form("str.encode", "len({str}.encode(\"utf-8\"))", Int),
    form("str.endswith", "{str}.endswith({char})", Bool),
    form("str.endswith", "{str}.endswith(({char}, {char}))", Bool),
    form("str.expandtabs", "{str}.expandtabs({small})", Str),
    form("str.find", "{str}.find({char})", Int),
    form("str.find", "{str}.find({char}, {small})", Int),
    form("str.format", "\"{}:{}\".format({str}, {int})", Str),
    form("str.index", "{str}.index({char})", Int),
    form("str.isalnum", "{str}.isalnum()", Bool),
    form("str.isalpha", "{str}.isalpha()", Bool),
    form("str.isascii", "{str}.isascii()", Bool),
    form("str.isdecimal", "{str}.isdecimal()", Bool),
    form("str.isdigit", "{str}.isdigit()", Bool),
    form("str.isidentifier", "{str}.isidentifier()", Bool),
    form("str.islower", "{str}.islower()", Bool),
    form("str.isnumeric", "{str}.isnumeric()", Bool),
    form("str.isprintable", "{str}.isprintable()", Bool),
    form("str.isspace", "{str}.isspace()", Bool),
    form("str.istitle", "{str}.istitle()", Bool),
    form("str.isupper", "{str}.isupper()", Bool),
    form("str.join", "{char}.join({strs})", Str),
    form("str.ljust", "{str}.ljust({width}, {char})", Str),
    form("str.lower", "{str}.lower()", Str),
    form("str.lstrip", "{str}.lstrip({char})", Str),
    form("str.partition", "list({str}.partition({char}))", Strs),
    form("str.removeprefix", "{str}.removeprefix({char})", Str),
    form("str.removesuffix", "{str}.removesuffix({char})", Str),
    form("str.replace", "{str}.replace({char}, {word})", Str),
    form("str.replace", "{str}.replace({char}, {char}, {small})", Str),
    form("str.rfind", "{str}.rfind({char})", Int),
    form("str.rindex", "{str}.rindex({char})", Int),
    form("str.rjust", "{str}.rjust({width}, {char})", Str),
    form("str.rpartition", "list({str}.rpartition({char}))", Strs),
    form("str.rsplit", "{str}.rsplit({char}, {small})", Strs),
    form("str.rstrip", "{str}.rstrip({char})", Str),
    form("str.split", "{str}.split({char})", Strs),
    form("str.split", "{str}.split()", Strs),
    form("str.splitlines", "{str}.splitlines()", Strs),
    form("str.startswith", "{str}.startswith({char})", Bool),
    form("str.strip", "{str}.strip({char})", Str),
    form("str.swapcase", "{str}.swapcase()", Str),
    form("str.title", "{str}.title()", Str),
    form("str.translate", "{str}.translate({ord({char}): {char}})", Str),
    form("str.upper", "{str}.upper()", Str),
    form("str.zfill", "{str}.zfill({width})", Str),
    form("list.append", "{LIST}.append({int})", Nothing),
    form("list.append", "{STRS}.append({str})", Nothing),
    form("list.clear", "{LIST}.clear()", Nothing),
    form("list.copy", "{list}.copy()", List),
    form("list.count", "{list}.count({int})", Int),
    form("list.extend", "{LIST}.extend({list})", Nothing),
    form("list.extend", "{STRS}.extend({strs})", Nothing),
    form("list.index", "{list}.index({int})", Int),
    form("list.insert", "{LIST}.insert({small}, {int})", Nothing),
    form("list.pop", "{LIST}.pop()", Int),
    form("list.pop", "{LIST}.pop({small})", Int),
    form("list.remove", "{LIST}.remove({int})", Nothing),
    form("list.reverse", "{LIST}.reverse()", Nothing),
    form("list.sort", "{LIST}.sort()", Nothing),
    form("list.sort", "{STRS}.sort(key=len)", Nothing),
    form("list.sort", "{LIST}.sort(reverse={bool})", Nothing),
    form("dict.clear", "{DICT}.clear()", Nothing),
    form("dict.copy", "{dict}.copy()", Dict),
    form("dict.fromkeys", "dict.fromkeys({strs}, {int})", Dict),
    form("dict.get", "{dict}.get({str}, {int})", Int),
    form("dict.items", "len({dict}.items())", Int),
    form("dict.keys", "list({dict}.keys())", Strs),
    form("dict.pop", "{DICT}.pop({str}, {int})", Int),
    form("dict.popitem", "{DICT}.popitem()[1]", Int),
    form("dict.setdefault", "{DICT}.setdefault({str}, {int})", Int),
    form("dict.update", "{DICT}.update({dict})", Nothing),
    form("dict.values", "list({dict}.values())", List),
    form("set.add", "{SET}.add({int})", Nothing),
    form("set.clear", "{SET}.clear()", Nothing),
    form("set.copy", "{set}.copy()", Set),
    form("set.difference", "{set}.difference({set})", Set),
    form("set.difference_update", "{SET}.difference_update({list})", Nothing),
    form("set.discard", "{SET}.discard({int})", Nothing),
    form("set.intersection", "{set}.intersection({list})", Set),
    form("set.intersection_update", "{SET}.intersection_update({set})", Nothing),
    form("set.isdisjoint", "{set}.isdisjoint({list})", Bool),
    form("set.issubset", "{set}.issubset({list})", Bool),
    form("set.issuperset", "{set}.issuperset({list})", Bool),
    form("set.remove", "{SET}.remove({int})", Nothing),
    form("set.symmetric_difference", "{set}.symmetric_difference({list})", Set),
    form("set.symmetric_difference_update", "{SET}.symmetric_difference_update({list})", Nothing),
    form("set.union", "{set}.union({list})", Set),
    form("set.update", "{SET}.update({list})", Nothing),
    form("tuple.count", "{tuple}.count({int})", Int),
    form("tuple.index", "{tuple}.index({int})", Int),
    form("int.bit_count", "{int}.bit_count()", Int),
    form("int.bit_length", "{int}.bit_length()", Int),
    form("int.conjugate", "{int}.conjugate()", Int),
    form("float.as_integer_ratio", "{float}.as_integer_ratio()", Tuple),
    form("float.conjugate", "{float}.conjugate()", Float),
    form("float.hex", "{float}.hex()", Str),
    form("float.is_integer", "{float}.is_integer()", Bool),
    form("math.ceil", "math.ceil({float})", Int),
    form("math.copysign", "math.copysign({float}, {float})", Float),
    form("math.fabs", "math.fabs({float})", Float),
    form("math.factorial", "math.factorial(abs({int}) % 7)", Int),
    form("math.floor", "math.floor({float})", Int),
    form("math.fmod", "math.fmod({float}, {small})", Float),
    form("math.gcd", "math.gcd({int}, {int})", Int),
    form("math.isclose", "math.isclose({float}, {float})", Bool),
    form("math.isqrt", "math.isqrt(abs({int}))", Int),
    form("math.lcm", "math.lcm({small}, {int})", Int),
    form("math.prod", "math.prod({tuple})", Int),
    form("math.trunc", "math.trunc({float})", Int),
    form("abs", "abs({int})", Int),
    form("abs", "abs({float})", Float),
    form("all", "all({list})", Bool),
    form("any", "any({list})", Bool),
    form("ascii", "ascii({str})", Str),
    form("bin", "bin({int})", Str),
    form("bool", "bool({list})", Bool),
    form("chr", "chr(97 + {int} % 26)", Str),
    form("dict", "dict(zip({strs}, {list}))", Dict),
    form("divmod", "divmod({int}, {positive})", Tuple),
    form("enumerate", "[place * number for place, number in enumerate({list})]", List),
    form("filter", "list(filter(str.isalpha, {strs}))", Strs),
    form("filter", "list(filter(None, {list}))", List),
    form("float", "float({int})", Float),
    form("format", "format({int}, \"05d\")", Str),
    form("hex", "hex({int})", Str),
    form("int", "int({float})", Int),
    form("isinstance", "isinstance({int}, int)", Bool),
    form("len", "len({str})", Int),
    form("len", "len({list})", Int),
    form("len", "len({dict})", Int),
    form("list", "list({tuple})", List),
    form("map", "list(map(len, {strs}))", List),
    form("map", "list(map(str.upper, {strs}))", Strs),
    form("max", "max({list})", Int),
    form("max", "max({int}, {int})", Int),
    form("min", "min({list})", Int),
    form("min", "min({int}, {int})", Int),
    form("oct", "oct({int})", Str),
    form("ord", "ord(({str} + {char})[0])", Int),
    form("pow", "pow({int}, {small}, 97)", Int),
    form("range", "list(range({small}, {width}))", List),
    form("repr", "repr({str})", Str),
    form("reversed", "list(reversed({list}))", List),
    form("round", "round({float}, {small})", Float),
    form("set", "set({list})", Set),
    form("sorted", "sorted({list})", List),
    form("sorted", "sorted({set})", List),
    form("sorted", "sorted({strs}, key=len)", Strs),
    form("str", "str({int})", Str),
    form("sum", "sum({list})", Int),
    form("sum", "sum({tuple})", Int),
    form("tuple", "tuple({list})", Tuple),
    form("zip", "[first - second for first, second in zip({list}, {tuple})]", List),
];
