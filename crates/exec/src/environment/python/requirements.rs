//! What do the tests of a Python project need, and which manifest says so?
//!
//! In: the files of a commit. Out: the project's own requirements, and those of
//! its tests from the first place that has some: dependency groups, extras,
//! requirement files, tox. Places named for tests come before those named for
//! development, because the latter bring linters that need not agree.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::RepositoryError;
use toml::{Table, Value};

use super::super::source::Manifests;
use super::ini::{self, Sections};
use super::requirement::{Requirement, from_poetry, normalized, parse};
use super::script;

const FOR_TESTS: [&str; 4] = ["test", "tests", "testing", "unittest"];
const FOR_DEVELOPMENT: [&str; 2] = ["dev", "develop"];

/// What tox and lists for development name and no test imports; some of it no
/// longer builds.
const NOT_FOR_TESTS: [&str; 11] = [
    "black",
    "flake8",
    "furo",
    "isort",
    "pre-commit",
    "pylint",
    "pyright",
    "ruff",
    "sphinx",
    "tox",
    "twine",
];

/// What the manifests of a project say.
#[derive(Default)]
pub(super) struct Project {
    /// Its name, in the form names are compared in.
    pub(super) name: Option<String>,
    /// The versions of Python it says it runs on.
    pub(super) requires_python: Option<String>,
    /// The minor versions of Python 3 its classifiers name.
    pub(super) classifiers: Vec<u32>,
    /// What it needs itself.
    pub(super) own: Vec<Requirement>,
    /// Named lists: dependency groups and extras.
    groups: BTreeMap<String, Vec<String>>,
    extras: BTreeMap<String, Vec<String>>,
    tests_require: Vec<String>,
    tox: Sections,
    /// The build requirements, as text.
    pub(super) build: String,
    /// There is something that an installer can build.
    pub(super) is_installable: bool,
}

impl Project {
    /// Reads the manifests at the root.
    pub(super) fn read(manifests: &mut Manifests) -> Result<Self, RepositoryError> {
        let mut project = Self::default();
        if let Some(text) = manifests.text("pyproject.toml")? {
            project.read_pyproject(&text);
        }
        if let Some(text) = manifests.text("setup.cfg")? {
            project.read_setup_cfg(&text);
        }
        if let Some(text) = manifests.text("setup.py")? {
            project.read_setup_py(&text);
        }
        if let Some(text) = manifests.text("tox.ini")? {
            project.tox = ini::parse(&text);
        }
        Ok(project)
    }

    fn read_pyproject(&mut self, text: &str) {
        self.classifiers.extend(super::interpreter::classifiers(text));
        let Ok(root) = text.parse::<Table>() else { return };
        let build = root.get("build-system");
        self.is_installable |= build.is_some() || root.contains_key("project");
        let tools = texts(build.and_then(|build| build.get("requires")));
        self.build.push_str(&tools.collect::<Vec<_>>().join(" "));
        if let Some(groups) = table(&root, &["dependency-groups"]) {
            for name in groups.keys() {
                let members = group_members(groups, name, &mut BTreeSet::new());
                self.groups.insert(normalized(name), members);
            }
        }
        if let Some(project) = table(&root, &["project"]) {
            self.name = project.get("name").and_then(Value::as_str).map(normalized);
            self.requires_python =
                project.get("requires-python").and_then(Value::as_str).map(str::to_owned);
            self.own.extend(texts(project.get("dependencies")).filter_map(|line| parse(&line)));
            for (name, list) in table(project, &["optional-dependencies"]).into_iter().flatten() {
                self.extras.insert(normalized(name), texts(Some(list)).collect());
            }
        }
        if let Some(poetry) = table(&root, &["tool", "poetry"]) {
            self.read_poetry(poetry);
        }
        if let Some(flit) = table(&root, &["tool", "flit", "metadata"]) {
            self.read_flit(flit);
        }
        if let Some(tox) = table(&root, &["tool", "tox"])
            .and_then(|tox| tox.get("legacy_tox_ini"))
            .and_then(Value::as_str)
        {
            self.tox = ini::parse(tox);
        }
    }

    fn read_poetry(&mut self, poetry: &Table) {
        if self.name.is_none() {
            self.name = poetry.get("name").and_then(Value::as_str).map(normalized);
        }
        for (name, wanted) in table(poetry, &["dependencies"]).into_iter().flatten() {
            if name == "python" {
                self.requires_python = wanted.as_str().and_then(from_poetry);
            } else if !is_optional(wanted) {
                self.own.extend(poetry_line(name, wanted).and_then(|line| parse(&line)));
            }
        }
        let groups = table(poetry, &["group"]).into_iter().flatten();
        let groups = groups.map(|(name, group)| (name.as_str(), group.get("dependencies")));
        let development = poetry.get("dev-dependencies");
        for (name, list) in groups.chain([("dev", development)]) {
            let lines = list.and_then(Value::as_table).into_iter().flatten();
            let lines: Vec<String> =
                lines.filter_map(|(name, wanted)| poetry_line(name, wanted)).collect();
            self.groups.entry(normalized(name)).or_default().extend(lines);
        }
    }

