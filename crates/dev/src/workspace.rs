//! What is in this checkout?
//!
//! In: the root folder. Out: its packages as cargo resolves them and its text
//! files. Starts `cargo metadata` and `rustc -vV`; reads files; writes nothing.
//! The rules see only this struct, so a test can plant a violation in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use serde::Deserialize;

/// The checkout as the rules see it.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// The members, by package name.
    pub members: BTreeMap<String, Member>,
    /// Every resolved package, ours included.
    pub resolved: Vec<Resolved>,
    /// Every text file that is not ignored, by its path from the root.
    pub files: BTreeMap<String, String>,
}

/// One crate of ours.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// The workspace crates it uses when it runs, by package name.
    pub uses: Vec<String>,
    /// The workspace crates only its tests use, by package name.
    pub tests_use: Vec<String>,
}

/// One package of the resolved dependency set.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its license expression, if it states one.
    pub license: Option<String>,
}

impl Workspace {
    /// Reads the checkout at `root`.
    pub fn load(root: &Path) -> anyhow::Result<Self> {
        let metadata = metadata(root)?;
        let mut workspace = Self { files: text_files(root)?, ..Self::default() };
        for package in metadata.packages {
            if package.source.is_none() {
                workspace.members.insert(package.name.clone(), member(&package));
            }
            let Package { name, version, license, .. } = package;
            workspace.resolved.push(Resolved { name, version, license });
        }
        Ok(workspace)
    }

    /// Returns the Rust sources whose path starts with `prefix`.
    pub fn rust(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .range(prefix.to_owned()..)
            .take_while(move |(path, _)| path.starts_with(prefix))
            .filter(|(path, _)| Path::new(path).extension().is_some_and(|end| end == "rs"))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Returns the text of one file; empty when there is none.
    pub fn text(&self, path: &str) -> &str {
        self.files.get(path).map_or("", String::as_str)
    }
}

/// The part of `cargo metadata` the rules need.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<String>,
}

fn member(package: &Package) -> Member {
    let mut member = Member::default();
    for dependency in package.dependencies.iter().filter(|one| one.path.is_some()) {
        let list = match dependency.kind.as_deref() {
            Some("dev") => &mut member.tests_use,
            _ => &mut member.uses,
        };
        list.push(dependency.name.clone());
    }
    member
}

fn metadata(root: &Path) -> anyhow::Result<Metadata> {
    let host = host()?;
    // Packages of other platforms are not built here and may not be downloaded.
    let arguments = ["metadata", "--format-version", "1", "--filter-platform", &host];
    let json = run("cargo", &arguments, root)?;
    serde_json::from_str(&json).context("failed to read the output of `cargo metadata`")
}

fn host() -> anyhow::Result<String> {
    let text = run("rustc", &["-vV"], Path::new("."))?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("`rustc -vV` names no host")?.to_owned())
}

#[expect(clippy::disallowed_methods, reason = "only cargo knows what it resolved; not shipped")]
fn run(program: &str, arguments: &[&str], folder: &Path) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .with_context(|| format!("failed to start `{program}`"))?;
    if !output.status.success() {
        bail!("`{program}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{program}` printed no UTF-8"))
}

fn text_files(root: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let ignored = read(&root.join(".gitignore")).unwrap_or_default();
    let ignored: Vec<&str> = ignored.lines().map(|line| line.trim_matches('/')).collect();
    let mut files = BTreeMap::new();
    let mut open = vec![(root.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = open.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("failed to list `{}`", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("failed to list `{}`", folder.display()))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name == ".git" || ignored.iter().any(|pattern| is_ignored(pattern, &name)) {
                continue;
            }
            let kind = entry.file_type().with_context(|| format!("failed to look at `{name}`"))?;
            let path = format!("{prefix}{name}");
            if kind.is_dir() {
                open.push((entry.path(), format!("{path}/")));
            } else if let (true, Ok(text)) = (kind.is_file(), read(&entry.path())) {
                files.insert(path, text);
            }
        }
    }
    Ok(files)
}

/// Matches the two forms our `.gitignore` uses: a name, and a name with one `*` at an end.
fn is_ignored(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => name == pattern,
    }
}

#[expect(clippy::disallowed_methods, reason = "not shipped, and depends on no other crate of ours")]
fn read(path: &Path) -> std::io::Result<String> {
    std::fs::read_to_string(path)
}
