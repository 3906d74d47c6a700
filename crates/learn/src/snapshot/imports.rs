//! Which candidate imports which?
//!
//! In: the candidates and the imports that their files write. Out: edges between
//! candidates. Paths alone are read, no build settings: an absolute Python module is
//! found by the end of a path that begins where packages begin; what other languages
//! write is found as far as a path says it. What is not found is left out.
//!
//! | language | found |
//! |---|---|
//! | Python | absolute modules by path suffix, relative ones by directory; names that are modules |
//! | JavaScript, TypeScript | relative paths, with the usual suffixes and `index` files |
//! | Rust | `mod x;` and paths from `crate`, `self` and `super` |
//! | Go | packages of an address whose end is a directory: every file of it |
//! | Java | classes by path suffix |
//! | C, C++ | files beside the including one, else by path suffix |

use std::sync::Arc;

use backstory_model::{Import, Language};
use backstory_syntax::language_of;

use super::candidates::Candidates;
use super::file::FileTerms;
use super::lookup::Lookup;

/// What a JavaScript or TypeScript import leaves out.
const SCRIPT_ENDS: [&str; 12] = [
    "",
    ".ts",
    ".tsx",
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    ".mts",
    "/index.ts",
    "/index.tsx",
    "/index.js",
    "/index.jsx",
];

/// What a Rust path leaves out.
const RUST_ENDS: [&str; 2] = [".rs", "/mod.rs"];

/// Imports between the candidates of one tree, by place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportGraph {
    imports: Vec<Vec<usize>>,
    imported_by: Vec<Vec<usize>>,
}

impl ImportGraph {
    /// Resolves the imports of every candidate.
    pub fn of(candidates: &Candidates, files: &[Arc<FileTerms>]) -> Self {
        let places = Places::of(candidates);
        let mut graph = Self {
            imports: Vec::with_capacity(files.len()),
            imported_by: vec![Vec::new(); files.len()],
        };
        for (from, file) in files.iter().enumerate() {
            let language = language_of(&candidates.paths[from]);
            let mut found: Vec<usize> = file
                .imports
                .iter()
                .filter_map(|import| Some(places.resolve(from, language?, import)))
                .flatten()
                .filter(|to| *to != from)
                .collect();
            found.sort_unstable();
            found.dedup();
            for to in &found {
                graph.imported_by[*to].push(from);
            }
            graph.imports.push(found);
        }
        graph
    }

    /// Returns what a candidate imports, sorted.
    pub fn imports(&self, at: usize) -> &[usize] {
        &self.imports[at]
    }

    /// Returns what imports a candidate, sorted.
    pub fn imported_by(&self, at: usize) -> &[usize] {
        &self.imported_by[at]
    }
}

/// Where the candidates lie.
struct Places {
    paths: Vec<String>,
    by_path: Lookup,
    /// By base name, for what is found by the end of its path.
    by_name: Lookup,
    /// By dotted module name: from the root, and from where packages begin.
    modules: Lookup,
    /// The Go files of a directory.
    packages: Lookup,
}

impl Places {
    fn of(candidates: &Candidates) -> Self {
        let mut places = Self {
            paths: candidates.paths.iter().map(ToString::to_string).collect(),
            by_path: Lookup::default(),
            by_name: Lookup::default(),
            modules: Lookup::default(),
            packages: Lookup::default(),
        };
        for (at, path) in places.paths.iter().enumerate() {
            places.by_path.add(path, at);
        }
        places.by_path.sort();
        let (mut by_name, mut modules, mut packages) =
            (Lookup::default(), Lookup::default(), Lookup::default());
        for (at, path) in places.paths.iter().enumerate() {
            by_name.add(path.rsplit('/').next().unwrap_or(path), at);
            if let Some(bare) = path.strip_suffix(".py") {
                let bare = bare.strip_suffix("/__init__").unwrap_or(bare);
                let below = &bare[places.package_root(path).min(bare.len())..];
                modules.add(&below.replace('/', "."), at);
                modules.add(&bare.replace('/', "."), at);
            }
            if path.strip_suffix(".go").is_some() {
                packages.add(directory(path), at);
            }
        }
        for lookup in [&mut by_name, &mut modules, &mut packages] {
            lookup.sort();
        }
        places.by_name = by_name;
        places.modules = modules;
        places.packages = packages;
        places
    }

