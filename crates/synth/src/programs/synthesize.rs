//! How many programs of which level come about, and what becomes of the others?
//!
//! In: levels, a number, a seed, and somebody who writes drafts. Out: checked programs with
//! their mutants, none twice, and a funnel that counts every draft; of what does not obey,
//! everything that is not met. Whether a program runs is not known here.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use backstory_model::seed::Seed;
use serde::{Deserialize, Serialize};

use super::check::{Unmet, check, parameters};
use super::constraint::{Constraint, Level};
use super::drafts::{Draft, Drafts, Grammar, Origin, Written, WrittenBy};
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
    /// What it obeys; nothing where it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<Constraint>,
    /// The program that it is a mutant of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant_of: Option<String>,
    /// The function in the call.
    pub entry: String,
    /// The text.
    pub source: String,
    /// The call, where the text does not print it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// Its license.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// What wrote it.
    #[serde(default)]
    pub origin: Origin,
    /// The model, if one wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_by: Option<WrittenBy>,
}

/// A draft that does not obey.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RejectedDraft {
    /// What it should obey.
    pub constraint: Constraint,
    /// Everything that is not met.
    pub unmet: Vec<Unmet>,
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
    /// The parameters of the entry, in order; `None` where not all are plain ones.
    pub parameters: Option<Vec<String>>,
}

impl Program {
    /// Takes the program apart; `None` where it does not obey its constraint.
    pub fn parts(&self) -> Option<Parts> {
        if let Some(call) = &self.call {
            let (module, call) = (self.source.clone(), call.clone());
            return Some(Parts { parameters: parameters(&module, &self.entry), module, call });
        }
        let shape = check(&self.source, self.constraint.as_ref()?).ok()?;
        let module = self.source.get(..shape.print_at)?.trim_end().to_owned() + "\n";
        let call = format!("{}({})", self.entry, self.source.get(shape.arguments_at)?);
        Some(Parts { module, call, parameters: Some(shape.parameters) })
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
    /// The drafts that did not obey, by level.
    pub rejected: Vec<RejectedDraft>,
}

impl Funnel {
    /// Returns how many drafts of a hundred were kept.
    pub fn yielded(&self) -> usize {
        (self.kept - self.mutants) * 100 / self.drafts.max(1)
    }

    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        self.drafts += other.drafts;
        self.repeated += other.repeated;
        self.mutants += other.mutants;
        self.kept += other.kept;
        for (why, count) in &other.unmet {
            *self.unmet.entry(*why).or_default() += count;
        }
    }
}

/// Writes programs by the grammar and keeps those that obey their constraint.
///
/// Methods take turns, so that every one of them is asked for as often. The same options
/// give the same programs.
pub fn synthesize(options: &SynthesizeOptions) -> Synthesized {
    let made: Result<_, Infallible> = synthesize_with(options, &mut Grammar);
    let Ok(made) = made;
    made
}

/// Has programs written and keeps those that obey their constraint.
///
/// A level ends early where nothing is written any more.
pub fn synthesize_with<D: Drafts>(
    options: &SynthesizeOptions,
    drafts: &mut D,
) -> Result<Synthesized, D::Error> {
    let mut making = Making { options, made: Synthesized::default(), seen: Seen::default() };
    for (at, level) in options.levels.iter().enumerate() {
        // What does not divide evenly goes to the first levels.
        let levels = options.levels.len();
        let wanted = options.count / levels + usize::from(at < options.count % levels);
        let funnel = making.level(*level, wanted, drafts)?;
        making.made.funnels.insert(*level, funnel);
    }
    Ok(making.made)
}

/// What was there before.
#[derive(Default)]
struct Seen {
    families: BTreeSet<String>,
    programs: BTreeSet<String>,
}

/// Programs that are being made.
struct Making<'a> {
    options: &'a SynthesizeOptions,
    made: Synthesized,
    seen: Seen,
}

