//! Which version does a project believe it has, where only tags would say?

use backstory_model::RepositoryError;

use super::super::source::Manifests;

/// The version that is given where no file of the tree names one.
const UNKNOWN: &str = "0.0.0+unknown";

/// Where build tools that ask version control look for a version instead, and
/// the word in the build requirements that tells of them.
const PRETEND: [(&str, &str); 6] = [
    ("setuptools_scm", "SETUPTOOLS_SCM_PRETEND_VERSION"),
    ("setuptools-scm", "SETUPTOOLS_SCM_PRETEND_VERSION"),
    ("use_scm_version", "SETUPTOOLS_SCM_PRETEND_VERSION"),
    ("hatch-vcs", "SETUPTOOLS_SCM_PRETEND_VERSION"),
    ("pdm", "PDM_BUILD_SCM_VERSION"),
    ("pbr", "PBR_VERSION"),
];

/// Returns `NAME=VERSION` for the build tools that would ask version control.
pub(super) fn pretended(
    manifests: &Manifests,
    build: &str,
) -> Result<Vec<String>, RepositoryError> {
    let mut names: Vec<&str> =
        PRETEND.iter().filter(|(word, _)| build.contains(word)).map(|(_, name)| *name).collect();
    names.dedup();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let version = guess(manifests)?;
    Ok(names.into_iter().map(|name| format!("{name}={version}")).collect())
}

/// Reads the version of the topmost heading of a change log.
fn guess(manifests: &Manifests) -> Result<String, RepositoryError> {
    let is_log = |path: &&String| {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let file = file.to_ascii_lowercase();
        (folder.is_empty() || folder == "docs" || folder == "doc")
            && ["changelog", "changes", "history", "news"].iter().any(|name| file.starts_with(name))
            && [".md", ".rst", ".txt"].iter().any(|end| file.ends_with(end))
    };
    for path in manifests.paths().iter().filter(is_log) {
        let text = manifests.glance(path)?.unwrap_or_default();
        if let Some(version) = text.lines().take(200).find_map(heading_version) {
            return Ok(version);
        }
    }
    Ok(UNKNOWN.to_owned())
}

/// Returns the version in a line that is little else than a version.
fn heading_version(line: &str) -> Option<String> {
    let line = line.trim_start_matches(['#', '*', '=', ' ', '[']);
    let line =
        line.strip_prefix("Version ").or_else(|| line.strip_prefix("version ")).unwrap_or(line);
    let words = line.split_once(' ').map_or(line, |(_, version)| {
        if line.starts_with(|c: char| c.is_ascii_digit() || c == 'v') { line } else { version }
    });
    let version = words.trim_start_matches(['v', '[']);
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let version = version[..end].trim_end_matches('.');
    (version.contains('.') && line.len() < 60).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::heading_version;

    #[test]
    fn headings_of_change_logs_name_versions() {
        for line in [
            "## 25.4.0",
            "pluggy 25.4.0 (2026-01-01)",
            "## [25.4.0](https://example.org) - 2025",
            "Version 25.4.0",
            "v25.4.0",
        ] {
            assert_eq!(heading_version(line).as_deref(), Some("25.4.0"), "{line}");
        }
        for line in ["Changelog", "Unreleased", "=====", "Versions follow 2 rules", "2026-01-01"] {
            assert_eq!(heading_version(line), None, "{line}");
        }
    }
}
