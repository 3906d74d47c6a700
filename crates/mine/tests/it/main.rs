//! Does the reader say what git says, and do units hold what the branch held?

mod git_bug;
#[cfg(test)]
mod history;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod revisions;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod units;
