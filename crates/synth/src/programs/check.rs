//! Does a program obey its constraint?
//!
//! In: a text and a [`Constraint`]. Out: everything that is not met. Reads the syntax
//! tree and nothing of how the program came about, so that programs of a model are
//! checked by the same rules.

use std::fmt;

use backstory_syntax::{Part, python_tree};
use serde::{Serialize, Serializer};

use super::constraint::{Constraint, Flow, OtherMethods};
use super::literal::Literal;
use super::method::{Called, Method, methods};

/// Something that a program does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unmet {
    /// It is no Python.
    Parses,
    /// Nothing but imports, functions and one `print` stands outside.
    OnlyFunctions,
    /// Only `math` is imported.
    AllowedImports,
    /// There are no comments.
    NoComments,
    /// Exactly one `print`, outside, with exactly one call in it.
    OnePrint,
    /// The printed call names a function of the program.
    Entry,
    /// The entry has a parameter, and every function only plain ones without defaults.
    PlainParameters,
    /// The printed call has literal arguments, one for each parameter.
    LiteralArguments,
    /// As many functions as asked for, none in another.
    Functions,
    /// The entry calls the other function.
    CallsHelper,
    /// The method under test is called.
    CallsMethod,
    /// A call stands in another one.
    NestedCalls,
    /// Another built-in method is called.
    OtherMethods,
    /// The control flow stands in each other as asked for.
    ControlFlow,
}

impl Unmet {
    /// Returns the word that funnels use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parses => "parses",
            Self::OnlyFunctions => "only_functions",
            Self::AllowedImports => "allowed_imports",
            Self::NoComments => "no_comments",
            Self::OnePrint => "one_print",
            Self::Entry => "entry",
            Self::PlainParameters => "plain_parameters",
            Self::LiteralArguments => "literal_arguments",
            Self::Functions => "functions",
            Self::CallsHelper => "calls_helper",
            Self::CallsMethod => "calls_method",
            Self::NestedCalls => "nested_calls",
            Self::OtherMethods => "other_methods",
            Self::ControlFlow => "control_flow",
        }
    }
}

impl Serialize for Unmet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a program that obeys is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// The function in the printed call.
    pub entry: String,
    /// The arguments of that call.
    pub arguments: Vec<Literal>,
    /// Where the arguments stand in the text, without their brackets.
    pub arguments_at: std::ops::Range<usize>,
    /// The parameters of the entry, in order.
    pub parameters: Vec<String>,
    /// Where the statement starts that prints.
    pub print_at: usize,
}

/// Checks a program; gives its shape, or everything that is not met.
pub fn check(source: &str, constraint: &Constraint) -> Result<Shape, Vec<Unmet>> {
    let Some(tree) = python_tree(source) else { return Err(vec![Unmet::Parses]) };
    let program = Outline::of(source, &tree);
    let mut unmet = program.hard_rules();
    let functions = &program.functions;
    let calls: Vec<&Part> = functions.iter().flat_map(|function| function.all("call")).collect();
    let mut demand = |holds: bool, what: Unmet| {
        if !holds {
            unmet.push(what);
        }
    };
    demand(program.function_count() == usize::from(constraint.functions), Unmet::Functions);
    if constraint.functions > 1 {
        demand(program.calls_helper(), Unmet::CallsHelper);
    }
    let is_under_test = |call: &&Part| is_call_of(call, source, &constraint.method);
    demand(calls.iter().any(is_under_test), Unmet::CallsMethod);
    if constraint.nested_calls {
        demand(calls.iter().any(|call| call.all("call").len() > 1), Unmet::NestedCalls);
    }
    if constraint.other_methods == OtherMethods::Required {
        let attribute = |method: &Method| matches!(method.called(), Called::Attribute(_));
        let others: Vec<Method> = methods()
            .into_iter()
            .filter(|other| *other != constraint.method && attribute(other))
            .collect();
        let is_other = |call: &&&Part| others.iter().any(|other| is_call_of(call, source, other));
        let other = calls.iter().filter(|call| !is_under_test(call)).any(|call| is_other(&call));
        demand(other, Unmet::OtherMethods);
    }
    let holds_nest = functions
        .iter()
        .any(|function| holds_nest(function, &constraint.control_flow, &mut Vec::new()));
    demand(constraint.control_flow.is_empty() || holds_nest, Unmet::ControlFlow);
    match program.shape() {
        Some(shape) if unmet.is_empty() => Ok(shape),
        Some(_) => Err(unmet),
        None => {
            unmet.push(Unmet::LiteralArguments);
            Err(unmet)
        }
    }
}

/// The parts of a module.
struct Outline<'a> {
    source: &'a str,
    tree: &'a Part,
    functions: Vec<&'a Part>,
    /// The call in the one `print`.
    printed: Option<&'a Part>,
}

