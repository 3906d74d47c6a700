//! What is asked for in one collection?
//!
//! In: what the user chose and how far the last collection came. Out: a plan that
//! stays the same until the collection is finished, however often it is killed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::report::Part;
use super::state::{Cursor, State};

/// What one collection asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// Which parts.
    pub(crate) parts: BTreeSet<Part>,
    /// Only runs of CI made at this time or later, RFC 3339.
    pub(crate) since: Option<String>,
    /// On the first collection, only runs of CI of so many days.
    pub(crate) first_days: Option<u32>,
    /// No more downloads once so many bytes of them were read.
    pub(crate) max_bytes: Option<u64>,
    /// How far the last collection came.
    pub(crate) state: State,
}

impl Plan {
    /// Names a list by what is asked about each of its items: who asks for more the
    /// next time must read it from the start.
    pub(crate) fn named(&self, list: &str, about: &[Part]) -> String {
        let asked = about.iter().filter(|part| self.parts.contains(part));
        asked.fold(list.to_owned(), |name, part| format!("{name}+{part}"))
    }

    /// Returns how far a list was read.
    pub(crate) fn cursor(&self, name: &str) -> Cursor {
        self.state.lists.get(name).cloned().unwrap_or_default()
    }

    /// Returns true once the limit on bytes is reached.
    pub(crate) fn is_full(&self, bytes: u64) -> bool {
        self.max_bytes.is_some_and(|most| bytes >= most)
    }
}
