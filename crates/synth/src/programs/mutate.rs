//! Which other arguments can a program be called with?
//!
//! In: a program and its shape. Out: programs that differ in one argument, by operators
//! that keep its type: other sizes, boundary values, duplicates, negation, emptiness,
//! other scripts. The text of the functions stays, byte for byte.

use backstory_model::seed::Generator;

use super::check::Shape;
use super::literal::Literal;

/// Numbers at which something may turn.
const BOUNDARIES: [i64; 8] = [0, 1, -1, 2, 10, 255, -128, 1_000];
/// Texts of other scripts and of none.
const SCRIPTS: [&str; 5] = ["ÄÖ ß", "naïve café", "Ωμέγα 3", "日本語", "tab\tand\nline"];

/// Returns at most `most` programs with other arguments, none twice.
pub fn mutants(source: &str, shape: &Shape, most: usize, random: &mut Generator) -> Vec<String> {
    let mut all: Vec<(usize, Literal)> = Vec::new();
    for (at, argument) in shape.arguments.iter().enumerate() {
        all.extend(others(argument, random).into_iter().map(|other| (at, other)));
    }
    all.retain(|(at, other)| *other != shape.arguments[*at]);
    random.shuffle(&mut all);
    let mut made: Vec<String> = Vec::new();
    for (at, other) in all {
        let mut arguments = shape.arguments.clone();
        arguments[at] = other;
        let text: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let mut program = source.to_owned();
        program.replace_range(shape.arguments_at.clone(), &text.join(", "));
        if made.len() < most && !made.contains(&program) {
            made.push(program);
        }
    }
    made
}

/// Returns one literal of the same type for each operator that fits.
fn others(value: &Literal, random: &mut Generator) -> Vec<Literal> {
    let boundary = BOUNDARIES[random.below(BOUNDARIES.len())];
    match value {
        Literal::None => Vec::new(),
        Literal::Bool(is) => vec![Literal::Bool(!is)],
        Literal::Int(number) => vec![Literal::Int(boundary), Literal::Int(-number)],
        Literal::Float(number) => {
            vec![Literal::Float(0.0), Literal::Float(-number), Literal::Float(number * 1e3)]
        }
        Literal::Str(text) => {
            let half = text.chars().take(text.chars().count() / 2).collect();
            let other = SCRIPTS[random.below(SCRIPTS.len())].to_owned();
            [half, String::new(), text.repeat(2), other].map(Literal::Str).into()
        }
        Literal::List(values) => several(values, random).into_iter().map(Literal::List).collect(),
        Literal::Tuple(values) => several(values, random).into_iter().map(Literal::Tuple).collect(),
        // A set without elements has no literal.
        Literal::Set(values) => several(values, random)
            .into_iter()
            .filter(|some| !some.is_empty())
            .map(Literal::Set)
            .collect(),
        Literal::Dict(entries) => {
            let mut fewer = entries.clone();
            fewer.truncate(entries.len() / 2);
            let mut changed = entries.clone();
            if let Some((_, value)) = changed.first_mut()
                && let Some(other) = others(value, random).into_iter().next()
            {
                *value = other;
            }
            vec![Literal::Dict(fewer), Literal::Dict(changed), Literal::Dict(Vec::new())]
        }
    }
}

fn several(values: &[Literal], random: &mut Generator) -> Vec<Vec<Literal>> {
    let mut some = vec![values[..values.len() / 2].to_vec(), Vec::new(), [values, values].concat()];
    if !values.is_empty() {
        let at = random.below(values.len());
        let mut changed = values.to_vec();
        if let Some(other) = others(&values[at], random).into_iter().next() {
            changed[at] = other;
        }
        some.push(changed);
    }
    some
}

#[cfg(test)]
mod tests {
    use backstory_model::seed::Seed;

    use super::*;

    #[test]
    fn only_arguments_change_and_their_types_stay() {
        let source = "def f(a, b, c):\n    return a\n\n\nprint(f(3, [\"x\", \"y\"], {\"k\": 1}))\n";
        let start = source.find("3, ").unwrap();
        let shape = Shape {
            entry: "f".to_owned(),
            arguments: vec![
                Literal::Int(3),
                Literal::parse("[\"x\", \"y\"]").unwrap(),
                Literal::parse("{\"k\": 1}").unwrap(),
            ],
            arguments_at: start..source.len() - 3,
            parameters: Vec::new(),
            print_at: 0,
        };
        let made = mutants(source, &shape, 100, &mut Seed::of(&["mutants"]).generator());
        assert!(made.len() >= 6, "{made:?}");
        for program in &made {
            assert_ne!(program, source);
            let arguments = program.strip_prefix(&source[..start]).unwrap();
            let arguments = arguments.strip_suffix("))\n").unwrap();
            let tuple = Literal::parse(&format!("({arguments})"));
            let Some(Literal::Tuple(values)) = tuple else { panic!("{program}") };
            assert!(matches!(values[..], [Literal::Int(_), Literal::List(_), Literal::Dict(_)]));
        }
    }
}