impl<'a> Outline<'a> {
    fn of(source: &'a str, tree: &'a Part) -> Self {
        let functions =
            tree.parts.iter().filter(|part| part.kind == "function_definition").collect();
        let last = tree.parts.last();
        let call = last.filter(|part| part.kind == "expression_statement");
        let print = call.and_then(|part| part.parts.first()).filter(|part| is_print(part, source));
        let printed = print
            .and_then(|print| print.field("arguments"))
            .filter(|arguments| arguments.parts.len() == 1)
            .and_then(|arguments| arguments.parts.first())
            .filter(|only| only.kind == "call" && only.all("call").len() == 1);
        Self { source, tree, functions, printed }
    }

    fn hard_rules(&self) -> Vec<Unmet> {
        let (tree, source) = (self.tree, self.source);
        let prints = tree.all("call").into_iter().filter(|call| is_print(call, source)).count();
        let outside = |part: &Part| {
            matches!(part.kind, "function_definition" | "import_statement" | "comment")
        };
        let rest = tree.parts.iter().filter(|part| !outside(part)).count();
        let imports = tree.all("import_statement").into_iter();
        let mut imported = imports.map(|import| import.text(source));
        let from = tree.all("import_from_statement");
        let rules = [
            (rest == 1, Unmet::OnlyFunctions),
            (imported.all(|text| text == "import math") && from.is_empty(), Unmet::AllowedImports),
            (tree.all("comment").is_empty(), Unmet::NoComments),
            (prints == 1 && self.printed.is_some(), Unmet::OnePrint),
            (self.entry().is_some(), Unmet::Entry),
            (self.functions.iter().all(|one| is_plain(one)), Unmet::PlainParameters),
        ];
        rules.into_iter().filter(|(holds, _)| !holds).map(|(_, what)| what).collect()
    }

    fn function_count(&self) -> usize {
        let inner = ["function_definition", "lambda", "class_definition"];
        inner.iter().map(|kind| self.tree.all(kind).len()).sum()
    }

    fn name(&self, function: &Part) -> &'a str {
        function.field("name").map_or("", |name| name.text(self.source))
    }

    fn entry(&self) -> Option<&'a Part> {
        let called = self.printed?.field("function")?.text(self.source);
        self.functions.iter().copied().find(|function| self.name(function) == called)
    }

    fn calls_helper(&self) -> bool {
        let Some(entry) = self.entry() else { return false };
        let others = self.functions.iter().filter(|one| self.name(one) != self.name(entry));
        let names: Vec<&str> = others.map(|one| self.name(one)).collect();
        let called = entry.all("call").into_iter().filter_map(|call| call.field("function"));
        let called: Vec<&str> = called.map(|function| function.text(self.source)).collect();
        !names.is_empty() && names.iter().all(|name| called.contains(name))
    }

    fn shape(&self) -> Option<Shape> {
        let (printed, entry) = (self.printed?, self.entry()?);
        let arguments = printed.field("arguments")?;
        let read = |part: &Part| Literal::of(part, self.source).ok();
        let values: Vec<Literal> = arguments.parts.iter().map(read).collect::<Option<_>>()?;
        let wanted = &entry.field("parameters")?.parts;
        let parameters = wanted.iter().map(|one| one.text(self.source).to_owned()).collect();
        let print_at = self.tree.parts.last()?.range.start;
        (values.len() == wanted.len()).then(|| Shape {
            parameters,
            print_at,
            entry: self.name(entry).to_owned(),
            arguments: values,
            arguments_at: arguments.range.start + 1..arguments.range.end - 1,
        })
    }
}

/// Returns the parameters of a function of a module, if each can be given by its place.
pub(super) fn parameters(source: &str, function: &str) -> Option<Vec<String>> {
    let tree = python_tree(source)?;
    let is_meant = |part: &&Part| {
        part.kind == "function_definition"
            && part.field("name").is_some_and(|name| name.text(source) == function)
    };
    let wanted = tree.parts.iter().rfind(is_meant)?.field("parameters")?;
    let name = |part: &Part| {
        let name = match part.kind {
            "identifier" => Some(part),
            "typed_parameter" => part.parts.first().filter(|first| first.kind == "identifier"),
            "default_parameter" | "typed_default_parameter" => part.field("name"),
            _ => None,
        };
        Some(name?.text(source).to_owned())
    };
    wanted.parts.iter().map(name).collect()
}

/// Says whether a function has a parameter, and only ones without type and default.
fn is_plain(function: &Part) -> bool {
    let parameters = function.field("parameters").map_or(&[][..], |all| &all.parts);
    !parameters.is_empty() && parameters.iter().all(|one| one.kind == "identifier")
}

fn is_print(part: &Part, source: &str) -> bool {
    part.kind == "call" && part.field("function").is_some_and(|name| name.text(source) == "print")
}

