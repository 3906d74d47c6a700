//! How good are the links of a repository, measured against its changelog?
//!
//! In: `--repo PATH [--head REVISION] [--name OWNER/NAME] [--plain]
//! [--fragments] [--list]`. Out: Markdown
//! tables on stdout: precision and recall of each method over the pull requests whose
//! issues the maintainers wrote into the changelog (which is not read for the
//! links), how many "issues" are known pull requests, and how many stated pull
//! request numbers have a matching head. `--plain` also takes plain numbers of the
//! changelog as gold, told apart by the heads; `--fragments` takes the names of the news
//! fragments that pull requests add as gold, not the changelog; `--list` adds the pairs that differ, and every
//! link that was judged with its words.

#![expect(clippy::print_stdout, reason = "the tables are the output of this program")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::PathBuf;

use backstory_mine::history::plan;
use backstory_mine::link::Methods;
use backstory_mine::link::quality::{
    Finder, MethodScore, Pairs, ScoredPull, changelog_gold, pairs, score,
};
use backstory_mine::unit::{UnitContext, UnitError, change_unit};
use backstory_mine::{GitRepository, repository_name};
use backstory_model::{
    Commit, CommitId, Link, LinkMethod, LinkTarget, LinkTruth, RepoName, Repository, RunOptions,
};

type Failure = Box<dyn Error>;

struct Arguments {
    repo: PathBuf,
    head: Option<String>,
    name: Option<String>,
    plain: bool,
    fragments: bool,
    list: bool,
}

fn main() -> Result<(), Failure> {
    let arguments = arguments()?;
    let repo = GitRepository::open(&arguments.repo)?;
    let name = repository_name(&arguments.repo, arguments.name.as_deref())?;
    let head = repo.resolve(arguments.head.as_deref())?;
    let heads = repo.refs_pull_heads()?;
    let told_apart =
        if arguments.plain { heads.keys().copied().collect() } else { BTreeSet::new() };
    let gold = changelog_gold(&repo, &head, &name, &told_apart)?;
    let pulls: BTreeSet<u64> = gold.iter().flat_map(|entry| entry.pulls.clone()).collect();
    let mut mined = Mined::default();
    mined.walk(&repo, &head, &name, &heads)?;
    let issues: usize = gold.iter().map(|entry| entry.issues.len()).sum();
    println!("{name} at `{head}`: {} units, {} pull request heads", mined.units, heads.len());
    println!("gold: {} entries, {} pull requests, {issues} issues named", gold.len(), pulls.len());
    let scored: Vec<_> = mined
        .links
        .iter()
        .filter_map(|(pull, links)| Some(ScoredPull { pull: (*pull)?, links: links.clone() }))
        .collect();
    let truth = if arguments.fragments { named_by_fragments(&scored) } else { pairs(&gold) };
    print_scores(&score(LinkTruth::Changelog, &truth, &scored), arguments.list);
    if arguments.list {
        print_excerpts(&truth, &scored);
    }
    mined.print_kinds(&heads);
    mined.print_stated(arguments.list);
    Ok(())
}

fn arguments() -> Result<Arguments, Failure> {
    let (mut repo, mut head, mut name) = (None, None, None);
    let (mut plain, mut fragments, mut list) = (false, false, false);
    let mut given = std::env::args().skip(1);
    while let Some(flag) = given.next() {
        match flag.as_str() {
            "--repo" => repo = given.next().map(PathBuf::from),
            "--head" => head = given.next(),
            "--name" => name = given.next(),
            "--plain" => plain = true,
            "--fragments" => fragments = true,
            "--list" => list = true,
            // Cargo adds this to every benchmark.
            "--bench" => {}
            other => return Err(format!("unknown argument `{other}`").into()),
        }
    }
    let repo = repo.ok_or(
        "usage: links --repo PATH [--head REVISION] [--name OWNER/NAME] [--plain] [--fragments] \
         [--list]",
    )?;
    Ok(Arguments { repo, head, name, plain, fragments, list })
}

/// What was found in the history.
#[derive(Default)]
struct Mined {
    units: u32,
    links: Vec<(Option<u64>, Vec<Link>)>,
    /// Merges whose stated number has a head: is it the second parent?
    merges: BTreeMap<bool, Vec<u64>>,
    /// Other stated numbers: is there a head?
    squashes: BTreeMap<bool, Vec<u64>>,
}

