//! Which function does which command below `records` and `ci` call?

mod check;
mod coverage;
mod export;
mod forge;
mod git_bug;
mod import;

use crate::arguments::{CiArgs, CiCommand, RecordsArgs, RecordsCommand};
use crate::settings::Settings;
use crate::{Failure, Talk};

/// Runs one command below `records`.
pub(super) fn records(args: &RecordsArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    match &args.command {
        RecordsCommand::Import(args) => import::import(args, settings, talk),
        RecordsCommand::Export(args) => export::export(args, settings, talk),
        RecordsCommand::Check(args) => check::check(args, talk),
        RecordsCommand::Github(args) => forge::github(args, settings, talk),
        RecordsCommand::Gitlab(args) => forge::gitlab(args, settings, talk),
        RecordsCommand::Gitea(args) => forge::gitea(args, settings, talk),
    }
}

/// Runs one command below `ci`.
pub(super) fn ci(args: &CiArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    match &args.command {
        CiCommand::Capture(args) => forge::capture(args, settings, talk),
    }
}