    /// Returns the place of a path.
    fn at(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).next()
    }

    /// Returns how many bytes of a path lie above the outermost package around it.
    fn package_root(&self, path: &str) -> usize {
        let mut inner = directory(path);
        while !inner.is_empty() && self.at(&format!("{inner}/__init__.py")).is_some() {
            inner = directory(inner);
        }
        if inner.is_empty() { 0 } else { inner.len() + 1 }
    }

    fn resolve(&self, from: usize, language: Language, import: &Import) -> Vec<usize> {
        match language {
            Language::Python => self.python(from, import),
            Language::JavaScript | Language::TypeScript | Language::Tsx => {
                self.script(from, &import.module).into_iter().collect()
            }
            Language::Rust => self.rust(from, import),
            Language::Go => self.go(&import.module),
            Language::Java => self.java(from, import),
            Language::C | Language::Cpp => self.include(from, &import.module).into_iter().collect(),
        }
    }

    fn python(&self, from: usize, import: &Import) -> Vec<usize> {
        let relative = import.module.trim_start_matches('.');
        let dots = import.module.len() - relative.len();
        if dots == 0 && import.names.is_empty() {
            return self.longest_module(from, &import.module).into_iter().collect();
        }
        if dots == 0 {
            return with_names(import, |name| {
                self.module(from, &joined(&import.module, name, "."))
            });
        }
        let up = "../".repeat(dots - 1);
        let written = format!("{up}{}", relative.replace('.', "/"));
        let Some(base) = path_from(directory(&self.paths[from]), &written) else {
            return Vec::new();
        };
        with_names(import, |name| {
            let bare = joined(&base, name, "/");
            self.first_of(&bare, &["/__init__.py", ".py"])
        })
    }

    /// Finds the module of `import a.b.c`, which is `a.b` where that makes up the rest.
    fn longest_module(&self, from: usize, dotted: &str) -> Option<usize> {
        let mut dotted = dotted;
        loop {
            match (self.module(from, dotted), dotted.rsplit_once('.')) {
                (Some(found), _) => return Some(found),
                (None, Some((outer, _))) => dotted = outer,
                (None, None) => return None,
            }
        }
    }

    fn module(&self, from: usize, dotted: &str) -> Option<usize> {
        self.nearest(from, self.modules.get(dotted))
    }

    fn script(&self, from: usize, module: &str) -> Option<usize> {
        if !module.starts_with('.') {
            return None;
        }
        let bare = path_from(directory(&self.paths[from]), module)?;
        let without = bare.strip_suffix(".js").or_else(|| bare.strip_suffix(".mjs"));
        // TypeScript writes the suffix of what it is compiled to.
        self.first_of(&bare, &SCRIPT_ENDS)
            .or_else(|| self.first_of(without?, &[".ts", ".tsx", ".mts"]))
    }

    fn rust(&self, from: usize, import: &Import) -> Vec<usize> {
        let path = &self.paths[from];
        let own = match path.rsplit('/').next() {
            Some("mod.rs" | "lib.rs" | "main.rs") => directory(path).to_owned(),
            _ => path.trim_end_matches(".rs").to_owned(),
        };
        if let Some(name) = import.module.strip_prefix("mod:") {
            let found = self.first_of(&joined(&own, name, "/"), &RUST_ENDS);
            return found.into_iter().collect();
        }
        let (start, rest) = import.module.split_once("::").unwrap_or((&import.module, ""));
        let start = match start {
            "self" => own,
            "super" => directory(&own).to_owned(),
            "crate" => match path.rfind("src/") {
                Some(at) => path[..at + 3].to_owned(),
                None => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        let base = path_from(&start, &rest.replace("::", "/").replace("super", ".."));
        let Some(base) = base else { return Vec::new() };
        with_names(import, |name| self.first_of(&joined(&base, name, "/"), &RUST_ENDS))
    }

    fn go(&self, module: &str) -> Vec<usize> {
        let Some((host, mut rest)) = module.split_once('/') else { return Vec::new() };
        // Without an address it is the standard library.
        if !host.contains('.') {
            return Vec::new();
        }
        loop {
            let files: Vec<usize> = self.packages.get(rest).collect();
            if !files.is_empty() {
                return files;
            }
            match rest.split_once('/') {
                Some((_, inner)) => rest = inner,
                None => return Vec::new(),
            }
        }
    }

    fn java(&self, from: usize, import: &Import) -> Vec<usize> {
        let path = import.module.replace('.', "/");
        let mut class = path.as_str();
        while class.contains('/') {
            if let Some(found) = self.ending_with(from, &format!("{class}.java")) {
                return vec![found];
            }
            class = directory(class);
        }
        Vec::new()
    }

    fn include(&self, from: usize, module: &str) -> Option<usize> {
        let beside = path_from(directory(&self.paths[from]), module);
        let beside = beside.and_then(|path| self.at(&path));
        beside.or_else(|| self.ending_with(from, module.trim_start_matches("../")))
    }

    fn first_of(&self, bare: &str, ends: &[&str]) -> Option<usize> {
        let bare = bare.trim_start_matches('/');
        ends.iter().find_map(|end| self.at(&format!("{bare}{end}")))
    }

    fn ending_with(&self, from: usize, suffix: &str) -> Option<usize> {
        let name = suffix.rsplit('/').next().unwrap_or(suffix);
        let ends = |at: &usize| {
            let rest = self.paths[*at].strip_suffix(suffix);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        self.nearest(from, self.by_name.get(name).filter(ends))
    }

    /// Picks the longest shared directory, then the shortest path, then the first.
    fn nearest(&self, from: usize, found: impl Iterator<Item = usize>) -> Option<usize> {
        let here = self.paths[from].as_bytes();
        let shared = |at: usize| {
            let there = self.paths[at].as_bytes();
            let same = here.iter().zip(there).take_while(|(one, other)| one == other);
            same.filter(|(byte, _)| **byte == b'/').count()
        };
        let nearness = |at: &usize| (std::cmp::Reverse(shared(*at)), self.paths[*at].len(), *at);
        found.min_by_key(nearness)
    }
}

/// Resolves the names of an import as modules; what is none comes from the module itself.
fn with_names(import: &Import, find: impl Fn(&str) -> Option<usize>) -> Vec<usize> {
    let mut whole = import.names.is_empty();
    let mut found = Vec::new();
    for name in &import.names {
        match find(name) {
            Some(module) => found.push(module),
            None => whole = true,
        }
    }
    found.extend(if whole { find("") } else { None });
    found
}

fn joined(base: &str, name: &str, between: &str) -> String {
    match (base, name) {
        (base, "") => base.to_owned(),
        ("", name) => name.to_owned(),
        (base, name) => format!("{base}{between}{name}"),
    }
}

/// Returns the directory of a path, without a slash at the end.
fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// Follows a relative path; `None` when it leaves the repository.
fn path_from(directory: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use backstory_model::{BlobId, RepoPath};
    use backstory_syntax::language_of;

    use super::{Candidates, FileTerms, ImportGraph};

    /// Returns the edges of a tree, one a line.
    fn edges(files: &[(&str, &str)]) -> String {
        let mut files = files.to_vec();
        files.sort_unstable();
        let blob = BlobId::new("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391").unwrap();
        let paths: Vec<RepoPath> = files.iter().map(|(path, _)| RepoPath::from(*path)).collect();
        let read = |(path, text): &(&str, &str)| {
            let language = language_of(&RepoPath::from(*path)).unwrap();
            Arc::new(FileTerms::read(language, text.as_bytes()))
        };
        let terms: Vec<Arc<FileTerms>> = files.iter().map(read).collect();
        let graph = ImportGraph::of(&Candidates { blobs: vec![blob; paths.len()], paths }, &terms);
        let mut lines = Vec::new();
        for (from, (path, _)) in files.iter().enumerate() {
            for to in graph.imports(from) {
                assert!(graph.imported_by(*to).contains(&from));
                lines.push(format!("{path} -> {}", files[*to].0));
            }
        }
        lines.join("\n")
    }

    #[test]
    fn python_modules_are_found_by_the_end_of_their_path() {
        let found = edges(&[
            ("src/pkg/__init__.py", "from .reader import read\n"),
            ("src/pkg/reader.py", "import json, os.path\nfrom pkg.io import lines\n"),
            ("src/pkg/io/__init__.py", ""),
            ("src/pkg/io/lines.py", "from ..reader import read\nfrom . import pages\n"),
            ("src/pkg/json.py", "import pkg.io.lines\nfrom .... import far\n"),
            ("setup.py", "import pkg\nfrom src.pkg import reader\n"),
        ]);
        insta::assert_snapshot!(found, @r"
        setup.py -> src/pkg/__init__.py
        setup.py -> src/pkg/reader.py
        src/pkg/__init__.py -> src/pkg/reader.py
        src/pkg/io/lines.py -> src/pkg/io/__init__.py
        src/pkg/io/lines.py -> src/pkg/reader.py
        src/pkg/json.py -> src/pkg/io/lines.py
        src/pkg/reader.py -> src/pkg/io/lines.py
        ");
    }

    #[test]
    fn other_languages_are_found_as_far_as_a_path_says() {
        let found = edges(&[
            (
                "web/app.ts",
                "import { a } from './lib/a.js';\nimport b from '../web/b';\nimport 'x';",
            ),
            ("web/lib/a.ts", ""),
            ("web/b/index.js", "const a = require('../lib/a');"),
            ("core/src/lib.rs", "mod store;\nuse crate::store::disk::Disk;\n"),
            ("core/src/store/mod.rs", "mod disk;\n"),
            ("core/src/store/disk.rs", "use super::open;\nuse std::fs;\n"),
            ("cmd/main.go", "package main\nimport (\n\"fmt\"\n\"example.com/m/pkg/feed\"\n)\n"),
            ("pkg/feed/feed.go", "package feed\n"),
            ("pkg/fmt/fmt.go", "package fmt\n"),
            ("j/src/org/acme/A.java", "package org.acme;\nimport org.acme.feed.B;\n"),
            ("j/src/org/acme/feed/B.java", ""),
            ("c/main.c", "#include \"feed.h\"\n#include <acme/all.h>\n#include <stdio.h>\n"),
            ("c/feed.h", ""),
            ("c/include/acme/all.h", ""),
        ]);
        insta::assert_snapshot!(found, @r"
        c/main.c -> c/feed.h
        c/main.c -> c/include/acme/all.h
        cmd/main.go -> pkg/feed/feed.go
        core/src/lib.rs -> core/src/store/disk.rs
        core/src/lib.rs -> core/src/store/mod.rs
        core/src/store/disk.rs -> core/src/store/mod.rs
        core/src/store/mod.rs -> core/src/store/disk.rs
        j/src/org/acme/A.java -> j/src/org/acme/feed/B.java
        web/app.ts -> web/b/index.js
        web/app.ts -> web/lib/a.ts
        web/b/index.js -> web/lib/a.ts
        ");
    }
}
