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
const GO_VERDICTS: &str = include_str!("assets/go_verdicts.py");

/// What differs from runner to runner, in the words of the shell.
struct Runner {
    command: &'static str,
    /// Reads the report and prints the verdicts.
    verdicts: &'static str,
    python: &'static str,
    /// The files that steer the runner, as `find` and as `grep -E` take them.
    steering: [&'static str; 2],
}

const PYTHON_STEERING: [&str; 2] = [
    "-name conftest.py -o -name sitecustomize.py -o -name usercustomize.py
    -o -name pytest.ini -o -name .pytest.ini -o -name tox.ini -o -name setup.cfg
    -o -name pyproject.toml -o -name '*.pth'",
    r"(conftest|sitecustomize|usercustomize)\.py|\.?pytest\.ini|tox\.ini|setup\.cfg|pyproject\.toml|[^/]*\.pth",
];

const PYTEST: Runner = Runner {
    command: "python -m pytest -p backstory_reporter -o addopts= -p no:cacheprovider \
              --continue-on-collection-errors",
    verdicts: VERDICTS,
    python: "python",
    steering: PYTHON_STEERING,
};

const UNITTEST: Runner = Runner { command: "python -m backstory_unittest", ..PYTEST };

const GO: Runner = Runner {
    command: r#"/bin/sh -c 'exec go test -json -count=1 "$@" > "$BACKSTORY_REPORT"' sh"#,
    verdicts: GO_VERDICTS,
    python: "python3",
    steering: [
        "-name '*_test.go' -o -name go.mod -o -name go.sum -o -name go.work",
        r"[^/]*_test\.go|go\.(mod|sum|work)",
    ],
};

/// Returns the ways of the runners that [`super::can_judge`] lets through.
fn runner(recipe: &EnvironmentRecipe) -> &'static Runner {
    match recipe.runner {
        TestRunner::Unittest => &UNITTEST,
        TestRunner::GoTest => &GO,
        TestRunner::Pytest
        | TestRunner::Nextest
        | TestRunner::NodeTest
        | TestRunner::Jest
        | TestRunner::Vitest
        | TestRunner::Mocha => &PYTEST,
    }
}

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
    let Runner { verdicts, python, steering: [found, listed], .. } = runner(judged.recipe);
    let restored: Vec<String> = judged.restored.iter().map(|path| quote(path)).collect();
    let kept: Vec<String> = judged.kept.iter().map(|path| quote(path)).collect();
    let parts = [
        ("INSTANCE", judged.instance.instance_id.to_string()),
        ("CREATED_AT", judged.instance.created_at.max(0).to_string()),
        ("VARIABLES", variables(judged.recipe)),
        ("KEPT", kept.join(" | ")),
        ("RESTORED", restored.join(" ")),
        ("REPORTER", reporter(judged, &end)),
        ("COMMAND", command(judged)),
        ("STEERING_FOUND", (*found).to_owned()),
        ("STEERING_LISTED", (*listed).to_owned()),
        ("PYTHON", (*python).to_owned()),
        ("VERDICTS", (*verdicts).to_owned()),
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
    let own = [judged.test_patch, runner(judged.recipe).verdicts];
    let texts = || reporter_files(judged).map(|(_, text)| text.as_str()).chain(own);
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

/// Returns the files of the reporter; `go test` needs none.
fn reporter_files<'a>(judged: &Judged<'a>) -> impl Iterator<Item = (&'a String, &'a String)> {
    let travels = judged.recipe.runner != TestRunner::GoTest;
    judged.reporter.iter().filter(move |_| travels)
}

/// Returns the commands that put the reporter beside the scratch files.
fn reporter(judged: &Judged<'_>, end: &str) -> String {
    let mut text = String::new();
    for (name, content) in reporter_files(judged) {
        let place = quote(name);
        let content = lines(content);
        write!(text, "cat > \"$scratch/backstory/\"{place} <<'{end}'\n{content}{end}\n")
            .expect("writing to a string cannot fail");
    }
    text
}

/// Returns the command that runs every test file of the instance.
fn command(judged: &Judged<'_>) -> String {
    let runner = runner(judged.recipe).command;
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
