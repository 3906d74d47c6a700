//! How can a thought be written anew without a model?
//!
//! In: the thought a step has, and sentences the plan supports. Out: the thought with a
//! sentence less, in another order, or with one more. Nothing else is ever said, so such
//! a thought is derived; which change is made is drawn from the seed.

use backstory_model::reasoning::Generator;
use backstory_model::seed::{Generator as Stream, Seed};
use backstory_model::{LanguageModelError, ModelId, Plan, RepoPath, Tier};

use super::writer::{Asked, ThoughtWriter, WrittenThought};
use crate::snapshot::words::listed;

/// The rule by which its thoughts are known.
pub(super) const RULE: &str = "story/searched";

/// Writes thoughts of sentences that the plan supports.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClauseWriter;

impl ThoughtWriter for ClauseWriter {
    fn generator(&self) -> Generator {
        Generator { model: ModelId::new("backstory-clauses-1"), revision: None }
    }

    fn writes(&self) -> Tier {
        Tier::Derived
    }

    fn write(&self, asked: &Asked<'_>) -> Result<WrittenThought, LanguageModelError> {
        let mut stream = Seed::new(asked.seed).generator();
        let current = asked.current.or(asked.step.thought).unwrap_or_default();
        let mut sentences = sentences(current);
        let unsaid = |said: &[&str]| -> Vec<&str> {
            let all = asked.step.clauses.iter().copied();
            all.filter(|clause| !said.contains(clause)).collect()
        };
        for _ in 0..=stream.below(2) {
            let more = unsaid(&sentences);
            change(&mut sentences, &more, &mut stream);
        }
        Ok(WrittenThought { text: sentences.join(" "), ..WrittenThought::default() })
    }
}

/// Changes a thought once: most often something is added.
fn change<'t>(sentences: &mut Vec<&'t str>, more: &[&'t str], stream: &mut Stream) {
    let choice = stream.below(4);
    if choice == 0 && sentences.len() > 1 {
        sentences.remove(stream.below(sentences.len()));
    } else if choice == 1 && sentences.len() > 1 {
        stream.shuffle(sentences);
    } else if let Some(clause) = more.get(stream.below(more.len())) {
        sentences.insert(stream.below(sentences.len() + 1), *clause);
    }
}

/// Cuts a text behind each full stop, but for those between code marks.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, letter) in text.char_indices() {
        quoted ^= letter == '`';
        if letter == '.' && !quoted && text[at + 1..].starts_with([' ', '\n']) {
            found.push(text[start..=at].trim());
            start = at + 1;
        }
    }
    found.push(text[start..].trim());
    found.retain(|sentence| !sentence.is_empty());
    found
}

/// Lists what the plan lets an agent say before it writes a file.
pub fn clauses(plan: &Plan, path: &RepoPath) -> Vec<String> {
    let Some(file) = plan.files.iter().find(|file| file.path == *path) else { return Vec::new() };
    let mut said = Vec::new();
    if !file.definitions.is_empty() {
        said.push(format!("The plan wants {} in it.", listed(&file.definitions)));
    }
    for used in plan.files.iter().filter(|other| file.uses.contains(&other.path)) {
        let gives = listed(&used.definitions);
        if gives.is_empty() {
            said.push(format!("It builds on `{}`.", used.path));
        } else {
            said.push(format!("`{}` gives it {gives}.", used.path));
        }
    }
    let later: Vec<&RepoPath> =
        plan.files.iter().filter(|other| other.uses.contains(path)).map(|f| &f.path).collect();
    said.push(match later.as_slice() {
        [] => "No other file of the plan waits for it.".to_owned(),
        waiting => format!("{} of the plan will build on it.", listed(waiting)),
    });
    if file.uses.is_empty() {
        said.push("It stands alone and builds on nothing that is there.".to_owned());
    }
    said
}

#[cfg(test)]
mod tests {
    use backstory_model::{PlannedFile, Provenance};

    use super::*;

    fn plan() -> Plan {
        let file = |path: &str, definitions: &[&str], uses: &[&str]| PlannedFile {
            path: path.into(),
            purpose: None,
            definitions: definitions.iter().map(|name| (*name).to_owned()).collect(),
            uses: uses.iter().map(|path| (*path).into()).collect(),
        };
        let files = vec![
            file("a.py", &["one", "two"], &[]),
            file("b.py", &["three"], &["a.py"]),
            file("c.py", &[], &["b.py"]),
        ];
        Plan { files, provenance: Provenance::derived("story/plan", []), hindsight: true }
    }

    #[test]
    fn the_plan_says_what_a_file_has_uses_and_is_used_by() {
        let said = |path: &str| clauses(&plan(), &path.into()).join("\n");
        insta::assert_snapshot!(said("a.py"), @"
        The plan wants `one` and `two` in it.
        `b.py` of the plan will build on it.
        It stands alone and builds on nothing that is there.
        ");
        insta::assert_snapshot!(said("b.py"), @"
        The plan wants `three` in it.
        `a.py` gives it `one` and `two`.
        `c.py` of the plan will build on it.
        ");
        assert_eq!(said("d.py"), "");
    }

    #[test]
    fn a_full_stop_within_a_name_ends_no_sentence() {
        let text = "I write `a.py`. It is long, e.g.";
        assert_eq!(sentences(text), ["I write `a.py`.", "It is long, e.g."]);
        assert_eq!(sentences(""), Vec::<&str>::new());
    }

    #[test]
    fn a_change_says_nothing_that_was_not_given() {
        let more = ["It is small.", "It is new."];
        for seed in 0..50 {
            let mut said = vec!["I write it.", "I have read it."];
            change(&mut said, &more, &mut Seed::new(seed).generator());
            assert!((1..=3).contains(&said.len()), "{said:?}");
            assert!(said.iter().all(|s| more.contains(s) || s.starts_with('I')), "{said:?}");
        }
    }
}
