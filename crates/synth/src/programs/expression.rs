//! How is a value of a kind written down?
//!
//! In: the variables in scope and a stream of random numbers. Out: expressions, and
//! before them the statements that they need. What is written always parses; whether it
//! runs is for the interpreter to say.

use std::fmt::Write as _;

use backstory_model::seed::Generator;

use super::method::{Form, Kind, forms_giving};
use super::names::{WORDS, variables};

/// Deeper expressions are hard to read.
const DEEPEST: usize = 2;
/// What separates the words of a text.
const MARKS: [&str; 8] = [",", " ", "-", "e", "a", "_", "r", "A"];

/// An expression.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    pub(super) text: String,
    /// Whether an attribute may follow it as it stands.
    is_primary: bool,
    /// Whether it is a call.
    is_call: bool,
}

impl Expression {
    fn primary(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_primary: true, is_call: false }
    }

    fn call(text: String) -> Self {
        Self { text, is_primary: true, is_call: true }
    }

    fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_primary: false, is_call: false }
    }
}

/// A function while it is written.
#[derive(Debug)]
pub(super) struct Body<'r> {
    pub(super) random: &'r mut Generator,
    pub(super) lines: Vec<String>,
    pub(super) indent: usize,
    /// The variables that have a value here.
    pub(super) scope: Vec<(String, Kind)>,
    /// Every name that was given away.
    pub(super) taken: Vec<String>,
}

