//! Which local variables of the added lines can have another name?
//!
//! Only where all of it is in sight: a function of Python without functions,
//! classes or dynamic names inside, whose variable is bound by a plain assignment,
//! a loop or a `with`, never a parameter, an attribute, a keyword or part of an
//! interpolated string, and stands on added lines alone.

use std::collections::BTreeSet;

use backstory_model::Language;

use super::super::tokens::{Kind, Token, tokens};
use super::super::{Random, Source};
use super::statement::{Statement, statements};
use super::variant::{Rewrite, rewrite};

/// What a variable is called instead, if the file has no such name.
const NAMES: [&str; 12] = [
    "result", "value", "current", "item", "found", "entry", "output", "content", "part", "data",
    "target", "text",
];

/// Words that see or make names another way.
const DYNAMIC: [&str; 12] = [
    "def", "class", "lambda", "global", "nonlocal", "locals", "vars", "eval", "exec", "dir",
    "import", "match",
];

/// Lists the texts of a file with one local variable renamed.
pub(super) fn renamings(source: &Source<'_>, random: &mut Random) -> Vec<Vec<u8>> {
    if source.language != Language::Python {
        return Vec::new();
    }
    let text = source.after;
    let words: BTreeSet<&[u8]> = tokens(source.language, text)
        .into_iter()
        .filter(|token| token.kind == Kind::Word)
        .map(|token| &text[token.range])
        .collect();
    let mut free: Vec<&str> =
        NAMES.into_iter().filter(|name| !words.contains(name.as_bytes())).collect();
    random.shuffle(&mut free);
    let all = statements(text);
    let mut made = Vec::new();
    for body in functions(&all, text) {
        let names: BTreeSet<&[u8]> =
            body.iter().filter_map(|one| bound(one, text)).filter(|name| name.len() > 1).collect();
        for name in names {
            let Some(places) = places(body, name, source) else { continue };
            let Some(new) = free.pop() else { return made };
            let changes = places
                .into_iter()
                .map(|token| Rewrite { range: token.range, to: new.as_bytes().to_vec() });
            made.push(rewrite(text, changes.collect()));
        }
    }
    made
}

/// Returns the functions, each with its own header.
fn functions<'a>(all: &'a [Statement], text: &[u8]) -> Vec<&'a [Statement]> {
    let begins = |one: &Statement| {
        one.is(0, text, "def") || (one.is(0, text, "async") && one.is(1, text, "def"))
    };
    let starts = (0..all.len()).filter(|at| begins(&all[*at]));
    starts
        .map(|start| {
            let body = all[start + 1..].iter().take_while(|one| one.indent > all[start].indent);
            &all[start..=start + body.count()]
        })
        .collect()
}

/// Returns the name a statement binds and nothing else.
fn bound<'t>(statement: &Statement, text: &'t [u8]) -> Option<&'t [u8]> {
    let at = usize::from(statement.is(0, text, "for"));
    let bind = if at == 1 { "in" } else { "=" };
    let token = statement.tokens.get(at)?;
    let name = &text[token.range.clone()];
    (token.kind == Kind::Word && statement.is(at + 1, text, bind)).then_some(name)
}

/// Returns every place of a name in a function; `None` where one of them may be
/// seen from elsewhere.
fn places(body: &[Statement], name: &[u8], source: &Source<'_>) -> Option<Vec<Token>> {
    let text = source.after;
    let mut places = Vec::new();
    for (number, statement) in body.iter().enumerate() {
        let depths = statement.depths(text);
        for (at, token) in statement.tokens.iter().enumerate() {
            let word = &text[token.range.clone()];
            let dynamic = DYNAMIC.iter().any(|dynamic| dynamic.as_bytes() == word);
            let is_header = number == 0 && word == b"def";
            let hidden = token.kind == Kind::Text && memchr::memmem::find(word, name).is_some();
            if (token.kind == Kind::Word && dynamic && !is_header) || hidden {
                return None;
            }
            if token.kind != Kind::Word || word != name {
                continue;
            }
            let attribute = at > 0 && statement.is(at - 1, text, ".");
            let keyword = depths[at] > 0 && statement.is(at + 1, text, "=");
            if number == 0 || attribute || keyword || !source.adds(&token.range) {
                return None;
            }
            places.push(token.clone());
        }
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::super::super::GoldFile;
    use super::*;
    use backstory_model::{FileMode, RepoPath};

    fn renamed(before: &str, after: &str) -> Vec<String> {
        let version = |text: &str| Some((FileMode::Plain, std::sync::Arc::from(text.as_bytes())));
        let file = GoldFile {
            path: RepoPath::from("src/a.py"),
            before: version(before),
            after: version(after),
        };
        let made = renamings(&Source::of(&file).unwrap(), &mut Random(1));
        made.into_iter().map(|text| String::from_utf8(text).unwrap()).collect()
    }

    #[test]
    fn a_variable_that_lives_in_added_lines_is_renamed_everywhere() {
        let made = renamed(
            "def f(a):\n    return a\n",
            "def f(a):\n    total = g(a)\n    for one in total:\n        h(one, key=total)\n    return a\n",
        );
        assert_eq!(made.len(), 2);
        assert!(made.iter().all(|text| !(text.contains("total") && text.contains("one"))));
    }

    #[test]
    fn a_name_that_may_be_seen_from_elsewhere_stays() {
        let before = "def f(a):\n    return a\n";
        for body in [
            "    a = g(a)\n",
            "    total = g()\n    x(total=1)\n",
            "    total = g()\n    y.total = 1\n",
            "    total = g()\n    print(f'{total}')\n",
            "    global total\n    total = 1\n",
            "    total = 1\n    h(lambda: total)\n",
            "    total = 1\n    def g():\n        return total\n",
        ] {
            assert_eq!(renamed(before, &format!("def f(a):\n{body}    return a\n")), [""; 0]);
        }
        let known = "def f(a):\n    total = 1\n    return total\n";
        assert_eq!(renamed(known, &known.replace("= 1", "= 2")), [""; 0]);
    }
}
