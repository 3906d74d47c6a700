//! How does the story of a snapshot read in a terminal?

use backstory_model::{HandedFile, ReadPart, SnapshotStory, WritingAction, WritingStep};

use super::flatten::{content, done, plan};
use crate::Bodies;
use crate::narrate::{Page, badge};

/// Writes the story as text for a terminal of `width` columns.
pub fn narrate_snapshot(story: &SnapshotStory, bodies: &dyn Bodies, width: usize) -> String {
    let mut page = Page::new(width);
    let license = story.license.as_ref().map_or("not found", |license| license.spdx.as_str());
    page.line(&format!("{} · {}, license {license}", story.id, story.repo));
    page.line(&format!(
        "{} files written, {} given, {} dependencies cut",
        story.written().count(),
        story.given.len(),
        story.cut_edges.len()
    ));
    if !story.scc.is_cut() {
        page.line(&format!("circles of dependencies: {}", story.scc.as_str()));
    }
    page.text.push('\n');
    let asked = &story.requirements;
    page.step(1, "the requirements", &badge(&asked.provenance, asked.hindsight));
    page.excerpt("      ", &asked.text);
    page.step(2, "the plan", &badge(&story.plan.provenance, story.plan.hindsight));
    page.excerpt("      ", &plan(&story.plan.files));
    let mut number = 3;
    for delegation in &story.delegations {
        page.text.push('\n');
        page.line(&format!("── {} ──", done(delegation)));
        let task = &delegation.task;
        page.step(number, "the main agent asks", &badge(&task.provenance, task.hindsight));
        page.excerpt("      ", &task.text);
        for (at, (file, step)) in (number + 1..).zip(delegation.served()) {
            let what = what(file, step, !delegation.with.is_empty());
            page.step(at, &what, &badge(&step.choice, step.hindsight));
            if let Some(thought) = &step.thought {
                let mark = format!("      {} ", badge(&thought.provenance, false));
                page.excerpt(&mark, &thought.text);
            }
            let mark = match step.action {
                WritingAction::Read { .. } => "      | ",
                WritingAction::Stub { .. } | WritingAction::Write { .. } => "      + ",
            };
            match content(file, step, bodies) {
                Ok(text) => page.excerpt(mark, &text),
                Err(error) => page.line(&format!("      [{error}]")),
            }
        }
        number += 1 + delegation.steps.len();
    }
    page.text.push('\n');
    page.step(number, &story.finish.text, &badge(&story.finish.provenance, false));
    page.text
}

/// Says what a step does.
fn what(file: HandedFile<'_>, step: &WritingStep, is_circle: bool) -> String {
    match &step.action {
        WritingAction::Read { path, part: ReadPart::Stub, .. } => {
            format!("read the signatures of {path}")
        }
        WritingAction::Read { path, .. } => format!("read {path}"),
        WritingAction::Stub { path, .. } => format!("write the signatures of {path}"),
        WritingAction::Write { lines, .. } => {
            let of = if is_circle { format!(" of {}", file.path) } else { String::new() };
            format!("write lines {} to {}{of}", lines.start, lines.end)
        }
    }
}
