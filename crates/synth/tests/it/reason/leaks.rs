//! Are planted leaks caught in code the guard was never tuned on?
//!
//! Two sources: code put together at random, and the sources of this crate, cut into
//! items. Each leak is planted in prose; the guard has to name it.

use backstory_synth::reason::guard::{Guard, GuardOptions, GuardReport};
use proptest::prelude::*;

const PROSE: [&str; 24] = [
    "so", "what", "comes", "next", "follows", "from", "above", "because", "nothing", "else",
    "keeps", "that", "promise", "yet", "we", "decide", "here", "how", "callers", "see", "it",
    "and", "why", "then",
];

const NOUNS: [&str; 16] = [
    "order", "batch", "worker", "ledger", "packet", "ticket", "matrix", "window", "branch",
    "header", "sensor", "bucket", "cursor", "lesson", "player", "recipe",
];

fn check(context: &str, target: &str, thought: &str) -> GuardReport {
    let options = GuardOptions { most_tokens: 100_000, ..GuardOptions::default() };
    Guard::new(context, target, &[], options).check(thought)
}

fn prose() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PROSE.to_vec()), 6..30)
        .prop_map(|words| words.join(" "))
}

fn name() -> impl Strategy<Value = String> {
    let noun = || prop::sample::select(NOUNS.to_vec());
    (noun(), noun(), 0..3_u8).prop_map(|(one, two, form)| match form {
        0 => one.to_owned(),
        1 => format!("{one}_{two}"),
        _ => format!("{one}{}{}", two[..1].to_uppercase(), &two[1..]),
    })
}

/// A function of Python or of a language with braces.
fn function() -> impl Strategy<Value = (String, String, String)> {
    let names = prop::collection::vec(name(), 8);
    let text = "[a-z]{3,6} [a-z]{3,6}-[a-z]{2,5}";
    (names, text, 10_000..999_999_u32, any::<bool>()).prop_map(|(n, text, number, python)| {
        let code = if python {
            format!(
                "def {}({}, {}):\n    {} = [{}.{} for {} in {}]\n    if len({}) > {number}:\n        \
                 raise ValueError(\"{text}\")\n    return {}({}, {}=True).{}\n",
                n[0], n[1], n[2], n[3], n[4], n[5], n[4], n[1], n[3], n[6], n[3], n[2], n[7]
            )
        } else {
            format!(
                "fn {}({}: &str, {}: u64) -> u64 {{\n    let {} = {}.split(\"{text}\").map(|{}| \
                 {}.len()).sum();\n    if {} * {} < {number} {{\n        return {} - {};\n    }}\n    \
                 {}({}) << {}\n}}\n",
                n[0], n[1], n[2], n[3], n[1], n[4], n[4], n[3], n[2], n[3], n[2], n[5], n[3], n[6]
            )
        };
        (code, text, number.to_string())
    })
}

fn context() -> impl Strategy<Value = String> {
    Just(
        "import math\n\nclass Shape:\n    def area(self):\n        return math.pi * self.radius\n"
            .to_owned(),
    )
}

/// Gives every name another one, the same each time.
fn renamed(code: &str) -> String {
    let keywords = [
        "def", "for", "in", "if", "raise", "return", "len", "True", "fn", "let", "str", "u64",
        "map", "sum",
    ];
    let mut out = String::new();
    let mut word = String::new();
    for letter in code.chars().chain([' ']) {
        if letter.is_alphanumeric() || letter == '_' {
            word.push(letter);
            continue;
        }
        let named = word.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
        if named && !keywords.contains(&word.as_str()) && !backstory_keyword(&word) {
            out.push_str("zz");
        }
        out.push_str(&word);
        word.clear();
        out.push(letter);
    }
    out
}

/// Words the guard keeps as they are; replaced or not, they are no names.
fn backstory_keyword(word: &str) -> bool {
    const WORDS: &str = " as and or not else match pub self Self use mod impl struct enum trait \
        where while loop break continue const static mut ref type move new bool char usize set \
        None true false False from with import class is lambda try except finally yield dict list \
        int float bytes print range object string async await case do default operator package \
        private protected public template this throw super switch union unsafe var void tuple dyn \
        crate in interface export extends final global go goto include inline int len long \
        namespace nil null double elif end delete del defer catch abstract assert boolean extern \
        function func implements module pass elif throws typedef typeof undefined unsigned using \
        virtual volatile enum ";
    WORDS.split(' ').any(|keyword| keyword == word)
}

