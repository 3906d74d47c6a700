//! What does a repository need at a commit so that its tests run, and how does it get it?
//!
//! In: the manifests of one commit. Out: a recipe ([`derive`], pure), and from
//! the recipe an environment in the cache ([`Provisioner`]), made by the
//! ecosystems' own installers in the sandbox.

mod cached;
mod derive;
mod golang;
mod index;
mod installer;
mod javascript;
mod lock;
mod missing;
mod products;
mod provision;
mod python;
mod relocate;
mod rust;
mod source;
mod toolchain;

use backstory_model::{EnvironmentRecipe, Sha256};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::Digest as _;

pub use derive::{DeriveContext, NoRecipe, derive};
pub use index::{INDEX_VARIABLES, IndexSettings};
pub use provision::{Environment, ProvisionError, Provisioner};
pub use source::{ManifestSource, TreeSource};
pub use toolchain::{ToolKind, Toolchain, ToolchainError, ToolchainSearch, Toolchains};

/// Returns the digest of a recipe, which names its environment.
///
/// The list of manifests is no part of it, because the recipe holds what they
/// say: commits that only change the settings of a linter share an environment.
pub fn key(recipe: &EnvironmentRecipe) -> Sha256 {
    let recipe = EnvironmentRecipe { manifests: Vec::new(), ..recipe.clone() };
    // A recipe is plain JSON: text keys, no numbers that could not be written.
    let text = serde_json::to_vec(&recipe).unwrap_or_default();
    Sha256::from_digest(&sha2::Sha256::digest(&text))
}

/// Returns the day of a moment given in seconds since 1970-01-01, in UTC.
pub fn day_of(seconds: i64) -> Date {
    let moment = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned(TimeZone::UTC).date()
}
