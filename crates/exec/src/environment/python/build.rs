//! What of a project's manifests changes how it is built and installed?
//!
//! In: the texts of the manifests. Out: a text that stays the same when only
//! linters, test runners or readers of the project's page would see a change,
//! so that such commits share an environment.

use super::super::source::Manifests;
use super::ini;
use backstory_model::RepositoryError;
use toml::Table;

/// The tools that build; the tables of others are left out.
const BUILDERS: [&str; 12] = [
    "cython",
    "distutils",
    "flit",
    "hatch",
    "maturin",
    "meson-python",
    "pbr",
    "pdm",
    "poetry",
    "scikit-build",
    "setuptools",
    "setuptools_scm",
];

/// What only people read, and lists that the requirements of a recipe are from.
const READ_ELSEWHERE: [&str; 10] = [
    "authors",
    "classifiers",
    "description",
    "keywords",
    "license",
    "license-files",
    "maintainers",
    "optional-dependencies",
    "readme",
    "urls",
];

/// Returns what builds and installs the project, as text.
pub(super) fn relevant(manifests: &Manifests) -> Result<String, RepositoryError> {
    let glance = |path| manifests.glance(path);
    let mut text = glance("pyproject.toml")?.map(|text| of_pyproject(&text)).unwrap_or_default();
    text.push_str(&glance("setup.cfg")?.map(|text| of_setup_cfg(&text)).unwrap_or_default());
    text.push_str(&glance("setup.py")?.unwrap_or_default());
    text.push_str(&glance("MANIFEST.in")?.unwrap_or_default());
    Ok(text)
}

fn of_pyproject(text: &str) -> String {
    let Ok(mut root) = text.parse::<Table>() else { return text.to_owned() };
    root.remove("dependency-groups");
    if let Some(project) = root.get_mut("project").and_then(toml::Value::as_table_mut) {
        project.retain(|key, _| !READ_ELSEWHERE.contains(&key));
    }
    if let Some(tools) = root.get_mut("tool").and_then(toml::Value::as_table_mut) {
        // These are the environments of tests and linters.
        if let Some(hatch) = tools.get_mut("hatch").and_then(toml::Value::as_table_mut) {
            hatch.remove("envs");
        }
        tools.retain(|key, table| BUILDERS.contains(&key) && *table != Table::new().into());
        if tools.is_empty() {
            root.remove("tool");
        }
    }
    serde_json::to_string(&root).unwrap_or_else(|_| text.to_owned())
}

fn of_setup_cfg(text: &str) -> String {
    let mut sections = ini::parse(text);
    sections.retain(|name, _| {
        ["options", "metadata", "build", "egg"].iter().any(|start| name.starts_with(start))
    });
    format!("{sections:?}")
}

#[cfg(test)]
mod tests {
    use super::{of_pyproject, of_setup_cfg};

    const PROJECT: &str = "[project]\nname = 'x'\nversion = '1'\n";

    #[test]
    fn a_change_for_linters_changes_nothing() {
        let linted = format!(
            "{PROJECT}classifiers = ['a']\n[tool.ruff]\nline-length = 9\n[dependency-groups]\nx = []"
        );
        assert_eq!(of_pyproject(PROJECT), of_pyproject(&linted));
        assert_eq!(of_setup_cfg("[flake8]\nx = 1"), of_setup_cfg(""));
    }

    #[test]
    fn a_change_of_what_is_built_changes_it() {
        for more in
            ["dependencies = ['a']", "scripts = { a = 'b:c' }", "[tool.setuptools]\npackages = []"]
        {
            assert_ne!(of_pyproject(PROJECT), of_pyproject(&format!("{PROJECT}{more}")), "{more}");
        }
        assert_ne!(
            of_setup_cfg("[options]\npackages = a"),
            of_setup_cfg("[options]\npackages = b")
        );
    }
}
