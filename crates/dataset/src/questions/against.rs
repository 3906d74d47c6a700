//! Which questions are about what a benchmark asks?
//!
//! In: files of benchmarks (JSON lines with code or names of functions) and the code that
//! prompts show. Out: for each item the first thing that matches: an unusual name of a
//! function, a function that differs in names and literals alone, or thirteen tokens in a
//! row. Nothing is asked of the network; the files are the user's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backstory_verify::Item;
use serde_json::{Map, Value};

use super::ReadError;
use super::form::{Functions, tokens};
use super::prompt::Listing;
use super::read::lines;

/// How many tokens in a row are no accident.
const GRAM: usize = 13;

/// The fields that hold code, or its beginning.
const CODE: [&str; 6] =
    ["prompt", "canonical_solution", "code", "solution", "program", "starter_code"];

/// Those of `HumanEval` that make one function together.
const WHOLE: [&str; 2] = ["prompt", "canonical_solution"];

/// The fields that hold the name of a function.
const NAME: [&str; 4] = ["entry_point", "function_name", "func_name", "fn_name"];

/// The fields that name a task.
const TASK: [&str; 5] = ["task_id", "question_id", "id", "idx", "name"];

/// What an item shares with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MatchedBy {
    /// An unusual name of a function.
    Name,
    /// A function, up to names and literals.
    Form,
    /// Thirteen tokens in a row.
    Tokens,
}

impl MatchedBy {
    /// Returns the word of reports.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Form => "form",
            Self::Tokens => "tokens",
        }
    }
}

/// A task that an item matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match<'a> {
    /// The place of the benchmark among all.
    pub(super) place: usize,
    /// The name of its file.
    pub(super) list: &'a str,
    /// The task.
    pub(super) task: &'a str,
    /// What both share.
    pub(super) by: MatchedBy,
}

/// What benchmarks hold.
#[derive(Debug, Default)]
pub(super) struct Benchmarks {
    lists: Vec<Benchmark>,
}

/// One file of tasks.
#[derive(Debug, Default)]
pub(super) struct Benchmark {
    /// The name of the file.
    pub(super) name: String,
    /// How many rows have code or a name.
    pub(super) tasks: u64,
    /// How many rows have neither.
    pub(super) unread: u64,
    names: BTreeMap<String, String>,
    forms: BTreeMap<String, String>,
    words: BTreeMap<String, u32>,
    grams: BTreeMap<[u32; GRAM], String>,
}

impl Benchmarks {
    /// Reads files of JSON lines.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, ReadError> {
        let lists = paths.iter().map(|path| Benchmark::read(path));
        Ok(Self { lists: lists.collect::<Result<_, _>>()? })
    }

    /// Returns the files.
    pub(super) fn lists(&self) -> &[Benchmark] {
        &self.lists
    }

    /// Returns the first task that an item matches.
    pub(super) fn find(&self, item: &Item) -> Option<Match<'_>> {
        if self.lists.is_empty() {
            return None;
        }
        let shown = Listing::of(&item.prompt).map(|listing| listing.text());
        let code = shown.or_else(|| item.function.as_ref().map(|one| one.source.clone()));
        let code = code.unwrap_or_default();
        let functions = Functions::of(&code);
        self.lists.iter().enumerate().find_map(|(place, list)| {
            let (task, by) = list.find(&code, &functions)?;
            Some(Match { place, list: &list.name, task, by })
        })
    }
}

impl Benchmark {
    fn read(path: &Path) -> Result<Self, ReadError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut list = Self { name, ..Self::default() };
        for line in lines(path)? {
            let (number, text) = line?;
            let row: Map<String, Value> = serde_json::from_str(&text).map_err(|source| {
                ReadError::Task { path: path.to_owned(), line: number, source }
            })?;
            list.add(&row, number);
        }
        if list.tasks == 0 {
            return Err(ReadError::NoTask { path: path.to_owned() });
        }
        Ok(list)
    }

    fn add(&mut self, row: &Map<String, Value>, line: usize) {
        let codes = codes(row);
        let names: Vec<String> = texts(row, &NAME).map(str::to_owned).collect();
        if codes.is_empty() && names.is_empty() {
            self.unread += 1;
            return;
        }
        self.tasks += 1;
        let task = task(row, line);
        for name in names {
            self.add_name(name, &task);
        }
        for code in &codes {
            let functions = Functions::of(code);
            for name in functions.names {
                self.add_name(name, &task);
            }
            for form in functions.forms {
                self.forms.entry(form).or_insert_with(|| task.clone());
            }
            self.add_tokens(code, &task);
        }
    }

    fn add_name(&mut self, name: String, task: &str) {
        if is_unusual(&name) {
            self.names.entry(name).or_insert_with(|| task.to_owned());
        }
    }

    fn add_tokens(&mut self, code: &str, task: &str) {
        let mut numbers = Vec::new();
        for token in tokens(code) {
            let next = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
            numbers.push(*self.words.entry(token.to_owned()).or_insert(next));
        }
        for gram in numbers.windows(GRAM).filter_map(|gram| gram.try_into().ok()) {
            self.grams.entry(gram).or_insert_with(|| task.to_owned());
        }
    }

    /// Returns the first task that code matches, and by what.
    fn find(&self, code: &str, functions: &Functions) -> Option<(&str, MatchedBy)> {
        let name = functions.names.iter().find_map(|name| self.names.get(name));
        let form = || functions.forms.iter().find_map(|form| self.forms.get(form));
        let (task, by) = name
            .map(|task| (task, MatchedBy::Name))
            .or_else(|| form().map(|task| (task, MatchedBy::Form)))
            .or_else(|| self.shares_tokens(code).map(|task| (task, MatchedBy::Tokens)))?;
        Some((task, by))
    }

    fn shares_tokens(&self, code: &str) -> Option<&String> {
        let numbers: Vec<Option<u32>> =
            tokens(code).into_iter().map(|token| self.words.get(token).copied()).collect();
        numbers.windows(GRAM).find_map(|gram| {
            let known: Option<Vec<u32>> = gram.iter().copied().collect();
            self.grams.get(&<[u32; GRAM]>::try_from(known?).ok()?)
        })
    }
}

