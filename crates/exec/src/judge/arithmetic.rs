//! How much do equal outcomes of repeated runs prove?

/// Returns the upper bound, with 95 % confidence, of the probability of another
/// outcome after `runs` equal ones.
pub fn bound(runs: u32) -> f64 {
    if runs == 0 { 1.0 } else { 1.0 - 0.05_f64.powf(1.0 / f64::from(runs)) }
}

/// Returns the chance that `runs` runs show both outcomes of a test that fails
/// with probability `p`.
pub fn chance_of_seeing(p: f64, runs: u32) -> f64 {
    let runs = f64::from(runs);
    1.0 - (1.0 - p).powf(runs) - p.powf(runs)
}

/// Returns the chance that a test that fails with probability `p`, fix or no
/// fix, fails in all `runs` runs before and passes in all of them after.
pub fn chance_of_false_fail_to_pass(p: f64, runs: u32) -> f64 {
    (p * (1.0 - p)).powf(f64::from(runs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(share: f64) -> String {
        let digits = usize::from((0.999..1.0).contains(&(share + 0.001)) || share < 0.02);
        format!("{:.digits$}", share * 100.0)
    }

    #[test]
    fn equal_outcomes_bound_the_other_one() {
        let bounds: Vec<String> = [3, 5, 10, 20, 59].map(|n| percent(bound(n))).into();
        assert_eq!(bounds, ["63", "45", "26", "14", "5"]);
        assert!((bound(0) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_flaky_test_is_seen_with_this_chance() {
        let row = |n| [0.5, 0.2, 0.05].map(|p| percent(chance_of_seeing(p, n))).join(" / ");
        assert_eq!([row(3), row(5), row(10)], ["75 / 48 / 14", "94 / 67 / 23", "99.8 / 89 / 40"]);
    }

    #[test]
    fn a_coin_is_taken_for_a_fix_with_this_chance() {
        let row = [1, 3, 5].map(|n| percent(chance_of_false_fail_to_pass(0.5, n)));
        assert_eq!(row, ["25", "1.6", "0.1"]);
    }
}
