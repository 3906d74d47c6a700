//! How is the comparison of patch rankers told?
//!
//! In: the instances and what every arm said of them. Out: Markdown: the criterion, the
//! data, a table for each split, comparisons with their intervals, tables by family and
//! by repository, and what was not shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::arm::Arm;
use super::features::FEATURES;
use super::read::{Family, Instance};
use super::run::{Measured, Outcome, Results, Split};
use crate::measure::statistics::{BootstrapOptions, Comparison, Sample, compare};
use crate::measure::{Choice, calibration_error, choice};

/// What the process ranker must be ahead of the snapshot by, in top-1.
const AHEAD: f64 = 0.08;
/// How far stated probabilities may be off.
const OFF: f64 = 0.08;

/// Comparisons that are told: an arm and its rival.
const PAIRS: [(Arm, Arm); 10] = [
    (Arm::Process, Arm::Snapshot),
    (Arm::WithPast, Arm::Snapshot),
    (Arm::WithExecution, Arm::Snapshot),
    (Arm::Process, Arm::Size),
    (Arm::Process, Arm::MostHunks),
    (Arm::ProcessUnsized, Arm::SnapshotUnsized),
    (Arm::ProcessTrees, Arm::Process),
    (Arm::Hybrid, Arm::Process),
    (Arm::Hybrid, Arm::OneRun),
    (Arm::Hybrid, Arm::SnapshotRun),
];

/// Returns the report as Markdown.
pub fn markdown(measured: &[Measured], results: &[Results]) -> String {
    let mut text = String::from("# Patch ranker: process against snapshots\n\n");
    text.push_str(
        "Top-1, MRR of the first that passes and AUC are percentages, means over instances; \
         ties are means over all orders. ECE is the error of stated probabilities over ten \
         bins. Intervals are the wider of the paired bootstraps over instances and over \
         repositories, 2,000 draws, 95 %; `detectable` is the effect seen with 80 % power. \
         The rules are in `protocol.md`.\n\n",
    );
    if let Some(first) = results.first() {
        criterion(&mut text, measured, first);
    }
    data(&mut text, measured);
    for result in results {
        table(&mut text, result);
    }
    for result in results {
        comparisons(&mut text, measured, result);
    }
    if let Some(first) = results.first() {
        by_family(&mut text, first);
        by_repository(&mut text, measured, first);
        probes(&mut text, measured, first);
    }
    text.push_str(NOT_SHOWN);
    text
}

const NOT_SHOWN: &str = "## Not shown\n\n\
    Rival pull requests and pushes that failed in CI are not among the candidates. Every \
    wrong patch is near gold or taken from another change, not written by somebody who \
    tried; a ranker that tells these apart may not tell those. Each candidate was run once \
    in file order; tests whose repeats differ at the base or at the head are no part of a \
    verdict. A wrong patch that the tests accept is left out, not a negative.\n";

fn percent(value: f64) -> f64 {
    value * 100.0
}

/// Returns the choice metrics of an arm over outcomes.
fn reached(outcomes: &[Outcome], arm: Arm) -> Choice {
    choice(outcomes.iter().map(|one| (&one.said[&arm].scores[..], &one.passes[..])))
}

/// Returns by how much the probabilities of an arm are off; `None` where it states none.
fn off(outcomes: &[Outcome], arm: Arm) -> Option<f64> {
    let (mut stated, mut passes) = (Vec::new(), Vec::new());
    for one in outcomes {
        stated.extend(one.said[&arm].probabilities.as_ref()?);
        passes.extend_from_slice(&one.passes);
    }
    calibration_error(&stated, &passes)
}

/// Compares the top-1 of two arms, instance by instance.
fn top_one(measured: &[Measured], outcomes: &[Outcome], arm: Arm, rival: Arm) -> Comparison {
    let one = |outcome: &Outcome, arm| {
        let said = &outcome.said[&arm].scores[..];
        choice([(said, &outcome.passes[..])]).top_one
    };
    let repo = |outcome: &Outcome| measured[outcome.instance].0.repo.to_string();
    let rows: Vec<(String, f64)> = outcomes
        .iter()
        .map(|outcome| (repo(outcome), one(outcome, arm) - one(outcome, rival)))
        .collect();
    let sample = Sample::new(rows.iter().map(|(repo, value)| (&repo[..], *value)));
    compare(&sample, None, &BootstrapOptions::default())
}

