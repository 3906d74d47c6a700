//! Which of two arms ranks better, read as the protocol says?

use std::fmt;

use serde::Serialize;

use super::{
    BootstrapOptions, Detectable, Interval, Sample, Signs, bootstrap, detectable, sign_test,
};

/// Below so many issues nothing is said: intervals over so few are too narrow, and a
/// handful of equal differences has none at all.
pub const LEAST_ISSUES: usize = 10;

/// What may be said about a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The wider interval lies above zero.
    Better,
    /// The wider interval lies below zero.
    Worse,
    /// The wider interval holds zero and lies within what is too small to matter.
    NoDifference,
    /// The wider interval holds zero, and the effect is below what could be detected:
    /// nothing was shown, neither an effect nor its absence.
    Underpowered,
    /// The wider interval holds zero although the effect is large enough to be detected:
    /// it comes from few repositories or issues.
    Inconclusive,
    /// Fewer than [`LEAST_ISSUES`].
    TooFew,
}

impl Verdict {
    /// Returns how a report says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::NoDifference => "no difference",
            Self::Underpowered => "underpowered",
            Self::Inconclusive => "inconclusive",
            Self::TooFew => "too few",
        }
    }

    /// Reads an effect by its wider interval and what could be detected.
    ///
    /// `margin` is the largest difference that does not matter; without one, an absent
    /// effect is never claimed.
    pub fn read(effect: f64, wider: Interval, detectable: f64, margin: Option<f64>) -> Self {
        if !wider.holds_zero() {
            return if effect > 0.0 { Self::Better } else { Self::Worse };
        }
        if margin.is_some_and(|margin| wider.low >= -margin && wider.high <= margin) {
            return Self::NoDifference;
        }
        if effect.abs() < detectable { Self::Underpowered } else { Self::Inconclusive }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.label())
    }
}

/// Two arms on the same issues.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// How many issues both answer.
    pub issues: usize,
    /// Of how many repositories.
    pub repositories: usize,
    /// The mean difference, positive where the first arm is better.
    pub effect: f64,
    /// The wider of the two intervals; `None` for fewer than two issues.
    pub interval: Option<Interval>,
    /// The interval over repositories, where there are two or more.
    pub repository_interval: Option<Interval>,
    /// The probability to correct by [`super::holm`]; never to be shown alone.
    pub p: f64,
    /// The smallest effect that would probably have been seen.
    pub detectable: Option<Detectable>,
    /// Issues won, tied and lost.
    pub by_issue: Signs,
    /// Repositories won, tied and lost, by their mean.
    pub by_repository: Signs,
    /// The sign test over repositories.
    pub repository_sign_p: f64,
    /// What may be said.
    pub verdict: Verdict,
}

