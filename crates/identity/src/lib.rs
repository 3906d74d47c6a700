//! Whom does a text name, and what stands there instead in an export?
//!
//! In: names, addresses, logins, and texts that hold them. Out: the same with a
//! pseudonym for every person, made with a key: the same person has the same
//! pseudonym wherever the same key is used. What was replaced already stays as it
//! is. Which texts are taken for whom is said in `docs/records.md`. Touches nothing.

mod code;
mod hidden;
mod key;
mod person;
#[cfg(test)]
mod tests;

pub use hidden::Hidden;
pub use key::IdentityKey;

/// How the people of an export are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authors {
    /// As they are.
    Plain,
    /// By pseudonyms.
    Hashed(IdentityKey),
}

/// Pseudonyms, with the key that everybody knows.
impl Default for Authors {
    fn default() -> Self {
        Self::Hashed(IdentityKey::insecure())
    }
}

impl Authors {
    /// Returns the word that a manifest says: `plain` or `hashed`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Hashed(_) => "hashed",
        }
    }

    /// Returns which key makes the pseudonyms, if there are any: `own`, or
    /// `default-insecure` for the one that everybody knows.
    pub fn key_word(&self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Hashed(key) if key.is_insecure() => Some("default-insecure"),
            Self::Hashed(_) => Some("own"),
        }
    }

    /// Returns what stands for a name, an address or a login.
    pub fn name(&self, who: &str) -> String {
        match self {
            Self::Hashed(key) if !who.trim().is_empty() => key.pseudonym(who),
            Self::Plain | Self::Hashed(_) => who.to_owned(),
        }
    }

    /// Replaces the people that a text of people names: an issue, a comment, a
    /// message of a commit.
    pub fn prose<'t>(&self, text: &'t str) -> Hidden<'t> {
        self.hidden(text, person::in_prose)
    }

    /// Replaces the people in what a program printed: only those that stand there as
    /// git writes them, `Author: Name <address>`.
    pub fn printed<'t>(&self, text: &'t str) -> Hidden<'t> {
        self.hidden(text, person::in_print)
    }

    /// Replaces the people in the beginning of a text that was cut after `most` characters.
    pub fn excerpt(&self, text: &str, most: usize) -> String {
        let hidden = self.prose(text);
        if *self != Self::Plain && text.chars().count() >= most {
            return person::without_cut_address(hidden.as_str()).to_owned();
        }
        hidden.into_string()
    }

    /// Replaces the account in the name of a branch that a forge made up: `ada-patch-1`.
    pub fn branch(&self, name: &str) -> String {
        match self {
            Self::Plain => name.to_owned(),
            Self::Hashed(key) => person::in_branch(name)
                .map_or(name.to_owned(), |who| key.pseudonym(who) + &name[who.len()..]),
        }
    }

    /// Replaces the account in the id of a record that was named by who said it when:
    /// `comment:issue:1/2024-05-01T12:00:00Z/ada`.
    pub fn record_id(&self, id: &str) -> String {
        match self {
            Self::Plain => id.to_owned(),
            Self::Hashed(key) => {
                let found = person::in_record_id(id);
                let hidden = |who: std::ops::Range<usize>| {
                    format!(
                        "{}{}{}",
                        &id[..who.start],
                        key.pseudonym(&id[who.clone()]),
                        &id[who.end..]
                    )
                };
                found.map_or(id.to_owned(), hidden)
            }
        }
    }

    fn hidden<'t>(&self, text: &'t str, find: fn(&str) -> Vec<person::Named>) -> Hidden<'t> {
        match self {
            Self::Plain => Hidden::untouched(text),
            Self::Hashed(key) => Hidden::replacing(text, find, key),
        }
    }
}