/// Returns the pieces of code of a task, a prompt together with its solution.
fn codes(row: &Map<String, Value>) -> Vec<String> {
    let whole: Vec<&str> = texts(row, &WHOLE).collect();
    let alone = texts(row, &CODE).map(str::to_owned);
    alone.chain((whole.len() == WHOLE.len()).then(|| whole.join("\n"))).collect()
}

fn texts<'r>(row: &'r Map<String, Value>, fields: &'r [&str]) -> impl Iterator<Item = &'r str> {
    let texts = fields.iter().filter_map(|field| row.get(*field)?.as_str());
    texts.filter(|text| !text.trim().is_empty())
}

fn task(row: &Map<String, Value>, line: usize) -> String {
    let named = TASK.iter().find_map(|field| match row.get(*field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    named.unwrap_or_else(|| format!("line {line}"))
}

/// Says whether two would hardly think of a name: it is long and has two words.
fn is_unusual(name: &str) -> bool {
    let inner = name.trim_matches('_');
    let has_capital = inner.chars().skip(1).any(char::is_uppercase);
    inner.chars().count() >= 8 && (inner.contains('_') || has_capital)
}

#[cfg(test)]
mod tests {
    use backstory_store::fs;

    use super::*;

    const SOURCE: &str = "def merge_sorted(one, two):\n    both = sorted(one + two)\n    for i in \
                          range(len(both)):\n        both[i] += 1\n    return both\n";

    fn item(source: &str) -> Item {
        let line = |(number, line)| format!("   [{number}] {line}");
        let lines: Vec<String> = (1..).zip(source.lines()).map(line).collect();
        let lines = lines.join("\n");
        let prompt = format!("This is Python.\n\n```\n{lines}\n```\n\nQuestions:\n");
        let row = serde_json::json!({"item_id": "i", "type": "single", "program_id": "p",
            "family_id": "f", "prompt": prompt, "questions": [], "python_version": "3.12",
            "source": "grammar"});
        serde_json::from_value(row).unwrap()
    }

    fn found(task: &Value, source: &str) -> Option<(String, MatchedBy)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bench.jsonl");
        fs::write_file(&path, task.to_string().as_bytes()).unwrap();
        let benchmarks = Benchmarks::read(&[path]).unwrap();
        let matched = benchmarks.find(&item(source))?;
        assert_eq!(matched.list, "bench.jsonl");
        Some((matched.task.to_owned(), matched.by))
    }

    /// A task of each benchmark that is about [`SOURCE`] in its own way.
    #[test]
    fn each_benchmark_is_read_as_it_is_shaped() {
        use MatchedBy::{Form, Name, Tokens};
        let (head, body) = SOURCE.split_once('\n').unwrap();
        let renamed = SOURCE.replace("both", "all").replace("merge_sorted", "f").replace('1', "7");
        let moved = "x = 0\nboth = sorted(one + two)\nfor i in range(len(both)):\n  pass\n";
        for (task, wanted) in [
            (
                serde_json::json!({"task_id": "HumanEval/1", "prompt": format!("{}\n    \"\"\"Merges.\"\"\"\n", head.replace("merge_sorted", "g")),
                "canonical_solution": body.replace("both", "c"), "entry_point": "g"}),
                ("HumanEval/1", Form),
            ),
            (
                serde_json::json!({"id": "sample_3", "code": renamed, "input": "[1]"}),
                ("sample_3", Form),
            ),
            (
                serde_json::json!({"idx": 5, "code": "pass", "entry_point": "merge_sorted"}),
                ("5", Name),
            ),
            (
                serde_json::json!({"function_name": "merge_sorted", "question_id": "q7"}),
                ("q7", Name),
            ),
            (serde_json::json!({"code": moved}), ("line 1", Tokens)),
        ] {
            let (name, by) = wanted;
            assert_eq!(found(&task, SOURCE), Some((name.to_owned(), by)));
        }
    }

    #[test]
    fn usual_names_and_short_likeness_are_no_match() {
        for code in ["def merge(a):\n    return a\n", "for i in range(len(both)):\n    pass\n"] {
            let task = serde_json::json!({"code": code, "entry_point": "merge"});
            assert_eq!(found(&task, &SOURCE.replace("merge_sorted", "merge")), None, "{code}");
        }
        let names = ["merge_sorted", "twoSumFast", "__init__", "f", "get", "longword", "solution"];
        assert_eq!(names.map(is_unusual), [true, true, false, false, false, false, false]);
    }

    #[test]
    fn a_file_without_code_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bench.jsonl");
        fs::write_file(&path, b"{\"text\": \"words\"}\n").unwrap();
        let refused = Benchmarks::read(std::slice::from_ref(&path)).unwrap_err().to_string();
        assert!(refused.ends_with("holds no code and no name of a function"), "{refused}");
    }
}
