//! How are the questions of a folder exported?

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::str::FromStr as _;

use backstory_dataset::UnknownWord;
use backstory_dataset::questions::{
    Called, QuestionExport, QuestionExportError, QuestionFormat, QuestionsExported, Shares,
    export_questions as export, items,
};
use backstory_exec::trace::FunctionCall;
use backstory_model::exit;
use backstory_verify::Value;

use super::calls::{MeantCall, call_all};
use crate::arguments::{ExportArgs, QuestionSplitArgs};
use crate::settings::Settings;
use crate::{Failure, Talk};

/// Writes one folder per format.
pub(crate) fn export_questions(
    args: &ExportArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    let options = QuestionExport {
        formats: formats(&settings.formats(args.formats.clone()))?,
        shares: shares(&args.questions)?,
        split_key: args.questions.split_key.clone().unwrap_or_default(),
        called: called(args, settings, talk)?,
        against: args.questions.against.clone(),
    };
    let exported = export(&args.run, &args.out, &options)?;
    talk.data(&table(&exported))?;
    for (format, folder) in &exported.folders {
        talk.say(&format!("{format}: {}", folder.display()));
    }
    Ok(exit::OK)
}

/// Calls the functions of items that ask for arguments, if that was asked for.
fn called(args: &ExportArgs, settings: &Settings, talk: &Talk) -> Result<Option<Called>, Failure> {
    if !args.questions.calls {
        return Ok(None);
    }
    let (mut names, mut calls) = (Vec::new(), Vec::new());
    for read in items(&args.run).map_err(QuestionExportError::from)? {
        let item = read.map_err(QuestionExportError::from)?.item;
        let Some(function) = item.function else { continue };
        // Arguments that are no list are found when the item is judged.
        let Ok(Value::List(arguments)) = Value::parse(&function.arguments) else { continue };
        names.push(item.item_id);
        let call = FunctionCall { function, arguments };
        calls.push(MeantCall { python: item.python_version, call });
    }
    let outcomes = call_all(&calls, args.questions.machine.clone(), settings, talk)?;
    Ok(Some(names.into_iter().zip(outcomes).collect()))
}

fn formats(words: &[String]) -> Result<BTreeSet<QuestionFormat>, Failure> {
    if words.is_empty() {
        return Ok(QuestionFormat::ALL.into());
    }
    let formats = words.iter().map(|word| QuestionFormat::from_str(word));
    formats
        .collect::<Result<_, UnknownWord>>()
        .map_err(|error| Failure::of(error, "the option `--to` cannot be understood"))
}

fn shares(args: &QuestionSplitArgs) -> Result<Shares, Failure> {
    let (validation, test) = Shares::default().as_per_cent();
    let (validation, test) = (args.validation.unwrap_or(validation), args.test.unwrap_or(test));
    Shares::per_cent(validation, test)
        .map_err(|error| Failure::of(error, "the shares of the splits cannot be understood"))
}

fn table(exported: &QuestionsExported) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let mut row = |name: &str, count: u64| {
        let _ = writeln!(text, "{name:<28}{count:>9}");
    };
    row("items", exported.items);
    for (why, count) in &exported.left_out {
        row(&format!("  left out: {}", why.as_str()), *count);
    }
    for list in &exported.against {
        row(&format!("tasks of {}", list.list), list.tasks);
        for (by, count) in &list.matched {
            row(&format!("  matched by {by}"), *count);
        }
    }
    for (split, count) in &exported.families {
        row(&format!("families of {}", split.as_str()), *count);
    }
    for (format, splits) in &exported.rows {
        for (split, count) in splits {
            row(&format!("{format}, {}", split.as_str()), *count);
        }
        for (why, count) in exported.unwritten.get(format).into_iter().flatten() {
            row(&format!("  left out: {why}"), *count);
        }
    }
    text
}
