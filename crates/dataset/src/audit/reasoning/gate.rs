//! Was the gate set where the likelihoods without a thought say?
//!
//! In: how was searched, and what was found for the steps of each story. Out: what does not
//! hold. A likelihood cannot be asked for again here. That of the first searched step of a
//! story must be the one the search found, because nothing before it had changed by then.

use std::collections::BTreeMap;

use backstory_model::reasoning::{Gate, Percentiles, ReasonedStep, ReasoningSearch};

/// By how many nats a token two answers of one model may differ: engines that share what
/// several texts begin with add in another order.
const DRIFT: f64 = 1e-3;

/// What is wrong with a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::audit) struct GateFault {
    /// What should be there.
    pub(in crate::audit) expected: String,
    /// What is.
    pub(in crate::audit) found: String,
}

impl GateFault {
    fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { expected: expected.into(), found: found.into() }
    }
}

/// Sets the gate of a search again; `stories` are the steps of each story, in order.
pub(in crate::audit) fn gate(
    search: &ReasoningSearch,
    stories: &[&[ReasonedStep]],
) -> Result<(), GateFault> {
    let scores = &search.gate_scores;
    let by_step: BTreeMap<&str, f64> =
        scores.iter().map(|score| (score.step_id.as_str(), score.nll)).collect();
    if by_step.len() != scores.len() {
        return Err(GateFault::new("each step once", format!("{} steps", scores.len())));
    }
    let expected = search.percentiles.and_then(|ends| between(&by_step, ends));
    if expected != search.options.gate {
        let [expected, found] = [expected, search.options.gate].map(|gate| format!("{gate:?}"));
        return Err(GateFault::new(expected, found));
    }
    if search.percentiles.is_none() {
        return if scores.is_empty() {
            Ok(())
        } else {
            Err(GateFault::new("no likelihoods without a gate", format!("{}", scores.len())))
        };
    }
    for first in stories.iter().filter_map(|steps| steps.first()) {
        let id = first.searched.step_id.as_str();
        let (then, found) = (by_step.get(id).copied(), first.searched.nll_none);
        let same = match (then, found) {
            (Some(then), Some(found)) => (then - found).abs() <= DRIFT,
            (then, found) => then == found,
        };
        if !same {
            return Err(GateFault::new(format!("{found:?} of {id}"), format!("{then:?}")));
        }
    }
    Ok(())
}

/// Returns the likelihoods at two percentiles, each that of the nearest rank.
fn between(likelihoods: &BTreeMap<&str, f64>, ends: Percentiles) -> Option<Gate> {
    let mut sorted: Vec<f64> = likelihoods.values().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let steps = sorted.len().checked_sub(1)?;
    let [low, high] = [ends.low, ends.high].map(|percent| {
        let (whole, rest) = (steps * percent / 100, steps * percent % 100);
        sorted.get(whole + usize::from(rest >= 50)).copied()
    });
    Some(Gate { low: low?, high: high? })
}

#[cfg(test)]
mod tests {
    use backstory_model::reasoning::{GateScore, SearchOptions};
    use serde_json::json;

    use super::*;

    /// A search of four steps in two stories, behind a gate from 20 to 80.
    fn sample() -> (ReasoningSearch, Vec<ReasonedStep>) {
        let nll = |step: u32| 0.5 * f64::from(step);
        let gate_scores: Vec<GateScore> = (1..=4)
            .map(|step| GateScore { step_id: format!("a/{step}"), nll: nll(step) })
            .collect();
        let options =
            SearchOptions { gate: Some(Gate { low: 1.0, high: 1.5 }), ..SearchOptions::default() };
        let search = json!({
            "schema": {"major": 1, "minor": 5},
            "tool": "backstory test",
            "scorer": {"model": "m", "revision": null, "tokenizer_hash": null, "policy": "off_policy"},
            "writer": {"model": "m", "revision": null},
            "writes": "derived",
            "options": options,
            "percentiles": {"low": 20, "high": 80},
            "gate_scores": gate_scores,
            "thoughts": null,
            "budget": null,
            "writes_found": 4,
            "steps": 4,
        });
        let step = |number: u32| {
            let searched = json!({
                "step_id": format!("a/{number}"), "thought": null, "dropped": "outside_gate",
                "nll_none": nll(number), "nll_initial": null, "nll_rounds": [],
                "nll_filler": null, "nll_control": null, "tokens_scored": 0,
                "tokens_prompted": 0, "tokens_written": 0, "rows": [], "texts": {},
            });
            let step = json!({"step": number, "provenance": null, "searched": searched});
            serde_json::from_value(step).unwrap()
        };
        (serde_json::from_value(search).unwrap(), vec![step(1), step(3)])
    }

    fn fault(plant: impl FnOnce(&mut ReasoningSearch, &mut Vec<ReasonedStep>)) -> String {
        let (mut search, mut firsts) = sample();
        plant(&mut search, &mut firsts);
        let stories: Vec<&[ReasonedStep]> = firsts.chunks(1).collect();
        match gate(&search, &stories) {
            Ok(()) => "holds".to_owned(),
            Err(fault) => format!("{}: {}", fault.expected, fault.found),
        }
    }

    #[test]
    fn a_gate_is_set_again_and_every_planted_untruth_is_found() {
        let found = [
            fault(|_, _| {}),
            fault(|search, _| search.options.gate = Some(Gate { low: 0.5, high: 1.5 })),
            fault(|search, _| search.percentiles = Some(Percentiles { low: 20, high: 90 })),
            fault(|search, _| search.gate_scores[3].nll = 0.1),
            fault(|search, _| search.gate_scores.truncate(2)),
            fault(|search, _| search.gate_scores[1].step_id = "a/1".to_owned()),
            fault(|search, _| search.gate_scores[0].nll = 0.6),
            fault(|_, firsts| firsts[1].searched.nll_none = None),
            fault(|search, _| search.percentiles = None),
            fault(|search, _| {
                search.percentiles = None;
                search.options.gate = None;
            }),
        ];
        insta::assert_snapshot!(found.join("\n"), @"
        holds
        Some(Gate { low: 1.0, high: 1.5 }): Some(Gate { low: 0.5, high: 1.5 })
        Some(Gate { low: 1.0, high: 2.0 }): Some(Gate { low: 1.0, high: 1.5 })
        Some(Gate { low: 0.5, high: 1.0 }): Some(Gate { low: 1.0, high: 1.5 })
        Some(Gate { low: 0.5, high: 1.0 }): Some(Gate { low: 1.0, high: 1.5 })
        each step once: 4 steps
        Some(0.5) of a/1: Some(0.6)
        None of a/3: Some(1.5)
        None: Some(Gate { low: 1.0, high: 1.5 })
        no likelihoods without a gate: 4
        ");
    }
}
