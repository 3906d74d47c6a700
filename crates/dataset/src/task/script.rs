//! Which script judges a work tree with the tests of an instance?
//!
//! In: the instance, its test patch, its recipe and the reporter. Out: the text
//! of `eval.sh`, which carries all of them and needs bash, git and the
//! environment of the recipe. It runs in a container made from the rendered
//! image file and in our sandbox, where other paths are given by variables.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use backstory_model::{EnvironmentRecipe, TaskInstance, TestRunner};

use super::Reporter;

const TEMPLATE: &str = include_str!("assets/eval.sh");
const VERDICTS: &str = include_str!("assets/verdicts.py");

/// What a script is made from.
pub(super) struct Judged<'a> {
    pub(super) instance: &'a TaskInstance,
    pub(super) recipe: &'a EnvironmentRecipe,
    pub(super) test_patch: &'a str,
    /// The paths that are put back as they are at the base.
    pub(super) restored: &'a BTreeSet<String>,
    /// The paths that are not put back, because they are the work itself.
    pub(super) kept: &'a BTreeSet<String>,
    pub(super) reporter: &'a Reporter,
}

/// Returns the text of the script.
pub(super) fn write(judged: &Judged<'_>) -> String {
    let end = heredoc_end(judged);
    let restored: Vec<String> = judged.restored.iter().map(|path| quote(path)).collect();
    let kept: Vec<String> = judged.kept.iter().map(|path| quote(path)).collect();
    let parts = [
        ("INSTANCE", judged.instance.instance_id.to_string()),
        ("CREATED_AT", judged.instance.created_at.max(0).to_string()),
        ("VARIABLES", variables(judged.recipe)),
        ("KEPT", kept.join(" | ")),
        ("RESTORED", restored.join(" ")),
        ("REPORTER", reporter(judged.reporter, &end)),
        ("COMMAND", command(judged)),
        ("VERDICTS", VERDICTS.to_owned()),
        ("TEST_PATCH", lines(judged.test_patch)),
        ("END", end),
    ];
    fill(TEMPLATE, &parts)
}

/// Puts each part in the place of its name; what a part holds is not looked at again.
fn fill(template: &str, parts: &[(&str, String)]) -> String {
    let at = "@".to_owned();
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('@') {
        text.push_str(before);
        let part = parts
            .iter()
            .find_map(|(name, value)| Some((value, after.strip_prefix(name)?.strip_prefix('@')?)));
        let (value, behind) = part.unwrap_or((&at, after));
        text.push_str(value);
        rest = behind;
    }
    text.push_str(rest);
    text
}

/// Returns a line that occurs in none of the texts that stand between two of it.
fn heredoc_end(judged: &Judged<'_>) -> String {
    let texts =
        || judged.reporter.values().map(String::as_str).chain([judged.test_patch, VERDICTS]);
    let mut end = "BACKSTORY_END".to_owned();
    while texts().any(|text| text.lines().any(|line| line == end)) {
        end.push('_');
    }
    end
}

/// Returns the environment of the recipe, the work tree where this script has it.
fn variables(recipe: &EnvironmentRecipe) -> String {
    let mut text = String::new();
    for (name, value) in &recipe.variables {
        let parts: Vec<String> = value.split(':').map(moved).collect();
        writeln!(text, "export {name}={}", parts.join(":"))
            .expect("writing to a string cannot fail");
    }
    text
}

/// Quotes one path of a variable; one in the work tree of the sandbox begins anew.
fn moved(part: &str) -> String {
    match part.strip_prefix("/work") {
        Some("") => "\"$work\"".to_owned(),
        Some(below) if below.starts_with('/') => format!("\"$work\"{}", quote(below)),
        Some(_) | None if part.is_empty() => String::new(),
        Some(_) | None => quote(part),
    }
}

/// Returns the commands that put the reporter beside the scratch files.
fn reporter(reporter: &Reporter, end: &str) -> String {
    let mut text = String::new();
    for (name, content) in reporter {
        let place = quote(name);
        let content = lines(content);
        write!(text, "cat > \"$scratch/backstory/\"{place} <<'{end}'\n{content}{end}\n")
            .expect("writing to a string cannot fail");
    }
    text
}

/// Returns the command that runs every test file of the instance.
fn command(judged: &Judged<'_>) -> String {
    let runner = match judged.recipe.runner {
        TestRunner::Unittest => "python -m backstory_unittest",
        TestRunner::Pytest
        | TestRunner::Nextest
        | TestRunner::NodeTest
        | TestRunner::Jest
        | TestRunner::Vitest
        | TestRunner::Mocha
        | TestRunner::GoTest => {
            "python -m pytest -p backstory_reporter -o addopts= -p no:cacheprovider"
        }
    };
    let files = judged.instance.test_files.iter().map(|file| quote(file));
    files.fold(runner.to_owned(), |command, file| format!("{command} {file}"))
}

/// Returns the text with a line feed at its end.
fn lines(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

/// Quotes text for a shell; a word of harmless characters stays as it is.
pub(super) fn quote(text: &str) -> String {
    let harmless = |b: u8| b.is_ascii_alphanumeric() || b"_%+=:,./-".contains(&b);
    if !text.is_empty() && text.bytes().all(harmless) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_may_hold_the_name_of_another() {
        let parts = [("A", "@B@ @".to_owned()), ("B", "b".to_owned())];
        assert_eq!(fill("x@y @A@-@B@ @C@", &parts), "x@y @B@ @-b @C@");
    }

    #[test]
    fn paths_in_the_work_tree_follow_it() {
        let parts = ["/work", concat!("/work", "/src dir"), "/workshop", "", "1.0"].map(moved);
        assert_eq!(parts, ["\"$work\"", "\"$work\"'/src dir'", "/workshop", "", "1.0"]);
    }

    #[test]
    fn foreign_text_stays_one_word() {
        assert_eq!(quote("a b'; rm -rf ~"), r"'a b'\''; rm -rf ~'");
        assert_eq!(["tests/a.py", "", "*"].map(quote), ["tests/a.py", "''", "'*'"]);
    }
}
