//! How many programs of which level come about, and what becomes of the others?
//!
//! In: levels, a number and a seed. Out: checked programs with their mutants, none
//! twice, and a funnel that counts every draft. Whether a program runs is not known here.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::seed::Seed;
use serde::{Deserialize, Serialize};

use super::check::{Unmet, check};
use super::constraint::{Constraint, Level};
use super::generate::generate;
use super::identity::{family_id, program_id};
use super::method::methods;
use super::mutate::mutants;

/// After so many drafts for each wanted program a level is given up.
const PATIENCE: usize = 20;

/// What is made.
#[derive(Clone, Debug)]
pub struct SynthesizeOptions {
    /// The levels, each as often.
    pub levels: Vec<Level>,
    /// How many programs in all, mutants among them.
    pub count: usize,
    /// How many of them at most differ from another one by arguments alone, for each.
    pub mutants: usize,
    /// Where the random choices start.
    pub seed: Seed,
}

/// One program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its identity, of all bytes.
    pub program_id: String,
    /// Its family: mutants and programs that differ in names and literals share it.
    pub family_id: String,
    /// What it obeys.
    pub constraint: Constraint,
    /// The program that it is a mutant of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant_of: Option<String>,
    /// The function in the printed call.
    pub entry: String,
    /// The text.
    pub source: String,
}

/// A program as it is traced: what its module defines, and the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The text without the statement that prints.
    pub module: String,
    /// The call that was printed.
    pub call: String,
    /// The parameters of the entry, in order.
    pub parameters: Vec<String>,
}

impl Program {
    /// Takes the program apart; `None` where it does not obey its constraint.
    pub fn parts(&self) -> Option<Parts> {
        let shape = check(&self.source, &self.constraint).ok()?;
        let module = self.source.get(..shape.print_at)?.trim_end().to_owned() + "\n";
        let call = format!("{}({})", self.entry, self.source.get(shape.arguments_at)?);
        Some(Parts { module, call, parameters: shape.parameters })
    }
}

/// Where every draft of a level went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Funnel {
    /// Drafts that were written.
    pub drafts: usize,
    /// Drafts that did not obey, by what was not met first.
    pub unmet: BTreeMap<Unmet, usize>,
    /// Drafts that were there before, up to names and literals.
    pub repeated: usize,
    /// Mutants that were kept.
    pub mutants: usize,
    /// Programs that were kept, mutants among them.
    pub kept: usize,
}

/// Programs with the funnel of each level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Synthesized {
    /// The programs, by level.
    pub programs: Vec<Program>,
    /// The funnels.
    pub funnels: BTreeMap<Level, Funnel>,
}

/// Writes programs and keeps those that obey their constraint.
///
/// Methods take turns, so that every one of them is asked for as often. The same options
/// give the same programs.
pub fn synthesize(options: &SynthesizeOptions) -> Synthesized {
    let mut made = Synthesized::default();
    let (mut families, mut programs) = (BTreeSet::new(), BTreeSet::new());
    for (at, level) in options.levels.iter().enumerate() {
        // What does not divide evenly goes to the first levels.
        let levels = options.levels.len();
        let wanted = options.count / levels + usize::from(at < options.count % levels);
        let mut funnel = Funnel::default();
        while funnel.kept < wanted && funnel.drafts < wanted * PATIENCE {
            let all = methods();
            let method = all[funnel.drafts % all.len()].clone();
            let seed = options.seed.part(u64::from(level.number())).part(funnel.drafts as u64);
            funnel.drafts += 1;
            let mut random = seed.generator();
            let constraint = Constraint::draw(*level, method, &mut random);
            let source = generate(&constraint, &mut random);
            let shape = match check(&source, &constraint) {
                Ok(shape) => shape,
                Err(unmet) => {
                    *funnel.unmet.entry(unmet[0]).or_default() += 1;
                    continue;
                }
            };
            let Some(family) = family_id(&source) else { continue };
            if !families.insert(family.clone()) {
                funnel.repeated += 1;
                continue;
            }
            let id = program_id(&source);
            let own = mutants(&source, &shape, options.mutants, &mut random);
            let own = own.into_iter().map(|text| (text, Some(id.clone())));
            for (source, mutant_of) in [(source, None)].into_iter().chain(own) {
                let program_id = program_id(&source);
                if funnel.kept == wanted || !programs.insert(program_id.clone()) {
                    continue;
                }
                funnel.kept += 1;
                funnel.mutants += usize::from(mutant_of.is_some());
                made.programs.push(Program {
                    program_id,
                    family_id: family.clone(),
                    constraint: constraint.clone(),
                    mutant_of,
                    entry: shape.entry.clone(),
                    source,
                });
            }
        }
        made.funnels.insert(*level, funnel);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(count: usize) -> SynthesizeOptions {
        SynthesizeOptions {
            levels: Level::ALL.to_vec(),
            count,
            mutants: 1,
            seed: Seed::of(&["test"]),
        }
    }

    #[test]
    fn programs_of_every_level_obey_and_none_comes_twice() {
        let made = synthesize(&options(900));
        assert_eq!(made.programs.len(), 900);
        let ids: BTreeSet<&str> = made.programs.iter().map(|one| &one.program_id[..]).collect();
        assert_eq!(ids.len(), 900);
        for program in &made.programs {
            let shape = check(&program.source, &program.constraint).unwrap();
            assert_eq!(shape.entry, program.entry);
            let parts = program.parts().unwrap();
            let whole = format!("{}\n\nprint({})\n", parts.module, parts.call);
            assert_eq!(whole, program.source);
            assert_eq!(parts.parameters.len(), shape.arguments.len());
            assert_eq!(family_id(&program.source).as_deref(), Some(&program.family_id[..]));
        }
        for (level, funnel) in &made.funnels {
            assert_eq!(funnel.kept, 150, "{level:?}");
            let unmet: usize = funnel.unmet.values().sum();
            assert_eq!(funnel.drafts, unmet + funnel.repeated + funnel.kept - funnel.mutants);
            assert!(unmet * 2 < funnel.drafts, "{level:?}: {:?}", funnel.unmet);
        }
    }

    #[test]
    fn the_same_options_give_the_same_programs() {
        assert_eq!(synthesize(&options(60)), synthesize(&options(60)));
        let other = SynthesizeOptions { seed: Seed::of(&["other"]), ..options(60) };
        assert_ne!(synthesize(&options(60)), synthesize(&other));
    }

    #[test]
    fn every_method_can_be_reached() {
        let count = methods().len() * 8;
        let one = SynthesizeOptions { levels: vec![Level::ALL[1]], ..options(count) };
        let made = synthesize(&one);
        let reached: BTreeSet<_> = made.programs.iter().map(|one| &one.constraint.method).collect();
        let missing: Vec<_> = methods().into_iter().filter(|one| !reached.contains(one)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn a_program_reads_like_this() {
        let made = synthesize(&options(6));
        let texts: Vec<&str> = made.programs.iter().map(|one| &one.source[..]).collect();
        insta::assert_snapshot!(texts.join("----\n"));
    }
}
