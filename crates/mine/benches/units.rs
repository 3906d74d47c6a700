//! Which units does a repository have, and what does it cost to read them?
//!
//! In: `--repo PATH [--head REVISION] [--name OWNER/NAME] [--list units]`. Out: one
//! JSON line on stdout: units by sequence and by reason for rejection, the
//! columns the published table counts, and the CPU time of planning and of
//! reading. With `--list`, one line per unit before it: id, commit, kind, base
//! and head, to compare with what git says.

#![expect(clippy::print_stdout, reason = "the line is the output of this program")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::PathBuf;

use backstory_mine::link::Methods;
use backstory_mine::unit::{UnitContext, UnitError, change_unit};
use backstory_mine::{GitRepository, history, repository_name};
use backstory_model::{LinkTarget, RunOptions, Sequence, UnitLabels};
use rustix::time::{ClockId, clock_gettime};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments = arguments()?;
    let get = |flag: &str| arguments.get(flag).map(String::as_str);
    let path = PathBuf::from(get("--repo").ok_or("give a repository with `--repo PATH`")?);
    let repo = GitRepository::open(&path)?;
    let head = repo.resolve(get("--head"))?;
    let name = repository_name(&path, get("--name"))?;
    let options = RunOptions::default();
    let start = cpu_seconds();
    let plan = history::plan(&repo, &head, &name, &options, b"")?;
    let planned = cpu_seconds();
    let known_pulls: BTreeSet<u64> = repo.refs_pull_heads()?.into_keys().collect();
    let context = UnitContext {
        options: &options,
        records: None,
        methods: &Methods::all(),
        known_pulls: &known_pulls,
    };
    let mut counts = Counts::default();
    for work in &plan {
        match change_unit(&repo, work, &context) {
            Ok(unit) => {
                if arguments.contains_key("--list") {
                    let base = unit.base.as_ref().map_or("-", |base| base.as_str());
                    let kind = sequence_name(&unit.sequence);
                    println!("{}\t{}\t{kind}\t{base}\t{}", unit.id, unit.commit, unit.head);
                }
                counts.add(&sequence_name(&unit.sequence), Some(&unit.labels));
                let moved = unit.sequence == Sequence::Authored && unit.base != unit.parent;
                counts.moved_bases += u32::from(moved);
                counts.states += unit.states.len();
                let linked = unit.links.iter().any(|link| link.target == LinkTarget::Issue);
                counts.linked += u32::from(linked);
            }
            Err(UnitError::Rejected { reason, labels, .. }) => {
                counts.add(&format!("rejected:{reason}"), labels.as_deref());
            }
        }
    }
    let line = serde_json::json!({
        "repo": name.to_string(),
        "units": plan.len(),
        "with_pull": plan.iter().filter(|work| work.pull.is_some()).count(),
        "with_pull_head": plan.iter().filter(|work| work.pull_head.is_some()).count(),
        "kinds": counts.kinds,
        "moved_bases": counts.moved_bases,
        "states": counts.states,
        "linked": counts.linked,
        "test_source": counts.test_source,
        "small_test_source": counts.small_test_source,
        "inline_tests": counts.inline_tests,
        "bots": counts.bots,
        "docs_only": counts.docs_only,
        "reverts": counts.reverts,
        "plan_cpu_seconds": planned - start,
        "units_cpu_seconds": cpu_seconds() - planned,
    });
    println!("{line}");
    Ok(())
}

#[derive(Default)]
struct Counts {
    kinds: BTreeMap<String, u32>,
    moved_bases: u32,
    states: usize,
    linked: u32,
    test_source: u32,
    small_test_source: u32,
    inline_tests: u32,
    bots: u32,
    docs_only: u32,
    reverts: u32,
}

impl Counts {
    fn add(&mut self, kind: &str, labels: Option<&UnitLabels>) {
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
        let Some(labels) = labels else { return };
        self.test_source += u32::from(labels.test_source);
        self.small_test_source += u32::from(labels.test_source && labels.small);
        self.inline_tests += u32::from(labels.inline_test_files > 0);
        self.bots += u32::from(labels.bot);
        self.docs_only += u32::from(labels.docs_only);
        self.reverts += u32::from(labels.revert);
    }
}

fn sequence_name(sequence: &Sequence) -> String {
    match sequence {
        Sequence::Authored => "authored".to_owned(),
        Sequence::Collapsed { reason } => format!("{reason:?}"),
    }
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "seconds are printed")]
    let seconds = time.tv_sec as f64 + time.tv_nsec as f64 / 1e9;
    (seconds * 1000.0).round() / 1000.0
}

fn arguments() -> Result<BTreeMap<String, String>, Failure> {
    let mut arguments = BTreeMap::new();
    // `cargo bench` adds a flag of its own.
    let mut given = std::env::args().skip(1).filter(|flag| flag != "--bench");
    while let Some(flag) = given.next() {
        let value = given.next().ok_or_else(|| format!("`{flag}` needs a value"))?;
        arguments.insert(flag, value);
    }
    Ok(arguments)
}