fn criterion(text: &mut String, measured: &[Measured], result: &Results) {
    let versus = top_one(measured, &result.outcomes, Arm::Process, Arm::Snapshot);
    let error = off(&result.outcomes, Arm::Process);
    let above = versus.interval.is_some_and(|interval| interval.low > 0.0);
    let calibrated = error.is_some_and(|error| error <= OFF);
    let met = versus.effect >= AHEAD && above && calibrated;
    let interval = versus.interval.map_or_else(
        || "none".to_owned(),
        |one| format!("[{:+.1}, {:+.1}]", percent(one.low), percent(one.high)),
    );
    let _ = write!(
        text,
        "## Criterion R\n\n{}: top-1 of the process ranker {:+.1} points against the snapshot \
         ranker (wanted +8.0), interval {interval} (wanted above 0), ECE {} (wanted at most \
         0.08); {} instances of {} repositories, {}.\n\n",
        if met { "Met" } else { "**Not met**" },
        percent(versus.effect),
        error.map_or_else(|| "unknown".to_owned(), |error| format!("{error:.3}")),
        versus.issues,
        versus.repositories,
        versus.verdict.label(),
    );
}

fn data(text: &mut String, measured: &[Measured]) {
    let repositories: BTreeSet<String> =
        measured.iter().map(|(one, _)| one.repo.to_string()).collect();
    let _ = write!(
        text,
        "## Data\n\n{} instances of {} repositories. `kept` is chosen among; the other columns \
         are left out.\n\n",
        measured.len(),
        repositories.len()
    );
    let mut reasons: BTreeSet<&str> = BTreeSet::new();
    let mut left: BTreeMap<(Family, &str), usize> = BTreeMap::new();
    for (instance, _) in measured {
        for ((family, why), count) in &instance.left_out {
            reasons.insert(why);
            *left.entry((*family, why)).or_default() += count;
        }
    }
    let heads: Vec<&str> = reasons.iter().copied().collect();
    let _ = write!(
        text,
        "| family | side | kept |{}\n|---|---|--:|{}\n",
        heads.iter().map(|why| format!(" {why} |")).collect::<Vec<_>>().concat(),
        "--:|".repeat(heads.len())
    );
    for family in Family::ALL {
        let count = |one: &Instance| one.tried.iter().filter(|t| t.family == family).count();
        let kept: usize = measured.iter().map(|(one, _)| count(one)).sum();
        let side = match family {
            family if family.is_right() => "right",
            family if Split::FamiliesOut.learns(family) => "wrong, learned from",
            _ => "wrong, held out",
        };
        let _ = write!(text, "| {} | {side} | {kept} |", family.as_str());
        for why in &heads {
            let _ = write!(text, " {} |", left.get(&(family, *why)).copied().unwrap_or_default());
        }
        text.push('\n');
    }
    text.push('\n');
}

const HEAD: &str = "| arm | instances | top-1 | MRR | AUC | ECE |\n|---|--:|--:|--:|--:|--:|\n";

fn row(text: &mut String, name: &str, outcomes: &[Outcome], arm: Arm) {
    let reached = reached(outcomes, arm);
    let off = off(outcomes, arm).map_or_else(|| "-".to_owned(), |off| format!("{off:.3}"));
    let _ = writeln!(
        text,
        "| {name} | {} | {:.1} | {:.1} | {:.1} | {off} |",
        reached.groups,
        percent(reached.top_one),
        percent(reached.mrr),
        percent(reached.area),
    );
}

fn table(text: &mut String, result: &Results) {
    let chance = percent(reached(&result.outcomes, Arm::MostHunks).chance);
    let _ = write!(
        text,
        "## {}\n\nA blind choice passes in {chance:.1} % of the instances.\n\n{HEAD}",
        result.split.label()
    );
    for arm in Arm::ALL {
        row(text, &arm.to_string(), &result.outcomes, arm);
    }
    text.push('\n');
}

fn comparisons(text: &mut String, measured: &[Measured], result: &Results) {
    let _ = write!(
        text,
        "## Top-1 compared: {}\n\n| arms | difference | interval | over | detectable | win / tie \
         / loss by repository | verdict |\n|---|--:|---|---|--:|---|---|\n",
        result.split.label()
    );
    for (arm, rival) in PAIRS {
        let versus = top_one(measured, &result.outcomes, arm, rival);
        let interval = versus.interval.map_or_else(
            || "- | -".to_owned(),
            |one| {
                let over = format!("{:?}", one.over).to_lowercase();
                format!("[{:+.1}, {:+.1}] | {over}", percent(one.low), percent(one.high))
            },
        );
        let detectable = versus.detectable.map_or(0.0, |detectable| detectable.larger());
        let signs = versus.by_repository;
        let _ = writeln!(
            text,
            "| {arm} − {rival} | {:+.1} | {interval} | {:.1} | {} / {} / {} | {} |",
            percent(versus.effect),
            percent(detectable),
            signs.wins,
            signs.ties,
            signs.losses,
            versus.verdict.label(),
        );
    }
    text.push('\n');
}

