//! Which statements can a reader execute who sees a function and some values?
//!
//! In: the text of a file and the values of variables. Out: whether the outcome of one
//! execution of a statement follows from them and from what Python itself defines. It does
//! not where the statement calls what is not shown, reads what is not shown, or where an
//! object of another class decides. `docs/execution-reasoning.md` states the rule.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::Variables;
use backstory_syntax::Part;
use serde_json::Value as Json;

use super::reading::{Place, Reading};
use super::seen::Seen;

/// What an execution that follows may change: these names and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// The variables.
    pub(super) names: BTreeSet<String>,
    /// Whether some value is changed in place, of which a part may be done when it raises.
    pub(super) in_place: bool,
}

impl Reading {
    /// Returns what an execution may change if its outcome follows from the state before;
    /// `None` where it does not. `again` says that the header of a loop goes on with what
    /// it was given before.
    pub(super) fn closed(
        &self,
        place: Place<'_>,
        state: &Variables,
        again: bool,
    ) -> Option<Changes> {
        if place.in_finally {
            return None;
        }
        let mut reader = Reader {
            file: self,
            state,
            values: BTreeMap::new(),
            inner: Vec::new(),
            changes: Changes::default(),
        };
        reader.statement(place.part, again)?;
        Some(reader.changes)
    }
}

/// Reads one statement with the values before it.
pub(super) struct Reader<'r> {
    pub(super) file: &'r Reading,
    pub(super) state: &'r Variables,
    pub(super) values: BTreeMap<&'r str, Option<Json>>,
    /// Names that comprehensions bind, which are shown whole.
    pub(super) inner: Vec<&'r str>,
    changes: Changes,
}

