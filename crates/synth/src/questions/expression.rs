//! What does a reader know of the value of an expression?
//!
//! In: an expression and the values of variables before it. Out: what is
//! [`Seen`] of its value, or nothing where it depends on what is not shown.

use backstory_syntax::Part;
use serde_json::Value as Json;

use super::builtins::{CHANGES, CLASSES, FUNCTIONS, METHODS, ORDERLESS};
use super::closed::Reader;
use super::seen::{Seen, field, truth, variable};

impl<'r> Reader<'r> {
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
    pub(super) fn truth(&mut self, part: &'r Part) -> Option<bool> {
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
    pub(super) fn see(&mut self, part: &'r Part) -> Option<Seen> {
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

    pub(super) fn arguments(&mut self, part: &'r Part, most: Seen) -> Option<()> {
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
