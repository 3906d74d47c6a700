//! What is a file for, in its own words?
//!
//! In: the text of a file and its language. Out: the first paragraph of its
//! documentation, on one line; for prose the first heading. `None` where it says
//! nothing of itself, or only under which terms it may be copied.

use backstory_model::Language;

use super::order::Rank;

/// The longest purpose, in characters; longer ones end at a word.
const LONGEST: usize = 240;

/// The first line of a file that may hold its documentation.
const FIRST_LINES: usize = 60;

/// Words of notices, in lower case.
const NOTICES: [&str; 5] = ["copyright", "license", "licence", "spdx-", "eslint"];

/// Returns what a file says it is for.
pub(super) fn purpose(text: &str, language: Option<Language>, rank: Rank) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let paragraph = match (language, rank) {
        (Some(Language::Python), _) => docstring(text)?,
        (Some(Language::Rust), _) => paragraphs(text, &["//!"]).into_iter().next()?,
        (Some(_), _) => {
            let mut told = paragraphs(text, &["//", "/*", "*"]).into_iter();
            told.find(|paragraph| !is_notice(paragraph))?
        }
        (None, Rank::Docs) => heading(text)?,
        (None, _) => return None,
    };
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let says_something = line.chars().filter(|c| c.is_alphabetic()).count() > 2;
    (says_something && !is_notice(&line)).then(|| shortened(&line))
}

fn is_notice(text: &str) -> bool {
    let lower = text.to_lowercase();
    NOTICES.iter().any(|word| lower.contains(word))
}

/// Returns the first paragraph of the docstring of a Python module.
fn docstring(text: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let line = rest.lines().next()?;
        let bare = line.trim();
        if !bare.is_empty() && !bare.starts_with('#') {
            break;
        }
        rest = rest.get(line.len()..)?.trim_start_matches(['\r', '\n']);
    }
    let quoted = rest.trim_start_matches(['r', 'R', 'u', 'U']);
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| quoted.starts_with(quote))?;
    let inside = quoted.get(quote.len()..)?;
    let end = inside.find(quote)?;
    let body = inside.get(..end)?;
    let lines = body.lines().skip_while(|line| line.trim().is_empty());
    Some(lines.take_while(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n"))
}

/// Returns the paragraphs of the comments that a file begins with.
fn paragraphs(text: &str, marks: &[&str]) -> Vec<String> {
    let mut found: Vec<Vec<&str>> = vec![Vec::new()];
    let mut in_block = false;
    for line in text.lines().take(FIRST_LINES).map(str::trim) {
        let mark = marks.iter().find(|mark| line.starts_with(**mark));
        if !in_block && mark.is_none() && !line.is_empty() && !line.starts_with('#') {
            break;
        }
        in_block = (in_block || line.starts_with("/*")) && !line.ends_with("*/");
        let said = line.trim_end_matches("*/").trim_start_matches(['/', '*', '!']).trim();
        let is_said = !line.is_empty() && !line.starts_with('#') && !said.is_empty();
        match (is_said, found.last_mut()) {
            (true, Some(last)) => last.push(said),
            (false, Some(last)) if !last.is_empty() => found.push(Vec::new()),
            _ => {}
        }
    }
    found.into_iter().filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n")).collect()
}

/// Returns the first line of a text that says something.
fn heading(text: &str) -> Option<String> {
    let lines = text.lines().take(FIRST_LINES).map(str::trim);
    let mut said = lines.filter(|line| !is_markup(line));
    said.find(|line| line.chars().any(char::is_alphabetic))
        .map(|line| line.trim_matches(['#', '=', ' ']).to_owned())
}

/// Returns true for lines of prose files that show pictures or give orders.
pub(super) fn is_markup(line: &str) -> bool {
    let is_target = line.starts_with('[') && line.contains("]:");
    is_target || ["..", "<", "![", "[![", "|", ":", "{", "---"].iter().any(|s| line.starts_with(s))
}

/// Cuts a text behind a word.
fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
    let cut = &text[..end];
    cut.rsplit_once(' ').map_or(cut, |(before, _)| before).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_it_is_for() {
        let cases = [
            (
                Some(Language::Python),
                "#!/usr/bin/env python\n\n\"\"\"Parses\nwords.\n\nMore.\"\"\"\nx = 1\n",
            ),
            (Some(Language::Python), "import os\n"),
            (Some(Language::Python), "'''One.'''"),
            (Some(Language::Rust), "//! What is a word?\n//!\n//! More.\nfn a() {}\n"),
            (
                Some(Language::Go),
                "// Copyright 2020 X.\n// License: MIT.\n\n// Package a reads words.\npackage a\n",
            ),
            (Some(Language::JavaScript), "'use strict';\n"),
            (Some(Language::TypeScript), "/**\n * Sorts words.\n */\nexport const a = 1;\n"),
            (None, ".. image:: x.png\n\nUser guide\n==========\n"),
            (None, "# Changes\n\nMany.\n"),
        ];
        let told: Vec<String> = cases
            .iter()
            .map(|(language, text)| format!("{:?}", purpose(text, *language, Rank::Docs)))
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        Some("Parses words.")
        None
        Some("One.")
        Some("What is a word?")
        Some("Package a reads words.")
        None
        Some("Sorts words.")
        Some("User guide")
        Some("Changes")
        "#);
    }

    #[test]
    fn a_long_purpose_ends_at_a_word() {
        let text = format!("\"\"\"{}\"\"\"", "word ".repeat(100));
        let told = purpose(&text, Some(Language::Python), Rank::Source).unwrap();
        assert!(told.len() <= LONGEST && told.ends_with("word"));
    }
}
