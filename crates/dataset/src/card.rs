//! What must a reader know before using a dataset?
//!
//! In: the tally of an export and the funnel of its run. Out: the text of
//! `README.md`, with the configurations in its YAML head.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use backstory_model::{CommitId, Phase, RepoName, Trajectory};

use crate::export::{ExportContext, ExportOptions};
use crate::label;
use crate::tables::{CANDIDATES, CONFIGS, EVIDENCE, Found};

/// Counts over the exported trajectories.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) trajectories: u64,
    pub(crate) steps: u64,
    pub(crate) instances: u64,
    /// What the tables hold that are not always there.
    pub(crate) found: Found,
    hindsight: u64,
    licenses: BTreeMap<RepoName, BTreeMap<String, u64>>,
    sources: BTreeMap<&'static str, u64>,
    sequences: BTreeMap<String, u64>,
    phases: BTreeMap<Phase, u64>,
    choices: BTreeMap<&'static str, u64>,
    observations: BTreeMap<&'static str, u64>,
    thoughts: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Counts one trajectory.
    pub(crate) fn add(&mut self, trajectory: &Trajectory) {
        let unit = &trajectory.unit;
        self.trajectories += 1;
        self.steps += trajectory.steps.len() as u64;
        self.instances += u64::from(unit.base.is_some());
        let license = label::license(trajectory).unwrap_or("none found").to_owned();
        let of_repo = self.licenses.entry(unit.repo.clone()).or_default();
        *of_repo.entry(license).or_default() += 1;
        let source = label::requirement_source(trajectory.requirement.source);
        *self.sources.entry(source).or_default() += 1;
        let (sequence, reason) = label::sequence(&unit.sequence);
        let sequence = reason.map_or(sequence.to_owned(), |why| format!("{sequence}: {why}"));
        *self.sequences.entry(sequence).or_default() += 1;
        for step in &trajectory.steps {
            self.hindsight += u64::from(step.hindsight);
            *self.phases.entry(step.phase).or_default() += 1;
            *self.choices.entry(step.choice.tier().as_str()).or_default() += 1;
            if let Some(seen) = &step.observation {
                *self.observations.entry(seen.provenance.tier().as_str()).or_default() += 1;
            }
            if let Some(thought) = &step.thought {
                *self.thoughts.entry(thought.provenance.tier().as_str()).or_default() += 1;
            }
        }
    }
}

/// Returns the text of the card.
pub(crate) fn write(tally: &Tally, context: &ExportContext, options: &ExportOptions) -> String {
    let mut card = head(tally, options);
    card.push_str(&introduction(tally, options));
    card.push_str(&funnel(context));
    card.push_str(&origins(tally, context));
    card.push_str(&knowledge(tally));
    card.push_str(LIMITS);
    card.push_str(&people(options));
    card
}

fn head(tally: &Tally, options: &ExportOptions) -> String {
    let split = options.split.as_str();
    let stem = options.split.file_stem();
    let mut text = String::from(
        "---\nlicense: other\nlicense_name: per-repository\nlicense_link: \"#repositories-and-licenses\"\n\
         tags:\n- code\n- agent-trajectories\nconfigs:\n",
    );
    for config in CONFIGS.into_iter().chain(sometimes(tally.found).map(|(name, ..)| name)) {
        let default = if config == CONFIGS[0] { "  default: true\n" } else { "" };
        put(
            &mut text,
            format_args!(
                "- config_name: {config}\n{default}  data_files:\n  - split: {split}\n    path: {config}/{stem}.parquet\n"
            ),
        );
    }
    text.push_str("---\n\n");
    text
}

/// Returns the tables that are there beside those of every dataset: the name, what a
/// row is, and how many there are.
fn sometimes(found: Found) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
    let tables = [
        (EVIDENCE, "file that tests executed before the fix", found.evidence),
        (CANDIDATES, "patch that was run for a task, with its verdict", found.candidates),
    ];
    tables.into_iter().filter(|(.., rows)| *rows > 0)
}

fn introduction(tally: &Tally, options: &ExportOptions) -> String {
    let row = |(name, what, rows)| format!("| `{name}` | {what} | {rows} |\n");
    let sometimes: String = sometimes(tally.found).map(row).collect();
    format!(
        "# Development trajectories\n\n\
         {} trajectories with {} steps, reconstructed from git history by backstory {}. Each tells one \
         change of a mainline: what was asked for, where it was looked for, what was read, what was \
         edited. Applying the edits to the base commit gives the head commit, byte for byte.\n\n\
         | config | one row per | rows |\n|---|---|--:|\n\
         | `trajectories` | change, with chat `messages` and `tools` | {} |\n\
         | `steps` | step, with its provenance | {} |\n\
         | `instances` | task, with the column names of SWE-bench | {} |\n{sometimes}\n\
         Tool dialect: `{}`. Nested columns are JSON (`arrow.json`): `datasets` and DuckDB decode \
         them, pandas shows their text.\n\n",
        tally.trajectories,
        tally.steps,
        env!("CARGO_PKG_VERSION"),
        tally.trajectories,
        tally.steps,
        tally.instances,
        options.dialect,
    )
}

