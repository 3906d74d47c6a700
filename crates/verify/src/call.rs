//! Who calls our copy of a function with the arguments a model chose?
//!
//! The verifier never does: it hands out parsed values and takes back what happened. A
//! [`Caller`] runs the function in a sandbox. Text of a model is never among what runs.

use crate::question::Function;
use crate::type_name::TypeName;
use crate::value::Value;

/// What a call did.
#[derive(Clone, Debug)]
pub enum CallOutcome {
    /// It returned.
    Returned(Value),
    /// It raised.
    Raised(TypeName),
    /// It broke a limit of time, steps, memory or output.
    Limit,
    /// It returned what cannot be written as a value.
    Unreadable,
    /// The sandbox failed; the call says nothing about the answer.
    Infrastructure(String),
}

/// Calls a function of ours.
pub trait Caller {
    /// Calls `function` with these positional arguments and says what happened.
    fn call(&self, function: &Function, arguments: &[Value]) -> CallOutcome;
}

impl<F: Fn(&Function, &[Value]) -> CallOutcome> Caller for F {
    fn call(&self, function: &Function, arguments: &[Value]) -> CallOutcome {
        self(function, arguments)
    }
}
