//! What is run for one unit, and what does it show?
