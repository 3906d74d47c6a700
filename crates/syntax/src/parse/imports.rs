//! Which modules does a statement import, and which names from them?
//!
//! In: one import node and its bytes. Out: [`Import`]s with the module as its
//! language writes it; nothing is resolved here.

use std::num::NonZeroU16;

use backstory_model::{Import, Language};
use tree_sitter::Node;

use super::grammar::Grammar;

/// Groups in a Rust `use` nest; deeper ones are left out.
const USE_DEPTH: usize = 32;

/// Adds what one node imports; adds nothing when the node is no import.
pub(super) fn read(grammar: &Grammar, node: Node<'_>, bytes: &[u8], out: &mut Vec<Import>) {
    let statement = Statement {
        grammar,
        node,
        bytes,
        line: u32::try_from(node.start_position().row + 1).unwrap_or(u32::MAX),
        nested: may_nest(grammar.kind) && is_nested(bytes, node.start_byte()),
    };
    match grammar.kind {
        Language::Python => statement.python(out),
        Language::Rust => statement.rust(out),
        Language::JavaScript | Language::TypeScript | Language::Tsx => statement.script(out),
        Language::Go | Language::C | Language::Cpp => statement.path(out),
        Language::Java => statement.java(out),
    }
}

/// Returns true for languages in which an import may stand inside something. In Go
/// only the brackets of one declaration stand around it.
fn may_nest(language: Language) -> bool {
    match language {
        Language::Python
        | Language::Rust
        | Language::JavaScript
        | Language::TypeScript
        | Language::Tsx => true,
        Language::Go | Language::Java | Language::C | Language::Cpp => false,
    }
}

/// Returns true when the line of this byte begins with white space.
pub(super) fn is_nested(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    matches!(bytes.get(start), Some(b' ' | b'\t'))
}

struct Statement<'a> {
    grammar: &'a Grammar,
    node: Node<'a>,
    bytes: &'a [u8],
    line: u32,
    nested: bool,
}

impl<'a> Statement<'a> {
    fn text(&self, node: Node<'_>) -> String {
        String::from_utf8_lossy(self.bytes.get(node.byte_range()).unwrap_or_default()).into_owned()
    }

    fn push(&self, out: &mut Vec<Import>, module: String, names: Vec<String>) {
        if !module.is_empty() {
            out.push(Import { module, names, line: self.line, nested: self.nested });
        }
    }

    /// Returns the children of a node in its `name` fields.
    fn names(&self, node: Node<'a>) -> Vec<Node<'a>> {
        let Some(field) = NonZeroU16::new(self.grammar.fields.name) else { return Vec::new() };
        let mut cursor = node.walk();
        node.children_by_field_id(field, &mut cursor).collect()
    }

    fn python(&self, out: &mut Vec<Import>) {
        let unaliased = |node: Node<'a>| {
            let name = match node.kind() {
                "aliased_import" => node.child_by_field_id(self.grammar.fields.name),
                _ => Some(node),
            };
            let text = name.map(|name| self.text(name)).unwrap_or_default();
            text.split_whitespace().collect::<String>()
        };
        let names: Vec<String> = self.names(self.node).into_iter().map(unaliased).collect();
        if self.node.kind() == "import_statement" {
            for module in names {
                self.push(out, module, Vec::new());
            }
            return;
        }
        let module = match self.node.child_by_field_id(self.grammar.fields.module_name) {
            Some(module) => self.text(module).split_whitespace().collect(),
            None => "__future__".to_owned(),
        };
        let names = if names.is_empty() { vec!["*".to_owned()] } else { names };
        self.push(out, module, names);
    }

    fn rust(&self, out: &mut Vec<Import>) {
        let name = self.node.child_by_field_id(self.grammar.fields.name).map(|n| self.text(n));
        match self.node.kind() {
            "mod_item" => self.push(out, format!("mod:{}", name.unwrap_or_default()), Vec::new()),
            "extern_crate_declaration" => self.push(out, name.unwrap_or_default(), Vec::new()),
            _ => {
                let argument = self.node.child_by_field_id(self.grammar.fields.argument);
                let tree = argument.map(|node| self.text(node)).unwrap_or_default();
                self.use_tree("", tree.trim(), 0, out);
            }
        }
    }

