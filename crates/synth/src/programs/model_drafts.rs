//! How does a model write a program that obeys a constraint?
//!
//! In: constraints. Out: the texts it gave, taken out of their fence; whether they obey is
//! for the parser to say. The whole constraint stands in the prompt. A budget ends the
//! writing between two batches, so that the same budget gives the same programs.

use std::fmt::Write as _;

use backstory_model::seed::Generator;
use backstory_model::{CompletionRequest, LanguageModel, LanguageModelError};

use super::constraint::{Constraint, Flow, OtherMethods};
use super::drafts::{Draft, Drafts, Written, WrittenBy};
use super::names::THINGS;
use crate::lm::complete_each;

/// How a model is asked for programs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelDraftOptions {
    /// How freely it writes.
    pub temperature: f64,
    /// How many tokens a program may have.
    pub max_tokens: u32,
    /// How many tokens may be read and written in all; a batch that was begun is ended.
    pub budget: Option<u64>,
    /// How many programs may be under way at a time.
    pub at_once: usize,
}

/// Has a model write.
pub struct ModelDrafts<'m> {
    model: &'m dyn LanguageModel,
    options: ModelDraftOptions,
    tokens: u64,
}

impl<'m> ModelDrafts<'m> {
    /// Takes the model.
    pub fn new(model: &'m dyn LanguageModel, options: ModelDraftOptions) -> Self {
        Self { model, options, tokens: 0 }
    }

    /// Returns how many tokens were read and written, as the model counts them.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// Says whether nothing may be written any more.
    pub fn is_spent(&self) -> bool {
        self.options.budget.is_some_and(|budget| self.tokens >= budget)
    }

    fn request(&self, draft: &mut Draft) -> CompletionRequest {
        CompletionRequest {
            prompt: prompt(&draft.constraint, &mut draft.random),
            max_tokens: self.options.max_tokens,
            temperature: self.options.temperature,
            seed: draft.random.bits(),
            stop: Vec::new(),
        }
    }
}

impl Drafts for ModelDrafts<'_> {
    type Error = LanguageModelError;

    fn at_once(&self) -> usize {
        self.options.at_once.max(1)
    }

    fn write(&mut self, drafts: &mut [Draft]) -> Result<Vec<Written>, LanguageModelError> {
        if self.is_spent() {
            return Ok(Vec::new());
        }
        let requests: Vec<CompletionRequest> =
            drafts.iter_mut().map(|draft| self.request(draft)).collect();
        let answers = complete_each(self.model, &requests, self.options.at_once)?;
        self.tokens += answers.iter().map(|one| one.prompt_tokens + one.tokens).sum::<u64>();
        let identity = self.model.identity();
        let written = requests.iter().zip(answers).map(|(request, answer)| Written {
            source: program_in(&answer.text),
            by: Some(WrittenBy {
                model: identity.model.to_string(),
                revision: identity.revision.clone(),
                temperature: request.temperature,
                seed: request.seed,
            }),
        });
        Ok(written.collect())
    }
}

/// Takes the program out of an answer: what stands in its first fence, or all of it.
fn program_in(answer: &str) -> String {
    let after = answer.rsplit_once("</think>").map_or(answer, |(_, after)| after);
    let fenced = after.split_once("```").and_then(|(_, block)| {
        let (language, code) = block.split_once('\n')?;
        let is_python = matches!(language.trim(), "" | "py" | "python" | "python3");
        is_python.then(|| code.split_once("```").map_or(code, |(code, _)| code))
    });
    fenced.unwrap_or(after).trim().to_owned() + "\n"
}

/// Writes what a constraint demands, and a word that makes programs differ.
fn prompt(constraint: &Constraint, random: &mut Generator) -> String {
    let mut text = format!(
        "Write one small Python program about this word: {}.\n\nIt obeys every rule:\n",
        THINGS[random.below(THINGS.len())]
    );
    for rule in rules(constraint) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "- {rule}");
    }
    text + "\nAnswer with the program alone, in one block that starts with ```python.\n"
}

fn rules(constraint: &Constraint) -> Vec<String> {
    let Constraint { method, nested_calls, other_methods, control_flow, functions, .. } =
        constraint;
    let mut rules = vec![match functions {
        1 => "It defines exactly one function.".to_owned(),
        _ => "It defines exactly two functions, neither inside the other; the one that is \
              printed calls the other."
            .to_owned(),
    }];
    rules.push(format!("A function calls `{method}`."));
    if *nested_calls {
        rules.push("Some call stands in the arguments or the object of another call.".to_owned());
    }
    if *other_methods == OtherMethods::Required {
        rules.push(format!("A function also calls a method of a built-in type but `{method}`."));
    }
    if !control_flow.is_empty() {
        rules.push(format!(
            "In one function some statement stands in exactly this control flow, the outermost \
             first, and in no other: {}.",
            control_flow.iter().copied().map(flow).collect::<Vec<_>>().join(", in it ")
        ));
    }
    rules.extend(HARD.map(str::to_owned));
    rules
}

fn flow(flow: Flow) -> &'static str {
    match flow {
        Flow::If => "an `if` without `elif`",
        Flow::IfElif => "an `if` with `elif`",
        Flow::For => "a `for`",
        Flow::While => "a `while`",
    }
}

/// What every program obeys.
const HARD: [&str; 6] = [
    "Outside of functions stand only `import math`, if it is used, and one last line \
     `print(NAME(...))`: there is no other `print`, and no other import.",
    "That line calls one function with literals alone, one for each parameter: numbers, strings, \
     `True`, `False`, `None`, lists, tuples, sets and dicts of these.",
    "Every function has at least one parameter; parameters have no default, no annotation and no \
     star.",
    "There are no comments, no docstrings, no classes, no lambdas and no functions in functions.",
    "It ends, has at most 25 lines, and its result follows from the arguments alone: no random \
     numbers, no time, no input, no files, no addresses of objects.",
    "Loops run at most a few dozen times.",
];

#[cfg(test)]
mod tests {
    use backstory_model::seed::Seed;

    use super::super::constraint::Level;
    use super::super::method::methods;
    use super::*;

    #[test]
    fn a_prompt_holds_the_whole_constraint() {
        let constraint = Constraint {
            level: Level::ALL[5],
            method: methods()[2].clone(),
            nested_calls: true,
            other_methods: OtherMethods::Required,
            control_flow: vec![Flow::For, Flow::IfElif],
            functions: 2,
        };
        insta::assert_snapshot!(prompt(&constraint, &mut Seed::of(&["prompt"]).generator()));
    }

    #[test]
    fn a_program_is_taken_out_of_what_stands_around_it() {
        let program = "def f(a):\n    return a\n\n\nprint(f(1))\n";
        for answer in [
            program.to_owned(),
            format!("```python\n{program}```"),
            format!("Here it is:\n\n```py\n{program}```\n\nIt returns 1.\n"),
            format!("<think>```python\nx\n```</think>\n```\n{program}\n```"),
        ] {
            assert_eq!(program_in(&answer), program, "{answer}");
        }
    }
}
