//! What do flags, environment and `backstory.toml` mean together?
//!
//! In: the arguments, the environment variables below and the nearest
//! `backstory.toml`. Out: settings without a question left open. A flag wins
//! over the environment, that over the file, that over the default; decided
//! here and nowhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use backstory_exec::environment::INDEX_VARIABLES;
use backstory_identity::{Authors, IdentityKey};
use backstory_model::{ExecuteOptions, Limits};
use backstory_records::Redactor;
use backstory_store::fs;
use backstory_synth::lm::ServerKey;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Failure;
use crate::arguments::ExecutionArgs as ExecutionFlags;

/// The name of the configuration file.
pub const CONFIG_FILE: &str = "backstory.toml";

/// More threads than this only wait for each other.
const MOST_JOBS: usize = 512;

/// One environment variable the program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it sets.
    pub about: &'static str,
}

/// Names the configuration file.
pub const CONFIG: Variable = Variable {
    name: "BACKSTORY_CONFIG",
    about: "The configuration file, instead of the `backstory.toml` found upward",
};
/// Sets how many threads work.
pub const JOBS: Variable =
    Variable { name: "BACKSTORY_JOBS", about: "How many units are worked on at a time" };
/// Names the folder of the records.
pub const RECORDS: Variable =
    Variable { name: "BACKSTORY_RECORDS", about: "The folder with issue and pull request records" };
/// Sets the dialect of exports.
pub const DIALECT: Variable =
    Variable { name: "BACKSTORY_DIALECT", about: "The tool dialect of exports" };

/// Names the folder that is kept between builds.
pub const CACHE: Variable = Variable {
    name: "BACKSTORY_CACHE",
    about: "The folder that keeps environments and work trees between builds",
};
/// Names bubblewrap.
pub const BUBBLEWRAP: Variable =
    Variable { name: "BACKSTORY_BWRAP", about: "The `bwrap` program, instead of the one found" };
/// Keys the tags of redacted secrets.
pub const REDACTION_KEY: Variable = Variable {
    name: "BACKSTORY_REDACTION_KEY",
    about: "The key of the tags that stand for secrets in records; kept secret, the same for all imports",
};
/// Keys the pseudonyms of people in exports.
pub const IDENTITY_KEY: Variable = Variable {
    name: "BACKSTORY_IDENTITY_KEY",
    about: "The key of the pseudonyms that stand for people in exports; kept secret, the same for all exports",
};
/// Says where the user's caches lie.
const XDG_CACHE: Variable =
    Variable { name: "XDG_CACHE_HOME", about: "Where caches lie; `~/.cache` if not set" };
/// Says where the user is at home.
const HOME: Variable = Variable {
    name: "HOME",
    about: "The home folder; caches and toolchains are looked for below it",
};
/// Says where programs lie.
const SEARCH_PATH: Variable =
    Variable { name: "PATH", about: "Where installers and interpreters are looked for" };

/// Holds the token for GitHub.
const GITHUB_TOKEN: Variable = Variable {
    name: "BACKSTORY_GITHUB_TOKEN",
    about: "The token that GitHub is asked with; never stored, never shown",
};
/// Holds the token that GitHub Actions gives to a job.
const ACTIONS_TOKEN: Variable = Variable {
    name: "GITHUB_TOKEN",
    about: "The token that GitHub is asked with if `BACKSTORY_GITHUB_TOKEN` is not set",
};
/// Holds the token for GitLab.
const GITLAB_TOKEN: Variable = Variable {
    name: "BACKSTORY_GITLAB_TOKEN",
    about: "The token that GitLab is asked with; never stored, never shown",
};
/// Holds the token for a Gitea or Forgejo server.
const GITEA_TOKEN: Variable = Variable {
    name: "BACKSTORY_GITEA_TOKEN",
    about: "The token that a Gitea or Forgejo server is asked with; never stored, never shown",
};
/// Holds the key of a server of language models.
pub const MODEL_KEY: Variable = Variable {
    name: "BACKSTORY_MODEL_KEY",
    about: "The key that a server of a language model is shown; never stored, never shown",
};
/// Names the weights of a language model.
pub const WEIGHTS: Variable = Variable {
    name: "BACKSTORY_WEIGHTS",
    about: "The GGUF file of the language model that runs in this process",
};
/// Names the proxy.
const PROXY: Variable = Variable {
    name: "HTTPS_PROXY",
    about: "The proxy through which forges and language models are asked",
};
/// Names the proxy the way many programs do.
const SMALL_PROXY: Variable =
    Variable { name: "https_proxy", about: "The same, if `HTTPS_PROXY` is not set" };
