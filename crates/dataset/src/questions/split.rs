//! Which part of a dataset does an item go to?
//!
//! In: the items of a folder, shares, a key. Out: a split for every item. Whatever shares a
//! family, a program or a trace goes to one side: a program and its mutants, or all calls of
//! one real function. The draw depends on the family and the key alone, so that items that
//! are added later move none of the others.

use std::collections::BTreeMap;

use backstory_model::seed::Seed;
use backstory_verify::Item;

use crate::Split;

/// How much goes to validation and test; the rest is trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    validation: u32,
    test: u32,
}

/// Says that shares leave nothing to train on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{validation} and {test} per cent leave nothing to train on")]
pub struct NoShare {
    /// Of validation.
    pub validation: u32,
    /// Of test.
    pub test: u32,
}

impl Shares {
    /// Takes per cents of the families.
    pub fn per_cent(validation: u32, test: u32) -> Result<Self, NoShare> {
        let all = validation.saturating_add(test);
        if all < 100 { Ok(Self { validation, test }) } else { Err(NoShare { validation, test }) }
    }

    /// Returns the per cents of validation and test.
    pub fn as_per_cent(self) -> (u32, u32) {
        (self.validation, self.test)
    }
}

impl Default for Shares {
    /// 5 % each.
    fn default() -> Self {
        Self { validation: 5, test: 5 }
    }
}

/// Families that must stay together, by the least of them.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// What a family was joined to.
    parents: BTreeMap<String, String>,
    /// The first family that a program or a trace was seen in.
    seen: BTreeMap<String, String>,
}

impl Groups {
    /// Notes what an item shares with others.
    pub(crate) fn add(&mut self, item: &Item) {
        let family = &item.family_id;
        let trace = item.trace_ref.as_ref().map(|name| format!("trace {name}"));
        for what in [Some(format!("program {}", item.program_id)), trace].into_iter().flatten() {
            let first = self.seen.entry(what).or_insert_with(|| family.clone()).clone();
            self.join(&first, family);
        }
    }

    /// Returns the name of the group of a family.
    pub(crate) fn of<'a>(&'a self, family: &'a str) -> &'a str {
        let mut at = family;
        while let Some(parent) = self.parents.get(at) {
            at = parent;
        }
        at
    }

    fn join(&mut self, one: &str, other: &str) {
        let (one, other) = (self.of(one).to_owned(), self.of(other).to_owned());
        if one != other {
            let (least, most) = if one < other { (one, other) } else { (other, one) };
            self.parents.insert(most, least);
        }
    }
}

/// Draws the split of a group.
pub(crate) fn split(group: &str, shares: Shares, key: &str) -> Split {
    const PARTS: usize = 100;
    let drawn = Seed::of(&["split", key, group]).generator().below(PARTS);
    let drawn = u32::try_from(drawn).unwrap_or_default();
    if drawn < shares.test {
        Split::Test
    } else if drawn < shares.test + shares.validation {
        Split::Validation
    } else {
        Split::Train
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(family: &str, program: &str, trace: Option<&str>) -> Item {
        let row = serde_json::json!({"item_id": "i", "type": "single", "program_id": program,
            "family_id": family, "prompt": "", "questions": [], "trace_ref": trace,
            "python_version": "3.12", "source": "grammar"});
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn what_shares_a_program_or_a_trace_is_one_group() {
        let mut groups = Groups::default();
        groups.add(&item("c", "p", Some("t")));
        groups.add(&item("b", "q", Some("t")));
        groups.add(&item("a", "q", None));
        groups.add(&item("d", "r", None));
        assert_eq!(["a", "b", "c", "d"].map(|family| groups.of(family)), ["a", "a", "a", "d"]);
    }

    #[test]
    fn shares_are_kept_and_another_key_draws_anew() {
        let shares = Shares::per_cent(10, 20).unwrap();
        let drawn = |key: &str| -> Vec<Split> {
            (0..2_000).map(|number| split(&number.to_string(), shares, key)).collect()
        };
        let count = |all: &[Split], one| all.iter().filter(|split| **split == one).count();
        let all = drawn("");
        assert!((160..240).contains(&count(&all, Split::Validation)));
        assert!((340..460).contains(&count(&all, Split::Test)));
        assert_eq!(all, drawn(""));
        assert_ne!(all, drawn("other"));
    }

    #[test]
    fn something_is_left_to_train_on() {
        let refused = Shares::per_cent(60, 40).unwrap_err();
        assert_eq!(refused.to_string(), "60 and 40 per cent leave nothing to train on");
    }
}
