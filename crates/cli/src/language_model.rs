//! How is a server of a language model reached from the command line?
//!
//! In: what is known of it, the settings, and where to say that somebody has to wait. Out:
//! the connected server. The key comes from the environment alone and is never printed.

use std::time::{Duration, Instant};

use backstory_synth::lm::{Clock, Http, Server, ServerOptions};

use crate::settings::Settings;
use crate::talk::cell;
use crate::{Failure, Talk};

/// How long one answer may take: long texts are scored slowly on small machines.
const PATIENCE: Duration = Duration::from_mins(10);

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
