//! Which files and functions is an issue about?
//!
//! In: a repository at a commit, an issue, a failing test if there is one. Out: the
//! ranking with its reasons on stdout; what it took on stderr.

mod answer;
mod asked;

use std::borrow::Cow;
use std::path::Path;
use std::time::Instant;

use backstory_learn::history::Cache;
use backstory_learn::localize::{Asked, Localization, Localize, LocalizeError, Localizer, shipped};
use backstory_learn::snapshot::{Candidates, Index};
use backstory_mine::GitRepository;
use backstory_model::{CommitId, Sha256, exit};
use backstory_store::fs;
use sha2::Digest as _;

use crate::arguments::LocalizeArgs;
use crate::build::{Place, name_of};
use crate::cost::Cost;
use crate::settings::Settings;
use crate::{Failure, Talk};
use answer::Answer;
use asked::{failing_test, issue};

/// From how many files on the reading of them is told.
const MANY_FILES: usize = 500;

/// What a clone without some objects needs.
const WHOLE_CLONE: &str =
    "`git fetch --unshallow` brings older commits; clone again without `--filter` for contents";

/// Answers one question.
pub(super) fn localize(
    args: LocalizeArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    let start = Instant::now();
    let place = Place::open(&args.repository)?;
    let text = issue(&args.issue)?;
    let test = match &args.failing_test {
        Some(typed) => Some(failing_test(&place, typed)?),
        None => None,
    };
    let model = match &args.model {
        Some(file) => Cow::Owned(read_model(file)?),
        None => Cow::Borrowed(shipped()),
    };
    let kept = Kept::open(&place.repository, &settings.cache(args.cache)?, talk);
    let asked = Asked { issue: &text, test: test.as_ref() };
    let localize = Localize {
        repository: &place.repository,
        index: &kept.index,
        cache: &kept.cache,
        model: &model,
        most: args.top,
    };
    let found =
        ask(&localize, &place.commit, asked, talk).map_err(|error| failure(error, &place))?;
    say_missing(&place.repository, &found, talk);
    let path = place.repository.path();
    let name =
        name_of(path, None).map_or_else(|_| path.display().to_string(), |name| name.to_string());
    let answer = Answer { name: &name, commit: &place.commit, asked, model: &model, found: &found };
    if args.json {
        talk.json(&answer.to_json())?;
    } else {
        talk.data(&answer.to_text())?;
    }
    let cost = Cost::so_far().rounded();
    talk.say(&format!(
        "{} files and {} commits in {:.2} s, {:.2} CPU-seconds",
        found.candidates,
        found.past.commits,
        start.elapsed().as_secs_f64(),
        cost.cpu_seconds
    ));
    Ok(exit::OK)
}

fn ask(
    localize: &Localize<'_>,
    commit: &CommitId,
    asked: Asked<'_>,
    talk: &Talk,
) -> Result<Localization, LocalizeError> {
    let candidates = Candidates::at(localize.repository, commit)?;
    if candidates.len() < MANY_FILES {
        return localize.at(commit, candidates, asked, &|| {});
    }
    let stage = talk.stage("files", candidates.len());
    let found = localize.at(commit, candidates, asked, &|| stage.step());
    stage.finish();
    found
}

/// Reads a trained localizer.
pub(super) fn read_model(file: &Path) -> Result<Localizer, Failure> {
    Localizer::from_bytes(&fs::read_file(file)?).map_err(|error| {
        Failure::of(error, &format!("failed to read the model `{}`", file.display()))
            .hint("leave `--model` out to use the one in this program")
    })
}

fn failure(error: LocalizeError, place: &Place) -> Failure {
    let tried = format!(
        "failed to localize in `{}` at `{}`",
        place.repository.path().display(),
        place.commit
    );
    match error {
        LocalizeError::NoCode => Failure::of(error, &tried).hint(
            "ranked are Python, Rust, JavaScript, TypeScript, Go, Java, C and C++ that are no tests",
        ),
        LocalizeError::NoContent { .. } | LocalizeError::Files(_) | LocalizeError::Past(_) => {
            Failure::of(error, &tried).hint(WHOLE_CLONE)
        }
    }
}

fn say_missing(repository: &GitRepository, found: &Localization, talk: &Talk) {
    if found.absent > 0 {
        talk.say(&format!(
            "warning: {} of {} files are not in the repository and count as empty; {WHOLE_CLONE}",
            found.absent, found.candidates
        ));
    }
    if found.past.missing_parents > 0 || repository.is_shallow() {
        talk.say(&format!("warning: older commits are missing and tell nothing; {WHOLE_CLONE}"));
    }
}

/// What earlier calls read.
struct Kept {
    index: Index,
    cache: Cache,
}

impl Kept {
    /// Opens the folders of a repository; without them nothing is kept.
    fn open(repository: &GitRepository, cache: &Path, talk: &Talk) -> Self {
        let path = repository.path();
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let digest = sha2::Sha256::digest(real.as_os_str().as_encoded_bytes());
        let own = Sha256::from_digest(&digest).to_string();
        let folder = cache.join("learn");
        let files = folder.join("files");
        let opened = fs::create_dirs(&files).map_err(Failure::from).and_then(|()| {
            Cache::in_folder(&folder.join("past").join(&own[..16]))
                .map_err(|error| Failure::of(error, "failed to open the cache"))
        });
        match opened {
            Ok(cache) => Self { index: Index::new(Some(files)), cache },
            Err(failure) => {
                talk.say(&format!("warning: nothing is kept for the next call: {failure}"));
                Self { index: Index::new(None), cache: Cache::in_memory() }
            }
        }
    }
}
