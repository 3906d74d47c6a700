//! Do the stories hold what `docs/rules.md` says they hold?

mod ci;
mod editing;
mod lm;
mod ran;
mod reading;
mod reason;
mod replay;
mod running;
mod scene;
mod sides;