impl Body<'_> {
    /// Writes a line.
    pub(super) fn line(&mut self, text: &str) {
        self.lines.push(format!("{}{text}", "    ".repeat(self.indent)));
    }

    /// Gives away a name for a variable of a kind.
    pub(super) fn name(&mut self, kind: Kind) -> String {
        let names = variables(kind);
        let first = self.random.below(names.len());
        let order = (0..names.len()).map(|at| names[(first + at) % names.len()]);
        let free = order.map(str::to_owned).find(|name| !self.taken.contains(name));
        let name = free.unwrap_or_else(|| format!("{}_{}", names[first], self.taken.len()));
        self.taken.push(name.clone());
        name
    }

    /// Writes an assignment to a variable with a name of its own.
    pub(super) fn assign(&mut self, kind: Kind, value: &str) -> String {
        let name = self.name(kind);
        self.line(&format!("{name} = {value}"));
        self.scope.push((name.clone(), kind));
        name
    }

    /// Draws one of several.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.random.below(of.len())]
    }

    fn known(&mut self, kind: Kind) -> Option<String> {
        let known: Vec<String> = self
            .scope
            .iter()
            .filter(|(_, other)| *other == kind)
            .map(|(name, _)| name.clone())
            .collect();
        (!known.is_empty()).then(|| self.pick(&known).clone())
    }

    /// Returns a variable of a kind that may be changed.
    fn variable(&mut self, kind: Kind) -> String {
        if let Some(name) = self.known(kind) {
            return name;
        }
        let own = match kind {
            Kind::Dict => "dict",
            Kind::Set => "set",
            _ => "list",
        };
        let value = self.literal(kind);
        self.assign(kind, &format!("{own}({value})"))
    }

    /// Writes a literal of a kind.
    pub(super) fn literal(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Int => (5 + self.random.below(16)).to_string(),
            Kind::Float => format!("{}.{}", self.random.below(12), self.pick(&[25, 5, 75, 125])),
            Kind::Bool => (*self.pick(&["True", "False"])).to_owned(),
            Kind::Str => self.words(),
            Kind::List => self.several("[", "]", Kind::Int),
            Kind::Strs => {
                let count = 6 + self.random.below(3);
                let words: Vec<String> = (0..count).map(|_| self.word()).collect();
                format!("[{}]", words.join(", "))
            }
            Kind::Dict => {
                let count = 6 + self.random.below(2);
                let first = self.random.below(WORDS.len());
                let mut entries = String::new();
                for at in 0..count {
                    let (word, number) =
                        (WORDS[(first + at) % WORDS.len()], self.literal(Kind::Int));
                    let comma = if at == 0 { "" } else { ", " };
                    let _ = write!(entries, "{comma}\"{word}\": {number}");
                }
                format!("{{{entries}}}")
            }
            Kind::Set => self.several("{", "}", Kind::Int),
            Kind::Tuple => self.several("(", ")", Kind::Int),
            Kind::Nothing => "None".to_owned(),
        }
    }

    fn several(&mut self, open: &str, close: &str, kind: Kind) -> String {
        let count = 6 + self.random.below(4);
        let values: Vec<String> = (0..count).map(|_| self.literal(kind)).collect();
        format!("{open}{}{close}", values.join(", "))
    }

    fn word(&mut self) -> String {
        format!("\"{}\"", self.pick(&WORDS))
    }

    fn words(&mut self) -> String {
        let count = 2 + self.random.below(3);
        let mark = *self.pick(&[" ", ",", "-", "_", "  "]);
        let words: Vec<&str> = (0..count).map(|_| *self.pick(&WORDS)).collect();
        format!("\"{}\"", words.join(mark))
    }

    /// Writes a value of a kind.
    pub(super) fn value(&mut self, kind: Kind, depth: usize) -> Expression {
        let draw = self.random.below(10);
        if depth < DEEPEST && draw < 4 {
            let forms: Vec<Form> = forms_giving(kind).filter(|form| !changes(*form)).collect();
            if !forms.is_empty() {
                let form = *self.pick(&forms);
                return self.call(form, depth + 1, false);
            }
        }
        if depth < DEEPEST && draw < 6 {
            return self.operation(kind, depth + 1);
        }
        self.atom(kind)
    }

    /// Writes a value without parts: a variable, what one holds, or a literal.
    fn atom(&mut self, kind: Kind) -> Expression {
        // Three conditions on one flag are one.
        let wants_known = kind != Kind::Bool || self.random.below(3) == 0;
        if let Some(name) = self.known(kind).filter(|_| wants_known) {
            return Expression::primary(name);
        }
        if let Some(held) = self.held(kind) {
            return held;
        }
        match kind {
            Kind::Int | Kind::Float => Expression::of(self.literal(kind)),
            _ => Expression::primary(self.literal(kind)),
        }
    }

    /// Writes what a variable of another kind says, so that arguments matter.
    fn held(&mut self, kind: Kind) -> Option<Expression> {
        let holders: &[Kind] = match kind {
            Kind::Int => &[Kind::Str, Kind::List, Kind::Strs, Kind::Dict, Kind::Tuple, Kind::Set],
            Kind::Float | Kind::Bool | Kind::Str => &[Kind::Int],
            Kind::List => &[Kind::Tuple, Kind::Set, Kind::Dict],
            Kind::Strs => &[Kind::Str, Kind::Dict],
            Kind::Set | Kind::Tuple => &[Kind::List],
            Kind::Dict | Kind::Nothing => &[],
        };
        let holder = holders.iter().copied().find_map(|one| Some((one, self.known(one)?)));
        let (of, name) = match (holder, kind) {
            (Some(holder), _) => holder,
            (None, Kind::Bool) => (Kind::Int, self.held(Kind::Int)?.text),
            (None, _) => return None,
        };
        let small = 2 + self.random.below(9);
        Some(match (kind, of) {
            (Kind::Int, _) => Expression::call(format!("len({name})")),
            (Kind::Float, _) => Expression::of(format!("{name} / {small}")),
            (Kind::Bool, _) => {
                let sign = *self.pick(&["<", ">", "==", ">=", "!="]);
                Expression::of(format!("{name} {sign} {small}"))
            }
            (Kind::Str, _) => Expression::call(format!("str({name})")),
            (Kind::List, Kind::Dict) => Expression::call(format!("list({name}.values())")),
            (Kind::List, _) => Expression::call(format!("sorted({name})")),
            (Kind::Strs, Kind::Dict) => Expression::call(format!("list({name})")),
            (Kind::Strs, _) => Expression::call(format!("{name}.split()")),
            (Kind::Set, _) => Expression::call(format!("set({name})")),
            (Kind::Tuple, _) => Expression::call(format!("tuple({name})")),
            (Kind::Dict | Kind::Nothing, _) => return None,
        })
    }

    /// Writes an operation that gives a value of a kind.
    fn operation(&mut self, kind: Kind, depth: usize) -> Expression {
        let mut part = |kind| self.value(kind, depth).grouped();
        match kind {
            Kind::Int => {
                let (left, right) = (part(Kind::Int), part(Kind::Int));
                let sign = *self.pick(&["+", "-", "*", "%", "//"]);
                // What divides is never zero.
                let right =
                    if matches!(sign, "%" | "//") { format!("(abs({right}) + 1)") } else { right };
                Expression::of(format!("{left} {sign} {right}"))
            }
            Kind::Float => {
                let (left, right) = (part(Kind::Float), part(Kind::Int));
                Expression::of(format!("{left} {} {right}", self.pick(&["+", "-", "*"])))
            }
            Kind::Bool => {
                let (left, right) = (part(Kind::Int), part(Kind::Int));
                Expression::of(format!(
                    "{left} {} {right}",
                    self.pick(&["<", ">", "==", "!=", "<="])
                ))
            }
            Kind::Str => {
                let (left, right) = (part(Kind::Str), part(Kind::Str));
                Expression::of(format!("{left} + {right}"))
            }
            Kind::List => {
                let of = part(Kind::List);
                let small = 1 + self.random.below(4);
                match self.random.below(3) {
                    0 => Expression::primary(format!("{of}[{small}:]")),
                    1 => Expression::primary(format!("{of}[::-{small}]")),
                    _ => Expression::primary(format!("[value * {small} for value in {of}]")),
                }
            }
            Kind::Strs => {
                let of = part(Kind::Strs);
                let small = 1 + self.random.below(3);
                Expression::primary(format!("[part[{small}:] for part in {of}]"))
            }
            Kind::Set => {
                let (left, right) = (part(Kind::Set), part(Kind::Set));
                Expression::of(format!("{left} {} {right}", self.pick(&["|", "&", "-", "^"])))
            }
            Kind::Dict => {
                let of = part(Kind::Dict);
                Expression::primary(format!("{{key: count + 1 for key, count in {of}.items()}}"))
            }
            Kind::Tuple => {
                let (left, right) = (part(Kind::Tuple), part(Kind::Tuple));
                Expression::of(format!("{left} + {right}"))
            }
            Kind::Nothing => Expression::primary("None"),
        }
    }

    /// Writes a call; with `nests`, one of its holes holds another call if it has one
    /// that can.
    pub(super) fn call(&mut self, form: Form, depth: usize, nests: bool) -> Expression {
        let mut text = String::new();
        let mut rest = form.template;
        let mut nests = nests;
        while let Some(at) = rest.find('{') {
            text.push_str(&rest[..at]);
            let hole = rest[at + 1..]
                .split_once('}')
                .and_then(|(name, after)| Hole::named(name).map(|hole| (hole, after)));
            if let Some((hole, after)) = hole {
                let filled = self.fill(hole, depth, nests);
                nests &= !filled.is_call;
                let is_receiver = after.starts_with('.');
                text.push_str(&if is_receiver { filled.receiver() } else { filled.text });
                rest = after;
            } else {
                text.push('{');
                rest = &rest[at + 1..];
            }
        }
        text.push_str(rest);
        let is_call = !text.starts_with('[') && text.ends_with(')');
        Expression { text, is_primary: true, is_call }
    }

    fn fill(&mut self, hole: Hole, depth: usize, nests: bool) -> Expression {
        match hole {
            Hole::Value(kind) if nests => {
                let forms: Vec<Form> = forms_giving(kind).filter(|form| !changes(*form)).collect();
                if forms.is_empty() {
                    return self.value(kind, depth);
                }
                let form = *self.pick(&forms);
                self.call(form, DEEPEST, false)
            }
            Hole::Value(kind) => self.value(kind, depth),
            Hole::Variable(kind) => Expression::primary(self.variable(kind)),
            Hole::Small => Expression::of(self.random.below(5).to_string()),
            Hole::Positive => Expression::of((2 + self.random.below(7)).to_string()),
            Hole::Width => Expression::of((8 + self.random.below(16)).to_string()),
            Hole::Char => {
                let mark = *self.pick(&MARKS);
                Expression::primary(format!("\"{mark}\""))
            }
            Hole::Word => Expression::primary(self.word()),
        }
    }
}

