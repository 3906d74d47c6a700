//! Does the experiment find what is planted, and nothing where nothing is?

mod leaks;
mod made;
mod outcome;
mod tables;
