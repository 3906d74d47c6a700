//! How does a program come about that obeys a constraint?
//!
//! In: a constraint and a stream of random numbers. Out: the text of a program. The
//! checker, not this file, says whether it obeys.

use backstory_model::seed::Generator;

use super::constraint::{Constraint, Flow, OtherMethods};
use super::expression::Body;
use super::method::{Called, Form, Kind, Method, forms_of, methods};
use super::names::{THINGS, VERBS};

/// The kinds that parameters may have.
const PARAMETERS: [Kind; 9] = [
    Kind::Str,
    Kind::Int,
    Kind::List,
    Kind::Strs,
    Kind::Dict,
    Kind::Set,
    Kind::Tuple,
    Kind::Float,
    Kind::Bool,
];

/// Writes a program.
pub(super) fn generate(constraint: &Constraint, random: &mut Generator) -> String {
    let mut taken = Vec::new();
    let main = function_name(random, &mut taken);
    let form = pick_form(&constraint.method, random);
    let mut parts: Vec<Vec<String>> = Vec::new();
    let inner = (constraint.functions > 1).then(|| {
        let name = function_name(random, &mut taken);
        let inner = inner(&name, form, random);
        parts.push(inner.lines);
        (name, inner.takes, inner.gives)
    });
    let mut body =
        Body { random, lines: Vec::new(), indent: 1, scope: Vec::new(), taken: Vec::new() };
    let parameters = parameters(&mut body, form);
    let task = Task { constraint, form, inner: inner.as_ref() };
    task.write(&mut body);
    let arguments: Vec<String> = parameters.iter().map(|(_, kind)| body.literal(*kind)).collect();
    let names: Vec<&str> = parameters.iter().map(|(name, _)| &name[..]).collect();
    let head = format!("def {main}({}):", names.join(", "));
    let lines = [vec![head], body.lines].concat();
    // The other function stands before or behind the entry.
    let at = if random.below(2) == 0 { parts.len() } else { 0 };
    parts.insert(at, lines);
    let parts: Vec<String> = parts.iter().map(|lines| lines.join("\n") + "\n\n\n").collect();
    let mut text = parts.concat();
    if text.contains("math.") {
        text.insert_str(0, "import math\n\n\n");
    }
    text + &format!("print({main}({}))\n", arguments.join(", "))
}

fn function_name(random: &mut Generator, taken: &mut Vec<String>) -> String {
    loop {
        let verb = VERBS[random.below(VERBS.len())];
        let name = format!("{verb}_{}", THINGS[random.below(THINGS.len())]);
        if !taken.contains(&name) {
            taken.push(name.clone());
            return name;
        }
    }
}

fn pick_form(method: &Method, random: &mut Generator) -> Form {
    let forms = forms_of(method);
    forms[random.below(forms.len())]
}

