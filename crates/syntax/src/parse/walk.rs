//! What does one pass over a syntax tree find?
//!
//! In: a tree, its bytes and the table of its grammar. Out: the
//! [`FileStructure`]. The pass is a loop with its own stacks, so depth costs
//! memory in proportion and never the call stack.

use std::num::NonZeroU16;
use std::ops::Range;

use backstory_model::{FileStructure, Language, LineRange, Reference, Symbol, SymbolKind};
use tree_sitter::{Node, Tree, TreeCursor};

use super::grammar::{Declares, Grammar, Rule};
use super::{imports, rust_tests};

/// Declarators nest; deeper ones name nothing anybody wrote.
const DECLARATOR_DEPTH: usize = 32;

/// Finds everything in one tree.
pub(super) fn structure(grammar: &Grammar, tree: &Tree, bytes: &[u8]) -> FileStructure {
    let mut walk = Walk {
        grammar,
        bytes,
        out: FileStructure { partial: tree.root_node().has_error(), ..FileStructure::default() },
        scopes: Vec::new(),
        parents: Vec::new(),
        prefix: None,
        names: Vec::new(),
        line_from: 0,
        doc: rust_tests::DocTests::default(),
    };
    walk.run(tree);
    let mut out = walk.out;
    out.test_lines.append(&mut walk.doc.lines);
    out.test_lines = rust_tests::joined(out.test_lines);
    out.symbols.sort_by_key(|symbol| (symbol.lines.start, symbol.name_line));
    out
}

/// What encloses a definition.
struct Scope {
    depth: usize,
    /// Empty for a function without a name.
    name: String,
    holds: Holds,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Methods,
    Items,
    Code,
}

/// Decorators, attributes or a wrapping statement before a definition.
struct Prefix {
    depth: usize,
    row: usize,
    test: bool,
}

struct Walk<'a> {
    grammar: &'a Grammar,
    bytes: &'a [u8],
    out: FileStructure,
    scopes: Vec<Scope>,
    parents: Vec<u16>,
    prefix: Option<Prefix>,
    /// Names of definitions that the pass has still to come to.
    names: Vec<Range<usize>>,
    /// The first reference of the current line.
    line_from: usize,
    doc: rust_tests::DocTests,
}

