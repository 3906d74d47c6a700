//! Is the answer of a model right, and what is it worth?
//!
//! In: rows with questions about an execution, and texts nobody vouches for. Out:
//! scores with the verdict on every question and its reason. The crate owns the
//! canonical form of Python values, their comparison, the rows of questions, the answer
//! parser and the reward. Pure, total, deterministic and bounded: it evaluates no text,
//! starts nothing, reads nothing, and no input makes it fail.
//!
//! The forms and rules are stated in `docs/execution-reasoning.md`.

mod answer;
mod call;
mod check;
mod difficulty;
mod item;
mod json;
mod question;
mod reason;
mod reward;
mod score;
mod stage;
mod type_name;
mod unit_tests;
mod value;

pub use answer::{LONGEST_ARRAY, LONGEST_TEXT, MOST_ENTRIES};
pub use call::{CallOutcome, Caller};
pub use difficulty::{Band, Difficulty};
pub use item::{Item, ItemError, ItemType, Scorable};
pub use json::JsonError;
pub use question::{Asked, Checker, Function, Kind, QuestionRow, State};
pub use reason::Reason;
pub use reward::{Gate, OnCountMismatch, OnNoQuestions, Profile, RewardOptions};
pub use score::{Outcome, Pending, Status, Step, VERIFIER_VERSION, score, score_bytes, score_with};
pub use stage::{Expected, FunctionPlace, StageScore, score_stage};
pub use type_name::{NotATypeName, TypeName};
pub use unit_tests::{UnitTest, UnitTestOptions, UnitTestOutcome, code, score_unit_tests};
pub use value::{DEEPEST, Int, LONGEST, MOST_DIGITS, Members, Value, ValueError};
