//! Do the stories hold what `docs/rules.md` says they hold?

mod editing;
mod reading;
mod replay;
mod scene;
