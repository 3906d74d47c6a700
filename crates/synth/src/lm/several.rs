//! How is one model asked several things at a time?
//!
//! In: requests, and how many may be under way. Out: their answers in the order of the
//! requests, so that nothing depends on which one came first.

use std::thread;

use backstory_model::{Completion, CompletionRequest, LanguageModel, LanguageModelError, ModelId};

/// Goes on with every text; what fails first in the order of the requests is returned.
pub fn complete_each(
    model: &dyn LanguageModel,
    requests: &[CompletionRequest],
    at_once: usize,
) -> Result<Vec<Completion>, LanguageModelError> {
    let mut answers = Vec::with_capacity(requests.len());
    for some in requests.chunks(at_once.max(1)) {
        for answer in together(model, some) {
            answers.push(answer?);
        }
    }
    Ok(answers)
}

fn together(
    model: &dyn LanguageModel,
    requests: &[CompletionRequest],
) -> Vec<Result<Completion, LanguageModelError>> {
    if let [one] = requests {
        return vec![model.complete(one)];
    }
    thread::scope(|scope| {
        let asked: Vec<_> =
            requests.iter().map(|one| scope.spawn(|| model.complete(one))).collect();
        let name = || model.identity().model.clone();
        asked.into_iter().map(|one| one.join().unwrap_or_else(|_| Err(broken(name())))).collect()
    })
}

/// A thread that panicked gave no answer.
fn broken(model: ModelId) -> LanguageModelError {
    LanguageModelError::Incomplete { model, asked: 1, answered: 0 }
}
