//! How do a step's action and observation look to an agent of a given scaffold?
//!
//! In: a trajectory and its stored bodies. Out: the tools of the scaffold, and
//! for every step its text, its tool call and what that tool would have
//! printed. A step is at most one call. Foreign text reaches a shell command
//! only inside quotes. Reads bodies, touches nothing else.

mod editor;
mod native;
pub(crate) mod observe;
mod scaffold;
mod shell;
pub(crate) mod worktree;

use std::fmt;
use std::str::FromStr;

use backstory_model::{Action, Step, Tier, Trajectory};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Bodies, BodyError};
use worktree::Worktree;

/// Whose tools an export speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// `execute_bash`, `str_replace_editor`, `finish`.
    #[default]
    #[serde(rename = "openhands")]
    OpenHands,
    /// `bash`, `str_replace_editor`, `submit`.
    SweAgent,
    /// One tool per action, with typed arguments and relative paths.
    Backstory,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 3] = [Self::OpenHands, Self::SweAgent, Self::Backstory];

    /// Returns the word used on the command line and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenHands => "openhands",
            Self::SweAgent => "swe-agent",
            Self::Backstory => "backstory",
        }
    }

    /// Returns the directory the paths of a trajectory are shown in; empty
    /// where they are relative to the root of the repository.
    pub fn root(self, trajectory: &Trajectory) -> String {
        match self {
            Self::OpenHands | Self::SweAgent => {
                format!("/workspace/{}", trajectory.unit.repo.name())
            }
            Self::Backstory => String::new(),
        }
    }

    /// Returns the tool definitions in the function form of `OpenAI`, for paths below `root`.
    pub fn tools(self, root: &str) -> Vec<Value> {
        match self {
            Self::OpenHands => scaffold::OPENHANDS.tools(root),
            Self::SweAgent => scaffold::SWE_AGENT.tools(root),
            Self::Backstory => native::tools(),
        }
    }

    /// Renders every step, in order.
    pub fn render(
        self,
        trajectory: &Trajectory,
        bodies: &dyn Bodies,
    ) -> Result<Rendered, BodyError> {
        let root = self.root(trajectory);
        let mut worktree = Worktree::default();
        let mut steps = Vec::with_capacity(trajectory.steps.len());
        for step in &trajectory.steps {
            let scene = worktree.play(step, bodies)?;
            let rendered = match (&step.action, self) {
                (Action::Message { text, .. }, _) => {
                    RenderedStep { text: text.clone(), ..RenderedStep::default() }
                }
                (Action::CiReport { .. }, _) => RenderedStep {
                    text: observe::report_of_ci(&step.action),
                    output: scene.body.clone().map(|text| observe::output(&text)),
                    ..RenderedStep::default()
                },
                (_, Self::OpenHands) => scaffold::OPENHANDS.render(&scene, &root),
                (_, Self::SweAgent) => scaffold::SWE_AGENT.render(&scene, &root),
                (_, Self::Backstory) => native::render(&scene),
            };
            steps.push(rendered.thinking(step));
        }
        let tools = self.tools(&root);
        Ok(Rendered { dialect: self, root, tools, steps })
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Says that a word names no dialect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a tool dialect; there are `openhands`, `swe-agent` and `backstory`")]
pub struct UnknownDialect(pub String);

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(word: &str) -> Result<Self, UnknownDialect> {
        let found = Self::ALL.into_iter().find(|dialect| dialect.as_str() == word);
        found.ok_or_else(|| UnknownDialect(word.to_owned()))
    }
}

/// One call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// The tool.
    pub name: &'static str,
    /// Its arguments.
    pub arguments: Map<String, Value>,
}

impl ToolCall {
    pub(crate) fn new<const N: usize>(name: &'static str, arguments: [(&str, Value); N]) -> Self {
        let arguments = arguments.into_iter().map(|(key, value)| (key.to_owned(), value));
        Self { name, arguments: arguments.collect() }
    }
}

/// What a step looks like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RenderedStep {
    /// What is said; empty for a bare call.
    pub text: String,
    /// What a model thought before; `None` for recorded and derived steps.
    pub reasoning: Option<String>,
    /// The call; `None` for messages.
    pub call: Option<ToolCall>,
    /// What the call prints, or the log a report of CI shows; `None` for messages
    /// and the call that ends the work.
    pub output: Option<String>,
    /// The call stands for content that is not shown, so nobody should imitate it.
    pub placeholder: bool,
}

impl RenderedStep {
    /// Puts the thought of a step where it belongs: what a model wrote is
    /// reasoning, everything else is said.
    fn thinking(mut self, step: &Step) -> Self {
        match &step.thought {
            None => {}
            Some(thought) if thought.provenance.tier() == Tier::Synthesized => {
                self.reasoning = Some(thought.text.clone());
            }
            Some(thought) if self.text.is_empty() => self.text.clone_from(&thought.text),
            Some(thought) => self.text = format!("{}\n\n{}", thought.text, self.text),
        }
        self
    }
}

/// A trajectory in one dialect.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// Which dialect.
    pub dialect: Dialect,
    /// See [`Dialect::root`].
    pub root: String,
    /// See [`Dialect::tools`].
    pub tools: Vec<Value>,
    /// One per step of the trajectory.
    pub steps: Vec<RenderedStep>,
}
