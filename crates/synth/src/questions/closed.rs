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

use super::builtins::{CHANGES, CLASSES, FUNCTIONS, METHODS, ORDERLESS};
use super::reading::{Place, Reading};
use super::seen::{Seen, field, truth, variable};

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
struct Reader<'r> {
    file: &'r Reading,
    state: &'r Variables,
    values: BTreeMap<&'r str, Option<Json>>,
    /// Names that comprehensions bind, which are shown whole.
    inner: Vec<&'r str>,
    changes: Changes,
}

impl<'r> Reader<'r> {
    fn text(&self, part: &Part) -> &'r str {
        part.text(&self.file.text)
    }

    fn parts(part: &'r Part) -> impl Iterator<Item = &'r Part> {
        part.parts.iter().filter(|part| part.kind != "comment")
    }

    fn change(&mut self, name: &str) {
        self.changes.names.insert(name.to_owned());
    }

    fn change_in_place(&mut self, name: &str) {
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
    fn decided(&mut self, part: &'r Part) -> Option<()> {
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
    fn classes(&mut self, part: &'r Part) -> Option<()> {
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

    fn plain(&mut self, part: &'r Part) -> Option<()> {
        (self.see(part)? == Seen::Plain).then_some(())
    }

    /// Returns the value of a name, or of a field of a name.
    fn value(&mut self, part: &'r Part) -> Option<Json> {
        match part.kind {
            "identifier" => {
                let name = self.text(part);
                let state = self.state;
                self.values.entry(name).or_insert_with(|| variable(state, name)).clone()
            }
            "attribute" => {
                let whole = part.field("object").filter(|whole| whole.kind == "identifier")?;
                let value = self.value(whole)?;
                field(&value, self.text(part.field("attribute")?)).cloned()
            }
            "parenthesized_expression" => self.value(Self::parts(part).next()?),
            "none" => Some(Json::Null),
            "true" => Some(Json::Bool(true)),
            "false" => Some(Json::Bool(false)),
            _ => None,
        }
    }

    /// Returns whether an expression is true, where shown values say so at once.
    fn truth(&mut self, part: &'r Part) -> Option<bool> {
        match part.kind {
            "parenthesized_expression" => self.truth(Self::parts(part).next()?),
            "not_operator" => self.truth(part.field("argument")?).map(|is| !is),
            "boolean_operator" => {
                let (left, right) = (part.field("left")?, part.field("right")?);
                let first = self.truth(left)?;
                if first == self.between(left, right).contains("or") {
                    Some(first)
                } else {
                    self.truth(right)
                }
            }
            "comparison_operator" => self.identity(part),
            _ => {
                let value = self.value(part)?;
                if Seen::of(&value)? == Seen::Thing { None } else { truth(&value) }
            }
        }
    }

    fn between(&self, left: &Part, right: &Part) -> &'r str {
        self.file.text.get(left.range.end..right.range.start).unwrap_or_default()
    }

    /// Decides `x is None` and `x is not None`.
    fn identity(&mut self, part: &'r Part) -> Option<bool> {
        let mut parts = Self::parts(part);
        let (Some(left), Some(right), None) = (parts.next(), parts.next(), parts.next()) else {
            return None;
        };
        let words: Vec<&str> = self.between(left, right).split_whitespace().collect();
        let wanted = match words.as_slice() {
            ["is"] => true,
            ["is", "not"] => false,
            _ => return None,
        };
        if right.kind != "none" {
            return None;
        }
        let value = self.value(left)?;
        Seen::of(&value)?;
        Some(value.is_null() == wanted)
    }

    /// Says what is known of the value of an expression.
    fn see(&mut self, part: &'r Part) -> Option<Seen> {
        match part.kind {
            "integer" | "float" | "true" | "false" | "none" | "ellipsis" => Some(Seen::Plain),
            "string" | "concatenated_string" | "interpolation" => self.string(part),
            "identifier" => self.name(part),
            "attribute" => Seen::of(&self.value(part)?),
            "parenthesized_expression" | "expression_list" | "tuple" | "list" | "list_splat" => {
                self.together(part)
            }
            "subscript" => {
                self.plain(part.field("value")?)?;
                Self::parts(part).skip(1).try_for_each(|key| self.plain(key))?;
                Some(Seen::Plain)
            }
            "slice" => Self::parts(part).try_for_each(|one| self.plain(one)).map(|()| Seen::Plain),
            "dictionary" | "pair" | "dictionary_splat" => self.together(part),
            "set" => self.together(part).map(|seen| seen.max(Seen::Unordered)),
            "not_operator" => self.decided(part.field("argument")?).map(|()| Seen::Plain),
            "unary_operator" => self.plain(part.field("argument")?).map(|()| Seen::Plain),
            "binary_operator" => {
                let both = self.see(part.field("left")?)?.max(self.see(part.field("right")?)?);
                Some(both).filter(|both| *both <= Seen::Unordered)
            }
            "boolean_operator" => self.boolean(part),
            "comparison_operator" => self.comparison(part),
            "conditional_expression" => self.conditional(part),
            "call" => self.call(part),
            "list_comprehension" | "generator_expression" | "dictionary_comprehension" => {
                self.comprehension(part)
            }
            "set_comprehension" => self.comprehension(part).map(|seen| seen.max(Seen::Unordered)),
            _ => None,
        }
    }

    fn name(&mut self, part: &'r Part) -> Option<Seen> {
        let name = self.text(part);
        if self.inner.contains(&name) {
            return Some(Seen::Plain);
        }
        if self.state.contains_key(name) {
            return Seen::of(&self.value(part)?);
        }
        (CLASSES.contains(&name) && !self.file.bound.contains(name)).then_some(Seen::Class)
    }

    fn string(&mut self, part: &'r Part) -> Option<Seen> {
        for inner in Self::parts(part) {
            match inner.kind {
                "string" | "interpolation" => {
                    self.string(inner)?;
                }
                "string_start"
                | "string_content"
                | "string_end"
                | "type_conversion"
                | "escape_sequence"
                | "escape_interpolation" => {}
                "format_specifier" => {
                    Self::parts(inner).try_for_each(|one| self.string(one).map(drop))?;
                }
                _ => self.plain(inner)?,
            }
        }
        Some(Seen::Plain)
    }

    /// Reads what is put together: as much is known as of its least known part.
    fn together(&mut self, part: &'r Part) -> Option<Seen> {
        let is_one = part.kind == "parenthesized_expression";
        let mut all = Seen::Plain;
        for inner in Self::parts(part) {
            let seen = self.see(inner)?;
            all = all.max(match seen {
                Seen::Class => return None,
                Seen::Thing if !is_one => Seen::Holds,
                seen => seen,
            });
        }
        let is_spread = matches!(part.kind, "list_splat" | "dictionary_splat");
        (!is_spread || all == Seen::Plain).then_some(all)
    }

    fn boolean(&mut self, part: &'r Part) -> Option<Seen> {
        let (left, right) = (part.field("left")?, part.field("right")?);
        let is_or = self.between(left, right).contains("or");
        match self.truth(left) {
            Some(is) if is == is_or => self.see(left),
            Some(_) => self.see(right),
            None => {
                let seen = self.see(left).filter(|seen| seen.has_truth())?;
                Some(seen.max(self.see(right)?))
            }
        }
    }

    fn conditional(&mut self, part: &'r Part) -> Option<Seen> {
        let mut parts = Self::parts(part);
        let (then, test, otherwise) = (parts.next()?, parts.next()?, parts.next()?);
        match self.truth(test) {
            Some(true) => self.see(then),
            Some(false) => self.see(otherwise),
            None => {
                self.decided(test)?;
                Some(self.see(then)?.max(self.see(otherwise)?))
            }
        }
    }

    fn comparison(&mut self, part: &'r Part) -> Option<Seen> {
        if self.identity(part).is_some() {
            return Some(Seen::Plain);
        }
        let operands: Vec<&'r Part> = Self::parts(part).collect();
        for pair in operands.windows(2) {
            let words: Vec<&str> = self.between(pair[0], pair[1]).split_whitespace().collect();
            let (left, right) = (self.see(pair[0])?, self.see(pair[1])?);
            let is_literal = ["none", "true", "false"].contains(&pair[1].kind);
            let follows = match words.as_slice() {
                // Which of two equal values is which object is not shown.
                ["is"] | ["is", "not"] => is_literal,
                ["in"] | ["not", "in"] => left == Seen::Plain && right <= Seen::Unordered,
                _ => left.max(right) <= Seen::Unordered,
            };
            if !follows {
                return None;
            }
        }
        Some(Seen::Plain)
    }

    fn comprehension(&mut self, part: &'r Part) -> Option<Seen> {
        let before = self.inner.len();
        let seen = self.comprehended(part);
        self.inner.truncate(before);
        seen
    }

    fn comprehended(&mut self, part: &'r Part) -> Option<Seen> {
        for clause in Self::parts(part).filter(|part| part.field != Some("body")) {
            match clause.kind {
                "for_in_clause" if !self.text(clause).starts_with("async") => {
                    self.plain(clause.field("right")?)?;
                    clause.field("left")?.visit(&mut |name| {
                        if name.kind == "identifier" {
                            self.inner.push(name.text(&self.file.text));
                        }
                    });
                }
                "if_clause" => self.decided(Self::parts(clause).next()?)?,
                _ => return None,
            }
        }
        self.see(part.field("body")?).filter(|seen| *seen <= Seen::Unordered)
    }

    fn call(&mut self, part: &'r Part) -> Option<Seen> {
        let (function, arguments) = (part.field("function")?, part.field("arguments")?);
        match function.kind {
            "identifier" => self.function(self.text(function), arguments),
            "attribute" => self.method(function, arguments),
            _ => None,
        }
    }

    fn function(&mut self, name: &str, arguments: &'r Part) -> Option<Seen> {
        let is_own = self.state.contains_key(name) || self.file.bound.contains(name);
        if is_own || self.inner.contains(&name) {
            return None;
        }
        let given: Vec<&'r Part> = Self::parts(arguments).collect();
        match (name, given.as_slice()) {
            ("isinstance", [what, classes]) => {
                self.classes(classes)?;
                // Which classes an object of another class has is not shown.
                self.see(what).filter(|seen| *seen <= Seen::Holds).map(|_| Seen::Plain)
            }
            ("len" | "bool", [what]) => {
                self.see(what).filter(|seen| seen.has_truth()).map(|_| Seen::Plain)
            }
            _ if FUNCTIONS.contains(&name) => {
                let most = if ORDERLESS.contains(&name) { Seen::Unordered } else { Seen::Plain };
                self.arguments(arguments, most)?;
                let is_set = matches!(name, "set" | "frozenset");
                Some(if is_set { Seen::Unordered } else { Seen::Plain })
            }
            _ => None,
        }
    }

    fn method(&mut self, function: &'r Part, arguments: &'r Part) -> Option<Seen> {
        let whole = function.field("object")?;
        let name = self.text(function.field("attribute")?);
        let seen = self.see(whole)?;
        if CHANGES.contains(&name) && whole.kind == "identifier" {
            let takes_first = matches!(name, "pop" | "popitem");
            let is_known = seen == Seen::Plain || (seen == Seen::Unordered && !takes_first);
            self.arguments(arguments, Seen::Unordered)?;
            return is_known.then(|| {
                self.change_in_place(self.text(whole));
                Seen::Plain
            });
        }
        let is_set = seen == Seen::Unordered;
        if !METHODS.contains(&name) || seen > Seen::Unordered {
            return None;
        }
        self.arguments(arguments, if is_set { Seen::Unordered } else { Seen::Plain })?;
        Some(seen)
    }

    fn arguments(&mut self, part: &'r Part, most: Seen) -> Option<()> {
        if part.kind == "generator_expression" {
            return self.see(part).filter(|seen| *seen <= most).map(drop);
        }
        Self::parts(part).try_for_each(|one| {
            let value = match one.kind {
                "keyword_argument" => one.field("value")?,
                _ => one,
            };
            self.see(value).filter(|seen| *seen <= most).map(drop)
        })
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
