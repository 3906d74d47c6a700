//! Does the crate keep its promises on whole files and on any bytes?

mod languages;
mod lines;
mod logs;
mod patches;
mod robustness;