impl Walk<'_> {
    fn run(&mut self, tree: &Tree) {
        let mut cursor = tree.walk();
        loop {
            let node = cursor.node();
            if self.visit(node, &cursor) && cursor.goto_first_child() {
                self.parents.push(node.kind_id());
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                self.parents.pop();
            }
            while self.scopes.last().is_some_and(|s| s.depth >= self.parents.len()) {
                self.scopes.pop();
            }
        }
    }

    /// Looks at one node; returns whether to look at its children.
    fn visit(&mut self, node: Node<'_>, cursor: &TreeCursor<'_>) -> bool {
        let rule = self.grammar.rule(node.kind_id());
        match rule {
            Rule::Walk => {
                if node.is_named() && self.prefix.as_ref().is_some_and(|p| p.depth == self.depth())
                {
                    self.take_prefix(node);
                }
                return true;
            }
            Rule::Name => self.use_name(node, cursor),
            Rule::Comment => self.comment(node),
            Rule::Prefix => return true,
            Rule::Skip => {}
            Rule::Wrapper => {
                self.begin_prefix(node, self.depth() + 1);
                if node.kind() == "export_statement" {
                    imports::read(self.grammar, node, self.bytes, &mut self.out.imports);
                }
                return true;
            }
            Rule::Attribute => {
                self.begin_prefix(node, self.depth());
                let test = rust_tests::is_test_attribute(self.text(node));
                if let Some(prefix) = &mut self.prefix {
                    prefix.test |= test;
                }
            }
            Rule::InnerAttribute => {
                if self.depth() == 1 && rust_tests::is_inner_test_attribute(self.text(node)) {
                    let last = memchr::memchr_iter(b'\n', self.bytes).count() + 1;
                    self.out.test_lines.push(range(0, last - 1));
                }
            }
            Rule::Import => {
                self.take_prefix(node);
                imports::read(self.grammar, node, self.bytes, &mut self.out.imports);
            }
            Rule::Call => {
                imports::read(self.grammar, node, self.bytes, &mut self.out.imports);
                return true;
            }
            Rule::Closure => {
                self.enter(String::new(), Holds::Code);
                return true;
            }
            _ => {
                self.definition(rule, node);
                return true;
            }
        }
        false
    }

    fn depth(&self) -> usize {
        self.parents.len()
    }

    fn text(&self, node: Node<'_>) -> &[u8] {
        self.bytes.get(node.byte_range()).unwrap_or_default()
    }

    fn comment(&mut self, node: Node<'_>) {
        if self.grammar.kind == Language::Rust {
            let row = node.start_position().row;
            let text = self.bytes.get(node.byte_range()).unwrap_or_default();
            self.doc.comment(row, text);
        }
    }

    /// Remembers where the definition that follows at `depth` starts.
    fn begin_prefix(&mut self, node: Node<'_>, depth: usize) {
        let row = node.start_position().row;
        let earlier = self.prefix.take().filter(|p| p.depth == depth || p.depth == self.depth());
        self.prefix = Some(Prefix {
            depth,
            row: earlier.as_ref().map_or(row, |p| p.row),
            test: earlier.is_some_and(|p| p.test),
        });
    }

    /// Ends what precedes this node, and notes the node when that made it a
    /// test; returns the row where what precedes it starts.
    fn take_prefix(&mut self, node: Node<'_>) -> Option<usize> {
        let prefix = self.prefix.take().filter(|prefix| prefix.depth == self.depth())?;
        if prefix.test {
            self.out.test_lines.push(range(prefix.row, last_row(node)));
        }
        Some(prefix.row)
    }

    fn use_name(&mut self, node: Node<'_>, cursor: &TreeCursor<'_>) {
        let at = node.start_byte();
        self.names.retain(|name| at < name.end);
        if self.names.iter().any(|name| name.contains(&at)) {
            return;
        }
        let parent = self.parents.last().copied().unwrap_or_default();
        let declared = match self.grammar.declares(parent) {
            Declares::Nothing => false,
            Declares::Everything => true,
            Declares::Field(field) => cursor.field_id().is_some_and(|id| id.get() == field),
        };
        if !declared {
            self.push_reference(node);
        }
    }

    fn push_reference(&mut self, node: Node<'_>) {
        let line = line(node.start_position().row);
        if self.out.references.last().is_none_or(|last| last.line != line) {
            self.line_from = self.out.references.len();
        }
        let name = self.text(node);
        let seen = &self.out.references[self.line_from..];
        if !name.is_empty() && !seen.iter().any(|reference| reference.name.as_bytes() == name) {
            let name = String::from_utf8_lossy(name).into_owned();
            self.out.references.push(Reference { name, line });
        }
    }

    fn enter(&mut self, name: String, holds: Holds) {
        self.scopes.push(Scope { depth: self.depth(), name, holds });
    }

    fn in_code(&self) -> bool {
        self.scopes.iter().any(|scope| scope.holds == Holds::Code)
    }

    fn in_type(&self) -> bool {
        self.scopes.last().is_some_and(|scope| scope.holds == Holds::Methods)
    }

    fn definition(&mut self, rule: Rule, node: Node<'_>) {
        let start = self.take_prefix(node).unwrap_or(node.start_position().row);
        let field = |id: u16| if id == 0 { None } else { node.child_by_field_id(id) };
        let fields = &self.grammar.fields;
        match rule {
            Rule::Function => self.function(start, node, field(fields.name)),
            Rule::GoMethod => {
                let owner = field(fields.receiver).map(|receiver| self.receiver_type(receiver));
                self.enter(owner.unwrap_or_default(), Holds::Methods);
                self.function(start, node, field(fields.name));
            }
            Rule::DeclaredFunction => {
                let name = field(fields.declarator).and_then(|node| self.declared_name(node));
                self.function(start, node, name);
            }
            Rule::Type => self.named(start, node, field(fields.name), SymbolKind::Type),
            Rule::TypeWithBody if field(fields.body).is_some() => {
                self.named(start, node, field(fields.name), SymbolKind::Type);
            }
            Rule::DeclaredType => {
                let name = field(fields.declarator).and_then(|node| self.declared_name(node));
                self.leaf(start, node, name, SymbolKind::Type);
            }
            Rule::Impl => {
                let owner = field(fields.typed).map(|node| base_type(self.text(node)));
                self.enter(owner.unwrap_or_default(), Holds::Methods);
            }
            Rule::Module => {
                self.named(start, node, field(fields.name), SymbolKind::Module);
                if self.grammar.kind == Language::Rust && field(fields.body).is_none() {
                    imports::read(self.grammar, node, self.bytes, &mut self.out.imports);
                }
            }
            Rule::Macro => {
                self.leaf(start, node, field(fields.name), SymbolKind::Macro);
            }
            Rule::Variable => self.variables(start, node),
            Rule::Binding => {
                let name = field(fields.name).or_else(|| field(fields.property));
                self.binding(start, node, name, field(fields.value));
            }
            Rule::AssignedFunction if field(fields.right).is_some_and(is_function) => {
                let left = field(fields.left);
                let name = left.and_then(|left| match left.kind() {
                    "identifier" => Some(left),
                    _ => left.child_by_field_id(fields.property),
                });
                self.leaf(start, node, name, SymbolKind::Function);
            }
            Rule::Assignment if !self.in_code() => {
                self.leaf(start, node, field(fields.left).filter(is_plain), SymbolKind::Variable);
            }
            Rule::Declaration if !self.in_code() => {
                let variable = field(fields.declarator).filter(|d| d.kind() == "init_declarator");
                let name = variable.and_then(|node| self.declared_name(node));
                self.leaf(start, node, name, SymbolKind::Variable);
            }
            _ => {}
        }
    }

    fn function(&mut self, start: usize, node: Node<'_>, name: Option<Node<'_>>) {
        let kind = if self.in_type() { SymbolKind::Method } else { SymbolKind::Function };
        let name = self.leaf(start, node, name, kind).unwrap_or_default();
        self.enter(name, Holds::Code);
    }

    fn named(&mut self, start: usize, node: Node<'_>, name: Option<Node<'_>>, kind: SymbolKind) {
        let name = self.leaf(start, node, name, kind).unwrap_or_default();
        let holds = if kind == SymbolKind::Module { Holds::Items } else { Holds::Methods };
        self.enter(name, holds);
    }

    fn binding(
        &mut self,
        start: usize,
        node: Node<'_>,
        name: Option<Node<'_>>,
        value: Option<Node<'_>>,
    ) {
        let function = value.is_some_and(is_function);
        let name = name.filter(is_plain);
        if function {
            self.function(start, node, name);
        } else if !self.in_code() {
            self.leaf(start, node, name, SymbolKind::Variable);
        }
    }

    fn variables(&mut self, start: usize, node: Node<'_>) {
        let Some(field) = NonZeroU16::new(self.grammar.fields.name) else { return };
        if self.in_code() {
            return;
        }
        let mut cursor = node.walk();
        let names: Vec<Node<'_>> =
            node.children_by_field_id(field, &mut cursor).filter(Node::is_named).collect();
        for name in names {
            self.leaf(start, node, Some(name), SymbolKind::Variable);
        }
    }

    /// Adds a symbol; returns its name with what qualifies it, if it has one.
    fn leaf(
        &mut self,
        start: usize,
        node: Node<'_>,
        name: Option<Node<'_>>,
        kind: SymbolKind,
    ) -> Option<String> {
        let at = name?;
        let written = String::from_utf8_lossy(self.text(at)).replace("::", ".");
        let written = written.trim_matches(['.', '"', '\'']);
        let short = written.rsplit('.').next().filter(|name| !name.is_empty())?;
        let outer = self.scopes.iter().map(|scope| scope.name.as_str());
        let parts: Vec<&str> = outer.filter(|name| !name.is_empty()).chain([written]).collect();
        self.out.symbols.push(Symbol {
            name: short.to_owned(),
            qualified: parts.join("."),
            kind: match kind {
                SymbolKind::Function if written.contains('.') => SymbolKind::Method,
                kind => kind,
            },
            lines: range(start, last_row(node)),
            name_line: line(at.start_position().row),
        });
        self.names.push(last_name(at).byte_range());
        Some(written.to_owned())
    }

    /// Follows declarators down to the name they declare.
    fn declared_name<'tree>(&self, node: Node<'tree>) -> Option<Node<'tree>> {
        let mut at = node;
        for _ in 0..DECLARATOR_DEPTH {
            match at.kind() {
                "identifier"
                | "field_identifier"
                | "type_identifier"
                | "qualified_identifier"
                | "destructor_name"
                | "operator_name" => return Some(at),
                _ => {}
            }
            let inner = at.child_by_field_id(self.grammar.fields.declarator);
            at = inner.or_else(|| at.named_child(0))?;
        }
        None
    }

    /// Returns the type of `(x *T[K])`.
    fn receiver_type(&self, receiver: Node<'_>) -> String {
        let text = String::from_utf8_lossy(self.text(receiver)).into_owned();
        let inner = text.trim_matches(['(', ')']);
        let typed = inner.split('[').next().unwrap_or_default();
        typed.rsplit([' ', '*', '\t']).next().unwrap_or_default().to_owned()
    }
}