fn is_call_of(call: &Part, source: &str, method: &Method) -> bool {
    let Some(function) = call.field("function") else { return false };
    let attribute = |of: &str| {
        function.kind == "attribute"
            && function.field("attribute").is_some_and(|name| name.text(source) == of)
    };
    let object = || function.field("object").map_or("", |object| object.text(source));
    match method.called() {
        Called::Function(name) => function.kind == "identifier" && function.text(source) == name,
        Called::Attribute(name) => attribute(name) && object() != "math",
        Called::OfMath(name) => attribute(name) && object() == "math",
    }
}

/// Says whether some statement stands in exactly this control flow, the outermost first.
fn holds_nest(part: &Part, wanted: &[Flow], around: &mut Vec<Flow>) -> bool {
    let flow = flow_of(part);
    around.extend(flow);
    let holds =
        around == wanted || part.parts.iter().any(|inner| holds_nest(inner, wanted, around));
    if flow.is_some() {
        around.pop();
    }
    holds
}

fn flow_of(part: &Part) -> Option<Flow> {
    match part.kind {
        "if_statement" if part.parts.iter().any(|inner| inner.kind == "elif_clause") => {
            Some(Flow::IfElif)
        }
        "if_statement" => Some(Flow::If),
        "for_statement" => Some(Flow::For),
        "while_statement" => Some(Flow::While),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::constraint::Level;
    use super::*;

    const GOOD: &str = "\
def weigh(text):
    return len(text.strip(\"-\"))


def main(text, numbers):
    total = 0
    for number in numbers:
        if number > 2:
            total += weigh(text.upper())
    numbers.append(total)
    return sorted(numbers)


print(main(\"-a-\", [1, -2.5, (3, None)]))
";

    fn constraint() -> Constraint {
        let method = methods().into_iter().find(|one| one.as_str() == "str.strip").unwrap();
        Constraint {
            level: Level::ALL[5],
            method,
            nested_calls: true,
            other_methods: OtherMethods::Required,
            control_flow: vec![Flow::For, Flow::If],
            functions: 2,
        }
    }

    #[test]
    fn a_program_that_obeys_has_a_shape() {
        let shape = check(GOOD, &constraint()).unwrap();
        assert_eq!(shape.entry, "main");
        assert_eq!(&GOOD[shape.arguments_at.clone()], "\"-a-\", [1, -2.5, (3, None)]");
        assert_eq!(shape.arguments.len(), 2);
    }

    /// One fault planted for every rule.
    #[test]
    fn every_rule_sees_its_fault() {
        let faults: [(&str, &str, &[Unmet]); 15] = [
            ("def weigh(text):", "def weigh(text:", &[Unmet::Parses]),
            ("print(main", "x = 1\nprint(main", &[Unmet::OnlyFunctions]),
            ("def weigh", "import os\n\n\ndef weigh", &[Unmet::AllowedImports]),
            ("    total = 0\n", "    total = 0  # none\n", &[Unmet::NoComments]),
            ("    total = 0\n", "    total = 0\n    print(main(1, 2))\n", &[Unmet::OnePrint]),
            (
                "print(main(",
                "print(mine(",
                &[Unmet::Entry, Unmet::CallsHelper, Unmet::LiteralArguments],
            ),
            ("def weigh(text)", "def weigh(text=\"\")", &[Unmet::PlainParameters]),
            ("(3, None)", "(3, nothing)", &[Unmet::LiteralArguments]),
            ("\"-a-\", ", "", &[Unmet::LiteralArguments]),
            ("    total = 0\n", "    total = (lambda one: one)(0)\n", &[Unmet::Functions]),
            ("weigh(text.upper())", "len(text.upper())", &[Unmet::CallsHelper]),
            ("text.strip(\"-\")", "text.rstrip(\"-\")", &[Unmet::CallsMethod]),
            ("numbers.append(total)", "numbers += [total]", &[]),
            (
                "        if number > 2:\n            total",
                "        while number > 2:\n            total",
                &[Unmet::ControlFlow],
            ),
            (
                "for number in numbers:\n        if number > 2:",
                "if numbers:\n        for number in numbers:",
                &[Unmet::ControlFlow],
            ),
        ];
        for (part, fault, unmet) in faults {
            let source = GOOD.replacen(part, fault, 1);
            assert_ne!(source, GOOD, "{part}");
            let found = check(&source, &constraint()).err().unwrap_or_default();
            assert_eq!(found, unmet, "{source}");
        }
    }

    #[test]
    fn calls_in_calls_and_other_methods_are_told() {
        let bare = "def main(text):\n    return text.strip(\"-\")\n\n\nprint(main(\"-\"))\n";
        let constraint = Constraint { control_flow: Vec::new(), functions: 1, ..constraint() };
        let found = check(bare, &constraint).unwrap_err();
        assert_eq!(found, [Unmet::NestedCalls, Unmet::OtherMethods]);
    }
}
