//! Does what is asked for name what came later?

use backstory_model::ChangeUnit;

/// The shortest piece of a commit id that counts as one.
const SHORTEST: usize = 7;

/// Returns one sentence for each id of the unit's commits in a statement.
pub(super) fn named_commits(unit: &ChangeUnit, statement: &str) -> Vec<String> {
    let states = unit.states.iter().map(|state| state.commit.as_str());
    let ids: Vec<&str> = states.chain([unit.head.as_str(), unit.commit.as_str()]).collect();
    let statement = statement.to_lowercase();
    let words = statement.split(|c: char| !c.is_ascii_hexdigit());
    words
        .filter(|word| word.len() >= SHORTEST)
        .filter(|word| ids.iter().any(|id| id.starts_with(word)))
        .map(|word| format!("the statement names the commit `{word}` of the unit"))
        .collect()
}