/// Names the servers without proxy.
const NO_PROXY: Variable = Variable {
    name: "NO_PROXY",
    about: "The servers that are asked without proxy, separated by commas",
};
/// Names the servers without proxy the way many programs do.
const SMALL_NO_PROXY: Variable =
    Variable { name: "no_proxy", about: "The same, if `NO_PROXY` is not set" };

/// Every environment variable the program reads.
pub const ENVIRONMENT: &[Variable] = &[
    CONFIG,
    JOBS,
    RECORDS,
    DIALECT,
    CACHE,
    BUBBLEWRAP,
    REDACTION_KEY,
    IDENTITY_KEY,
    XDG_CACHE,
    HOME,
    SEARCH_PATH,
    GITHUB_TOKEN,
    ACTIONS_TOKEN,
    GITLAB_TOKEN,
    GITEA_TOKEN,
    MODEL_KEY,
    PROXY,
    SMALL_PROXY,
    NO_PROXY,
    SMALL_NO_PROXY,
];

/// The environment variables, as far as the program reads them.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<&'static str, String>);

/// Names the variables that are set; their values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Environment {
    /// Reads the variables of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads them")]
    pub fn of_process() -> Self {
        let read = |variable: &Variable| Some((variable.name, std::env::var(variable.name).ok()?));
        let index =
            INDEX_VARIABLES.iter().filter_map(|name| Some((*name, std::env::var(name).ok()?)));
        Self(ENVIRONMENT.iter().filter_map(read).chain(index).collect())
    }

    fn text(&self, variable: Variable) -> Option<&str> {
        self.0.get(variable.name).map(String::as_str).filter(|text| !text.is_empty())
    }

    fn parse<T: FromStr>(&self, variable: Variable) -> Result<Option<T>, Failure>
    where
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        let parse = |text: &str| {
            text.parse().map_err(|error| {
                Failure::of(error, &format!("`{}` is set to `{text}`", variable.name))
            })
        };
        self.text(variable).map(parse).transpose()
    }
}

/// The configuration file `backstory.toml`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What `backstory build` does.
    pub build: BuildConfig,
    /// What `backstory export` does.
    pub export: ExportConfig,
    /// How `--execute` runs tests.
    pub execute: ExecuteConfig,
}

/// The choices of `--execute`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExecuteConfig {
    /// How often the base with tests and the head are run; 5 if absent.
    pub repeats: Option<u32>,
    /// How many wrong versions of each gold patch are run at most; 8 if absent.
    pub mutants: Option<u32>,
    /// How many variants and foreign patches are run at most beside each; none if absent.
    pub candidates: Option<u32>,
    /// Seconds until a test run is ended; 300 if absent.
    pub time_limit: Option<u32>,
    /// Memory of a test run in MiB; 2048 if absent.
    pub memory_limit: Option<u64>,
    /// The folder that is kept between builds, relative to this file.
    pub cache: Option<PathBuf>,
}

/// The choices of `backstory build`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BuildConfig {
    /// How many units are worked on at a time; the number of cores if absent.
    pub jobs: Option<usize>,
    /// The folder with issue and pull request records, relative to this file.
    pub records: Option<PathBuf>,
    /// Files larger than this many bytes are not shown; 1 MiB if absent.
    pub file_limit: Option<u64>,
}

/// The choices of `backstory export`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExportConfig {
    /// The formats to write: `atif`, `parquet`, `chat`.
    pub to: Option<Vec<String>>,
    /// The tool dialect: `openhands`, `swe-agent`, `backstory`.
    pub dialect: Option<String>,
    /// The key of the pseudonyms that stand for people, also in exports of records; one
    /// that everybody knows if absent.
    pub identity_key: Option<String>,
}

/// Everything that may answer a question the flags leave open.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    environment: Environment,
    config: Config,
    /// The configuration file that was read.
    pub config_path: Option<PathBuf>,
}

impl Settings {
    /// Reads the configuration file, if there is one.
    pub fn load(flag: Option<&Path>, environment: &Environment) -> Result<Self, Failure> {
        let named = flag.map(Path::to_owned).or_else(|| environment.text(CONFIG).map(Into::into));
        let path = match named {
            Some(path) => Some(path),
            None => find_upward(),
        };
        let config = path.as_deref().map(read_config).transpose()?.unwrap_or_default();
        Ok(Self { environment: environment.clone(), config, config_path: path })
    }

