//! Does every crate depend only on what lies below it?
//!
//! Spokes meet in `model` types and stored files, never in each other. Tests
//! may use `testkit`, which is exempt and may itself use a real producer.

use super::Finding;
use crate::workspace::{Member, Workspace};

const RULE: &str = "borders";
const GROUND: [&str; 8] =
    ["model", "identity", "store", "syntax", "table", "report", "verify", "lm"];
const SPOKES: [&str; 6] = ["records", "mine", "exec", "synth", "dataset", "learn"];
const DOORS: [&str; 2] = ["cli", "python"];

/// Reports every dependency that points sideways or up.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace.members.iter().flat_map(|(name, member)| crate_findings(name, member)).collect()
}

fn crate_findings(package: &str, member: &Member) -> Vec<Finding> {
    let name = short(package);
    if !is_known(name) {
        let sentence = "has no place in the house; give it one in ARCHITECTURE.md and here";
        return vec![Finding::broken(RULE, package, sentence)];
    }
    let runs = member.uses.iter().map(|used| (used, false));
    let tests = member.tests_use.iter().map(|used| (used, true));
    let wrong = runs.chain(tests).filter(|(used, test)| !may_use(name, short(used), *test));
    wrong.map(|(used, test)| Finding::broken(RULE, package, sentence(used, test))).collect()
}

fn sentence(used: &str, test: bool) -> String {
    if test {
        format!("its tests use `{used}`; tests that need a real producer go through testkit")
    } else {
        format!("uses `{used}`, which does not lie below it")
    }
}

fn short(package: &str) -> &str {
    package.strip_prefix("backstory-").unwrap_or(package)
}

fn is_known(name: &str) -> bool {
    name == "testkit"
        || name == "dev"
        || [&GROUND[..], &SPOKES[..], &DOORS[..]].iter().any(|row| row.contains(&name))
}

fn may_use(name: &str, used: &str, test: bool) -> bool {
    if used == "testkit" {
        return test || name == "dev";
    }
    match name {
        "dev" => true,
        "testkit" => used != "dev" && !DOORS.contains(&used),
        "cli" | "python" => GROUND.contains(&used) || SPOKES.contains(&used),
        _ if SPOKES.contains(&name) => GROUND.contains(&used),
        _ => ground_may_use(name, used),
    }
}

/// The ground is ordered: a piece may use the pieces listed before it.
fn ground_may_use(name: &str, used: &str) -> bool {
    let place = |wanted: &str| GROUND.iter().position(|one| *one == wanted);
    matches!((place(name), place(used)), (Some(above), Some(below)) if below < above)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::lines;

    fn with(package: &str, uses: &[&str], tests_use: &[&str]) -> String {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let member = Member { uses: owned(uses), tests_use: owned(tests_use) };
        let members = [(package.to_owned(), member)].into_iter().collect();
        lines(&check(&Workspace { members, ..Workspace::default() }))
    }

    #[test]
    fn a_spoke_that_uses_a_spoke_is_found() {
        insta::assert_snapshot!(
            with("backstory-dataset", &["backstory-model", "backstory-synth"], &[]),
            @"broken [borders] backstory-dataset: uses `backstory-synth`, which does not lie below it"
        );
    }

    #[test]
    fn a_test_may_use_testkit_and_nothing_else_sideways() {
        assert_eq!(with("backstory-synth", &["backstory-syntax"], &["backstory-testkit"]), "");
        insta::assert_snapshot!(
            with("backstory-synth", &[], &["backstory-mine"]),
            @"broken [borders] backstory-synth: its tests use `backstory-mine`; tests that need a real producer go through testkit"
        );
    }

    #[test]
    fn the_ground_points_down_only() {
        assert_eq!(with("backstory-table", &["backstory-store"], &[]), "");
        assert_ne!(with("backstory-store", &["backstory-table"], &[]), "");
        assert_ne!(with("backstory-model", &["backstory-mine"], &[]), "");
        assert_ne!(with("backstory-mine", &["backstory-testkit"], &[]), "");
    }

    #[test]
    fn a_crate_nobody_placed_is_found() {
        insta::assert_snapshot!(
            with("backstory-attic", &[], &[]),
            @"broken [borders] backstory-attic: has no place in the house; give it one in ARCHITECTURE.md and here"
        );
    }
}