impl<'r> Reader<'r> {
    pub(super) fn text(&self, part: &Part) -> &'r str {
        part.text(&self.file.text)
    }

    pub(super) fn parts(part: &'r Part) -> impl Iterator<Item = &'r Part> {
        part.parts.iter().filter(|part| part.kind != "comment")
    }

    fn change(&mut self, name: &str) {
        self.changes.names.insert(name.to_owned());
    }

    pub(super) fn change_in_place(&mut self, name: &str) {
        self.changes.in_place = true;
        self.change(name);
    }

    /// Reads a statement; of a compound one its header.
    fn statement(&mut self, part: &'r Part, again: bool) -> Option<()> {
        match part.kind {
            "pass_statement" | "break_statement" | "continue_statement" => Some(()),
            "expression_statement" => {
                let mut parts = Self::parts(part);
                let (Some(only), None) = (parts.next(), parts.next()) else { return None };
                match only.kind {
                    "assignment" => self.assignment(only),
                    "augmented_assignment" => self.augmented(only),
                    _ => self.see(only).map(drop),
                }
            }
            "return_statement" => match Self::parts(part).next() {
                Some(value) => self.see(value).map(drop),
                None => Some(()),
            },
            "if_statement" | "elif_clause" | "while_statement" => {
                self.decided(part.field("condition")?)
            }
            "assert_statement" => {
                let mut parts = Self::parts(part);
                self.decided(parts.next()?)?;
                parts.try_for_each(|message| self.see(message).map(drop))
            }
            "for_statement" => self.header(part, again),
            "raise_statement" => self.raise(part),
            "except_clause" => self.handler(part),
            "delete_statement" => self.delete(part),
            _ => None,
        }
    }

    /// Reads what decides a way.
    pub(super) fn decided(&mut self, part: &'r Part) -> Option<()> {
        if self.truth(part).is_some() {
            return Some(());
        }
        self.see(part).filter(|seen| seen.has_truth()).map(drop)
    }

    fn assignment(&mut self, part: &'r Part) -> Option<()> {
        let right = part.field("right")?;
        let seen = match right.kind {
            "assignment" => {
                self.assignment(right)?;
                Seen::Holds
            }
            _ => self.see(right)?,
        };
        self.target(part.field("left")?, seen)
    }

    fn augmented(&mut self, part: &'r Part) -> Option<()> {
        let (left, right) = (part.field("left")?, part.field("right")?);
        let both = self.see(left)?.max(self.see(right)?);
        let is_known = left.kind == "identifier" && both <= Seen::Unordered;
        is_known.then(|| self.change_in_place(self.text(left)))
    }

    /// Reads what is assigned to.
    fn target(&mut self, part: &'r Part, value: Seen) -> Option<()> {
        match part.kind {
            "identifier" => {
                self.change(self.text(part));
                Some(())
            }
            // What comes first of a set is not known.
            "pattern_list" | "tuple_pattern" | "list_pattern" => {
                let inner = if value == Seen::Plain { Seen::Plain } else { return None };
                Self::parts(part).try_for_each(|one| self.target(one, inner))
            }
            "subscript" => {
                let whole = part.field("value")?;
                let is_known = whole.kind == "identifier" && self.see(whole)? <= Seen::Holds;
                let mut keys = Self::parts(part).skip(1);
                keys.try_for_each(|key| self.plain(key))?;
                is_known.then(|| self.change_in_place(self.text(whole)))
            }
            _ => None,
        }
    }

    fn header(&mut self, part: &'r Part, again: bool) -> Option<()> {
        let is_async = self.text(part).starts_with("async");
        let over = part.field("right")?;
        if is_async || (!again && self.see(over)? != Seen::Plain) {
            return None;
        }
        self.target(part.field("left")?, Seen::Plain)
    }

    fn raise(&mut self, part: &'r Part) -> Option<()> {
        let mut parts = Self::parts(part);
        let (Some(what), None) = (parts.next(), parts.next()) else { return None };
        match what.kind {
            "identifier" => (self.see(what)? == Seen::Class).then_some(()),
            "call" => {
                let class = what.field("function")?;
                if class.kind != "identifier" || self.see(class)? != Seen::Class {
                    return None;
                }
                self.arguments(what.field("arguments")?, Seen::Unordered)
            }
            _ => None,
        }
    }

    fn handler(&mut self, part: &'r Part) -> Option<()> {
        let mut classes = Self::parts(part).filter(|part| part.kind != "block");
        let Some(class) = classes.next() else { return Some(()) };
        let class = match class.kind {
            "as_pattern" => {
                let name = class.field("alias")?;
                self.change(self.text(name));
                Self::parts(class).next()?
            }
            _ => class,
        };
        if let Some(name) = classes.next() {
            self.change(self.text(name));
        }
        self.classes(class)
    }

    /// Reads a builtin class or a tuple of some.
    pub(super) fn classes(&mut self, part: &'r Part) -> Option<()> {
        match part.kind {
            "tuple" => Self::parts(part).try_for_each(|one| self.classes(one)),
            "parenthesized_expression" => self.classes(Self::parts(part).next()?),
            _ => (self.see(part)? == Seen::Class).then_some(()),
        }
    }

    fn delete(&mut self, part: &'r Part) -> Option<()> {
        Self::parts(part).try_for_each(|one| match one.kind {
            "identifier" | "subscript" => self.target(one, Seen::Plain),
            _ => None,
        })
    }

    pub(super) fn plain(&mut self, part: &'r Part) -> Option<()> {
        (self.see(part)? == Seen::Plain).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use backstory_model::{TracedFile, TracedStatement, ValueText, Variables};

    use super::Reading;

    /// Says what the execution of a statement may change, with some values before it.
    fn closed(line: &str) -> Option<String> {
        let text = format!("import os\nfrom a import sorted\ndef f(x):\n    {line}\n");
        let reading = Reading::of(&text).unwrap();
        let one = TracedStatement {
            line: 4,
            column: 4,
            end_line: 4,
            end_column: 9,
            kind: String::new(),
            parent: 0,
            unasked: None,
            silent: false,
        };
        let file = TracedFile { path: String::new(), statements: vec![one] };
        let state: Variables = [
            ("n", "3"),
            ("s", "\"ab\""),
            ("none", "null"),
            ("xs", "[1,2]"),
            ("d", r#"{"dict":[["a",1]]}"#),
            ("some", r#"{"set":[1,2]}"#),
            ("held", r#"[{"object":{"class":"A","number":1}}]"#),
            ("thing", r#"{"object":{"class":"A","number":2}}"#),
            ("self", r#"{"object":{"class":"B","fields":[["name","x"],["other",{"object":{"class":"A","number":3}}]]}}"#),
            ("long", r#"{"truncated":{"class":"str"}}"#),
            ("moving", r#"{"differs":{}}"#),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), ValueText::new(value.to_owned()).unwrap()))
        .collect();
        let place = *reading.places(&file).get(&1)?;
        let changes = reading.closed(place, &state, false)?;
        Some(changes.names.into_iter().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_follows_from_shown_values_is_closed() {
        for (line, changes) in [
            ("y = n + len(xs) * 2", "y"),
            ("y = s.upper().split(',')[0]", "y"),
            ("y = f'{n:>3} {s!r}'", "y"),
            ("a, b = xs", "a b"),
            ("n += 1", "n"),
            ("xs.append(n)", "xs"),
            ("d['b'] = thing", "d"),
            ("del d['a']", "d"),
            ("y = thing", "y"),
            ("y = self.name", "y"),
            ("if self.other is not None: pass", ""),
            ("if none and none.foo(): pass", ""),
            ("if n or unknown(): pass", ""),
            ("y = none.foo() if none else 1", "y"),
            ("if held: pass", ""),
            ("y = len(some) + sum([i for i in xs if i > 1])", "y"),
            ("y = any(i for i in xs)", "y"),
            ("if isinstance(n, (int, str)): pass", ""),
            ("for i, c in enumerate(s): pass", "c i"),
            ("raise ValueError(f'{n}')", ""),
            ("return {'a': n, **d}", ""),
            ("assert n in some", ""),
        ] {
            assert_eq!(closed(line).as_deref(), Some(changes), "{line}");
        }
    }

    #[test]
    fn what_depends_on_anything_else_is_not() {
        for line in [
            "y = unknown",
            "y = os.getcwd()",
            "y = unknown(n)",
            "y = thing.name",
            "y = self.missing",
            "y = self.method()",
            "self.name = n",
            "if thing: pass",
            "y = not self.other",
            "y = thing == n",
            "y = s is n",
            "if isinstance(thing, str): pass",
            "if isinstance(n, thing): pass",
            "y = sorted(xs)",
            "y = list(some)",
            "for i in some: pass",
            "a, b = some",
            "y = f'{some}'",
            "y = held[0]",
            "y = long",
            "y = moving",
            "y = [unknown(i) for i in xs]",
            "y = [i for i in held]",
            "y = (i for i in xs) and thing.go()",
            "y = lambda: 1",
            "xs.append(unknown)",
            "self.other.append(1)",
            "raise",
            "raise unknown('x')",
            "with thing: pass",
            "import a",
            "y = some.pop()",
            "y = (z := 3)",
            "y = max(xs, key=unknown)",
        ] {
            assert_eq!(closed(line), None, "{line}");
        }
    }
}