    /// Reads `a::b::{c, d as e, f::*}`.
    fn use_tree(&self, prefix: &str, tree: &str, depth: usize, out: &mut Vec<Import>) {
        if depth > USE_DEPTH {
            return;
        }
        let join = |path: &str| match (prefix, path.trim().trim_end_matches("::").trim()) {
            ("", path) => path.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, path) => format!("{prefix}::{path}"),
        };
        if let Some((path, group)) = tree.split_once('{') {
            let module = join(path);
            let group = group.rsplit_once('}').map_or(group, |(inside, _)| inside);
            let (leaves, trees): (Vec<&str>, Vec<&str>) =
                parts(group).into_iter().partition(|part| !part.contains("::"));
            let names: Vec<String> = leaves.into_iter().map(without_alias).collect();
            if !names.is_empty() {
                self.push(out, module.clone(), names);
            }
            for part in trees {
                self.use_tree(&module, part, depth + 1, out);
            }
            return;
        }
        let path = join(&without_alias(tree));
        match path.rsplit_once("::") {
            Some((module, name)) => self.push(out, module.to_owned(), vec![name.to_owned()]),
            None => self.push(out, path, Vec::new()),
        }
    }

    fn script(&self, out: &mut Vec<Import>) {
        let fields = &self.grammar.fields;
        if self.node.kind() == "call_expression" {
            let called = self.node.child_by_field_id(fields.function).map(|node| self.text(node));
            if matches!(called.as_deref(), Some("require" | "import")) {
                let arguments = self.node.child_by_field_id(fields.arguments);
                let first = arguments.and_then(|arguments| arguments.named_child(0));
                if let Some(source) = first.filter(|node| node.kind() == "string") {
                    self.push(out, unquoted(&self.text(source)), Vec::new());
                }
            }
            return;
        }
        let mut cursor = self.node.walk();
        let source = self.node.child_by_field_id(fields.source).or_else(|| {
            // TypeScript writes `import x = require("y")`.
            self.node.children(&mut cursor).find_map(|node| node.child_by_field_id(fields.source))
        });
        if let Some(source) = source {
            let names = self.script_names();
            self.push(out, unquoted(&self.text(source)), names);
        }
    }

    /// Returns the names between `import` and `from`, `default` for a bare one.
    fn script_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut open: Vec<Node<'a>> = vec![self.node];
        while let Some(node) = open.pop() {
            match node.kind() {
                "identifier" => names.push("default".to_owned()),
                "import_specifier" | "export_specifier" => {
                    names.extend(self.names(node).into_iter().map(|name| self.text(name)));
                }
                "import_statement" | "export_statement" | "import_clause" | "named_imports"
                | "export_clause" => {
                    let mut cursor = node.walk();
                    let inner: Vec<Node<'a>> = node.named_children(&mut cursor).collect();
                    open.extend(inner.into_iter().rev());
                }
                _ => {}
            }
        }
        names
    }

    fn path(&self, out: &mut Vec<Import>) {
        if let Some(path) = self.node.child_by_field_id(self.grammar.fields.path) {
            self.push(out, unquoted(&self.text(path)), Vec::new());
        }
    }

    fn java(&self, out: &mut Vec<Import>) {
        let text = self.text(self.node);
        let path = text.trim().trim_start_matches("import").trim_end_matches(';').trim();
        let path: String = path.trim_start_matches("static ").split_whitespace().collect();
        match path.strip_suffix(".*") {
            Some(module) => self.push(out, module.to_owned(), vec!["*".to_owned()]),
            None => self.push(out, path, Vec::new()),
        }
    }
}

fn unquoted(text: &str) -> String {
    text.trim_matches(['"', '\'', '`', '<', '>']).to_owned()
}

/// Removes ` as x`.
fn without_alias(part: &str) -> String {
    part.split(" as ").next().unwrap_or_default().trim().to_owned()
}

/// Splits at the commas outside braces.
fn parts(group: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0_usize, 0);
    for (at, byte) in group.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(group[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(group[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}