impl Making<'_> {
    /// Makes the programs of one level.
    fn level<D: Drafts>(
        &mut self,
        level: Level,
        wanted: usize,
        drafts: &mut D,
    ) -> Result<Funnel, D::Error> {
        let mut funnel = Funnel::default();
        while funnel.kept < wanted && funnel.drafts < wanted * PATIENCE {
            let range = funnel.drafts..funnel.drafts + drafts.at_once();
            let mut asked: Vec<Draft> = range.map(|number| self.draft(level, number)).collect();
            let written = drafts.write(&mut asked)?;
            if written.is_empty() {
                break;
            }
            for (draft, written) in asked.into_iter().zip(written) {
                // What was begun beside the last one that was needed is not looked at.
                if funnel.kept < wanted {
                    self.keep(draft, written, wanted, &mut funnel);
                }
            }
        }
        Ok(funnel)
    }

    fn draft(&self, level: Level, number: usize) -> Draft {
        let all = methods();
        let method = all[number % all.len()].clone();
        let seed = self.options.seed.part(u64::from(level.number())).part(number as u64);
        let mut random = seed.generator();
        Draft { constraint: Constraint::draw(level, method, &mut random), random }
    }

    /// Keeps a draft that obeys and is of a family of its own, and mutants of it.
    fn keep(&mut self, draft: Draft, written: Written, wanted: usize, funnel: &mut Funnel) {
        let Draft { constraint, mut random } = draft;
        let Written { source, by } = written;
        funnel.drafts += 1;
        let (shape, family) = match (check(&source, &constraint), family_id(&source)) {
            (Ok(shape), Some(family)) => (shape, family),
            (checked, _) => {
                let unmet = checked.err().unwrap_or_else(|| vec![Unmet::Parses]);
                *funnel.unmet.entry(unmet[0]).or_default() += 1;
                return self.made.rejected.push(RejectedDraft { constraint, unmet, source });
            }
        };
        if !self.seen.families.insert(family.clone()) {
            funnel.repeated += 1;
            return;
        }
        let id = program_id(&source);
        let own = mutants(&source, &shape, self.options.mutants, &mut random);
        let own = own.into_iter().map(|text| (text, Some(id.clone())));
        for (source, mutant_of) in [(source, None)].into_iter().chain(own) {
            let program_id = program_id(&source);
            if funnel.kept == wanted || !self.seen.programs.insert(program_id.clone()) {
                continue;
            }
            funnel.kept += 1;
            funnel.mutants += usize::from(mutant_of.is_some());
            self.made.programs.push(Program {
                program_id,
                family_id: family.clone(),
                constraint: Some(constraint.clone()),
                mutant_of,
                entry: shape.entry.clone(),
                source,
                call: None,
                license: None,
                origin: if by.is_some() { Origin::Model } else { Origin::Grammar },
                written_by: by.clone(),
            });
        }
    }
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
            let shape = check(&program.source, program.constraint.as_ref().unwrap()).unwrap();
            assert_eq!(shape.entry, program.entry);
            let parts = program.parts().unwrap();
            let whole = format!("{}\n\nprint({})\n", parts.module, parts.call);
            assert_eq!(whole, program.source);
            assert_eq!(parts.parameters.unwrap().len(), shape.arguments.len());
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
        let reached: BTreeSet<_> =
            made.programs.iter().map(|one| &one.constraint.as_ref().unwrap().method).collect();
        let missing: Vec<_> = methods().into_iter().filter(|one| !reached.contains(one)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn a_program_that_was_given_is_traced_as_it_stands() {
        let given = |source: &str| {
            let row = serde_json::json!({"program_id": "p", "family_id": "f", "entry": "area",
                "source": source, "call": "area(2, high=3)", "license": "MIT", "origin": "given"});
            serde_json::from_value::<Program>(row).unwrap().parts().unwrap()
        };
        let parts = given("import math\n\ndef area(wide: int, high=1):\n    return wide * high\n");
        assert_eq!(parts.call, "area(2, high=3)");
        assert_eq!(parts.parameters.unwrap(), ["wide", "high"]);
        for odd in ["def area(*sides):\n    pass\n", "def area(a, *, high):\n    pass\n", "x = 1\n"]
        {
            assert_eq!(given(odd).parameters, None, "{odd}");
        }
    }

    #[test]
    fn a_program_reads_like_this() {
        let made = synthesize(&options(6));
        let texts: Vec<&str> = made.programs.iter().map(|one| &one.source[..]).collect();
        insta::assert_snapshot!(texts.join("----\n"));
    }
}