    /// Returns how many threads work.
    pub fn jobs(&self, flag: Option<usize>) -> Result<usize, Failure> {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let chosen = match flag {
            Some(jobs) => Some(jobs),
            None => self.environment.parse(JOBS)?.or(self.config.build.jobs),
        };
        match chosen {
            Some(0) => Err(Failure::new("the number of jobs is 0")
                .hint("give at least 1, or leave it out to use every core")),
            Some(jobs) if jobs > MOST_JOBS => {
                Err(Failure::new(format!("the number of jobs is {jobs}; at most {MOST_JOBS} work"))
                    .hint("leave it out to use every core"))
            }
            other => Ok(other.unwrap_or_else(|| cores().min(MOST_JOBS))),
        }
    }

    /// Returns the folder of the records.
    pub fn records(&self, flag: Option<PathBuf>) -> Option<PathBuf> {
        flag.or_else(|| self.environment.text(RECORDS).map(Into::into))
            .or_else(|| self.config.build.records.as_ref().map(|path| self.beside_config(path)))
    }

    fn beside_config(&self, path: &Path) -> PathBuf {
        match self.config_path.as_deref().and_then(Path::parent) {
            Some(directory) => directory.join(path),
            None => path.to_owned(),
        }
    }

    /// Returns the folder that is kept between builds.
    pub fn cache(&self, flag: Option<PathBuf>) -> Result<PathBuf, Failure> {
        let chosen = flag
            .or_else(|| self.environment.text(CACHE).map(Into::into))
            .or_else(|| self.config.execute.cache.as_ref().map(|path| self.beside_config(path)))
            .or_else(|| Some(Path::new(self.environment.text(XDG_CACHE)?).join("backstory")))
            .or_else(|| Some(Path::new(self.environment.text(HOME)?).join(".cache/backstory")));
        let cache = chosen.ok_or_else(|| {
            Failure::new("there is no place for a cache").hint("give one with `--cache`")
        })?;
        std::path::absolute(&cache).map_err(|error| {
            Failure::of(error, &format!("the cache `{}` cannot be named", cache.display()))
        })
    }

    /// Returns the `bwrap` program somebody chose.
    pub fn bubblewrap(&self) -> Option<PathBuf> {
        self.environment.text(BUBBLEWRAP).map(Into::into)
    }

    /// Returns what takes secrets out of records.
    pub fn redactor(&self) -> Redactor {
        let key = self.environment.text(REDACTION_KEY);
        key.map_or_else(Redactor::default, |key| Redactor::keyed(key.as_bytes()))
    }

    /// Returns how people are named in exports.
    pub fn authors(&self, keep: bool) -> Authors {
        let given = self.environment.text(IDENTITY_KEY);
        let key =
            given.or(self.config.export.identity_key.as_deref().filter(|key| !key.is_empty()));
        match key {
            _ if keep => Authors::Plain,
            Some(key) => Authors::Hashed(IdentityKey::new(key.as_bytes())),
            None => Authors::default(),
        }
    }

    /// Returns the folders programs are looked for in, and the home folder.
    pub fn program_folders(&self) -> (Vec<PathBuf>, Option<PathBuf>) {
        let folders = self.environment.text(SEARCH_PATH).map(std::env::split_paths);
        let home = self.environment.text(HOME).map(PathBuf::from);
        (folders.into_iter().flatten().collect(), home)
    }

    /// Returns the token that GitHub is asked with.
    pub fn github_token(&self) -> Option<String> {
        let token = self.environment.text(GITHUB_TOKEN);
        token.or_else(|| self.environment.text(ACTIONS_TOKEN)).map(str::to_owned)
    }

    /// Returns the token that GitLab is asked with.
    pub fn gitlab_token(&self) -> Option<String> {
        self.environment.text(GITLAB_TOKEN).map(str::to_owned)
    }

    /// Returns the token that a Gitea or Forgejo server is asked with.
    pub fn gitea_token(&self) -> Option<String> {
        self.environment.text(GITEA_TOKEN).map(str::to_owned)
    }

    /// Returns the key that a server of a language model is shown.
    pub fn model_key(&self) -> Option<ServerKey> {
        self.environment.text(MODEL_KEY).map(ServerKey::new)
    }