/// Returns the outcomes with one wrong family beside what is right.
fn only(outcomes: &[Outcome], family: Family) -> Vec<Outcome> {
    let mut kept = Vec::new();
    for one in outcomes {
        let places: Vec<usize> = (0..one.families.len())
            .filter(|at| one.families[*at].is_right() || one.families[*at] == family)
            .collect();
        if places.iter().all(|at| one.passes[*at]) {
            continue;
        }
        let mut part = one.clone();
        part.families = places.iter().map(|at| one.families[*at]).collect();
        part.passes = places.iter().map(|at| one.passes[*at]).collect();
        for said in part.said.values_mut() {
            said.scores = places.iter().map(|at| said.scores[*at]).collect();
            said.probabilities = said
                .probabilities
                .as_ref()
                .map(|stated| places.iter().map(|at| stated[*at]).collect());
        }
        kept.push(part);
    }
    kept
}

fn by_family(text: &mut String, result: &Results) {
    let _ = write!(text, "## By family: {}\n\n", result.split.label());
    for family in
        Family::ALL.into_iter().filter(|family| !family.is_right() && result.split.asks(*family))
    {
        let outcomes = only(&result.outcomes, family);
        if outcomes.is_empty() {
            let _ = write!(text, "### {}\n\nNo instance holds one.\n\n", family.as_str());
            continue;
        }
        let chance = percent(reached(&outcomes, Arm::MostHunks).chance);
        let _ = write!(text, "### {}\n\nChance {chance:.1}.\n\n{HEAD}", family.as_str());
        for arm in [Arm::MostHunks, Arm::Size, Arm::Snapshot, Arm::Process, Arm::Hybrid] {
            row(text, &arm.to_string(), &outcomes, arm);
        }
        text.push('\n');
    }
}

fn by_repository(text: &mut String, measured: &[Measured], result: &Results) {
    let _ = write!(
        text,
        "## By repository: {}\n\n| repository | instances | chance | size | snapshot | process | \
         hybrid | process − snapshot |\n|---|--:|--:|--:|--:|--:|--:|--:|\n",
        result.split.label()
    );
    let repo = |one: &Outcome| measured[one.instance].0.repo.to_string();
    let repositories: BTreeSet<String> = result.outcomes.iter().map(repo).collect();
    for name in repositories {
        let own: Vec<Outcome> =
            result.outcomes.iter().filter(|one| repo(one) == name).cloned().collect();
        let top = |arm| percent(reached(&own, arm).top_one);
        let _ = writeln!(
            text,
            "| {name} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:+.1} |",
            own.len(),
            percent(reached(&own, Arm::Size).chance),
            top(Arm::Size),
            top(Arm::Snapshot),
            top(Arm::Process),
            top(Arm::Hybrid),
            top(Arm::Process) - top(Arm::Snapshot),
        );
    }
    text.push('\n');
}

/// Says whether gold could be told without looking at what it does.
fn probes(text: &mut String, measured: &[Measured], result: &Results) {
    let outcomes = &result.outcomes;
    let at = |name: &str| FEATURES.iter().position(|(_, feature)| feature.name == name);
    let Some((hunks, lines)) = at("hunks").zip(at("lines_added")) else { return };
    let most = |column: usize| {
        let alone = |one: &&Outcome| {
            let (instance, rows) = &measured[one.instance];
            let asked: BTreeSet<Family> = one.families.iter().copied().collect();
            let all = instance.tried.iter().zip(rows);
            let all: Vec<(bool, f32)> = all
                .filter(|(tried, _)| asked.contains(&tried.family))
                .map(|(tried, row)| (tried.family == Family::Gold, row[column]))
                .collect();
            let gold = all.iter().find(|(is_gold, _)| *is_gold).map_or(0.0, |(_, value)| *value);
            all.iter().all(|(is_gold, value)| *is_gold || *value < gold)
        };
        outcomes.iter().filter(alone).count()
    };
    let chosen = |arm: Arm| {
        let gold = |one: &&Outcome| {
            let scores = one.said[&arm].scores.iter().enumerate();
            let best = scores.max_by(|one, other| one.1.total_cmp(other.1));
            best.is_some_and(|(at, _)| one.families[at] == Family::Gold)
        };
        outcomes.iter().filter(gold).count()
    };
    let right = |one: &Outcome| one.families.iter().filter(|family| family.is_right()).count();
    let _ = write!(
        text,
        "## Is gold told by its looks?\n\nOf {} instances, gold alone has the most hunks in {} and \
         the most added lines in {}. There are {} right patches in all, gold among them. The \
         process ranker puts gold itself first in {}, the snapshot ranker in {}, size alone in {}.\n\n",
        outcomes.len(),
        most(hunks),
        most(lines),
        outcomes.iter().map(right).sum::<usize>(),
        chosen(Arm::Process),
        chosen(Arm::Snapshot),
        chosen(Arm::Size),
    );
}