/// Compares two arms by their differences, one per issue.
///
/// `margin` is the largest difference that does not matter, where equality is claimed.
pub fn compare(
    differences: &Sample,
    margin: Option<f64>,
    options: &BootstrapOptions,
) -> Comparison {
    let drawn = bootstrap(differences, options).filter(|_| differences.values().len() > 1);
    let (effect, detectable) = (differences.mean(), detectable(differences));
    let enough = differences.values().len() >= LEAST_ISSUES;
    let verdict = match (drawn, detectable) {
        (Some(drawn), Some(detectable)) if enough => {
            Verdict::read(effect, drawn.wider(), detectable.larger(), margin)
        }
        _ => Verdict::TooFew,
    };
    let means = differences.by_repository();
    let by_repository = Signs::of(means.iter().map(|one| one.mean));
    Comparison {
        issues: differences.values().len(),
        repositories: means.len(),
        effect,
        interval: drawn.map(|drawn| drawn.wider()),
        repository_interval: drawn.and_then(|drawn| drawn.repositories),
        p: drawn.map_or(1.0, |drawn| drawn.p()),
        detectable,
        by_issue: Signs::of(differences.values().iter().copied()),
        by_repository,
        repository_sign_p: sign_test(by_repository),
        verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Resampled;
    use super::*;
    use crate::number::real;
    use crate::seed::Seed;

    fn interval(low: f64, high: f64) -> Interval {
        Interval { low, high, over: Resampled::Issues, p: 0.5 }
    }

    #[test]
    fn a_verdict_reads_the_interval_before_the_effect() {
        let read = |effect, low, high, margin| {
            Verdict::read(effect, interval(low, high), 0.05, margin).label()
        };
        assert_eq!(read(0.04, 0.01, 0.07, None), "better");
        assert_eq!(read(-0.04, -0.07, -0.01, Some(0.1)), "worse");
        assert_eq!(read(0.04, -0.01, 0.09, None), "underpowered");
        assert_eq!(read(0.08, -0.01, 0.17, None), "inconclusive");
        assert_eq!(read(0.0, -0.01, 0.01, None), "underpowered");
        assert_eq!(read(0.0, -0.01, 0.01, Some(0.02)), "no difference");
        assert_eq!(read(0.0, -0.03, 0.01, Some(0.02)), "underpowered");
    }

    /// Differences of a deviation of 0.3 around an effect, in twenty repositories.
    fn noisy(effect: f64, issues: usize) -> Sample {
        let names: Vec<String> = (0..20).map(|name| format!("acme/{name}")).collect();
        let mut stream = Seed::of(&["noisy"]).generator();
        let mut noise = || (0..12).map(|_| stream.unit()).sum::<f64>() - 6.0;
        let rows: Vec<(&str, f64)> =
            (0..issues).map(|at| (names[at % 20].as_str(), effect + 0.3 * noise())).collect();
        Sample::new(rows)
    }

    #[test]
    fn a_large_effect_is_better_and_turned_around_worse() {
        let found = compare(&noisy(0.2, 400), None, &BootstrapOptions::default());
        assert_eq!(found.verdict, Verdict::Better);
        assert!(found.by_repository.wins >= 18 && found.repository_sign_p < 0.001);
        assert!(found.p < 0.01);
        let turned = compare(&noisy(-0.2, 400), None, &BootstrapOptions::default());
        assert_eq!(turned.verdict, Verdict::Worse);
    }

    /// The planted bug: an effect of a third of what 40 issues can show must not be
    /// called absent, and one of zero in 40,000 issues may be.
    #[test]
    fn what_could_not_be_seen_is_underpowered_and_not_absent() {
        let few = compare(&noisy(0.04, 40), Some(0.05), &BootstrapOptions::default());
        assert_eq!(few.verdict, Verdict::Underpowered, "{few:?}");
        assert!(few.detectable.is_some_and(|effect| effect.larger() > 0.1));
        let options = BootstrapOptions { draws: 200, ..BootstrapOptions::default() };
        let many = compare(&noisy(0.0, 40_000), Some(0.02), &options);
        assert_eq!(many.verdict, Verdict::NoDifference, "{many:?}");
    }

    /// Ten issues of one repository gain much, 390 of the others nothing: over issues the
    /// gain looks sure, over repositories it is not, and the wider interval decides.
    #[test]
    fn one_repository_cannot_win_alone() {
        let names: Vec<String> = (0..20).map(|name| format!("acme/{name}")).collect();
        let rows =
            (0..400).map(|at| (names[at % 20].as_str(), if at % 20 == 0 { 1.0 } else { 0.0 }));
        let found = compare(&Sample::new(rows), None, &BootstrapOptions::default());
        assert!((found.effect - 0.05).abs() < 1e-12);
        assert_ne!(found.verdict, Verdict::Better);
        assert_eq!(found.interval.map(|one| one.over), Some(Resampled::Repositories));
        assert_eq!(found.by_repository, Signs { wins: 1, ties: 19, losses: 0 });
    }

    /// The planted bug: nine issues that all gain the same have an interval without width.
    #[test]
    fn a_handful_of_issues_shows_nothing() {
        let names: Vec<String> = (0..9).map(|name| format!("acme/{name}")).collect();
        let sample = Sample::new(names.iter().map(|name| (name.as_str(), 0.5)));
        let found = compare(&sample, None, &BootstrapOptions::default());
        assert_eq!(found.verdict, Verdict::TooFew);
        assert!(found.interval.is_some_and(|one| !one.holds_zero()));
    }

    #[test]
    fn a_single_issue_says_nothing() {
        let found = compare(&Sample::new([("a/a", 1.0)]), None, &BootstrapOptions::default());
        assert_eq!((found.verdict, found.interval), (Verdict::TooFew, None));
        let none = compare(&Sample::default(), None, &BootstrapOptions::default());
        assert_eq!((none.verdict, none.issues), (Verdict::TooFew, 0));
        assert!((none.p - 1.0).abs() < 1e-12 && real(none.repositories) < 1.0);
    }
}