fn longest_line(code: &str) -> &str {
    code.lines().map(str::trim).max_by_key(|line| line.chars().count()).unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_line_as_it_stands(context in context(), (code, ..) in function(), prose in prose()) {
        let thought = format!("{prose}: {} {prose}", longest_line(&code));
        prop_assert!(check(&context, &code, &thought).line > 0);
    }

    #[test]
    fn a_line_laid_out_otherwise(context in context(), (code, ..) in function(), prose in prose()) {
        let spread = longest_line(&code).replace(' ', "\n\t").replace('(', " ( ").to_uppercase();
        let thought = format!("{prose}\n{spread}\n{prose}");
        prop_assert!(check(&context, &code, &thought).line > 0);
    }

    #[test]
    fn the_code_with_other_names(context in context(), (code, ..) in function(), prose in prose()) {
        let thought = format!("{prose}\n{}\n{prose}", renamed(&code));
        let report = check(&context, &code, &thought);
        prop_assert!(report.ngram13 > 0, "{}", thought);
    }

    #[test]
    fn a_literal_alone(context in context(), (code, text, number) in function(), prose in prose()) {
        for literal in [text, number] {
            let thought = format!("{prose} {literal} {prose}");
            prop_assert!(check(&context, &code, &thought).literal > 0, "{}", literal);
        }
    }

    /// What speaks about the context in plain words passes.
    #[test]
    fn prose_passes(context in context(), (code, ..) in function(), prose in prose()) {
        let thought = format!("{prose}. The `Shape` has an `area`; {prose}.");
        let report = check(&context, &code, &thought);
        prop_assert!(report.passes(), "{:?}", report);
    }
}

/// Sources of this crate, which the guard was not tuned on.
const SOURCES: [&str; 10] = [
    include_str!("../../../src/order.rs"),
    include_str!("../../../src/search.rs"),
    include_str!("../../../src/writer.rs"),
    include_str!("../../../src/programs/expression.rs"),
    include_str!("../../../src/localize.rs"),
    include_str!("../../../src/plan.rs"),
    include_str!("../../../src/terms.rs"),
    include_str!("../../../src/questions/way.rs"),
    include_str!("../../../src/programs/check.rs"),
    include_str!("../../../src/programs/generate.rs"),
];

/// How much of what stands before an item is its context, in bytes.
const CONTEXT: usize = 4_000;

/// Cuts a source into items: what stands before, and the item.
fn items(source: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut items = Vec::new();
    let mut at = 0_usize;
    for item in source.split_inclusive("\n}\n") {
        let code = item.lines().any(|line| line.trim().len() >= 40);
        if code && item.split_whitespace().count() > 40 {
            let near = source.floor_char_boundary(at.saturating_sub(CONTEXT));
            items.push((&source[near..at], item));
        }
        at += item.len();
    }
    items
}

#[test]
fn every_leak_of_real_code_is_caught() {
    let mut counted = [0; 4];
    for (context, item) in SOURCES.iter().flat_map(|source| items(source)) {
        let shown: String = context.split_whitespace().collect();
        let hidden = |line: &&str| !shown.contains(&line.split_whitespace().collect::<String>());
        let lines = item.lines().map(str::trim).filter(hidden);
        let line = lines.max_by_key(|line| line.chars().count()).unwrap_or_default();
        let report = check(context, item, &format!("What follows is {line} and no more."));
        assert!(report.line > 0, "verbatim: {line}");
        let spread = item.replace("    ", "\t").replace(", ", ",\n");
        let report = check(context, item, &format!("What follows:\n{spread}"));
        assert!(report.line > 0 && report.ngram13 > 0, "laid out otherwise: {spread}");
        let other = renamed(item);
        let report = check(context, item, &format!("What follows:\n{other}"));
        assert!(report.ngram13 > 0, "renamed: {other}");
        counted[..3].iter_mut().for_each(|count| *count += 1);
        for text in item.split('"').skip(1).step_by(2).filter(|text| text.len() >= 8) {
            let plain = text.chars().all(|c| c.is_alphanumeric() || " -_/".contains(c));
            if plain && text.trim() == text && !context.contains(text) {
                let report = check(context, item, &format!("What is said there is {text} alone."));
                assert!(report.literal > 0, "literal: {text} in {item}");
                counted[3] += 1;
            }
        }
    }
    assert!(counted[0] >= 40 && counted[3] >= 10, "{counted:?}");
}
