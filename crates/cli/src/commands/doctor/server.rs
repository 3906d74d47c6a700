//! What can the language model at an address do?
//!
//! Scoring is what reasoning is searched with, so a server that cannot score given text
//! is a finding; that it writes is said as well.

use backstory_model::{CompletionRequest, LanguageModel as _, LanguageModelError};
use backstory_synth::lm::{FIXED_TEXT, Server, ServerOptions};

use super::Check;
use crate::language_model::connect;
use crate::settings::Settings;
use crate::talk::cell;
use crate::{Failure, Talk};

/// What to do about a server that cannot score.
const SCORE_ELSEWHERE: &str = "serve the model with vLLM or SGLang, which score given text; \
    `backstory reason --model ngram` needs no server";

/// Looks at one server.
pub(super) fn checks(
    address: &str,
    name: Option<&str>,
    settings: &Settings,
    talk: &Talk,
) -> Result<Vec<Check>, Failure> {
    let known = ServerOptions { model: name.map(str::to_owned), ..ServerOptions::at(address) };
    let server = connect(known, settings, talk)?;
    let identity = server.identity();
    let told = |what, found| Check { what, found, advice: None };
    Ok(vec![
        told("server", format!("`{}`, asked as `{}`", cell(address), server.engine().as_str())),
        told("model", format!("`{}`", cell(identity.model.as_str()))),
        scores(&server),
        writes(&server)?,
    ])
}

fn scores(server: &Server) -> Check {
    let what = "scores";
    if let (Some(form), Some(tested)) = (server.scores_by(), server.tested()) {
        let found = format!(
            "by `{form}`: a fixed text has {} tokens, its last {} have {:.3} nats each",
            tested.tokens, tested.target_tokens, tested.mean_nll
        );
        return Check { what, found, advice: None };
    }
    let why = server.refusal().unwrap_or("it does not say why");
    let found = format!("cannot score given text: {}", cell(why));
    Check { what, found, advice: Some(SCORE_ELSEWHERE) }
}

/// Has a few tokens written.
fn writes(server: &Server) -> Result<Check, Failure> {
    let what = "writes";
    let prompt = FIXED_TEXT.split_inclusive('\n').next().unwrap_or_default().to_owned();
    let request =
        CompletionRequest { prompt, max_tokens: 4, temperature: 0.0, seed: 0, stop: Vec::new() };
    match server.complete(&request) {
        Ok(written) => {
            let found = format!("{} tokens behind {}", written.tokens, written.prompt_tokens);
            Ok(Check { what, found, advice: None })
        }
        Err(LanguageModelError::Refused { reason, .. }) => Ok(Check {
            what,
            found: format!("cannot write: {}", cell(&reason)),
            advice: Some("name a model that completes text with `--name`"),
        }),
        Err(error) => Err(error.into()),
    }
}
