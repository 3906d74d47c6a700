//! What does a trajectory look like as chat messages to train on?
//!
//! The turns are user, then assistant and tool in strict alternation, and an
//! assistant turn last. What the agent says between two calls joins the next
//! turn. What CI reports is a turn of the user after what the agent says of its
//! commit. `train` is true on assistant turns, except where content that is not
//! shown stands in a placeholder, and where the options leave hindsight out.

use backstory_model::{Action, Provenance, Role, Step, Trajectory};
use serde_json::{Map, Value, json};

use crate::atif::call_id;
use crate::dialect::{Rendered, RenderedStep};
use crate::label;

/// One message and the steps it comes from.
pub(crate) struct Message {
    /// The message, as trainers read it.
    pub(crate) body: Value,
    /// How its parts are known.
    pub(crate) known: Value,
}

/// Whether trainers should imitate what was chosen with knowledge of the final change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TrainRule {
    pub(crate) hindsight: bool,
}

/// Returns the messages of a trajectory.
pub(crate) fn messages(
    trajectory: &Trajectory,
    rendered: &Rendered,
    rule: TrainRule,
) -> Vec<Message> {
    let mut turns = Turns { rule, messages: Vec::new(), said: None };
    for (index, (step, shown)) in trajectory.steps.iter().zip(&rendered.steps).enumerate() {
        turns.add(index + 1, step, shown);
    }
    turns.flush();
    turns.messages
}

struct Turns {
    rule: TrainRule,
    messages: Vec<Message>,
    // What the agent said since its last call, with the number and step it was said in.
    said: Option<(usize, Said)>,
}

struct Said {
    text: String,
    reasoning: Option<String>,
    known: Value,
    train: bool,
}

impl Turns {
    fn add(&mut self, number: usize, step: &Step, shown: &RenderedStep) {
        match (&step.action, &shown.call) {
            (Action::Message { role: Role::User, .. }, _) => {
                self.flush();
                let known = known(number, step);
                self.user(&shown.text, known);
            }
            (Action::CiReport { .. }, _) => {
                self.flush();
                self.report_of_ci(number, step, shown);
            }
            (_, None) => self.say(number, step, shown),
            (action, Some(_)) => {
                self.call(number, step, shown);
                if !matches!(action, Action::Finish { .. }) {
                    let output = shown.output.as_deref().unwrap_or_default();
                    let body = json!({"role": "tool", "tool_call_id": call_id(number),
                        "content": output, "train": false});
                    let seen = step.observation.as_ref().map(|seen| &seen.provenance);
                    let known = json!({"step": number, "phase": step.phase,
                        "part": "observation", "tier": seen.map(Provenance::tier),
                        "rule": seen.and_then(label::rule), "hindsight": false});
                    self.messages.push(Message { body, known });
                }
            }
        }
    }

    /// What CI says reaches the agent as a message: no call asked for it.
    fn report_of_ci(&mut self, number: usize, step: &Step, shown: &RenderedStep) {
        let log = shown.output.as_deref().unwrap_or_default();
        let seen = step.observation.as_ref().map(|seen| &seen.provenance);
        let known = json!({"step": number, "phase": step.phase, "part": "observation",
            "tier": seen.map(Provenance::tier), "rule": seen.and_then(label::rule),
            "hindsight": false});
        self.user(&join(&shown.text, log), known);
    }

    fn user(&mut self, text: &str, known: Value) {
        let last = self.messages.last_mut().map(|message| &mut message.body);
        if let Some(Value::Object(body)) = last
            && body.get("role") == Some(&json!("user"))
            && let Some(Value::String(content)) = body.get_mut("content")
        {
            content.push_str("\n\n");
            content.push_str(text);
            return;
        }
        let body = json!({"role": "user", "content": text, "train": false});
        self.messages.push(Message { body, known });
    }

    fn say(&mut self, number: usize, step: &Step, shown: &RenderedStep) {
        let train = self.trains(step, shown);
        let said = match self.said.take() {
            None => Said {
                text: shown.text.clone(),
                reasoning: shown.reasoning.clone(),
                known: known(number, step),
                train,
            },
            Some((_, earlier)) => Said {
                text: join(&earlier.text, &shown.text),
                reasoning: join_some(earlier.reasoning, shown.reasoning.as_deref()),
                known: earlier.known,
                train: earlier.train && train,
            },
        };
        self.said = Some((number, said));
    }

    fn call(&mut self, number: usize, step: &Step, shown: &RenderedStep) {
        let mut train = self.trains(step, shown);
        let mut text = shown.text.clone();
        let mut reasoning = shown.reasoning.clone();
        let mut known = known(number, step);
        if let Some((before, said)) = self.said.take() {
            text = join(&said.text, &text);
            reasoning = join_some(said.reasoning, reasoning.as_deref());
            train = train && said.train;
            known["said_in_step"] = before.into();
        }
        let mut body = assistant(&text, reasoning);
        if let Some(call) = &shown.call {
            body.insert(
                "tool_calls".to_owned(),
                json!([{"id": call_id(number), "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments}}]),
            );
        }
        body.insert("train".to_owned(), train.into());
        self.messages.push(Message { body: Value::Object(body), known });
    }

    fn flush(&mut self) {
        if let Some((_, said)) = self.said.take() {
            let mut body = assistant(&said.text, said.reasoning);
            body.insert("train".to_owned(), said.train.into());
            self.messages.push(Message { body: Value::Object(body), known: said.known });
        }
    }

    fn trains(&self, step: &Step, shown: &RenderedStep) -> bool {
        !shown.placeholder && (self.rule.hindsight || !step.hindsight)
    }
}

fn assistant(text: &str, reasoning: Option<String>) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("role".to_owned(), "assistant".into());
    body.insert("content".to_owned(), text.into());
    if let Some(reasoning) = reasoning {
        body.insert("reasoning_content".to_owned(), reasoning.into());
    }
    body
}

fn known(number: usize, step: &Step) -> Value {
    json!({"step": number, "phase": step.phase, "part": "choice",
        "tier": step.choice.tier(), "rule": label::rule(&step.choice),
        "hindsight": step.hindsight})
}

fn join(first: &str, second: &str) -> String {
    match (first, second) {
        ("", only) | (only, "") => only.to_owned(),
        (first, second) => format!("{first}\n\n{second}"),
    }
}

fn join_some(first: Option<String>, second: Option<&str>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(join(&first, second)),
        (Some(only), None) => Some(only),
        (None, second) => second.map(str::to_owned),
    }
}

/// Returns one row of the chat files.
pub(crate) fn row(trajectory: &Trajectory, rendered: &Rendered, messages: &[Message]) -> Value {
    let unit = &trajectory.unit;
    let bodies: Vec<&Value> = messages.iter().map(|message| &message.body).collect();
    let provenance: Vec<&Value> = messages.iter().map(|message| &message.known).collect();
    json!({
        "id": unit.id,
        "messages": bodies,
        "tools": rendered.tools,
        "repo": unit.repo,
        "base_commit": unit.base,
        "head_commit": unit.head,
        "license": label::license(trajectory),
        "requirement_source": label::requirement_source(trajectory.requirement.source),
        "dialect": rendered.dialect,
        "provenance": provenance,
    })
}

/// Returns the description LLaMA-Factory wants beside the chat file.
pub(crate) fn llamafactory_description(file: &str) -> Value {
    json!({"backstory": {
        "file_name": file,
        "formatting": "openai",
        "columns": {"messages": "messages", "tools": "tools"},
        "tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user",
            "assistant_tag": "assistant", "observation_tag": "tool", "function_tag": "function",
            "system_tag": "system"}
    }})
}
