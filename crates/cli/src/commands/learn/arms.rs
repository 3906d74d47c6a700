//! How do rankings do on the rows of each stratum?

use std::fmt::Write as _;

use backstory_learn::measure::{Hits, Metric};
use backstory_learn::number::real;
use backstory_learn::rows::{Strata, Stratum};
use backstory_learn::text::order;

/// What the table shows of each ranking.
const SHOWN: [Metric; 6] =
    [Metric::Acc(1), Metric::Acc(3), Metric::Acc(5), Metric::Hit(1), Metric::Hit(5), Metric::Mrr];

/// The rankings of one name over many rows.
pub(super) struct Arm {
    name: &'static str,
    rows: Vec<(Strata, Hits)>,
}

impl Arm {
    /// Begins without rows.
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, rows: Vec::new() }
    }

    /// Adds the ranking of one row by its scores.
    pub(super) fn add(&mut self, strata: Strata, scores: &[f32], gold: &[usize]) {
        let gold = gold.iter().copied().collect();
        self.rows.push((strata, Hits::of_ranking(&order(scores), &gold)));
    }
}

/// Prints all arms by stratum, as percentages.
pub(super) fn table(arms: &[Arm]) -> String {
    let mut text = format!("{:20}{:8}{:>6}", "stratum", "arm", "rows");
    for metric in SHOWN {
        write!(text, "{:>8}", metric.to_string()).expect("writing to a string cannot fail");
    }
    text.push('\n');
    for stratum in Stratum::ALL {
        for arm in arms {
            let inside = arm.rows.iter().filter(|(strata, _)| strata.contains(stratum));
            let hits: Vec<&Hits> = inside.map(|(_, hits)| hits).collect();
            line(&mut text, stratum, arm.name, &hits);
        }
    }
    text
}

fn line(text: &mut String, stratum: Stratum, name: &str, hits: &[&Hits]) {
    write!(text, "{:20}{name:8}{:>6}", stratum.label(), hits.len())
        .expect("writing to a string cannot fail");
    for metric in SHOWN {
        let sum: f64 = hits.iter().map(|hits| hits.metric(metric)).sum();
        let mean = if hits.is_empty() {
            "-".to_owned()
        } else {
            format!("{:.1}", 100.0 * sum / real(hits.len()))
        };
        write!(text, "{mean:>8}").expect("writing to a string cannot fail");
    }
    text.push('\n');
}