impl Mined {
    fn walk(
        &mut self,
        repo: &GitRepository,
        head: &CommitId,
        name: &RepoName,
        heads: &BTreeMap<u64, CommitId>,
    ) -> Result<(), Failure> {
        let options = RunOptions::default();
        let methods = Methods::all().without(LinkMethod::Changelog);
        let known_pulls: BTreeSet<u64> = heads.keys().copied().collect();
        let context = UnitContext {
            options: &options,
            records: None,
            methods: &methods,
            known_pulls: &known_pulls,
        };
        for work in plan(repo, head, name, &options, b"")? {
            self.count_stated(&repo.commit(&work.commit)?, work.pull, heads);
            let links = match change_unit(repo, &work, &context) {
                Ok(unit) => unit.links,
                Err(UnitError::Rejected { links, .. }) => links,
            };
            self.links.push((work.pull, links));
            self.units += 1;
        }
        Ok(())
    }

    fn count_stated(&mut self, unit: &Commit, pull: Option<u64>, heads: &BTreeMap<u64, CommitId>) {
        let Some(pull) = pull else { return };
        match (unit.parents.get(1), heads.get(&pull)) {
            (Some(second), Some(head)) => {
                self.merges.entry(second == head).or_default().push(pull);
            }
            (_, head) => self.squashes.entry(head.is_some()).or_default().push(pull),
        }
    }

    fn print_kinds(&self, heads: &BTreeMap<u64, CommitId>) {
        println!(
            "\n| method | units | issue links | of these known pull requests |\n|---|--:|--:|--:|"
        );
        for method in Methods::ALL {
            let of_method = |links: &[Link]| -> Vec<u64> {
                let wanted =
                    |link: &&Link| link.method == method && link.target != LinkTarget::Pull;
                links.iter().filter(wanted).map(|link| link.number).collect()
            };
            let per_unit: Vec<_> = self.links.iter().map(|(_, links)| of_method(links)).collect();
            let units = per_unit.iter().filter(|numbers| !numbers.is_empty()).count();
            let all = per_unit.iter().flatten().count();
            let known = per_unit.iter().flatten().filter(|n| heads.contains_key(n)).count();
            if all > 0 {
                println!("| {method:?} | {units} | {all} | {known} |");
            }
        }
    }

    fn print_stated(&self, list: bool) {
        let count = |map: &BTreeMap<bool, Vec<u64>>, key| map.get(&key).map_or(0, Vec::len);
        println!(
            "\nmerges whose number has the second parent as its head: {} of {}",
            count(&self.merges, true),
            count(&self.merges, true) + count(&self.merges, false),
        );
        println!(
            "other stated numbers that have a head: {} of {}",
            count(&self.squashes, true),
            count(&self.squashes, true) + count(&self.squashes, false),
        );
        if list {
            println!("merge differs: {:?}", self.merges.get(&false));
            println!("no head: {:?}", self.squashes.get(&false));
        }
    }
}

fn print_scores(scores: &BTreeMap<Finder, MethodScore>, list: bool) {
    println!(
        "\n| method | right | wrong | missed | precision | recall |\n|---|--:|--:|--:|--:|--:|"
    );
    let percent = |share: Option<f64>| {
        share.map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", share * 100.0))
    };
    let name = |finder: &Finder| match finder {
        Finder::Method(method) => format!("{method:?}"),
        Finder::WithoutMentions => "all links".to_owned(),
        Finder::Together => "with mentions".to_owned(),
    };
    for (method, score) in scores {
        println!(
            "| {} | {} | {} | {} | {} | {} |",
            name(method),
            score.right.len(),
            score.wrong.len(),
            score.missed.len(),
            percent(score.count().precision()),
            percent(score.count().recall(score.true_pairs())),
        );
    }
    if list {
        for (method, score) in scores {
            println!("\n{}: wrong {:?}", name(method), score.wrong);
            println!("{}: missed {:?}", name(method), score.missed);
        }
    }
}

/// Pairs the pull requests with the issues that their news fragments are named after.
fn named_by_fragments(pulls: &[ScoredPull]) -> Pairs {
    let mut pairs = Pairs::new();
    for scored in pulls {
        for link in scored.links.iter().filter(|link| link.method == LinkMethod::NewsFragment) {
            pairs.entry(scored.pull).or_default().insert(link.number);
        }
    }
    pairs
}

/// Prints every link that the truth can judge, with its words, to be read by eye.
fn print_excerpts(truth: &Pairs, pulls: &[ScoredPull]) {
    println!("\n| pull request | issue | method | agrees | excerpt |\n|--:|--:|---|---|---|");
    for scored in pulls {
        let Some(issues) = truth.get(&scored.pull) else { continue };
        for link in &scored.links {
            if link.target != LinkTarget::Pull && LinkTruth::Changelog.may_judge(link.method) {
                let agrees = if issues.contains(&link.number) { "yes" } else { "no" };
                let excerpt = link.excerpt.replace('|', "\\|");
                println!(
                    "| {} | {} | {:?} | {agrees} | {excerpt} |",
                    scored.pull, link.number, link.method,
                );
            }
        }
    }
}
