//! How is a step of a snapshot's story put into words?
//!
//! In: facts of the plan and of the files written so far. Out: one or two plain
//! sentences that name nothing else, so that no thought gives away what stands in
//! the file to come beyond the names of its definitions.

use backstory_model::{PlannedFile, RepoPath};

/// How many names a sentence lists.
const LISTED: usize = 8;

/// Lists names in code marks; says how many more there are.
pub(crate) fn listed<T: std::fmt::Display>(names: &[T]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    match (shown.as_slice(), names.len().saturating_sub(LISTED)) {
        ([], _) => String::new(),
        ([one], 0) => one.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (all, more) => format!("{} and {more} more", all.join(", ")),
    }
}

/// What the main agent asks the agent of a file for, or of a circle of files.
pub(super) fn tasks(files: &[PlannedFile]) -> String {
    let tasks = files.iter().map(task);
    if files.len() == 1 {
        return tasks.collect();
    }
    let paths: Vec<&RepoPath> = files.iter().map(|file| &file.path).collect();
    let first = format!("{} depend on each other, so write them together.", listed(&paths));
    std::iter::once(first).chain(tasks).collect::<Vec<_>>().join(" ")
}

fn task(file: &PlannedFile) -> String {
    let mut sentences = vec![format!("Write `{}`.", file.path)];
    if let Some(purpose) = &file.purpose {
        let end = if purpose.ends_with(['.', '!', '?', ':']) { "" } else { "." };
        sentences.push(format!("It is for: {purpose}{end}"));
    }
    if !file.definitions.is_empty() {
        sentences.push(format!("It has {}.", listed(&file.definitions)));
    }
    if !file.uses.is_empty() {
        let it = if file.uses.len() == 1 { "which is" } else { "which are" };
        sentences.push(format!("It uses {}, {it} there.", listed(&file.uses)));
    }
    sentences.join(" ")
}

/// Why another file is read first.
pub(super) fn before_read(path: &RepoPath, read: &RepoPath, names: &[&str]) -> String {
    format!("`{path}` uses {} of `{read}`, so I look at how that is written.", listed(names))
}

/// Why the signatures of a later file are written first.
pub(super) fn before_stub(path: &RepoPath, stub: &RepoPath) -> String {
    format!(
        "`{path}` and `{stub}` depend on each other, so I write the signatures of `{stub}` first."
    )
}

/// Why the signatures of a later file are read.
pub(super) fn before_signatures(path: &RepoPath, read: &RepoPath, names: &[&str]) -> String {
    format!(
        "`{path}` uses {} of `{read}`, of which only the signatures are there, so I look at these.",
        listed(names)
    )
}

/// Why the outline of a long file is read.
pub(super) fn before_outline(path: &RepoPath, read: &RepoPath, names: &[&str]) -> String {
    format!(
        "`{path}` uses {} of `{read}`. That file is long, so I read its outline first.",
        listed(names)
    )
}

/// Why some definitions of a long file are read.
pub(super) fn before_definitions(names: &[&str]) -> String {
    format!("Of these I need {}.", listed(names))
}

/// What is written next, and which of it needs which.
pub(super) fn before_write(
    (path, part, of): (&RepoPath, usize, usize),
    uses: &[(&str, Vec<&str>)],
    read: &[&RepoPath],
) -> String {
    let names: Vec<&str> = uses.iter().map(|(name, _)| *name).collect();
    let first = match (part, of, names.as_slice()) {
        (_, 1, []) => format!("I write `{path}`."),
        (_, 1, names) => format!("I write `{path}` with {}.", listed(names)),
        (1, _, []) => {
            format!("`{path}` is long, so I write it in {of} parts and begin at the top.")
        }
        (1, _, names) => format!(
            "`{path}` is long, so I write it in {of} parts. The first has {}.",
            listed(names)
        ),
        (part, _, []) => format!("Part {part} of {of} goes on where the last one ended."),
        (part, _, names) => format!("Part {part} of {of} has {}.", listed(names)),
    };
    let needing: Vec<String> = uses
        .iter()
        .filter(|(_, used)| !used.is_empty())
        .take(LISTED)
        .map(|(name, used)| format!("`{name}` builds on {}", listed(used)))
        .collect();
    let mut sentences = vec![first];
    if !needing.is_empty() {
        sentences.push(format!("{}.", needing.join("; ")));
    }
    if part == 1 && !read.is_empty() {
        sentences.push(format!("I have read {}.", listed(read)));
    }
    sentences.join(" ")
}

/// What is said when every file is written.
pub(super) fn finish(written: usize) -> String {
    match written {
        1 => "The one file of the plan is written.".to_owned(),
        written => format!("All {written} files of the plan are written."),
    }
}
