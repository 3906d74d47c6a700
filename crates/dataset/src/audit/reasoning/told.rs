//! What has a reader of a change seen before each of its steps?
//!
//! Written against the form that `docs/language-models.md` publishes, with code of its own:
//! what a step shows is put together from its observation and the stored bytes.

use std::fmt::Write as _;

use backstory_model::{
    Action, BlobId, Content, Observation, OpaqueReason, RepoPath, Role, Step, Trajectory,
};

use crate::audit::sources::StoredBlobs;

/// An output with more characters is shown without its middle.
const SHOWN: usize = 10_000;

/// One step as it reads.
pub(super) struct Reading {
    /// Who speaks or which tool is used.
    pub(super) lead: &'static str,
    /// What is said or done.
    pub(super) target: String,
    /// What is said or done, and what is seen.
    pub(super) shown: String,
    /// It is an action that a thought may stand before.
    pub(super) acts: bool,
}

/// Reads all steps of a change; an error names a blob that is not stored.
pub(super) fn readings(
    trajectory: &Trajectory,
    blobs: &dyn StoredBlobs,
) -> Result<Vec<Reading>, String> {
    trajectory.steps.iter().map(|step| reading(step, blobs)).collect()
}

fn reading(step: &Step, blobs: &dyn StoredBlobs) -> Result<Reading, String> {
    let (lead, target) = said(&step.action, blobs)?;
    let acts = match &step.action {
        Action::Message { .. }
        | Action::CiReport { .. }
        | Action::Finish { .. }
        | Action::Create { content: Content::Opaque { .. }, .. } => false,
        Action::Create { content: Content::Text { .. }, .. }
        | Action::Search { .. }
        | Action::List { .. }
        | Action::View { .. }
        | Action::Edit { .. }
        | Action::Delete { .. }
        | Action::Rename { .. }
        | Action::SetMode { .. }
        | Action::RunTests { .. } => true,
    };
    let target = in_lines(&target);
    let shown = format!("{target}{}", in_lines(&seen(step, blobs)?));
    Ok(Reading { lead, target, shown, acts })
}

/// Returns which tool is used and how.
fn said(action: &Action, blobs: &dyn StoredBlobs) -> Result<(&'static str, String), String> {
    Ok(match action {
        Action::Message { role: Role::User, text } => ("User: ", text.clone()),
        Action::Message { role: Role::Agent, text } => ("Say: ", text.clone()),
        Action::Finish { message } => ("Finish: ", message.clone()),
        Action::CiReport { commit, workflow, job, step, conclusion } => {
            let of = workflow.as_ref().map(|name| format!(" of `{name}`")).unwrap_or_default();
            let at = step.as_ref().map(|name| format!(" in step `{name}`")).unwrap_or_default();
            let short: String = commit.as_str().chars().take(12).collect();
            ("", format!("CI: job `{job}`{of} on {short}: {}{at}", conclusion.as_str()))
        }
        Action::Search { pattern, whole_word } => {
            (if *whole_word { "Search word " } else { "Search " }, pattern.clone())
        }
        Action::List { path, depth } => {
            let path = if path.is_root() { ".".to_owned() } else { path.to_string() };
            ("List ", format!("{path} {depth}"))
        }
        Action::View { path, start, end } => ("Read ", format!("{path}:{start}-{end}")),
        Action::Edit { path, old, new } => {
            let parts = [&path.to_string(), "<<<<<<< SEARCH", old, "=======", new];
            ("Edit ", parts.join("\n") + "\n>>>>>>> REPLACE")
        }
        Action::Create { path, mode, content } => {
            ("Create ", format!("{path} {}\n{}", mode.as_tree_text(), held(content, blobs)?))
        }
        Action::Delete { path } => ("Delete ", path.to_string()),
        Action::Rename { from, to } => {
            ("Rename ", [from, to].map(RepoPath::to_string).join(" -> "))
        }
        Action::SetMode { path, mode } => ("Mode ", format!("{path} {}", mode.as_tree_text())),
        Action::RunTests { command } => ("Run ", command.join(" ")),
    })
}

/// Returns what a created file holds, or what stands for it.
fn held(content: &Content, blobs: &dyn StoredBlobs) -> Result<String, String> {
    let (blob, reason) = match content {
        Content::Text { blob } => return text(blob, blobs),
        Content::Opaque { blob, reason } => (blob, reason),
    };
    let reason = match reason {
        OpaqueReason::Binary => "binary file",
        OpaqueReason::NotUtf8 => "text that is not UTF-8",
        OpaqueReason::TooLarge => "file over the size limit",
        OpaqueReason::Missing => "content missing from the repository",
        OpaqueReason::Submodule => "submodule",
    };
    Ok(format!("[content not shown: {reason}, git id {blob}]"))
}

