//! What may the statement of an instance hold?
//!
//! In: the trajectory. Out: the text of its requirement, where a change speaks for
//! itself without the ids of its own commits, and whether a later commit is named.

use backstory_model::{Action, RequirementSource, Trajectory};

/// Fewer digits than this name no commit.
const DIGITS: usize = 7;

/// Returns the statement that the requirement gives.
pub(super) fn expected(trajectory: &Trajectory) -> String {
    let text = requirement(trajectory);
    if trajectory.requirement.source == RequirementSource::Issue {
        return text.to_owned();
    }
    let mut statement = Vec::new();
    for (run, names_own) in runs(trajectory, text) {
        statement.extend_from_slice(if names_own { b"[COMMIT]" } else { run });
    }
    String::from_utf8_lossy(&statement).into_owned()
}

/// Returns true when the statement names a commit that an agent must not see.
pub(super) fn names_later_commit(trajectory: &Trajectory) -> bool {
    let statement = expected(trajectory);
    runs(trajectory, &statement).any(|(_, names_own)| names_own)
}

fn requirement(trajectory: &Trajectory) -> &str {
    match trajectory.steps.first().map(|step| &step.action) {
        Some(Action::Message { text, .. }) => text,
        _ => "",
    }
}

/// Returns the runs of hexadecimal digits and of other bytes, and whether each
/// begins the id of a commit of the unit.
fn runs<'a>(
    trajectory: &'a Trajectory,
    text: &'a str,
) -> impl Iterator<Item = (&'a [u8], bool)> + use<'a> {
    let unit = &trajectory.unit;
    let names_own = move |run: &[u8]| {
        let begins = |id: &str| id.as_bytes().starts_with(&run.to_ascii_lowercase());
        run.len() >= DIGITS
            && (unit.states.iter().any(|state| begins(state.commit.as_str()))
                || [&unit.head, &unit.commit].iter().any(|id| begins(id.as_str())))
    };
    let alike = |one: &u8, other: &u8| one.is_ascii_hexdigit() == other.is_ascii_hexdigit();
    text.as_bytes().chunk_by(alike).map(move |run| (run, names_own(run)))
}