/// Returns the kinds that a form has holes for, as parameters make sense of them.
fn wanted(form: Form) -> Vec<Kind> {
    let holes = [
        ("{str}", Kind::Str),
        ("{int}", Kind::Int),
        ("{float}", Kind::Float),
        ("{list}", Kind::List),
        ("{LIST}", Kind::List),
        ("{strs}", Kind::Strs),
        ("{STRS}", Kind::Strs),
        ("{dict}", Kind::Dict),
        ("{DICT}", Kind::Dict),
        ("{set}", Kind::Set),
        ("{SET}", Kind::Set),
        ("{tuple}", Kind::Tuple),
    ];
    let mut kinds: Vec<Kind> = Vec::new();
    for (hole, kind) in holes {
        if form.template.contains(hole) && !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}

/// Draws the parameters and puts them in scope.
fn parameters(body: &mut Body<'_>, form: Form) -> Vec<(String, Kind)> {
    let mut kinds = wanted(form);
    kinds.truncate(2);
    let more = 1 + body.random.below(2);
    for _ in 0..more {
        kinds.push(*body.pick(&PARAMETERS));
    }
    body.random.shuffle(&mut kinds);
    kinds
        .into_iter()
        .map(|kind| {
            let name = body.name(kind);
            body.scope.push((name.clone(), kind));
            (name, kind)
        })
        .collect()
}

/// The function that the entry calls.
struct Inner {
    lines: Vec<String>,
    takes: Vec<Kind>,
    gives: Kind,
}

/// Writes the function that the entry calls; the method under test is called in it.
fn inner(name: &str, form: Form, random: &mut Generator) -> Inner {
    let mut body =
        Body { random, lines: Vec::new(), indent: 1, scope: Vec::new(), taken: Vec::new() };
    let mut kinds = wanted(form);
    kinds.truncate(2);
    if kinds.is_empty() {
        kinds.push(Kind::Int);
    }
    let mut names = Vec::new();
    for kind in &kinds {
        let name = body.name(*kind);
        body.scope.push((name.clone(), *kind));
        names.push(name);
    }
    let (result, gives) = under_test(&mut body, form);
    if body.random.below(2) == 0 {
        let condition = body.value(Kind::Bool, 0).text;
        let other = body.literal(gives);
        body.line(&format!("if {condition}:"));
        body.indent += 1;
        body.line(&format!("return {other}"));
        body.indent -= 1;
    }
    body.line(&format!("return {result}"));
    let head = format!("def {name}({}):", names.join(", "));
    Inner { lines: [vec![head], body.lines].concat(), takes: kinds, gives }
}

/// Writes the call under test, with another call in it, and returns what holds its
/// outcome.
fn under_test(body: &mut Body<'_>, form: Form) -> (String, Kind) {
    let call = body.call(form, 1, true).text;
    if form.gives != Kind::Nothing {
        let name = body.assign(form.gives, &call);
        return (name, form.gives);
    }
    body.line(&call);
    // The variable that was changed comes first in the call.
    let changed = call.split('.').next().unwrap_or_default().to_owned();
    let kind = body.scope.iter().rev().find(|(name, _)| *name == changed);
    let kind = kind.map_or(Kind::List, |(_, kind)| *kind);
    (changed, kind)
}

/// What the entry function has to hold.
struct Task<'a> {
    constraint: &'a Constraint,
    form: Form,
    inner: Option<&'a (String, Vec<Kind>, Kind)>,
}

