//! Which ids of tests cannot be what a runner printed?
//!
//! In: the ids of one row. Out: those that were cut, that collide, or that hold
//! white space. Reads nothing but its arguments.

use std::collections::BTreeSet;

/// Returns true when an id is only a part of one.
///
/// Its square brackets do not pair: it was cut at a blank inside of parameters.
/// Or it is nothing but a bracket, the progress mark at the end of a log line
/// (`[100%]`). An id that holds a lone bracket as its parameter counts as well,
/// and one that was cut where no bracket is open does not.
pub(super) fn is_truncated(id: &str) -> bool {
    let count = |bracket: u8| id.bytes().filter(|byte| *byte == bracket).count();
    count(b'[') != count(b']') || (id.starts_with('[') && id.ends_with(']'))
}

/// Returns the ids that stand twice in a list, and the truncated ones that are
/// the beginning of another id.
pub(super) fn colliding(lists: &[&[String]]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut colliding = BTreeSet::new();
    for list in lists {
        let mut here = BTreeSet::new();
        for id in *list {
            if !here.insert(id.as_str()) {
                colliding.insert(id.clone());
            }
        }
        seen.extend(here);
    }
    for id in seen.iter().filter(|id| is_truncated(id)) {
        let next = seen.range(*id..).find(|other| *other != id);
        if next.is_some_and(|other| other.starts_with(*id)) {
            colliding.insert((*id).to_owned());
        }
    }
    colliding.into_iter().collect()
}

/// Returns true when white space stands in an id.
pub(super) fn holds_space(id: &str) -> bool {
    id.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_that_do_not_pair_tell_of_a_cut() {
        for cut in ["t.py::test_x[a", "t.py::test_x[[1,", "[100%]", "]"] {
            assert!(is_truncated(cut), "{cut}");
        }
        for whole in ["t.py::test_x[a b]", "test_x (pkg.Case)", "test_x", "t::test[a[0]]"] {
            assert!(!is_truncated(whole), "{whole}");
        }
    }

    #[test]
    fn ids_collide_in_one_list_or_after_a_cut() {
        let ids = |ids: &[&str]| -> Vec<String> { ids.iter().map(|id| (*id).to_owned()).collect() };
        let (one, other) = (ids(&["a", "a", "t[x"]), ids(&["a", "t[x y]", "b"]));
        assert_eq!(colliding(&[&one, &other]), ["a", "t[x"]);
        assert!(colliding(&[&ids(&["a"]), &other]).is_empty());
    }
}
