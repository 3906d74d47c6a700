//! What does a story say without the people in it?
//!
//! In: a story. Out: the same with pseudonyms in what people wrote: the requirement,
//! messages of commits, thoughts, excerpts of links. Ranges of the requirement that
//! steps point at are moved along. What files hold stays as it is, because patches
//! and edits must apply, and so does what tests printed about it.

use backstory_identity::{Authors, Hidden};
use backstory_model::{Action, ChangeUnit, EvidenceId, Provenance, RecordId, Role, Step};

use crate::dialect::Rendered;
use crate::task::Story;

/// The longest excerpt of a link, in characters; a longer text was cut there.
const LONGEST_EXCERPT: usize = 120;

/// Puts pseudonyms in the place of people.
pub(crate) fn hide(story: &mut Story, authors: &Authors) {
    if *authors == Authors::Plain {
        return;
    }
    let trajectory = &mut story.trajectory;
    in_unit(&mut trajectory.unit, authors);
    if let Some(record) = &mut trajectory.requirement.record {
        *record = RecordId::new(authors.record_id(record.as_str()));
    }
    let text = trajectory.steps.iter().find_map(asked).unwrap_or_default().to_owned();
    let requirement = authors.prose(&text);
    for step in &mut trajectory.steps {
        in_step(step, &requirement, authors);
    }
    let instance = story.execution.as_mut().and_then(|known| known.instance.as_mut());
    if let Some(instance) = instance {
        instance.problem_statement = authors.prose(&instance.problem_statement).into_string();
    }
}

/// Hides authors in what CI printed, where git prints them.
pub(crate) fn hide_in_logs(rendered: &mut Rendered, steps: &[Step], authors: &Authors) {
    for (step, shown) in steps.iter().zip(&mut rendered.steps) {
        if matches!(step.action, Action::CiReport { .. }) {
            shown.output = shown.output.take().map(|text| authors.printed(&text).into_string());
        }
    }
}

/// Returns what the user asks for, if the step does.
fn asked(step: &Step) -> Option<&str> {
    match &step.action {
        Action::Message { role: Role::User, text } => Some(text),
        _ => None,
    }
}

fn in_unit(unit: &mut ChangeUnit, authors: &Authors) {
    for state in &mut unit.states {
        state.message = authors.prose(&state.message).into_string();
    }
    for link in &mut unit.links {
        link.excerpt = authors.excerpt(&link.excerpt, LONGEST_EXCERPT);
        link.evidence = evidence(&link.evidence, None, authors);
    }
}

fn in_step(step: &mut Step, requirement: &Hidden<'_>, authors: &Authors) {
    match &mut step.action {
        Action::Message { text, .. } | Action::Finish { message: text } => {
            *text = authors.prose(text).into_string();
        }
        _ => {}
    }
    in_provenance(&mut step.choice, requirement, authors);
    if let Some(seen) = &mut step.observation {
        in_provenance(&mut seen.provenance, requirement, authors);
    }
    if let Some(thought) = &mut step.thought {
        thought.text = authors.prose(&thought.text).into_string();
        in_provenance(&mut thought.provenance, requirement, authors);
    }
}

fn in_provenance(known: &mut Provenance, requirement: &Hidden<'_>, authors: &Authors) {
    match known {
        Provenance::Observed { evidence: pointers }
        | Provenance::Derived { evidence: pointers, .. } => {
            for pointer in pointers {
                *pointer = evidence(pointer, Some(requirement), authors);
            }
        }
        Provenance::Executed { .. } | Provenance::Synthesized { .. } => {}
    }
}

/// Returns what a pointer is called in the export.
fn evidence(
    pointer: &EvidenceId,
    requirement: Option<&Hidden<'_>>,
    authors: &Authors,
) -> EvidenceId {
    match (pointer.parts(), requirement) {
        (("record", id), _) => EvidenceId::new(format!("record:{}", authors.record_id(id))),
        (("requirement", range), Some(requirement)) => {
            let ends = range.split_once("..").and_then(|(start, end)| {
                Some(start.parse::<usize>().ok()?..end.parse::<usize>().ok()?)
            });
            ends.map_or(pointer.clone(), |range| {
                let moved = requirement.moved(range);
                EvidenceId::requirement(moved.start, moved.end)
            })
        }
        _ => pointer.clone(),
    }
}
