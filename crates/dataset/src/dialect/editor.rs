//! What do the calls of `str_replace_editor` look like, and what do they print?

use backstory_model::RepoPath;
use serde_json::{Value, json};

use super::ToolCall;
use super::observe::numbered;

const TOOL: &str = "str_replace_editor";
/// Lines the tool prints before and after a replacement.
const CONTEXT: usize = 4;

/// Returns the tool definition for paths below `root`.
pub(super) fn definition(root: &str) -> Value {
    json!({"type": "function", "function": {
        "name": TOOL,
        "description": format!(
            "View, create and edit text files. Paths are absolute; the repository is at {root}. \
             `view` prints a file with line numbers, `create` writes a new file, `str_replace` \
             replaces the only occurrence of `old_str` in a file."
        ),
        "parameters": {
            "type": "object",
            "properties": {
                "command": {"type": "string", "enum": ["view", "create", "str_replace"],
                    "description": "What to do."},
                "path": {"type": "string", "description": "Absolute path of the file."},
                "file_text": {"type": "string",
                    "description": "For `create`: the content of the file."},
                "old_str": {"type": "string",
                    "description": "For `str_replace`: the text to replace, exactly as it stands."},
                "new_str": {"type": "string",
                    "description": "For `str_replace`: the text to put in its place."},
                "view_range": {"type": "array", "items": {"type": "integer"},
                    "description": "For `view`: the first and the last line, counted from 1."}
            },
            "required": ["command", "path"]
        }
    }})
}

pub(super) fn view(file: &str, start: u32, end: u32) -> ToolCall {
    ToolCall::new(
        TOOL,
        [("command", "view".into()), ("path", file.into()), ("view_range", json!([start, end]))],
    )
}

pub(super) fn view_output(file: &str, body: &str, start: u32, end: u32) -> String {
    let lines = numbered(body, start as usize, end as usize);
    format!("Here's the result of running `cat -n` on {file}:\n{lines}")
}

pub(super) fn create(file: &str, text: &str) -> ToolCall {
    ToolCall::new(
        TOOL,
        [("command", "create".into()), ("path", file.into()), ("file_text", text.into())],
    )
}

pub(super) fn create_output(file: &str) -> String {
    format!("File created successfully at: {file}")
}

pub(super) fn replace(file: &str, old: &str, new: &str) -> ToolCall {
    ToolCall::new(
        TOOL,
        [
            ("command", "str_replace".into()),
            ("path", file.into()),
            ("old_str", old.into()),
            ("new_str", new.into()),
        ],
    )
}

/// Prints what the tool says after a replacement that starts at `line` of the
/// text `after`; without them it says only that the file changed.
pub(super) fn replace_output(
    file: &str,
    new: &str,
    after: Option<&str>,
    line: Option<usize>,
) -> String {
    let snippet = match (after, line) {
        (Some(body), Some(line)) => {
            let last = line + CONTEXT + new.matches('\n').count();
            let lines = numbered(body, line.saturating_sub(CONTEXT).max(1), last);
            format!(" Here's the result of running `cat -n` on a snippet of {file}:\n{lines}")
        }
        _ => "\n".to_owned(),
    };
    format!(
        "The file {file} has been edited.{snippet}Review the changes and make sure they are as \
         expected. Edit the file again if necessary."
    )
}

/// Returns the absolute path a scaffold names a file by.
pub(super) fn absolute(root: &str, path: &RepoPath) -> String {
    if path.is_root() { root.to_owned() } else { format!("{root}/{path}") }
}
