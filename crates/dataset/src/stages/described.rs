//! Which function is described?
//!
//! The description is the first paragraph of its own docstring, which is taken away. It must
//! say something, must not name the function, and must stand nowhere else.

use std::collections::BTreeMap;

use backstory_model::{FileRole, Language, RepoPath, SnapshotStory};
use backstory_syntax::{
    FunctionPart, LineStarts, language_of, python_tree, role_of, visit_functions,
};
use backstory_verify::{Expected, FunctionPlace};
use serde_json::json;

use super::{Found, Prepared, Stage, StageTask, how};
use crate::{Bodies, BodyError};

/// A description of fewer words says too little.
const FEWEST_WORDS: usize = 6;
/// A function of fewer lines, docstring aside, is hardly one.
const FEWEST_LINES: u32 = 3;

/// A function with the lines of its docstring.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Described {
    name: String,
    description: String,
    /// Its lines from 1, decorators included.
    lines: (u32, u32),
    /// The lines of its docstring, which holds nothing else.
    docstring: (u32, u32),
}

/// Returns the tasks of a story.
pub(super) fn tasks(story: &SnapshotStory, bodies: &dyn Bodies) -> Result<Found, BodyError> {
    let mut found = Found::default();
    let mut all: Vec<(&RepoPath, Described)> = Vec::new();
    for file in story.written() {
        let path = file.path;
        let is_source = role_of(path) == FileRole::Source;
        if !is_source || language_of(path) != Some(Language::Python) {
            continue;
        }
        let text = bodies.text(file.blob)?;
        match described(&text) {
            Some(here) => all.extend(here.into_iter().map(|one| (path, one))),
            None => found.skip("no_tree"),
        }
    }
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for (_, one) in &all {
        *times.entry(one.description.clone()).or_default() += 1;
    }
    for (path, one) in all {
        match why_not(&one, times[&one.description]) {
            Some(why) => found.skip(why),
            None => found.tasks.extend(path.to_text().map(|path| task(path, &one))),
        }
    }
    Ok(found)
}

fn why_not(one: &Described, times: usize) -> Option<&'static str> {
    let words: Vec<&str> =
        one.description.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let own = one.name.rsplit('.').next().unwrap_or_default();
    let rest = (one.lines.1 + 1 - one.lines.0) - (one.docstring.1 + 1 - one.docstring.0);
    if words.iter().filter(|word| !word.is_empty()).count() < FEWEST_WORDS {
        Some("short_description")
    } else if words.contains(&own) {
        Some("names_itself")
    } else if times > 1 {
        Some("described_twice")
    } else if rest < FEWEST_LINES {
        Some("short_function")
    } else {
        None
    }
}

fn task(path: &str, one: &Described) -> StageTask {
    let prompt = format!(
        "One function of the repository was described like this, and the description was taken \
         away:\n\n> {}\n\nWhich function is it? {}",
        one.description,
        how(&["path", "function"], false)
    );
    let taken = one.docstring.1 + 1 - one.docstring.0;
    let place = FunctionPlace {
        path: path.to_owned(),
        function: one.name.clone(),
        start: one.lines.0,
        end: one.lines.1 - taken,
    };
    let removed = json!({"path": path, "remove_lines": [one.docstring.0, one.docstring.1]});
    StageTask {
        stage: Stage::LocateFunction,
        prompt,
        prepared: Prepared { edits: vec![removed], ..Prepared::default() },
        expected: Expected::Functions { functions: vec![place] },
        rule: "stage/own-docstring",
    }
}

/// Returns the functions with a docstring that stands on lines of its own, and is not all
/// there is; `None` where the text is no Python.
fn described(source: &str) -> Option<Vec<Described>> {
    let tree = python_tree(source)?;
    let starts = LineStarts::of(source);
    let mut found = Vec::new();
    visit_functions(&tree, source, &starts, &mut |function| {
        found.extend(one(function, source, &starts));
    });
    Some(found)
}

fn one(function: FunctionPart<'_>, source: &str, starts: &LineStarts) -> Option<Described> {
    let body = function.definition.field("body")?;
    let [first, _, ..] = body.parts.as_slice() else { return None };
    let [string] = first.parts.as_slice() else { return None };
    if first.kind != "expression_statement" || string.kind != "string" {
        return None;
    }
    let content = string.parts.iter().find(|part| part.kind == "string_content")?;
    let description = paragraph(content.text(source));
    let docstring = own_lines(source, &string.range, starts)?;
    let lines = function.lines.into_inner();
    Some(Described { name: function.name, description, lines, docstring })
}

/// Returns the first paragraph as one line.
fn paragraph(text: &str) -> String {
    let first = text.trim_start().lines().take_while(|line| !line.trim().is_empty());
    first.map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Returns the lines of a part of a text if nothing else stands on them.
fn own_lines(
    source: &str,
    range: &std::ops::Range<usize>,
    starts: &LineStarts,
) -> Option<(u32, u32)> {
    let begin = source[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = source[range.end..].find('\n').map_or(source.len(), |at| range.end + at);
    let alone =
        source[begin..range.start].trim().is_empty() && source[range.end..end].trim().is_empty();
    alone.then(|| starts.lines(range).into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
class C:
    \"\"\"A class.\"\"\"

    @cached
    def g(self, x):
        \"\"\"Adds what the cache holds
        to the given number.

        More.
        \"\"\"
        y = self.y
        return x + y

    def h(self): \"\"\"On the line of the head.\"\"\"; return 1

    def alone(self):
        \"\"\"Nothing but this.\"\"\"
";

    #[test]
    fn a_docstring_on_lines_of_its_own_describes_a_function() {
        let found = described(SOURCE).expect("Python");
        let wanted = Described {
            name: "C.g".to_owned(),
            description: "Adds what the cache holds to the given number.".to_owned(),
            lines: (4, 12),
            docstring: (6, 10),
        };
        assert_eq!(found, [wanted]);
    }

    #[test]
    fn a_task_points_at_the_function_without_its_docstring() {
        let found = described(SOURCE).expect("Python");
        let task = task("a.py", &found[0]);
        let left: Vec<&str> = SOURCE
            .lines()
            .enumerate()
            .filter(|(at, _)| !(5..10).contains(at))
            .map(|(_, line)| line)
            .collect();
        let Expected::Functions { functions } = &task.expected else { panic!("functions") };
        let [FunctionPlace { start: 4, end: 7, .. }] = functions.as_slice() else {
            panic!("{functions:?}")
        };
        assert_eq!(left[6].trim(), "return x + y");
        insta::assert_json_snapshot!(task.prepared, @r#"
        {
          "edits": [
            {
              "path": "a.py",
              "remove_lines": [
                6,
                10
              ]
            }
          ]
        }
        "#);
    }

    #[test]
    fn what_says_too_little_or_too_much_is_no_task() {
        let one = |name: &str, description: &str, times: usize| {
            let described = Described {
                name: name.to_owned(),
                description: description.to_owned(),
                lines: (1, 9),
                docstring: (2, 3),
            };
            why_not(&described, times)
        };
        let good = "Adds what the cache holds to it.";
        assert_eq!(one("C.g", good, 1), None);
        assert_eq!(one("C.g", "Adds it.", 1), Some("short_description"));
        assert_eq!(one("C.cache", good, 1), Some("names_itself"));
        assert_eq!(one("C.g", good, 2), Some("described_twice"));
    }
}