/// Returns what a step shows.
fn seen(step: &Step, blobs: &dyn StoredBlobs) -> Result<String, String> {
    let Some(seen) = &step.observation else { return Ok(String::new()) };
    let mut text = String::new();
    let mut line = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    match &seen.content {
        Observation::Hits { total: 0, .. } => line("no match"),
        Observation::Hits { hits, total, files } => {
            for hit in hits {
                line(&format!("{}:{}:{}", hit.path, hit.line, hit.text));
            }
            let more = *total as usize - hits.len().min(*total as usize);
            if more > 0 {
                line(&format!("[... {more} more matches not shown; {total} in {files} files ...]"));
            }
        }
        Observation::Entries { entries, total } => {
            for entry in entries {
                line(&entry.path.to_string());
            }
            let more = *total as usize - entries.len().min(*total as usize);
            if more > 0 {
                line(&format!("[... {more} more names not shown; {total} in all ...]"));
            }
        }
        Observation::Lines { blob, total } => return lines(&step.action, blob, *total, blobs),
        Observation::Applied { before: None, .. } => line("created"),
        Observation::Applied { after: None, .. } => line("removed"),
        Observation::Applied { .. } => line("changed"),
        Observation::TestOutput { output, status } => {
            text = in_lines(&without_middle(&printed(output, blobs)?));
            match status {
                Some(status) => write!(text, "[exit {status}]"),
                None => write!(text, "[ended from outside]"),
            }
            .map_err(|error| error.to_string())?;
        }
        Observation::CiLog { output, .. } => return Ok(without_middle(&printed(output, blobs)?)),
    }
    Ok(text)
}

/// Returns the numbered lines of a view.
fn lines(
    action: &Action,
    blob: &BlobId,
    total: u32,
    blobs: &dyn StoredBlobs,
) -> Result<String, String> {
    let Action::View { start, end, .. } = action else { return Ok(String::new()) };
    let mut shown = format!("lines {start} to {end} of {total}\n");
    let content = text(blob, blobs)?;
    for (number, line) in (1_u32..).zip(content.split_terminator('\n')) {
        if (*start..=*end).contains(&number) {
            writeln!(shown, "{number:6}\t{line}").map_err(|error| error.to_string())?;
        }
    }
    Ok(shown)
}

fn stored(blob: &BlobId, blobs: &dyn StoredBlobs) -> Result<Vec<u8>, String> {
    blobs.stored(blob).ok_or_else(|| format!("`{blob}`, which is not stored"))
}

fn text(blob: &BlobId, blobs: &dyn StoredBlobs) -> Result<String, String> {
    String::from_utf8(stored(blob, blobs)?).map_err(|_| format!("`{blob}`, which is no text"))
}

fn printed(blob: &BlobId, blobs: &dyn StoredBlobs) -> Result<String, String> {
    Ok(String::from_utf8_lossy(&stored(blob, blobs)?).into_owned())
}

/// Leaves out the middle of a long output, in whole lines where its halves have one.
fn without_middle(output: &str) -> String {
    let letters: Vec<char> = output.chars().collect();
    if letters.len() <= SHOWN {
        return output.to_owned();
    }
    let is_end = |at: &usize| letters[*at] == '\n';
    let head = (0..SHOWN / 2).rfind(is_end).map_or(SHOWN / 2, |at| at + 1);
    let last = letters.len() - SHOWN / 2;
    let tail = (head.max(last - 1)..letters.len()).find(is_end).map_or(last, |at| at + 1);
    let text = |part: &[char]| part.iter().collect::<String>();
    let hidden = format!("[... {} characters not shown ...]\n", tail - head);
    let above = text(&letters[..head]);
    let break_ = if above.ends_with('\n') { "" } else { "\n" };
    [&above, break_, &hidden, &text(&letters[tail..])].concat()
}

/// Ends a text that is not empty with a line feed.
fn in_lines(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

#[cfg(test)]
mod tests {
    use super::{SHOWN, without_middle};

    #[test]
    fn a_long_output_loses_its_middle_in_whole_lines() {
        let short = "a\n".repeat(SHOWN / 2);
        assert_eq!(without_middle(&short), short);
        let long: Vec<String> = (0..4_000).map(|line| format!("{line}\n")).collect();
        let shown = without_middle(&long.concat());
        assert!(shown.starts_with("0\n1\n") && shown.ends_with("\n3999\n"));
        assert!(shown.contains("\n[... 8890 characters not shown ...]\n"), "{shown}");
    }
}