    fn read_flit(&mut self, flit: &Table) {
        let name = flit.get("dist-name").or_else(|| flit.get("module")).and_then(Value::as_str);
        self.name = self.name.take().or_else(|| name.map(normalized));
        let python = flit.get("requires-python").and_then(Value::as_str);
        self.requires_python = self.requires_python.take().or_else(|| python.map(str::to_owned));
        self.own.extend(texts(flit.get("requires")).filter_map(|line| parse(&line)));
        for (name, list) in table(flit, &["requires-extra"]).into_iter().flatten() {
            self.extras.insert(normalized(name), texts(Some(list)).collect());
        }
    }

    fn read_setup_cfg(&mut self, text: &str) {
        self.classifiers.extend(super::interpreter::classifiers(text));
        let sections = ini::parse(text);
        let value = |section: &str, key: &str| sections.get(section)?.get(key);
        self.name =
            self.name.take().or_else(|| value("metadata", "name").map(|name| normalized(name)));
        self.requires_python =
            self.requires_python.take().or_else(|| value("options", "python_requires").cloned());
        let lists = |key| value("options", key).map(String::as_str).unwrap_or_default();
        self.own.extend(ini::lines(lists("install_requires")).filter_map(parse));
        self.tests_require.extend(ini::lines(lists("tests_require")).map(str::to_owned));
        for (name, list) in sections.get("options.extras_require").into_iter().flatten() {
            self.extras.insert(normalized(name), ini::lines(list).map(str::to_owned).collect());
        }
        self.is_installable |= sections.contains_key("options");
        self.build.push_str(lists("setup_requires"));
        if self.tox.is_empty() && sections.contains_key("tox:tox") {
            self.tox = sections;
        }
    }

    fn read_setup_py(&mut self, text: &str) {
        self.classifiers.extend(super::interpreter::classifiers(text));
        self.is_installable = true;
        self.name = self
            .name
            .take()
            .or_else(|| script::string_of(text, "name").map(|name| normalized(&name)));
        self.requires_python =
            self.requires_python.take().or_else(|| script::string_of(text, "python_requires"));
        self.own.extend(
            script::strings_of(text, "install_requires").iter().filter_map(|line| parse(line)),
        );
        self.tests_require.extend(script::strings_of(text, "tests_require"));
        for (name, list) in script::lists_of(text, "extras_require") {
            self.extras.entry(normalized(&name)).or_insert(list);
        }
        for word in ["setuptools_scm", "setuptools-scm", "use_scm_version", "pbr"] {
            if text.contains(word) {
                self.build.push_str(word);
            }
        }
    }

    /// Returns what the tests need, from the first place that says so.
    pub(super) fn for_tests(
        &self,
        manifests: &mut Manifests,
    ) -> Result<Vec<Requirement>, RepositoryError> {
        let mut found = self.first_of(&FOR_TESTS, manifests)?;
        if !found.is_empty() {
            return Ok(found);
        }
        found = self.expanded(&self.tox_lines(), manifests)?;
        if found.is_empty() {
            found = self.first_of(&FOR_DEVELOPMENT, manifests)?;
        }
        found.retain(|wanted| !NOT_FOR_TESTS.contains(&wanted.name.as_str()));
        Ok(found)
    }

