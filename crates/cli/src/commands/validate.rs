//! How is an export checked for a consumer?

use backstory_dataset::validate::{Finding, atif, axolotl, llamafactory, questions, trl};
use backstory_model::exit;

use crate::arguments::{Target, ValidateArgs};
use crate::{Failure, Talk};

/// Prints what the consumer would reject, drop or lose, one finding a line.
pub(super) fn validate(args: &ValidateArgs, talk: &Talk) -> Result<u8, Failure> {
    if !args.path.exists() {
        return Err(Failure::new(format!("there is nothing at `{}`", args.path.display()))
            .hint("write it with `backstory export`"));
    }
    let findings: Vec<Finding> = match args.target {
        Target::Atif => atif(&args.path),
        Target::Trl => trl(&args.path),
        Target::Axolotl => axolotl(&args.path),
        Target::Llamafactory => llamafactory(&args.path),
        Target::Questions => questions(&args.path),
    };
    let lines: Vec<String> = findings.iter().map(|finding| format!("{finding}\n")).collect();
    talk.data(&lines.concat())?;
    talk.say(&format!("{} findings", findings.len()));
    Ok(if findings.is_empty() { exit::OK } else { exit::FINDINGS })
}