fn funnel(context: &ExportContext) -> String {
    let counts = &context.counts;
    let mut text = String::from("## Where every unit went\n\n| | units |\n|---|--:|\n");
    let mut row = |what: &str, number: u32| put(&mut text, format_args!("| {what} | {number} |\n"));
    row("found", counts.units_found);
    row("linked to an issue", counts.linked);
    row("reconstructed", counts.reconstructed);
    row("accepted", counts.accepted);
    for (reason, number) in &counts.rejected {
        row(&format!("rejected: {}", cell(reason)), *number);
    }
    text.push_str("\nFound = accepted + rejected.\n\n");
    text
}

fn origins(tally: &Tally, context: &ExportContext) -> String {
    let mut text = String::from(
        "## Repositories and licenses\n\nThe license is read from the license file at the base commit \
         of each change; the column `license` has it row by row.\n\n\
         | repository | read up to commit | license | trajectories |\n|---|---|---|--:|\n",
    );
    for (repo, licenses) in &tally.licenses {
        let head = context.repositories.get(repo).map_or("", CommitId::as_str);
        for (license, number) in licenses {
            let (repo, license) = (cell(&repo.to_string()), cell(license));
            put(&mut text, format_args!("| {repo} | {head} | {license} | {number} |\n"));
        }
    }
    text.push('\n');
    text
}

fn knowledge(tally: &Tally) -> String {
    let mut text = String::from("## How it is known\n\n| | count |\n|---|--:|\n");
    let mut rows = |what: &str, counts: &BTreeMap<&'static str, u64>| {
        for (word, number) in counts {
            put(&mut text, format_args!("| {what}: {word} | {number} |\n"));
        }
    };
    rows("choice of a step", &tally.choices);
    rows("observation", &tally.observations);
    rows("thought", &tally.thoughts);
    rows("requirement from", &tally.sources);
    for (sequence, number) in &tally.sequences {
        put(&mut text, format_args!("| states {} | {number} |\n", cell(sequence)));
    }
    for (phase, number) in &tally.phases {
        put(&mut text, format_args!("| steps in {} | {number} |\n", phase.as_str()));
    }
    put(&mut text, format_args!("| steps chosen with hindsight | {} |\n\n", tally.hindsight));
    text.push_str(
        "*Observed* was read off a record or a git object, *executed* happened when the tool ran it, \
         *derived* was computed by a named rule, *synthesized* was written by a model. The recorded \
         part is every part whose tier is observed or executed.\n\n",
    );
    text
}

const LIMITS: &str = "## Known limits\n\n\
    - Where `executed` is false, no verdict stands: `FAIL_TO_PASS` and `PASS_TO_PASS` are `[]`, which \
    says that nothing is known, not that nothing fails.\n\
    - Searches and reads are reconstructed. Where they were chosen with knowledge of the final change, \
    `hindsight` is true; the files and lines they show are real.\n\
    - A `requirement_source` of `pseudo_issue` is a commit message, written after the change. \
    `requirement_flags` says how a text gives the answer away.\n\
    - States that were force-pushed away are gone from git and are not here.\n\
    - Content that is binary, over the size limit or not UTF-8 stands as a placeholder and is not \
    trained on.\n";

/// Says how people are named.
fn people(options: &ExportOptions) -> String {
    match options.authors.key_word() {
        None => {
            "- Texts of issues and commits are kept as written (`authors: plain`) and may hold \
                 names and links.\n"
                .to_owned()
        }
        Some(key) => format!(
            "- In texts of issues and commits, the authors, addresses and logins of people are \
             pseudonyms (`authors: hashed`, `identity_key: {key}`); a name that stands alone in a \
             sentence is kept. What files hold and what tests print is kept as it is.\n"
        ),
    }
}

/// Keeps foreign text inside its table cell.
fn cell(text: &str) -> String {
    let plain = text.chars().filter(|c| !c.is_control());
    plain.flat_map(|c| if "|`<>[]*_\\".contains(c) { vec!['\\', c] } else { vec![c] }).collect()
}

fn put(text: &mut String, content: std::fmt::Arguments<'_>) {
    text.write_fmt(content).expect("writing to a string cannot fail");
}
