//! How many tokens may a model still read and write?
//!
//! In: a model and a number of tokens. Out: the same model until the tokens are spent,
//! and then the sentence that says so. Tokens are counted as the model counts them.

use std::sync::atomic::{AtomicU64, Ordering};

use backstory_model::{
    Completion, CompletionRequest, Continuation, LanguageModel, LanguageModelError, ModelIdentity,
    Score,
};

/// A model with a budget. What is asked when nothing is left is not sent; the request
/// that spends the last token is still answered.
pub struct Budgeted<'m> {
    model: &'m dyn LanguageModel,
    budget: u64,
    spent: AtomicU64,
}

impl<'m> Budgeted<'m> {
    /// Gives a model so many tokens to spend.
    pub fn new(model: &'m dyn LanguageModel, budget: u64) -> Self {
        Self { model, budget, spent: AtomicU64::new(0) }
    }

    /// Returns how many tokens were spent.
    pub fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }

    fn check(&self) -> Result<(), LanguageModelError> {
        let (budget, spent) = (self.budget, self.spent());
        if spent < budget { Ok(()) } else { Err(LanguageModelError::BudgetSpent { budget, spent }) }
    }

    fn spend(&self, tokens: u64) {
        self.spent.fetch_add(tokens, Ordering::Relaxed);
    }
}

impl LanguageModel for Budgeted<'_> {
    fn identity(&self) -> &ModelIdentity {
        self.model.identity()
    }

    fn score_each(
        &self,
        context: &str,
        continuations: &[Continuation<'_>],
    ) -> Result<Vec<Score>, LanguageModelError> {
        self.check()?;
        let scores = self.model.score_each(context, continuations)?;
        self.spend(scores.iter().map(Score::tokens).sum());
        Ok(scores)
    }

    fn complete(&self, request: &CompletionRequest) -> Result<Completion, LanguageModelError> {
        self.check()?;
        let completion = self.model.complete(request)?;
        self.spend(completion.prompt_tokens + completion.tokens);
        Ok(completion)
    }
}
