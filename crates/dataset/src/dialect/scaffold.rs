//! How does a scaffold with a shell and `str_replace_editor` do each action?
//!
//! Covers `openhands` and `swe-agent`, which differ in the names of their tools
//! and in what they print around the output of a command.

use backstory_model::{Action, Content, FileMode, Observation, RepoPath};
use serde_json::{Value, json};

use super::editor::{self, absolute};
use super::shell::{make_parent, quote, quote_path, write_file};
use super::worktree::Scene;
use super::{RenderedStep, ToolCall, observe};

/// One scaffold.
pub(super) struct Scaffold {
    shell: &'static str,
    finish: Finish,
}

enum Finish {
    /// A tool that takes the message.
    Told(&'static str),
    /// A tool without arguments; the message is said beside the call.
    Bare(&'static str),
}

pub(super) const OPENHANDS: Scaffold =
    Scaffold { shell: "execute_bash", finish: Finish::Told("finish") };
pub(super) const SWE_AGENT: Scaffold = Scaffold { shell: "bash", finish: Finish::Bare("submit") };

impl Scaffold {
    pub(super) fn tools(&self, root: &str) -> Vec<Value> {
        let shell = json!({"type": "function", "function": {
            "name": self.shell,
            "description": format!(
                "Run a command in a bash shell in {root}, the root of the repository. Long output is cut."
            ),
            "parameters": {
                "type": "object",
                "properties": {"command": {"type": "string", "description": "The command to run."}},
                "required": ["command"]
            }
        }});
        vec![shell, editor::definition(root), self.finish_tool()]
    }

    fn finish_tool(&self) -> Value {
        match self.finish {
            Finish::Told(name) => json!({"type": "function", "function": {
                "name": name,
                "description": "End the work and say what was done.",
                "parameters": {
                    "type": "object",
                    "properties": {"message": {"type": "string", "description": "What was done."}},
                    "required": ["message"]
                }
            }}),
            Finish::Bare(name) => json!({"type": "function", "function": {
                "name": name,
                "description": "End the work and hand in the change.",
                "parameters": {"type": "object", "properties": {}, "required": []}
            }}),
        }
    }

    /// Renders every action but messages.
    pub(super) fn render(&self, scene: &Scene<'_>, root: &str) -> RenderedStep {
        match &scene.step.action {
            Action::View { path, start, end } => {
                let file = absolute(root, path);
                let body = scene.body.as_deref().unwrap_or_default();
                let output = editor::view_output(&file, body, *start, *end);
                called(editor::view(&file, *start, *end), output)
            }
            Action::Edit { path, old, new } => {
                let file = absolute(root, path);
                let after = scene.body.as_deref();
                let output = editor::replace_output(&file, new, after, scene.edited_line);
                called(editor::replace(&file, old, new), output)
            }
            Action::Create { path, mode, content } => {
                self.create(scene, root, path, *mode, content)
            }
            Action::Finish { message } => self.end(message),
            Action::Message { .. }
            | Action::Search { .. }
            | Action::List { .. }
            | Action::Delete { .. }
            | Action::Rename { .. }
            | Action::SetMode { .. }
            | Action::RunTests { .. }
            | Action::CiReport { .. } => self.command(scene, root, command(&scene.step.action)),
        }
    }

    fn create(
        &self,
        scene: &Scene<'_>,
        root: &str,
        path: &RepoPath,
        mode: FileMode,
        content: &Content,
    ) -> RenderedStep {
        let file = absolute(root, path);
        let Some(text) = scene.body.as_deref() else {
            let call = editor::create(&file, &observe::placeholder(content));
            let output = editor::create_output(&file);
            return RenderedStep { placeholder: true, ..called(call, output) };
        };
        if mode == FileMode::Plain && !scene.replaces_file() {
            return called(editor::create(&file, text), editor::create_output(&file));
        }
        self.command(scene, root, create_command(path, mode, text))
    }

    fn end(&self, message: &str) -> RenderedStep {
        let (text, call) = match self.finish {
            Finish::Told(name) => {
                (String::new(), ToolCall::new(name, [("message", message.into())]))
            }
            Finish::Bare(name) => (message.to_owned(), ToolCall::new(name, [])),
        };
        RenderedStep { text, call: Some(call), ..RenderedStep::default() }
    }

    fn command(&self, scene: &Scene<'_>, root: &str, command: String) -> RenderedStep {
        let (output, status) = printed(scene, root);
        let call = ToolCall::new(self.shell, [("command", command.into())]);
        called(call, self.frame(&output, status, root))
    }

    fn frame(&self, output: &str, status: Option<i32>, root: &str) -> String {
        let output = output.strip_suffix('\n').unwrap_or(output);
        match self.finish {
            Finish::Bare(_) if output.is_empty() => {
                "Your command ran successfully and did not produce any output.".to_owned()
            }
            Finish::Bare(_) => output.to_owned(),
            Finish::Told(_) => {
                let status = status.unwrap_or(-1);
                let break_ = if output.is_empty() { "" } else { "\n" };
                format!(
                    "{output}{break_}[The command completed with exit code {status}.]\n\
                     [Current working directory: {root}]\n\
                     [Command finished with exit code {status}]"
                )
            }
        }
    }
}

fn called(call: ToolCall, output: String) -> RenderedStep {
    RenderedStep { call: Some(call), output: Some(output), ..RenderedStep::default() }
}

/// Returns what the command of a step prints, and its exit status.
fn printed(scene: &Scene<'_>, root: &str) -> (String, Option<i32>) {
    let seen = scene.step.observation.as_ref().map(|seen| &seen.content);
    match seen {
        Some(Observation::Hits { hits, total, files }) => {
            // `git grep` exits with 1 when nothing matches.
            (observe::hits(hits, *total, *files), Some(i32::from(*total == 0)))
        }
        Some(Observation::Entries { entries, total }) => {
            (observe::names(entries, *total, list_prefix(&scene.step.action)), Some(0))
        }
        Some(Observation::TestOutput { status, .. }) => {
            let body = scene.body.as_deref().unwrap_or_default();
            (observe::below(root, &observe::output(body)), *status)
        }
        Some(
            Observation::Lines { .. } | Observation::Applied { .. } | Observation::CiLog { .. },
        )
        | None => (String::new(), Some(0)),
    }
}

fn list_prefix(action: &Action) -> &'static str {
    match action {
        Action::List { path, .. } if path.is_root() => "./",
        _ => "",
    }
}

fn command(action: &Action) -> String {
    match action {
        Action::Search { pattern, whole_word } => {
            let word = if *whole_word { " -w" } else { "" };
            format!("git grep -nIF{word} -e {}", quote(pattern))
        }
        Action::List { path, depth } => format!(
            "find {} -mindepth 1 -maxdepth {depth} -not -path '*/.git/*' -not -name .git | LC_ALL=C sort",
            quote_path(path)
        ),
        Action::Delete { path } => format!("rm -- {}", quote_path(path)),
        Action::Rename { from, to } => {
            format!("{}mv -- {} {}", make_parent(to), quote_path(from), quote_path(to))
        }
        Action::SetMode { path, mode } => format!("chmod {} -- {}", bits(*mode), quote_path(path)),
        Action::RunTests { command } => {
            command.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
        }
        Action::Message { .. }
        | Action::View { .. }
        | Action::Edit { .. }
        | Action::Create { .. }
        | Action::CiReport { .. }
        | Action::Finish { .. } => String::new(),
    }
}

fn create_command(path: &RepoPath, mode: FileMode, text: &str) -> String {
    match mode {
        FileMode::Symlink => {
            format!("{}ln -sfn -- {} {}", make_parent(path), quote(text), quote_path(path))
        }
        FileMode::Plain => write_file(path, text),
        FileMode::Executable | FileMode::GroupWritable => {
            format!("{}\nchmod {} -- {}", write_file(path, text), bits(mode), quote_path(path))
        }
        FileMode::Directory | FileMode::Submodule => format!("mkdir -p -- {}", quote_path(path)),
    }
}

fn bits(mode: FileMode) -> &'static str {
    match mode {
        FileMode::Executable | FileMode::Directory => "755",
        FileMode::GroupWritable => "664",
        FileMode::Plain | FileMode::Symlink | FileMode::Submodule => "644",
    }
}