impl Expression {
    /// Returns it so that an operator may stand beside it.
    fn grouped(self) -> String {
        if self.is_primary || self.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            self.text
        } else {
            format!("({})", self.text)
        }
    }

    /// Returns it so that an attribute may follow.
    fn receiver(self) -> String {
        if self.is_primary { self.text } else { format!("({})", self.text) }
    }
}

/// What stands in a hole of a form.
#[derive(Clone, Copy, Debug)]
enum Hole {
    Value(Kind),
    /// A variable, because it is changed.
    Variable(Kind),
    /// A number from 0 to 4.
    Small,
    /// A number from 2 to 8.
    Positive,
    /// A number from 8 to 23.
    Width,
    /// A text of one character.
    Char,
    /// A text.
    Word,
}

impl Hole {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "int" => Self::Value(Kind::Int),
            "float" => Self::Value(Kind::Float),
            "bool" => Self::Value(Kind::Bool),
            "str" => Self::Value(Kind::Str),
            "list" => Self::Value(Kind::List),
            "strs" => Self::Value(Kind::Strs),
            "dict" => Self::Value(Kind::Dict),
            "set" => Self::Value(Kind::Set),
            "tuple" => Self::Value(Kind::Tuple),
            "LIST" => Self::Variable(Kind::List),
            "STRS" => Self::Variable(Kind::Strs),
            "DICT" => Self::Variable(Kind::Dict),
            "SET" => Self::Variable(Kind::Set),
            "small" => Self::Small,
            "positive" => Self::Positive,
            "width" => Self::Width,
            "char" => Self::Char,
            "word" => Self::Word,
            _ => return None,
        })
    }
}

/// Says whether a call changes one of its variables.
fn changes(form: Form) -> bool {
    form.gives == Kind::Nothing
        || form.template.contains("{LIST}")
        || form.template.contains("{SET}")
        || form.template.contains("{DICT}")
        || form.template.contains("{STRS}")
}
