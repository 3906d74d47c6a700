//! Which function does which command below `records` call?

mod export;
mod import;

use crate::arguments::{RecordsArgs, RecordsCommand};
use crate::{Failure, Talk};

/// Runs one command below `records`.
pub(super) fn records(args: &RecordsArgs, talk: &Talk) -> Result<u8, Failure> {
    match &args.command {
        RecordsCommand::Import(args) => import::import(args, talk),
        RecordsCommand::Export(args) => export::export(args, talk),
    }
}
