//! Does grounding find what small repositories of every language hold?

use std::fmt::Write as _;

use backstory_model::{RepoPath, Repository as _, TreeId};
use backstory_testkit::{MemoryRepository, RepoBuilder};

use super::*;

fn repository(files: &[(&str, &str)]) -> (MemoryRepository, TreeId) {
    let mut builder = RepoBuilder::new("acme/toy");
    let commit = builder.commit("add files", files.to_vec());
    let memory = builder.memory();
    let tree = memory.commit(&commit).unwrap().tree;
    (memory, tree)
}

/// Writes `importer: imported …` lines, the components and the external count.
fn described_graph(files: &[(&str, &str)]) -> String {
    let (memory, tree) = repository(files);
    let snapshot = Grounder::new().ground(&memory, &tree).unwrap();
    let list =
        |paths: &[RepoPath]| paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let graph = &snapshot.graph;
    let mut text = String::new();
    for (from, to) in &graph.imports {
        writeln!(text, "{from}: {}", list(to)).unwrap();
    }
    let components: Vec<String> = graph.components.iter().map(|one| list(one)).collect();
    writeln!(text, "order: {}", components.join(" | ")).unwrap();
    writeln!(text, "external: {}", graph.external).unwrap();
    text
}

#[test]
fn python_imports_resolve_below_src_relative_and_to_submodules() {
    let graph = described_graph(&[
        ("src/inbox/__init__.py", "from .reader import read\n"),
        ("src/inbox/reader.py", "import os\nfrom . import rules\nfrom inbox.rules import Rule\n"),
        ("src/inbox/rules.py", "from __future__ import annotations\nclass Rule: ...\n"),
        ("tests/conftest.py", "import inbox\n"),
        ("tests/test_reader.py", "import inbox.reader as r\nfrom inbox import rules, read\n"),
    ]);
    insta::assert_snapshot!(graph, @r"
    src/inbox/__init__.py: src/inbox/reader.py
    src/inbox/reader.py: src/inbox/rules.py
    tests/conftest.py: src/inbox/__init__.py
    tests/test_reader.py: src/inbox/__init__.py src/inbox/reader.py src/inbox/rules.py
    order: src/inbox/rules.py | src/inbox/reader.py | src/inbox/__init__.py | tests/conftest.py | tests/test_reader.py
    external: 2
    ");
}

#[test]
fn script_imports_resolve_suffixes_indexes_and_the_typescript_spelling() {
    let graph = described_graph(&[
        ("index.js", "export * from './lib/main.js';\n"),
        ("lib/main.js", "const core = require('./core');\nimport fs from 'node:fs';\n"),
        ("lib/core/index.js", "import('../main.js');\n"),
        ("web/app.tsx", "import { load } from './load.js';\n"),
        ("web/load.ts", "export const load = () => 1;\n"),
    ]);
    insta::assert_snapshot!(graph, @r"
    index.js: lib/main.js
    lib/core/index.js: lib/main.js
    lib/main.js: lib/core/index.js
    web/app.tsx: web/load.ts
    order: lib/core/index.js lib/main.js | index.js | web/load.ts | web/app.tsx
    external: 1
    ");
}

#[test]
fn rust_imports_resolve_modules_crates_and_sibling_packages() {
    let graph = described_graph(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n"),
        ("crates/line-store/Cargo.toml", "[package]\nname = \"line-store\"\n"),
        (
            "crates/line-store/src/lib.rs",
            "mod page;\npub use page::{Page, read::Read};\nuse std::io;\n",
        ),
        ("crates/line-store/src/page/mod.rs", "pub mod read;\npub struct Page;\n"),
        (
            "crates/line-store/src/page/read.rs",
            "use super::Page;\nuse crate::page::Page as P;\n#[cfg(test)]\nmod tests { use super::*; }\n",
        ),
        ("crates/line-store/tests/pages.rs", "use line_store::page::read::Read;\n"),
        ("crates/cli/Cargo.toml", "[package]\nname = \"cli\"\n"),
        ("crates/cli/src/main.rs", "use line_store::Page;\n"),
    ]);
    insta::assert_snapshot!(graph, @r"
    crates/cli/src/main.rs: crates/line-store/src/lib.rs
    crates/line-store/src/lib.rs: crates/line-store/src/page/mod.rs crates/line-store/src/page/read.rs
    crates/line-store/src/page/mod.rs: crates/line-store/src/page/read.rs
    crates/line-store/src/page/read.rs: crates/line-store/src/page/mod.rs
    crates/line-store/tests/pages.rs: crates/line-store/src/page/read.rs
    order: crates/line-store/src/page/mod.rs crates/line-store/src/page/read.rs | crates/line-store/src/lib.rs | crates/cli/src/main.rs | crates/line-store/tests/pages.rs
    external: 1
    ");
}

#[test]
fn go_imports_resolve_to_the_files_of_a_package() {
    let graph = described_graph(&[
        ("go.mod", "module example.org/feed // v2\n\ngo 1.22\n"),
        ("main.go", "package main\n\nimport (\n\t\"fmt\"\n\t\"example.org/feed/parse\"\n)\n"),
        ("parse/parse.go", "package parse\n"),
        ("parse/token.go", "package parse\n"),
        ("parse/parse_test.go", "package parse\n\nimport \"testing\"\n"),
    ]);
    insta::assert_snapshot!(graph, @r"
    main.go: parse/parse.go parse/token.go
    order: parse/parse.go | parse/token.go | main.go
    external: 2
    ");
}

#[test]
fn java_and_c_imports_resolve_by_the_end_of_the_path() {
    let graph = described_graph(&[
        ("src/main/java/org/acme/Feed.java", "package org.acme;\nimport org.acme.io.*;\n"),
        ("src/main/java/org/acme/io/Reader.java", "package org.acme.io;\nimport java.util.List;\n"),
        ("src/test/java/org/acme/FeedTest.java", "import static org.acme.Feed.open;\n"),
        ("native/feed.c", "#include \"feed.h\"\n#include <native/feed_io.h>\n#include <stdio.h>\n"),
        ("native/feed.h", "int feed_open(void);\n"),
        ("native/include/native/feed_io.h", "int feed_read(void);\n"),
    ]);
    insta::assert_snapshot!(graph, @r"
    native/feed.c: native/feed.h native/include/native/feed_io.h
    src/main/java/org/acme/Feed.java: src/main/java/org/acme/io/Reader.java
    src/test/java/org/acme/FeedTest.java: src/main/java/org/acme/Feed.java
    order: native/feed.h | native/include/native/feed_io.h | native/feed.c | src/main/java/org/acme/io/Reader.java | src/main/java/org/acme/Feed.java | src/test/java/org/acme/FeedTest.java
    external: 2
    ");
}

#[test]
fn what_was_grounded_before_does_not_change_the_answer() {
    let (one, first) = repository(&[("a.py", "import b\n"), ("b.py", "x = 1\n")]);
    let (other, second) = repository(&[("a.py", "import b\n"), ("c.py", "x = 1\n")]);
    let grounder = Grounder::new();
    grounder.ground(&one, &first).unwrap();
    let warm = grounder.ground(&other, &second).unwrap();
    let cold = Grounder::new().ground(&other, &second).unwrap();
    assert_eq!((warm.files, warm.graph), (cold.files, cold.graph));
}

#[test]
fn a_missing_blob_leaves_a_file_without_structure() {
    let (mut memory, tree) = repository(&[("a.py", "import b\n"), ("b.py", "def f(): ...\n")]);
    let lost = memory.files(&tree).unwrap()[1].id.clone();
    memory.forget(lost.as_str());
    let snapshot = Grounder::new().ground(&memory, &tree).unwrap();
    assert!(snapshot.file(&RepoPath::from("a.py")).unwrap().structure.is_some());
    assert!(snapshot.file(&RepoPath::from("b.py")).unwrap().structure.is_none());
}

#[test]
fn an_import_inside_something_is_soft_unless_the_file_needs_it_elsewhere() {
    let (memory, tree) = repository(&[
        ("a.py", "import b\n\n\ndef f():\n    import b, c\n\n\nif True:\n    from d import x\n"),
        ("b.py", ""),
        ("c.py", ""),
        ("d.py", "x = 1\n"),
        ("go.mod", "module m\n"),
        ("main.go", "package main\n\nimport (\n\t\"m/lib\"\n)\n"),
        ("lib/lib.go", "package lib\n"),
    ]);
    let graph = Grounder::new().ground(&memory, &tree).unwrap().graph;
    let soft: Vec<(String, Vec<String>)> = graph
        .soft
        .iter()
        .map(|(from, to)| (from.to_string(), to.iter().map(ToString::to_string).collect()))
        .collect();
    assert_eq!(soft, [("a.py".to_owned(), vec!["c.py".to_owned(), "d.py".to_owned()])]);
    assert_eq!(graph.imports[&RepoPath::from("main.go")], [RepoPath::from("lib/lib.go")]);
}
