//! Which number belongs to which repository?

use serde::Serialize;

use crate::number::real;

/// One number per issue, with the repository of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    values: Vec<f64>,
    /// The repository of each value, as a place among the names.
    repositories: Vec<usize>,
    /// The names, sorted, none twice.
    names: Vec<String>,
}

/// The mean over the issues of one repository.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RepositoryMean {
    /// Which repository.
    pub repository: String,
    /// How many issues it has.
    pub issues: usize,
    /// Their mean.
    pub mean: f64,
}

impl Sample {
    /// Takes pairs of a repository and a number.
    pub fn new<'a>(rows: impl IntoIterator<Item = (&'a str, f64)>) -> Self {
        let (of, values): (Vec<&str>, Vec<f64>) = rows.into_iter().unzip();
        let mut names = of.clone();
        names.sort_unstable();
        names.dedup();
        let place = |name: &&str| names.binary_search(name).unwrap_or_default();
        let repositories = of.iter().map(place).collect();
        Self { values, repositories, names: names.into_iter().map(str::to_owned).collect() }
    }

    /// Returns the numbers.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Returns the mean over issues, 0 without any.
    pub fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / real(self.values.len().max(1))
    }

    /// Returns the mean of each repository, by name.
    pub fn by_repository(&self) -> Vec<RepositoryMean> {
        let mean = |(name, (issues, sum)): (&String, (usize, f64))| RepositoryMean {
            repository: name.clone(),
            issues,
            mean: sum / real(issues.max(1)),
        };
        self.names.iter().zip(self.sums()).map(mean).collect()
    }

    /// Returns the count and the sum of each repository, in the order of the names.
    pub(super) fn sums(&self) -> Vec<(usize, f64)> {
        let mut sums = vec![(0, 0.0); self.names.len()];
        for (repository, value) in self.repositories.iter().zip(&self.values) {
            let (count, sum) = &mut sums[*repository];
            *count += 1;
            *sum += value;
        }
        sums
    }
}
