//! What lies in the cache, and what of it goes?

use std::path::Path;
use std::time::Duration;

use backstory_exec::cache::{CacheEntry, CachePart, CacheUse, Keep, entries_of};
use backstory_model::exit;

use crate::arguments::{CacheAction, CacheCommand, CleanArgs};
use crate::settings::Settings;
use crate::{Failure, Talk};

/// Seconds in a day.
const DAY: u64 = 86_400;

/// Says how large the cache is, or removes what was not used for long.
pub(super) fn cache(args: CacheCommand, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    match args.what {
        CacheAction::Size(args) => {
            let cache = settings.cache(args.cache)?;
            let entries = entries_of(&cache)?;
            for part in CachePart::ALL {
                let (count, bytes) = sum(entries.iter().filter(|entry| entry.part == part));
                talk.data(&format!("{:<14}{count:>6}  {}\n", part.as_str(), megabytes(bytes)))?;
            }
            let (count, bytes) = sum(entries.iter());
            talk.data(&format!("{:<14}{count:>6}  {}\n", "all", megabytes(bytes)))?;
        }
        CacheAction::Clean(args) => clean(args, settings, talk)?,
    }
    Ok(exit::OK)
}

/// Describes the cache in one line.
pub(super) fn in_short(cache: &Path) -> Result<String, Failure> {
    let (count, bytes) = sum(entries_of(cache)?.iter());
    Ok(format!("{} in {count} parts at `{}`", megabytes(bytes), cache.display()))
}

fn clean(args: CleanArgs, settings: &Settings, talk: &Talk) -> Result<(), Failure> {
    let cache = settings.cache(args.cache.cache)?;
    let keep = Keep {
        bytes: args.keep.map(|gigabytes| gigabytes.saturating_mul(1_000_000_000)),
        since: args.older_than.map(|days| Duration::from_secs(u64::from(days) * DAY)),
    };
    let Some(alone) = CacheUse::alone(&cache)? else {
        return Err(Failure::new(format!("the cache `{}` is in use", cache.display()))
            .hint("wait for the builds that use it to end"));
    };
    let removed = alone.clean(keep)?;
    let (count, bytes) = sum(removed.iter());
    talk.say(&format!("{count} parts removed, {}", megabytes(bytes)));
    Ok(())
}

fn sum<'a>(entries: impl Iterator<Item = &'a CacheEntry>) -> (usize, u64) {
    entries.fold((0, 0), |(count, bytes), entry| (count + 1, bytes + entry.bytes))
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}
