//! How are hits, names and lines of a file printed?

use std::fmt::Write as _;

use backstory_model::{Content, Hit, Listed, OpaqueReason};

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
