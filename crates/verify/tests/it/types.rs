//! Is every type kept exactly, never guessed from what a value looks like?
//!
//! The released code took a type from the `repr` of a value: `set()`, `range`,
//! `dict_keys`, `inf`, `frozenset` and any long value became `str`, `None` became
//! `object`, and a right answer was marked wrong.

use backstory_verify::{ItemType, Kind, RewardOptions, Value};

use crate::sample::{asked, block, item, worth};

/// Values of builtin types with their types.
const VALUES: [(&str, &str); 36] = [
    ("null", "NoneType"),
    ("true", "bool"),
    ("1", "int"),
    ("-9007199254740991", "int"),
    ("{\"int\":\"9007199254740992\"}", "int"),
    ("1.0", "float"),
    ("1e+16", "float"),
    ("{\"float\":\"nan\"}", "float"),
    ("{\"float\":\"inf\"}", "float"),
    ("{\"float\":\"-inf\"}", "float"),
    ("{\"float\":\"-0.0\"}", "float"),
    ("{\"complex\":[1.0,{\"float\":\"-0.0\"}]}", "complex"),
    ("\"\"", "str"),
    ("\"3\"", "str"),
    ("\"None\"", "str"),
    ("{\"str\":[55296]}", "str"),
    ("{\"bytes\":\"\"}", "bytes"),
    ("{\"bytes\":\"00ff\"}", "bytes"),
    ("{\"bytearray\":\"00ff\"}", "bytearray"),
    ("[]", "list"),
    ("[1]", "list"),
    ("{\"tuple\":[]}", "tuple"),
    ("{\"tuple\":[1]}", "tuple"),
    ("{\"set\":[]}", "set"),
    ("{\"set\":[1]}", "set"),
    ("{\"frozenset\":[]}", "frozenset"),
    ("{\"frozenset\":[1]}", "frozenset"),
    ("{\"dict\":[]}", "dict"),
    ("{\"range\":[0,3,1]}", "range"),
    ("{\"slice\":[null,3,null]}", "slice"),
    ("{\"items\":{\"class\":\"dict_keys\",\"items\":[1]}}", "dict_keys"),
    ("{\"items\":{\"class\":\"dict_values\",\"items\":[1]}}", "dict_values"),
    ("{\"items\":{\"class\":\"dict_items\",\"items\":[]}}", "dict_items"),
    ("{\"items\":{\"class\":\"list_iterator\",\"items\":[1]}}", "list_iterator"),
    ("{\"items\":{\"class\":\"zip\",\"items\":[]}}", "zip"),
    ("{\"items\":{\"class\":\"collections.deque\",\"items\":[1]}}", "collections.deque"),
];

/// Types of users and of the standard library, as a trace names them.
const CLASSES: [&str; 14] = [
    "Point",
    "shop.Cart",
    "shop.cart.Cart.Line",
    "shop.make.<locals>.Line",
    "_private.__Hidden",
    "Größe",
    "__main__.list",
    "collections.OrderedDict",
    "collections.Counter",
    "collections.defaultdict",
    "decimal.Decimal",
    "fractions.Fraction",
    "datetime.datetime",
    "enum.IntEnum",
];

#[test]
fn more_than_forty_types_are_exact_and_no_value_is_taken_for_another() {
    let objects = CLASSES.map(|class| {
        (format!("{{\"object\":{{\"class\":\"{class}\",\"fields\":[]}}}}"), class.to_owned())
    });
    let values = VALUES.map(|(text, name)| (text.to_owned(), name.to_owned()));
    let all: Vec<(String, String)> = values.into_iter().chain(objects).collect();
    let names: std::collections::BTreeSet<&str> =
        all.iter().map(|(_, name)| name.as_str()).collect();
    assert!(all.len() >= 40, "{}", all.len());
    assert!(names.len() >= 30, "{}", names.len());

    let read: Vec<Value> = all.iter().map(|(text, _)| Value::parse(text).expect(text)).collect();
    for (at, (one, (text, name))) in read.iter().zip(&all).enumerate() {
        assert_eq!(one.type_name().as_str(), name, "{text}");
        assert_eq!(one.canonical(), *text);
        for (other_at, other) in read.iter().enumerate() {
            assert_eq!(one.same(other), at == other_at, "{text} and {}", all[other_at].0);
        }
    }
}

#[test]
fn a_right_type_is_right_and_every_other_one_wrong() {
    let builtin = [
        "NoneType",
        "bool",
        "int",
        "float",
        "complex",
        "str",
        "bytes",
        "bytearray",
        "list",
        "tuple",
        "set",
        "frozenset",
        "dict",
        "range",
        "slice",
        "dict_keys",
        "dict_values",
        "dict_items",
        "list_iterator",
        "set_iterator",
        "generator",
        "function",
        "method",
        "builtin_function_or_method",
        "module",
        "type",
        "object",
        "enumerate",
        "zip",
        "map",
        "filter",
        "reversed",
        "memoryview",
        "property",
        "ellipsis",
        "ValueError",
    ];
    let names: Vec<&str> = builtin.into_iter().chain(CLASSES).collect();
    assert!(names.len() >= 40, "{}", names.len());
    for right in &names {
        let row = item(
            ItemType::Single,
            vec![asked(1, Kind::VariableType, &format!("\"{right}\""), None)],
        );
        for given in &names {
            let text = block(&[&format!("{{\"q\":1,\"value\":\"{given}\"}}")]);
            let wanted = if given == right { 2.0 } else { 0.0 };
            let found = worth(&row, &text, &RewardOptions::default());
            assert!((found - wanted).abs() < 1e-12, "{right} answered by {given}");
        }
    }
}
