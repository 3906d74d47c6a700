//! Which repository, and which thing in it, does a link of the forge name?
//!
//! In: a link as objects carry it (`url`, `html_url`, `issue_url`), of the public
//! server or another one. Out: the repository, and the parts of the path after it.

use backstory_model::{RecordId, RepoName};

/// What a link names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// The repository.
    pub(crate) repo: RepoName,
    /// The parts of the path behind it.
    parts: Vec<&'a str>,
    fragment: &'a str,
}

impl<'a> Place<'a> {
    /// Reads a link; `None` when it names no repository.
    pub(crate) fn read(link: &'a str) -> Option<Self> {
        let (_, rest) = link.split_once("://")?;
        let (path, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let path = path.split(['?', '{']).next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let below = match parts.as_slice() {
            [host, "repos", below @ ..] if host.starts_with("api.") => below,
            [_, "api", "v3", "repos", below @ ..] => below,
            [host, ..] if host.starts_with("api.") => return None,
            [_, below @ ..] => below,
            [] => return None,
        };
        let [owner, name, parts @ ..] = below else { return None };
        let repo = RepoName::parse(&format!("{owner}/{name}")).ok()?;
        Some(Self { repo, parts: parts.to_vec(), fragment })
    }

    /// Returns the number of the issue or change it names.
    pub(crate) fn number(&self) -> Option<u64> {
        match self.parts.as_slice() {
            ["issues" | "pull" | "pulls", number, ..] => number.parse().ok(),
            _ => None,
        }
    }

    /// Returns true where it names a change and cannot be an issue.
    pub(crate) fn is_change(&self) -> bool {
        matches!(self.parts.first(), Some(&"pull" | &"pulls"))
    }

    /// Returns what stands behind a part of the path, e.g., behind `statuses`.
    pub(crate) fn behind(&self, part: &str) -> Option<&'a str> {
        let at = self.parts.iter().position(|found| *found == part)?;
        self.parts.get(at + 1).copied()
    }

    /// Returns the number at the end of the fragment, e.g., of `issuecomment-12`.
    pub(crate) fn fragment_number(&self) -> Option<u64> {
        let digits = self.fragment.trim_start_matches(|c: char| !c.is_ascii_digit());
        digits.parse().ok()
    }
}

/// Returns the id of the record of an issue or change.
pub(crate) fn subject(number: u64, is_change: bool) -> RecordId {
    RecordId::new(format!("{}:{number}", if is_change { "change" } else { "issue" }))
}

#[cfg(test)]
mod tests {
    use super::Place;

    fn told(link: &str) -> Option<(String, Option<u64>, bool)> {
        Place::read(link).map(|place| (place.repo.to_string(), place.number(), place.is_change()))
    }

    #[test]
    fn links_of_every_server_name_their_repository() {
        let toy = |number, change| Some(("acme/toy".to_owned(), number, change));
        assert_eq!(told("https://api.github.com/repos/acme/toy/issues/12"), toy(Some(12), false));
        assert_eq!(told("https://api.github.com:443/repos/acme/toy/pulls/1"), toy(Some(1), true));
        assert_eq!(told("http://x.org/api/v3/repos/acme/toy/labels{/n}"), toy(None, false));
        let link = "https://github.com/acme/toy/pull/3/files?w=1#discussion_r77";
        assert_eq!(told(link), toy(Some(3), true));
        assert_eq!(Place::read(link).and_then(|place| place.fragment_number()), Some(77));
        assert_eq!(told("https://api.github.com/users/octocat"), None);
        assert_eq!(told("https://github.com/octocat"), None);
        assert_eq!(told("acme/toy"), None);
        assert_eq!(told("https://github.com/../toy"), None);
    }

    #[test]
    fn parts_of_the_path_are_found_by_what_stands_before_them() {
        let place =
            Place::read("https://api.github.com/repos/acme/toy/statuses/6dcb").expect("a place");
        assert_eq!((place.behind("statuses"), place.behind("runs")), (Some("6dcb"), None));
    }
}
