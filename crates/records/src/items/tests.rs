//! Are objects and lists found in any stream?
//!
//! In: streams with and without damage. Out: the pieces, as text.

use std::io::BufReader;

use proptest::prelude::*;

use super::{DEEPEST, Item, JsonItems, ListPath, Piece};

fn told(bytes: &[u8], limit: usize) -> Vec<String> {
    let mut items = JsonItems::new(BufReader::with_capacity(3, bytes), limit);
    let mut told = Vec::new();
    while let Some(item) = items.next_item().expect("memory does not fail") {
        told.push(match item {
            Item::Whole { offset, bytes } => {
                format!("{offset} {}", String::from_utf8_lossy(bytes))
            }
            Item::TooLong { offset } => format!("{offset} too long"),
            Item::TooDeep { offset } => format!("{offset} too deep"),
            Item::Cut { offset } => format!("{offset} cut"),
            Item::Stray { offset } => format!("{offset} stray"),
        });
    }
    told
}

#[test]
fn objects_are_found_in_every_arrangement() {
    assert_eq!(told(br#"[{"a":1}, {"b":[{}]}]"#, 99), [r#"1 {"a":1}"#, r#"10 {"b":[{}]}"#]);
    assert_eq!(told(b"[{}][{}]\n[[{}]]", 99), ["1 {}", "5 {}", "11 {}"]);
    assert_eq!(told(b"\xef\xbb\xbf{}\n{}\n", 99), ["3 {}", "6 {}"]);
    assert_eq!(told(b"[]", 99), [""; 0]);
}

#[test]
fn brackets_and_quotes_in_strings_are_text() {
    assert_eq!(told(br#"[{"a":"}\"]{\\"},{}]"#, 99), [r#"1 {"a":"}\"]{\\"}"#, "17 {}"]);
}

#[test]
fn what_is_cut_too_long_or_no_object_is_said() {
    assert_eq!(told(br#"[{"a":1},{"b":"#, 99), [r#"1 {"a":1}"#, "9 cut"]);
    assert_eq!(told(br#"[{"a":111111},{}]"#, 5), ["1 too long", "14 {}"]);
    assert_eq!(told(b"not json\n{}", 99), ["0 stray", "9 {}"]);
}

const LISTS: &[&ListPath] = &[&["runs"], &["data", "nodes"]];

fn pieces(bytes: &[u8], limit: usize) -> Vec<String> {
    let mut items = JsonItems::new(BufReader::with_capacity(3, bytes), limit);
    let mut told = Vec::new();
    while let Some(piece) = items.next_piece(LISTS).expect("memory does not fail") {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        told.push(match piece {
            Piece::Opened { list, around } => format!("{} in {}", list.join("/"), text(around)),
            Piece::Item(Item::Whole { offset, bytes }) => format!("{offset} {}", text(bytes)),
            Piece::Item(item) => format!("{item:?}"),
            Piece::Rest { bytes, .. } => format!("rest {}", text(bytes)),
        });
    }
    told
}

#[test]
fn objects_of_a_wrapped_list_come_one_by_one() {
    assert_eq!(
        pieces(br#"[{"n":1,"runs":[{"runs":[1]}, {}],"m":2},{"runs":[]}] {"a":[{}]}"#, 99),
        [
            r#"runs in {"n":1,"runs":[]}"#,
            r#"16 {"runs":[1]}"#,
            "30 {}",
            r#"rest {"n":1,"runs":[],"m":2}"#,
            r#"runs in {"runs":[]}"#,
            r#"rest {"runs":[]}"#,
            r#"54 {"a":[{}]}"#,
        ]
    );
    assert_eq!(
        pieces(br#"{"data":{"x":{"nodes":[1]},"nodes":[{}],"y":1}}"#, 99),
        [
            r#"data/nodes in {"data":{"x":{"nodes":[1]},"nodes":[]}}"#,
            "36 {}",
            r#"rest {"data":{"x":{"nodes":[1]},"nodes":[],"y":1}}"#,
        ]
    );
}

#[test]
fn what_is_no_object_in_a_wrapped_list_is_said() {
    assert_eq!(
        pieces(br#"{"runs":[1, "a,]", [[{}]], null,{}, 2]}"#, 99),
        [
            r#"runs in {"runs":[]}"#,
            "Stray { offset: 9 }",
            "Stray { offset: 12 }",
            "Stray { offset: 19 }",
            "Stray { offset: 27 }",
            "32 {}",
            "Stray { offset: 36 }",
            r#"rest {"runs":[]}"#,
        ]
    );
    assert_eq!(pieces(br#"{"runs":[{},"#, 99)[2..], ["Cut { offset: 0 }"]);
}

#[test]
fn nesting_without_end_is_said() {
    let deep = format!("{{\"a\":{}{}}}{{}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(told(deep.as_bytes(), 1 << 20)[0], "0 too deep");
    assert_eq!(pieces(deep.as_bytes(), 1 << 20)[0], "TooDeep { offset: 0 }");
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(119), "]".repeat(119));
    assert_eq!(DEEPEST, 120);
    assert_eq!(told(deep.as_bytes(), 1 << 20), [format!("0 {deep}")]);
}

const SIGNS: &[&str] = &[
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\",
    "1",
    "null",
    " ",
    "\"runs\":[",
    "\"data\":{\"nodes\":[",
];

proptest! {
    #[test]
    fn any_signs_are_split_into_pieces_and_end(
        signs in proptest::collection::vec(proptest::sample::select(SIGNS), 0..40),
    ) {
        let bytes: String = signs.concat();
        _ = pieces(bytes.as_bytes(), 64);
    }

    #[test]
    fn any_bytes_are_split_without_loss_of_place(bytes: Vec<u8>) {
        let mut items = JsonItems::new(bytes.as_slice(), 64);
        while let Some(item) = items.next_item().expect("memory does not fail") {
            if let Item::Whole { offset, bytes: found } = item {
                let start = usize::try_from(offset).expect("small");
                prop_assert_eq!(&bytes[start..start + found.len()], found);
            }
        }
    }
}
