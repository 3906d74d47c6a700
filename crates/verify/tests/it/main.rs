//! Does the verifier keep its promises, whatever it is given?

mod attacks;
mod fuzzed;
mod load;
mod oi;
mod paper;
mod right;
mod round_trip;
mod sample;
mod types;