impl Task<'_> {
    fn write(&self, body: &mut Body<'_>) {
        let flow = &self.constraint.control_flow;
        let mut kept: Vec<String> = Vec::new();
        if flow.is_empty() {
            kept.push(under_test(body, self.form).0);
            kept.extend(self.other(body));
        } else {
            let counter = body.assign(Kind::Int, "0");
            let parts = body.assign(Kind::List, "[]");
            kept.extend([counter.clone(), parts.clone()]);
            if self.inner.is_none() && body.random.below(2) == 0 {
                kept.push(under_test(body, self.form).0);
                self.nest(body, flow, (&counter, &parts), false);
            } else {
                self.nest(body, flow, (&counter, &parts), self.inner.is_none());
            }
            kept.extend(self.other(body));
        }
        let last = kept.pop().unwrap_or_else(|| "None".to_owned());
        match (body.random.below(3), kept.first()) {
            (0, _) | (_, None) => body.line(&format!("return {last}")),
            (1, Some(first)) => body.line(&format!("return {first}, {last}")),
            (_, Some(_)) => body.line(&format!("return [{}, {last}]", kept.join(", "))),
        }
    }

    /// Writes a call of another method, where one is wanted.
    fn other(&self, body: &mut Body<'_>) -> Option<String> {
        if self.constraint.other_methods == OtherMethods::Free {
            return None;
        }
        let under_test = &self.constraint.method;
        let others: Vec<Method> = methods()
            .into_iter()
            .filter(|one| one != under_test && matches!(one.called(), Called::Attribute(_)))
            .collect();
        let method = body.pick(&others).clone();
        let form = pick_form(&method, body.random);
        let call = body.call(form, 1, true).text;
        if form.gives == Kind::Nothing {
            body.line(&call);
            return call.split('.').next().map(str::to_owned);
        }
        Some(body.assign(form.gives, &call))
    }

    /// Writes control flow in control flow.
    fn nest(&self, body: &mut Body<'_>, flow: &[Flow], kept: (&str, &str), tests: bool) {
        let Some((first, rest)) = flow.split_first() else {
            self.innermost(body, kept, tests);
            return;
        };
        let scope = body.scope.len();
        match first {
            Flow::If => {
                let condition = body.value(Kind::Bool, 0).text;
                body.line(&format!("if {condition}:"));
                self.block(body, rest, kept, tests);
                if body.random.below(2) == 0 {
                    body.line("else:");
                    aside(body, kept.0);
                }
            }
            Flow::IfElif => {
                let (one, other) = (body.value(Kind::Bool, 0).text, body.value(Kind::Bool, 0).text);
                let nests_first = body.random.below(2) == 0;
                for (head, nests) in
                    [(format!("if {one}:"), nests_first), (format!("elif {other}:"), !nests_first)]
                {
                    body.line(&head);
                    if nests {
                        self.block(body, rest, kept, tests);
                    } else {
                        aside(body, kept.0);
                    }
                    body.scope.truncate(scope);
                }
                if body.random.below(2) == 0 {
                    body.line("else:");
                    aside(body, kept.0);
                }
            }
            Flow::For => {
                let (kind, over) = match body.random.below(3) {
                    0 => (Kind::Int, format!("range({})", 3 + body.random.below(4))),
                    1 => (Kind::Int, still(body.value(Kind::List, 1).text)),
                    _ => (Kind::Str, still(body.value(Kind::Strs, 1).text)),
                };
                let name = body.name(kind);
                body.line(&format!("for {name} in {over}:"));
                body.scope.push((name, kind));
                self.block(body, rest, kept, tests);
            }
            Flow::While => {
                let most = 3 + body.random.below(4);
                let name = body.assign(Kind::Int, "0");
                body.line(&format!("while {name} < {most}:"));
                // It is counted first, so that nothing in the body can skip it.
                body.indent += 1;
                body.line(&format!("{name} += 1"));
                body.indent -= 1;
                self.block(body, rest, kept, tests);
            }
        }
        body.scope.truncate(scope);
    }

    fn block(&self, body: &mut Body<'_>, rest: &[Flow], kept: (&str, &str), tests: bool) {
        body.indent += 1;
        self.nest(body, rest, kept, tests);
        body.indent -= 1;
    }

    /// Writes what the innermost block does.
    fn innermost(&self, body: &mut Body<'_>, (counter, parts): (&str, &str), tests: bool) {
        if let Some((name, takes, gives)) = self.inner {
            let arguments: Vec<String> =
                takes.iter().map(|kind| body.value(*kind, 1).text).collect();
            let call = format!("{name}({})", arguments.join(", "));
            let value = body.assign(*gives, &call);
            let weight = weight(*gives, &value);
            body.line(&format!("{counter} += {weight}"));
        } else if tests {
            let (value, kind) = under_test(body, self.form);
            body.line(&format!("{counter} += {}", weight(kind, &value)));
        }
        let value = body.value(Kind::Int, 1).text;
        body.line(&format!("{parts}.append({value})"));
    }
}

/// Writes a branch that the nest does not go through.
fn aside(body: &mut Body<'_>, counter: &str) {
    let scope = body.scope.len();
    body.indent += 1;
    let value = body.value(Kind::Int, 1).text;
    body.line(&format!("{counter} -= {value}"));
    body.indent -= 1;
    body.scope.truncate(scope);
}

/// Writes how much a value counts for.
fn weight(kind: Kind, name: &str) -> String {
    match kind {
        Kind::Int => name.to_owned(),
        Kind::Float | Kind::Bool => format!("int({name})"),
        Kind::Str | Kind::List | Kind::Strs | Kind::Dict | Kind::Set | Kind::Tuple => {
            format!("len({name})")
        }
        Kind::Nothing => "1".to_owned(),
    }
}

/// Takes a copy of what a variable holds: a loop over what its body changes may never end.
fn still(text: String) -> String {
    let is_name = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { format!("{text}[:]") } else { text }
}
