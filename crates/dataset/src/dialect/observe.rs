//! How are hits, names and lines of a file printed?

use std::fmt::Write as _;

use backstory_model::{Action, Content, Hit, Listed, OpaqueReason};

/// An output of more characters than this is shown without its middle.
const OUTPUT_CHARACTERS: usize = 10_000;
/// Where the sandbox has the root of the repository.
const WORK: &str = "/work";

/// Prints hits as `path:line:text`, then a line in brackets when some are left out.
pub(super) fn hits(hits: &[Hit], total: u32, files: u32) -> String {
    let mut text = String::new();
    for hit in hits {
        line(&mut text, format_args!("{}:{}:{}", hit.path, hit.line, hit.text));
    }
    let hidden = (total as usize).saturating_sub(hits.len());
    if hidden > 0 {
        let note =
            format_args!("[... {hidden} more matches not shown; {total} in {files} files ...]");
        line(&mut text, note);
    }
    text
}

/// Prints names, one a line, then a line in brackets when some are left out.
pub(super) fn names(entries: &[Listed], total: u32, prefix: &str) -> String {
    let mut text = String::new();
    for entry in entries {
        line(&mut text, format_args!("{prefix}{}", entry.path));
    }
    let hidden = (total as usize).saturating_sub(entries.len());
    if hidden > 0 {
        line(&mut text, format_args!("[... {hidden} more names not shown; {total} in all ...]"));
    }
    text
}

/// Prints the lines `start..=end` of a file the way `cat -n` numbers them.
pub(super) fn numbered(body: &str, start: usize, end: usize) -> String {
    let mut text = String::new();
    let wanted = body.split_terminator('\n').enumerate().skip(start.saturating_sub(1));
    for (index, content) in wanted.take((end + 1).saturating_sub(start)) {
        line(&mut text, format_args!("{:6}\t{content}", index + 1));
    }
    text
}

/// Prints what a run printed: whole, or its first and last lines around a line
/// in brackets that says how much is missing.
pub(super) fn output(text: &str) -> String {
    let count = text.chars().count();
    if count <= OUTPUT_CHARACTERS {
        return text.to_owned();
    }
    let half = OUTPUT_CHARACTERS / 2;
    let start = text.char_indices().nth(half).map_or(text.len(), |(at, _)| at);
    let end = text.char_indices().nth(count - half).map_or(text.len(), |(at, _)| at);
    // A line is shown whole, unless one alone is longer than its half.
    let head = text[..start].rfind('\n').map_or(start, |at| at + 1);
    // From the byte before, so that a line which begins right here stays.
    let tail = text[head..].char_indices().find(|(at, c)| head + at + 1 >= end && *c == '\n');
    let tail = tail.map_or(end, |(at, _)| head + at + 1);
    let hidden = text[head..tail].chars().count();
    let break_ = if text[..head].ends_with('\n') { "" } else { "\n" };
    format!("{}{break_}[... {hidden} characters not shown ...]\n{}", &text[..head], &text[tail..])
}

/// Names the files of the work tree as they lie below another root.
pub(super) fn below(root: &str, text: &str) -> String {
    let mut moved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(WORK) {
        let (before, found) = rest.split_at(at);
        let after = &found[WORK.len()..];
        let inner = before.chars().next_back().is_some_and(is_path_character)
            || after.chars().next().is_some_and(|c| c != '/' && is_path_character(c));
        moved.push_str(before);
        moved.push_str(if inner { WORK } else { root });
        rest = after;
    }
    moved.push_str(rest);
    moved
}

fn is_path_character(c: char) -> bool {
    c.is_alphanumeric() || "_-./~".contains(c)
}

/// Says in one line what a report of CI says.
pub(crate) fn report_of_ci(action: &Action) -> String {
    let Action::CiReport { commit, workflow, job, step, conclusion } = action else {
        return String::new();
    };
    let workflow = workflow.as_ref().map_or(String::new(), |name| format!(" of `{name}`"));
    let step = step.as_ref().map_or(String::new(), |name| format!(" in step `{name}`"));
    let commit = &commit.as_str()[..12];
    format!("CI: job `{job}`{workflow} on {commit}: {}{step}", conclusion.as_str())
}

/// Says what stands for content that is not shown.
pub(super) fn placeholder(content: &Content) -> String {
    let reason = match content {
        Content::Text { .. } => "text",
        Content::Opaque { reason, .. } => match reason {
            OpaqueReason::Binary => "binary file",
            OpaqueReason::NotUtf8 => "text that is not UTF-8",
            OpaqueReason::TooLarge => "file over the size limit",
            OpaqueReason::Missing => "content missing from the repository",
            OpaqueReason::Submodule => "submodule",
        },
    };
    format!("[content not shown: {reason}, git id {}]", content.blob())
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    writeln!(text, "{content}").expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::{OUTPUT_CHARACTERS, WORK, below, output};
    use proptest::prelude::*;

    #[test]
    fn a_long_output_keeps_its_first_and_last_lines() {
        let lines: Vec<String> = (0..4_000).map(|line| format!("{line}\n")).collect();
        let long = lines.concat();
        let shown = output(&long);
        assert!(shown.starts_with("0\n1\n") && shown.ends_with("3998\n3999\n"));
        let mark = shown.lines().find(|line| line.starts_with('[')).unwrap();
        assert_eq!(mark, "[... 8890 characters not shown ...]");
    }

    #[test]
    fn the_work_tree_lies_where_the_scaffold_has_it() {
        let other = concat!("/srv", "/work", "/b.py /work2 /env/work\n");
        let text = format!("rootdir: {WORK}\n{WORK}/a.py:3: in f\n{other}");
        let moved = format!("rootdir: /r\n/r/a.py:3: in f\n{other}");
        assert_eq!(below("/r", &text), moved);
    }

    proptest! {
        #[test]
        fn what_is_missing_is_counted(text in "(.{0,30}\n){0,40}", times in 1_usize..40) {
            let text = text.repeat(times);
            let shown = output(&text);
            let mark = shown.lines().find_map(|line| {
                line.strip_prefix("[... ")?.strip_suffix(" characters not shown ...]")
            });
            let kept = shown.chars().count();
            prop_assert!(kept <= OUTPUT_CHARACTERS + 60);
            match mark {
                None => prop_assert_eq!(shown, text),
                Some(hidden) => {
                    let hidden: usize = hidden.parse().unwrap();
                    let noted = format!("[... {hidden} characters not shown ...]\n").len();
                    prop_assert_eq!(kept - noted + hidden, text.chars().count());
                }
            }
        }
    }
}