/// Returns the last component of a qualified name.
fn last_name(node: Node<'_>) -> Node<'_> {
    let mut at = node;
    for _ in 0..DECLARATOR_DEPTH {
        match at.child_by_field_name("name") {
            Some(inner) if at.kind() == "qualified_identifier" => at = inner,
            _ => break,
        }
    }
    at
}

fn is_function(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "arrow_function" | "function_expression" | "function" | "generator_function"
    )
}

/// Returns true for a single name, false for a pattern.
fn is_plain(node: &Node<'_>) -> bool {
    matches!(
        node.kind(),
        "identifier" | "property_identifier" | "private_property_identifier" | "type"
    )
}

/// Returns the name of `a::B<C>`: `B`.
fn base_type(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let bare = text.trim_start_matches(['&', '*', ' ']);
    let bare = bare.split('<').next().unwrap_or_default();
    bare.rsplit("::").next().unwrap_or_default().trim().to_owned()
}

fn last_row(node: Node<'_>) -> usize {
    let (start, end) = (node.start_position(), node.end_position());
    if end.column == 0 && end.row > start.row { end.row - 1 } else { end.row }
}

fn line(row: usize) -> u32 {
    u32::try_from(row + 1).unwrap_or(u32::MAX)
}

fn range(first_row: usize, last_row: usize) -> LineRange {
    LineRange { start: line(first_row), end: line(last_row.max(first_row)) }
}