    /// Returns what the first place with one of these names lists.
    fn first_of(
        &self,
        names: &[&str],
        manifests: &mut Manifests,
    ) -> Result<Vec<Requirement>, RepositoryError> {
        let named = |lists: &BTreeMap<String, Vec<String>>| {
            names.iter().find_map(|name| lists.get(*name)).cloned().unwrap_or_default()
        };
        let mut places = vec![named(&self.groups), named(&self.extras)];
        if names == FOR_TESTS {
            // What the project's own runs install is more than the name of one extra tells.
            places[1].extend(self.tox_extras());
            places.push(self.tests_require.clone());
        }
        places.extend(
            requirement_files(manifests, names).iter().map(|file| vec![format!("-r {file}")]),
        );
        for lines in places {
            let found = self.expanded(&lines, manifests)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Returns `PROJECT[EXTRA]` for the extras tox installs.
    fn tox_extras(&self) -> Vec<String> {
        let Some(extras) = self.tox_value("extras") else { return Vec::new() };
        let name = self.name.as_deref().unwrap_or("project");
        extras
            .split([',', '\n'])
            .map(|extra| normalized(extra.trim()))
            .filter(|extra| self.extras.contains_key(extra))
            .map(|extra| format!("{name}[{extra}]"))
            .collect()
    }

    fn tox_lines(&self) -> Vec<String> {
        let deps = self.tox_value("deps").map(String::as_str).unwrap_or_default();
        ini::lines(deps).map(|line| line.replace("{toxinidir}/", "")).collect()
    }

    fn tox_value(&self, key: &str) -> Option<&String> {
        self.tox.get("testenv")?.get(key)
    }

    /// Follows files and extras of the project itself; leaves out the project.
    fn expanded(
        &self,
        lines: &[String],
        manifests: &mut Manifests,
    ) -> Result<Vec<Requirement>, RepositoryError> {
        let (mut found, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut open: Vec<(String, String)> =
            lines.iter().rev().map(|line| (String::new(), line.clone())).collect();
        while let Some((folder, line)) = open.pop() {
            if !seen.insert((folder.clone(), line.clone())) {
                continue;
            }
            if let Some(file) = included_file(&folder, &line) {
                let text = manifests.text(&file)?.unwrap_or_default().replace("\\\n", " ");
                let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
                open.extend(text.lines().map(|line| (folder.clone(), without_hashes(line))));
            } else if let Some(extras) = self.extras_of_itself(&line) {
                let lists = extras.iter().filter_map(|extra| self.extras.get(extra)).flatten();
                open.extend(lists.map(|line| (String::new(), line.clone())));
            } else {
                let wanted = parse(&line);
                found.extend(wanted.filter(|wanted| Some(&wanted.name) != self.name.as_ref()));
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Returns the extras of `.[tests]`, `-e .[tests]` and `project[tests]`.
    fn extras_of_itself(&self, line: &str) -> Option<Vec<String>> {
        let line = line.trim().trim_start_matches("-e").trim_start_matches("--editable").trim();
        if let Some(rest) = line.strip_prefix(".[") {
            return Some(rest.split(']').next()?.split(',').map(normalized).collect());
        }
        let wanted = parse(line)?;
        let is_itself = Some(&wanted.name) == self.name.as_ref() && !wanted.extras.is_empty();
        is_itself.then(|| wanted.extras.iter().map(|extra| normalized(extra)).collect())
    }
}

fn without_hashes(line: &str) -> String {
    line.split(" --hash").next().unwrap_or(line).to_owned()
}

/// Returns the file a `-r FILE` line includes, from the root of the tree.
fn included_file(folder: &str, line: &str) -> Option<String> {
    let file = line.strip_prefix("-r").or_else(|| line.strip_prefix("--requirement"))?;
    let file = file.trim_start_matches('=').trim();
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Lists requirement files of the root and of `requirements/` named for this.
fn requirement_files(manifests: &Manifests, names: &[&str]) -> Vec<String> {
    let mut files: Vec<String> = manifests
        .paths()
        .iter()
        .filter(|path| {
            let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
            let stem = file.strip_suffix(".txt").or_else(|| file.strip_suffix(".in"));
            let names_it =
                |stem: &str| stem.split(['-', '_', '.']).any(|word| names.contains(&word));
            let is_list =
                folder == "requirements" || (folder.is_empty() && file.contains("requirements"));
            is_list && stem.is_some_and(names_it)
        })
        .cloned()
        .collect();
    // `tests.in` states what is wanted, `tests.txt` what one machine got from it.
    files.sort_by_key(|file| file.strip_suffix(".in").is_none());
    files
}

fn table<'a>(root: &'a Table, path: &[&str]) -> Option<&'a Table> {
    path.iter().try_fold(root, |table, key| table.get(*key)?.as_table())
}

fn texts(list: Option<&Value>) -> impl Iterator<Item = String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned)
}

/// Returns the lines of a dependency group with the groups it includes.
fn group_members(groups: &Table, name: &str, seen: &mut BTreeSet<String>) -> Vec<String> {
    if !seen.insert(name.to_owned()) {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for member in groups.get(name).and_then(Value::as_array).into_iter().flatten() {
        let included = member.get("include-group").and_then(Value::as_str);
        lines.extend(member.as_str().map(str::to_owned));
        if let Some(included) = included {
            lines.extend(group_members(groups, included, seen));
        }
    }
    lines
}

fn is_optional(wanted: &Value) -> bool {
    wanted.get("optional").and_then(Value::as_bool).unwrap_or(false)
}

fn poetry_line(name: &str, wanted: &Value) -> Option<String> {
    let constraint = match wanted {
        Value::String(text) => text.as_str(),
        Value::Table(parts) => parts.get("version")?.as_str()?,
        _ => return None,
    };
    let extras: Vec<String> = texts(wanted.get("extras")).collect();
    let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
    Some(format!("{name}{extras}{}", from_poetry(constraint)?))
}
