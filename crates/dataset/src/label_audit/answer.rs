//! Does what is asked for give the answer away?
//!
//! In: the statement of a row and what the row says about its fix. Out: what of
//! the fix stands in it, word for word.

use super::row::LabelRow;

/// Returns the links to pull requests and commits of a forge.
pub(super) fn change_links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for (at, _) in text.match_indices("github.com/") {
        let link = &text[at..];
        let mut parts = link.splitn(5, '/');
        let (kind, rest) = (parts.by_ref().nth(3), parts.next().unwrap_or_default());
        let digits: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
        if matches!(kind, Some("pull" | "commit")) && !digits.is_empty() {
            let before = link.len() - rest.len();
            links.push(link[..before + digits.len()].to_owned());
        }
    }
    links
}

/// Returns where the statement names the pull request or the commit of the fix.
pub(super) fn fix_names(row: &LabelRow, text: &str) -> Vec<String> {
    let mut names = Vec::new();
    if let Some(pull) = row.pull {
        names.extend(numbered(text, &format!("#{pull}"), row.repo.as_deref()));
        if let Some(repo) = &row.repo {
            let link = format!("github.com/{repo}/pull/{pull}");
            names.extend(numbered(text, &link, None));
        }
    }
    names.extend(row.fix_commit.as_deref().into_iter().filter_map(|id| commit_name(text, id)));
    names
}

/// Finds a name that ends with a number; `#7` behind the name of another
/// repository is one of that repository.
fn numbered(text: &str, name: &str, repo: Option<&str>) -> Option<String> {
    let found = text.match_indices(name).any(|(at, _)| {
        let longer = text[at + name.len()..].starts_with(|next: char| next.is_ascii_digit());
        let before =
            text[..at].trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "/_.-".contains(c));
        let owner = &text[before.len()..at];
        let ours = !owner.contains('/') || repo.is_none_or(|repo| owner == repo);
        !longer && ours
    });
    found.then(|| name.to_owned())
}

/// Finds the beginning of a commit id, at least 7 digits of it.
fn commit_name(text: &str, id: &str) -> Option<String> {
    let short = id.get(..7)?;
    let at = text.find(short)?;
    let same = text[at..].bytes().zip(id.bytes()).take_while(|(a, b)| a == b).count();
    let part = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let inside = part(at.checked_sub(1).and_then(|at| bytes.get(at))) || part(bytes.get(at + same));
    (!inside).then(|| text[at..at + same].to_owned())
}

/// Returns the last component of a path.
pub(super) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> LabelRow {
        LabelRow {
            repo: Some("a/b".to_owned()),
            pull: Some(7),
            fix_commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
            ..LabelRow::default()
        }
    }

    #[test]
    fn links_end_with_their_number() {
        let text = "see https://github.com/a/b/pull/71#x, github.com/a/b/issues/3 and \
                    http://github.com/a/b/commit/0123abc.";
        assert_eq!(change_links(text), ["github.com/a/b/pull/71", "github.com/a/b/commit/0123abc"]);
        assert!(change_links("github.com/a github.com//pull/ github.com/a/b/pull/").is_empty());
    }

    #[test]
    fn the_fix_is_named_by_number_or_commit() {
        let named = |text: &str| fix_names(&row(), text);
        assert_eq!(named("fixed by #7."), ["#7"]);
        assert_eq!(named("a/b#7, https://github.com/a/b/pull/7"), ["#7", "github.com/a/b/pull/7"]);
        assert_eq!(named("at 01234567 already"), ["01234567"]);
        for other in ["#71", "x/y#7", "github.com/x/y/pull/7", "f0123456789", "0123456g"] {
            assert_eq!(named(other), [""; 0], "{other}");
        }
    }
}
