//! What is a repository called?
//!
//! In: what the user said, the origin URL as its configuration states it, and
//! the path it was opened at. Out: `owner/name`, or a refusal that says how to
//! name it; and the other way round, the path of a name. The URL is data; nothing is contacted.

use std::path::{Component, Path, PathBuf};

use backstory_model::RepoName;

use super::layout::Layout;
use crate::MineError;

/// Returns the name of a repository: the given one, else what its origin URL
/// says, else what a part of its path says (`owner+name`, `owner__name`, or its
/// last two parts).
pub fn repository_name(path: &Path, explicit: Option<&str>) -> Result<RepoName, MineError> {
    if let Some(name) = explicit {
        return Ok(RepoName::parse(name)?);
    }
    let origin = Layout::find(path)?.configuration()?.origin;
    origin
        .as_deref()
        .and_then(name_in_url)
        .or_else(|| name_in_path(path))
        .ok_or_else(|| MineError::NoName { path: path.to_owned() })
}

/// Finds the repository of this name in a folder of repositories: below
/// `owner+name`, `owner__name` or `owner/name`, with or without `.git`, itself or as
/// `repo` inside; else the folder itself, if it is the repository of this name.
pub fn find_repository(folder: &Path, name: &RepoName) -> Option<PathBuf> {
    let (owner, name_part) = (name.owner(), name.name());
    let between = ["+", "__", "/"].map(|between| format!("{owner}{between}{name_part}"));
    let places = between.iter().flat_map(|stem| {
        ["", ".git", "/repo", "/repo.git"].map(|end| folder.join(format!("{stem}{end}")))
    });
    let is_repository = |place: &PathBuf| place.is_dir() && Layout::find(place).is_ok();
    places.into_iter().find(is_repository).or_else(|| {
        let own = repository_name(folder, None).ok()?;
        (own == *name).then(|| folder.to_owned())
    })
}

fn name_in_url(url: &str) -> Option<RepoName> {
    let url = url.trim().trim_end_matches('/');
    let place = match (url.split_once("://"), url.split_once(':')) {
        (Some(("file", place)), _) => return name_in_path(Path::new(place)),
        // The part before the first slash is the host.
        (Some((_, place)), _) => place.split_once('/')?.1,
        // `user@host:path`, unless the colon belongs to a local path.
        (None, Some((host, place))) if !host.contains('/') => place,
        (None, _) => return name_in_path(Path::new(url)),
    };
    name_in_parts(&place.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>())
}

fn name_in_path(path: &Path) -> Option<RepoName> {
    let parts: Vec<&str> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .filter(|part| *part != ".git")
        .collect();
    let joined = |part: &&str| {
        let part = part.strip_suffix(".git").unwrap_or(part);
        let (owner, name) = part.split_once('+').or_else(|| part.split_once("__"))?;
        RepoName::parse(&format!("{owner}/{name}")).ok()
    };
    parts.iter().rev().find_map(joined).or_else(|| name_in_parts(&parts))
}

fn name_in_parts(parts: &[&str]) -> Option<RepoName> {
    let [.., owner, name] = parts else { return None };
    let name = name.strip_suffix(".git").unwrap_or(name);
    RepoName::parse(&format!("{owner}/{name}")).ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{name_in_path, name_in_url};

    #[test]
    fn urls_of_every_form_say_the_name() {
        for url in [
            "https://example.org/pallets/click.git",
            "https://user:secret@example.org:8443/group/pallets/click/",
            "ssh://git@example.org:22/pallets/click.git",
            "git@example.org:pallets/click.git",
            "example.org:pallets/click",
            "file:///srv/pallets/click.git",
            "/srv/pallets+click/repo",
            "../mirrors/pallets__click.git",
        ] {
            let name = name_in_url(url).map(|name| name.to_string());
            assert_eq!(name.as_deref(), Some("pallets/click"), "{url}");
        }
    }

    #[test]
    fn text_that_is_no_name_says_none() {
        for url in
            ["", "https://example.org", "https://example.org/click", "git@h:click", "a b/c d"]
        {
            assert_eq!(name_in_url(url), None, "{url}");
        }
    }

    #[test]
    fn the_last_path_part_that_names_both_wins() {
        let name = |path: &str| name_in_path(Path::new(path)).map(|name| name.to_string());
        assert_eq!(name("/x/owner+name/repo").as_deref(), Some("owner/name"));
        assert_eq!(name("/x/owner__name.git").as_deref(), Some("owner/name"));
        assert_eq!(name("owner/name/.git").as_deref(), Some("owner/name"));
        assert_eq!(name("."), None);
        assert_eq!(name("name"), None);
    }
}