    /// Returns the file of the model that runs in this process.
    pub fn weights(&self, flag: Option<PathBuf>) -> Result<PathBuf, Failure> {
        let chosen = flag.or_else(|| self.environment.text(WEIGHTS).map(Into::into));
        chosen.ok_or_else(|| {
            Failure::new("no weights are named for the model in this process").hint(
                "`--weights FILE` or `BACKSTORY_WEIGHTS` names a GGUF file; `scripts/weights` gets one",
            )
        })
    }

    /// Returns the proxy, and the servers that are asked without it.
    pub fn proxy(&self) -> (Option<&str>, Option<&str>) {
        let either =
            |first, second| self.environment.text(first).or_else(|| self.environment.text(second));
        (either(PROXY, SMALL_PROXY), either(NO_PROXY, SMALL_NO_PROXY))
    }

    /// Returns what installers are told about package indexes.
    pub fn index_settings(&self) -> BTreeMap<String, String> {
        let set = |name: &&str| Some(((*name).to_owned(), self.environment.0.get(*name)?.clone()));
        INDEX_VARIABLES.iter().filter_map(set).collect()
    }

    /// Returns the size up to which files are shown.
    pub fn file_limit(&self, flag: Option<u64>, default: u64) -> u64 {
        flag.or(self.config.build.file_limit).unwrap_or(default)
    }

    /// Returns how units are executed; `None` when they are not.
    pub fn execute(&self, flags: &ExecutionFlags) -> Result<Option<ExecuteOptions>, Failure> {
        if !flags.execute {
            return Ok(None);
        }
        let (default, file) = (ExecuteOptions::default(), &self.config.execute);
        let mebibytes = flags.memory_limit.or(file.memory_limit);
        let limits = Limits {
            wall_seconds: flags
                .time_limit
                .or(file.time_limit)
                .unwrap_or(default.limits.wall_seconds),
            memory: mebibytes.map_or(default.limits.memory, |given| given << 20),
            ..default.limits
        };
        let options = ExecuteOptions {
            repeats: flags.repeats.or(file.repeats).unwrap_or(default.repeats),
            mutants: flags.mutants.or(file.mutants).unwrap_or(default.mutants),
            candidates: flags.candidates.or(file.candidates).unwrap_or(default.candidates),
            minimum: default.minimum,
            limits,
            seed: default.seed,
        };
        if options.repeats < 2 {
            return Err(Failure::new("a test that ran once shows nothing about its repeats")
                .hint("give `--repeats 2` or more"));
        }
        Ok(Some(options))
    }

    /// Returns the tool dialect of exports.
    pub fn dialect(&self, flag: Option<String>) -> Option<String> {
        flag.or_else(|| self.environment.text(DIALECT).map(str::to_owned))
            .or_else(|| self.config.export.dialect.clone())
    }

    /// Returns the formats to export to; empty when nothing says.
    pub fn formats(&self, flag: Vec<String>) -> Vec<String> {
        if flag.is_empty() { self.config.export.to.clone().unwrap_or_default() } else { flag }
    }
}

fn find_upward() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|directory| directory.join(CONFIG_FILE)).find(|path| path.is_file())
}

fn read_config(path: &Path) -> Result<Config, Failure> {
    toml::from_str(&fs::read_text(path)?).map_err(|error| {
        Failure::of(error, &format!("failed to read the configuration `{}`", path.display()))
            .hint("`backstory schema config` prints what it may hold")
    })
}

#[cfg(test)]
mod tests {
    use super::{BuildConfig, Config, Environment, JOBS, Settings};

    fn settings(variable: Option<&str>, file: Option<usize>) -> Settings {
        let variables = variable.map(|text| (JOBS.name, text.to_owned())).into_iter().collect();
        let build = BuildConfig { jobs: file, ..BuildConfig::default() };
        Settings {
            environment: Environment(variables),
            config: Config { build, ..Config::default() },
            config_path: None,
        }
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_that_over_the_file() {
        assert_eq!(settings(Some("3"), Some(5)).jobs(Some(2)).unwrap(), 2);
        assert_eq!(settings(Some("3"), Some(5)).jobs(None).unwrap(), 3);
        assert_eq!(settings(None, Some(5)).jobs(None).unwrap(), 5);
        assert!(settings(None, None).jobs(None).unwrap() >= 1);
    }

    #[test]
    fn a_variable_that_is_no_number_is_named() {
        let error = settings(Some("many"), None).jobs(None).unwrap_err();
        assert!(error.to_string().starts_with("error: `BACKSTORY_JOBS` is set to `many`"));
    }
}
