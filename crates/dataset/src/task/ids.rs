//! Which test ids can a grader read back from a log?
//!
//! The grader reads a log line by line, strips white space at both ends, and
//! takes an id with an open bracket for the beginning of a longer one.

use std::collections::BTreeSet;

use backstory_model::{JudgedTest, TaskInstance, TestId};

/// The ids of an instance that a log can carry.
pub(super) struct WritableIds {
    pub(super) fail_to_pass: Vec<String>,
    pub(super) pass_to_pass: Vec<String>,
    pub(super) dropped: u64,
}

/// Sorts out the ids no log can carry.
pub(super) fn writable(instance: &TaskInstance, tests: &[JudgedTest]) -> WritableIds {
    let known: BTreeSet<&str> = tests.iter().map(|test| test.id.as_str()).collect();
    let mut dropped = 0;
    let mut keep = |ids: &mut dyn Iterator<Item = &TestId>| -> Vec<String> {
        let all: Vec<&TestId> = ids.collect();
        let kept: Vec<String> = all
            .iter()
            .map(|id| id.as_str())
            .filter(|id| is_writable(id, &known))
            .map(str::to_owned)
            .collect();
        dropped += (all.len() - kept.len()) as u64;
        kept
    };
    let fail_to_pass = keep(&mut instance.fail_to_pass.iter().map(|test| &test.id));
    let pass_to_pass = keep(&mut instance.pass_to_pass.iter());
    WritableIds { fail_to_pass, pass_to_pass, dropped }
}

fn is_writable(id: &str, known: &BTreeSet<&str>) -> bool {
    // What Python strips besides white space.
    let stripped = |c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c);
    let one_line = !id.contains(['\n', '\r']) && !id.is_empty() && !id.ends_with(stripped);
    one_line && !id.contains(">>>>>") && !is_ambiguous(id, known)
}

/// Returns true for an id with an open bracket with which another id begins.
fn is_ambiguous(id: &str, known: &BTreeSet<&str>) -> bool {
    let open = id.matches('[').count() > id.matches(']').count();
    open && known.iter().any(|other| *other != id && other.starts_with(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_dropped_exactly_when_a_log_would_change_it() {
        let known = BTreeSet::from(["t.py::a[(x]", "t.py::b[[", "t.py::b[[1]"]);
        let good = ["t.py::a[x y]", "t.py::a[ ]", "t.py::ä[ü]", "t.py::a[[", " leads"];
        let bad = ["t.py::a[x\ny]", "a\rb", "ends ", "ends\u{a0}", "ends\x1f", "", ">>>>> a"];
        assert!(good.iter().all(|id| is_writable(id, &known)));
        assert!(bad.iter().all(|id| !is_writable(id, &known)));
        assert!(!is_writable("t.py::b[[", &known));
    }
}
