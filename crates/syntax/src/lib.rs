//! What is inside a source file, and what does a change to it touch?
//!
//! In: paths and bytes. Out: languages and roles of files, line hunks and
//! patches, definitions, references, imports and the lines that are test code, the
//! failing parts of CI logs. Touches nothing but its arguments.

mod functions;
mod parse;
mod python_functions;
mod role;
mod touches;
mod tree;

pub mod diff;
pub mod log;

pub use functions::{ChangedFunctions, changed_functions};
pub use parse::{SIZE_LIMIT, function_insides, parse};
pub use python_functions::{
    FunctionPart, LineStarts, PythonFunction, function_around, python_functions, visit_functions,
};
pub use role::{language_of, role_of};
pub use touches::{Touched, touched};
pub use tree::{Part, python_tree};
