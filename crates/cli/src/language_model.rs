//! How is a language model reached from the command line?
//!
//! In: what is known of a server, the settings, and where to say that somebody has to
//! wait. Out: the connected server. The key comes from the environment alone and is never
//! printed. Or in: a file of weights. Out: the model in this process, if this build has
//! the engine.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use backstory_model::{LanguageModel, ScorerPolicy, Tokenizer};
use backstory_synth::lm::{AnswerFolder, Clock, Engine, Http, Server, ServerOptions};

use crate::arguments::WriterArgs;
use crate::settings::Settings;
use crate::talk::cell;
use crate::{Failure, Talk};

/// How long one answer may take: long texts are scored slowly on small machines.
const PATIENCE: Duration = Duration::from_mins(10);

/// How many texts a server writes at a time.
const AT_ONCE: usize = 8;

/// Waits shorter than this are not spoken of.
const SHORT: Duration = Duration::from_secs(3);

/// Connects to a server and finds out what it can do.
pub(crate) fn connect(
    known: ServerOptions,
    settings: &Settings,
    talk: &Talk,
) -> Result<Server, Failure> {
    let options = ServerOptions { key: settings.model_key(), ..known };
    let (proxy, without) = if options.address.trim().starts_with("https://") {
        settings.proxy()
    } else {
        // What is not encrypted lies in the own network.
        (None, None)
    };
    let http = Http::new(PATIENCE, proxy, without)
        .map_err(|error| Failure::of(error, "the proxy of the environment cannot be used"))?;
    let patience = Patience { since: Instant::now(), talk: talk.clone() };
    Ok(Server::connect(&options, Box::new(http), Box::new(patience))?)
}

/// The folder of the cache that keeps what was answered.
pub(crate) const ANSWERS: &str = "answers";

/// Whoever writes, and what was written before.
pub(crate) struct Writer {
    pub(crate) model: Box<dyn LanguageModel>,
    pub(crate) answers: AnswerFolder,
    /// How many texts may be under way at a time.
    pub(crate) at_once: usize,
}

/// Reaches the model that is to write: `local`, or the address of a server.
pub(crate) fn writer(
    model: &str,
    args: &WriterArgs,
    cache: Option<PathBuf>,
    settings: &Settings,
    talk: &Talk,
) -> Result<Writer, Failure> {
    if !args.temperature.is_finite() || args.temperature < 0.0 {
        return Err(
            Failure::new(format!("`--temperature` is {}", args.temperature)).hint("give 0 or more")
        );
    }
    let mut kept = settings.cache(cache)?.join(ANSWERS);
    let policy = ScorerPolicy::OffPolicy;
    let (model, at_once): (Box<dyn LanguageModel>, usize) = if model == "local" {
        (local(&settings.weights(args.weights.clone())?, policy)?, 1)
    } else {
        let options = ServerOptions {
            model: args.name.clone(),
            revision: args.revision.clone(),
            engine: args.chat.then_some(Engine::Chat),
            policy,
            ..ServerOptions::at(model)
        };
        let server = connect(options, settings, talk)?;
        if server.engine() == Engine::Chat {
            // The same prompt is another text there.
            kept.push("chat");
        }
        (Box::new(server), AT_ONCE)
    };
    Ok(Writer { model, answers: AnswerFolder::open(&kept)?, at_once })
}

/// Loads the model in this process and tests it.
#[cfg(feature = "lm")]
pub(crate) fn local(
    weights: &Path,
    policy: ScorerPolicy,
) -> Result<Box<dyn LanguageModel>, Failure> {
    let model = backstory_lm::LocalModel::load(weights, policy)
        .map_err(|error| Failure::of(error, "the language model cannot be loaded"))?;
    backstory_synth::lm::self_test(&model)?;
    Ok(Box::new(model))
}

/// Says that there is no engine for it.
#[cfg(not(feature = "lm"))]
pub(crate) fn local(_: &Path, _: ScorerPolicy) -> Result<Box<dyn LanguageModel>, Failure> {
    Err(Failure::new("this build has no engine for a model in its process").hint(
        "build it with `--features lm`, name the address of a server, or use `--model ngram`",
    ))
}

/// Loads a tokenizer.
#[cfg(feature = "lm")]
pub(crate) fn tokenizer(path: &Path) -> Result<Box<dyn Tokenizer>, Failure> {
    let loaded = backstory_lm::FileTokenizer::load(path)
        .map_err(|error| Failure::of(error, "the tokenizer cannot be loaded"))?;
    Ok(Box::new(loaded))
}

/// Says that there is nothing that could read it.
#[cfg(not(feature = "lm"))]
pub(crate) fn tokenizer(_: &Path) -> Result<Box<dyn Tokenizer>, Failure> {
    Err(Failure::new("this build cannot read tokenizers").hint("build it with `--features lm`"))
}

/// Waits as long as the server asks for, and says so.
struct Patience {
    since: Instant,
    talk: Talk,
}

impl Clock for Patience {
    fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    fn wait(&self, time: Duration, why: &str) {
        if time > SHORT {
            self.talk.say(&format!("waiting {} s: {}", time.as_secs(), cell(why)));
        }
        std::thread::sleep(time);
    }
}
