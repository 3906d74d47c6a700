//! Does a symbolic link of a tree stay inside it?
//!
//! In: where a link lies and its target, which a stranger chose. Out: whether it
//! may be written as a link. A target goes up at its beginning only, from the
//! folder of the link, which is a real one; what follows may run through other
//! links, each of which stays inside for the same reason.

use backstory_model::RepoPath;

use super::name::is_dot_git;

/// The longest target that is written as a link.
const LONGEST_TARGET: usize = 1024;

/// Returns true when the link cannot lead out of the tree, whatever else is in it.
pub(super) fn stays_inside(link: &RepoPath, target: &[u8]) -> bool {
    if target.is_empty() || target.len() > LONGEST_TARGET || target.contains(&0) {
        return false;
    }
    if target[0] == b'/' {
        return false;
    }
    let depth = link.as_bytes().split(|byte| *byte == b'/').count() - 1;
    let parts: Vec<&[u8]> = target.split(|byte| *byte == b'/').collect();
    let up = parts.iter().take_while(|part| **part == b"..").count();
    up <= depth && parts[up..].iter().all(|part| *part != b".." && !is_dot_git(part))
}

#[cfg(test)]
mod tests {
    use super::stays_inside;

    #[test]
    fn a_link_goes_up_only_as_far_as_its_tree_does() {
        let inside = |link: &str, target: &str| stays_inside(&link.into(), target.as_bytes());
        assert!(inside("a", "b"));
        assert!(inside("d/a", "../b"));
        assert!(inside("d/e/a", "../../b/c"));
        assert!(inside("a", "./b"));
        assert!(!inside("a", "../b"));
        assert!(!inside("d/a", "../../b"));
        assert!(!inside("a", "/etc/passwd"));
        assert!(!inside("a", ""));
        // `d/up` may lead to the root, and then `d/up/..` leads out of it.
        assert!(!inside("d/a", "up/../b"));
        assert!(!inside("d/a", "./../../b"));
        assert!(!inside("a", ".GIT/config"));
    }
}
