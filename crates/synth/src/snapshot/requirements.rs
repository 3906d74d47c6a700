//! What is to be written, as the repository says itself?
//!
//! In: the README at the root and the manifests, as texts. Out: the requirements,
//! whose quoted lines (`> `) stand in those files, and the blobs that were read.

use std::fmt::Write as _;

use backstory_model::{BlobId, RepoName};

use super::purpose::is_markup;

/// How much of a README is quoted, in characters.
const QUOTED: usize = 900;

/// How many of its headings are named.
const HEADINGS: usize = 12;

/// The manifests that may describe a repository, the better ones first.
const MANIFESTS: [&str; 5] =
    ["pyproject.toml", "Cargo.toml", "package.json", "setup.cfg", "go.mod"];

/// A text file at the root of the repository.
pub(super) struct RootFile<'a> {
    pub(super) name: &'a str,
    pub(super) blob: &'a BlobId,
    pub(super) text: &'a str,
}

/// What is to be written, and what says so.
pub(super) struct Requirements {
    pub(super) text: String,
    pub(super) blobs: Vec<BlobId>,
}

/// States the requirements of a repository of so many files.
pub(super) fn requirements(
    repo: &RepoName,
    files: &[RootFile<'_>],
    written: usize,
) -> Requirements {
    let (name, s) = (repo.name(), if written == 1 { "" } else { "s" });
    let mut text = format!("Write the repository `{name}`, {written} file{s}.");
    let mut blobs = Vec::new();
    let described = MANIFESTS
        .iter()
        .find_map(|name| files.iter().find(|f| f.name == *name).and_then(description));
    if let Some((file, line)) = described {
        let _ = write!(text, "\n\n`{}` describes it:\n\n> {line}", file.name);
        blobs.push(file.blob.clone());
    }
    let readme = files.iter().find(|file| is_readme(file.name));
    if let Some(file) = readme {
        let told = Readme::read(file.text);
        if !told.quoted.is_empty() {
            let _ = write!(text, "\n\n`{}` says:\n", file.name);
            for line in &told.quoted {
                let _ = write!(text, "\n> {line}");
            }
            blobs.push(file.blob.clone());
        }
        if told.headings.len() > 1 {
            let _ = write!(text, "\n\nIts sections: {}.", told.headings.join("; "));
        }
    }
    Requirements { text, blobs }
}

/// Returns true for the name of a README, whatever its suffix.
pub(super) fn is_readme(name: &str) -> bool {
    name.to_ascii_uppercase().split('.').next() == Some("README")
}

/// Returns true for a file that [`requirements`] may read.
pub(super) fn is_read(name: &str) -> bool {
    is_readme(name) || MANIFESTS.contains(&name)
}

/// Returns what a manifest says the repository is, where it says so in one line.
fn description<'f, 'a>(file: &'f RootFile<'a>) -> Option<(&'f RootFile<'a>, &'a str)> {
    let told = file.text.lines().find_map(|line| {
        let line = line.trim();
        if file.name == "go.mod" {
            return line.strip_prefix("module ").map(str::trim);
        }
        let bare = line.trim_start_matches('"').strip_prefix("description")?;
        let bare = bare.trim_start_matches('"').trim_start();
        let value = bare.strip_prefix(['=', ':'])?.trim().trim_end_matches(',');
        let value = value.trim_matches('"').trim_matches('\'').trim();
        (!value.is_empty() && !value.starts_with(['{', '[', '|', '>'])).then_some(value)
    });
    told.map(|told| (file, told))
}

/// What a README says first, and which parts it has.
struct Readme<'a> {
    quoted: Vec<&'a str>,
    headings: Vec<&'a str>,
}

impl<'a> Readme<'a> {
    fn read(text: &'a str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let mut readme = Self { quoted: Vec::new(), headings: Vec::new() };
        let mut room = QUOTED;
        let mut in_code = false;
        for (at, whole) in lines.iter().enumerate() {
            let line = whole.trim();
            in_code ^= line.starts_with("```");
            let next = lines.get(at + 1).map_or("", |next| next.trim());
            if let Some(heading) = heading(line, next).filter(|_| !in_code) {
                if readme.headings.len() < HEADINGS {
                    readme.headings.push(heading);
                }
                continue;
            }
            let is_indented = whole.starts_with([' ', '\t']);
            let is_prose =
                line.chars().any(char::is_alphabetic) && !is_indented && !is_markup(line);
            let size = line.chars().count();
            if in_code || !is_prose || room < size || readme.headings.len() > 2 {
                continue;
            }
            room -= size;
            readme.quoted.push(line);
        }
        readme
    }
}

/// Returns the text of a heading: after `#`, or with a line of marks below it.
fn heading<'a>(line: &'a str, next: &str) -> Option<&'a str> {
    let is_rule = |line: &str| {
        line.len() > 2
            && ['=', '-', '~', '^', '*'].iter().any(|mark| line.chars().all(|c| c == *mark))
    };
    let marked = line.strip_prefix('#').map(|rest| rest.trim_matches(['#', ' ']));
    let underlined = (is_rule(next) && !is_rule(line)).then_some(line);
    marked.or(underlined).filter(|text| text.chars().any(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_quote_what_the_root_says() {
        let blob = BlobId::new("0".repeat(40)).unwrap();
        let readme = "# Toy\n\n[![badge](x)](y)\n\nToy sorts words.\nIt is fast.\n\n## Use\n\n```\npip install toy\n```\n\n## License\n\nMIT\n";
        let manifest = "[project]\nname = \"toy\"\ndescription = \"Sorts words\"\n";
        let file = |name, text| RootFile { name, blob: &blob, text };
        let files = [file("README.md", readme), file("pyproject.toml", manifest)];
        let told = requirements(&RepoName::parse("acme/toy").unwrap(), &files, 7);
        insta::assert_snapshot!(told.text, @"
        Write the repository `toy`, 7 files.

        `pyproject.toml` describes it:

        > Sorts words

        `README.md` says:

        > Toy sorts words.
        > It is fast.

        Its sections: Toy; Use; License.
        ");
        assert_eq!(told.blobs.len(), 2);
    }

    #[test]
    fn a_repository_without_a_word_still_has_requirements() {
        let told = requirements(&RepoName::parse("acme/toy").unwrap(), &[], 1);
        assert_eq!(told.text, "Write the repository `toy`, 1 file.");
    }
}
