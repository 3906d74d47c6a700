//! What must a reader know before training on questions?
//!
//! In: what was written. Out: the text of `README.md`, with the files of each split in its
//! YAML head.

use std::fmt::Write as _;

use super::receipt::Receipt;
use super::{QuestionFormat, QuestionsExported};

/// Returns the text of the card of one format.
pub(super) fn write(
    format: QuestionFormat,
    exported: &QuestionsExported,
    receipt: &Receipt,
) -> String {
    let mut card = head(format, exported);
    card.push_str(
        "# Questions about executions\n\n\
         Each row asks what a program or a call of a real function did; every answer was read \
         off a trace, and the verifier gives it full marks.\n\n",
    );
    card.push_str(reading(format));
    card.push_str(&counts(format, exported, receipt));
    card.push_str(
        "The license of a row is that of the program it is about, where one is known. Programs \
         whose `source` is `grammar` were made by backstory, those of `model` by a model; both \
         have none.\n",
    );
    card
}

fn head(format: QuestionFormat, exported: &QuestionsExported) -> String {
    let mut text = String::from(
        "---\nlicense: other\nlicense_name: per-row\ntags:\n- code\n- execution\nconfigs:\n\
         - config_name: default\n  data_files:\n",
    );
    for split in exported.rows[&format].keys() {
        put(
            &mut text,
            format_args!(
                "  - split: {}\n    path: {}.{}\n",
                split.as_str(),
                split.file_stem(),
                format.ending()
            ),
        );
    }
    text + "---\n\n"
}

/// Says how a trainer is told to use the rows.
fn reading(format: QuestionFormat) -> &'static str {
    match format {
        QuestionFormat::Verl => {
            "For verl: `data.train_files` and `data.val_files` are these files, \
             `reward.custom_reward_function.path=pkg://backstory.verl` and \
             `reward.custom_reward_function.name=compute_score` score them. \
             `extra_info.prompt_bytes` tells how long a prompt is: with \
             `filter_overlong_prompts` those above `max_prompt_length` are left out silently.\n\n"
        }
        QuestionFormat::Trl => {
            "For TRL: `GRPOTrainer(reward_funcs=backstory.trl.reward, …)`; the column `item` is \
             what it scores by. The JSON lines hold the same rows.\n\n"
        }
        QuestionFormat::NemoGym => {
            "For NeMo-Gym: `backstory.nemo_gym.QuestionServer` judges `item`. Rows name no agent: \
             which one answers is a matter of the configuration.\n\n"
        }
        QuestionFormat::Items => {
            "For verifiers: the taskset `backstory_questions` with `path` set to one of these \
             files. A row is an item, as `backstory schema item` describes it.\n\n"
        }
        QuestionFormat::Sft => {
            "For supervised training: `messages` with a prompt and an answer. The answer follows the \
             trace statement by statement; a rule wrote it, no model, and the verifier gives it full \
             marks. The JSON lines hold the same rows with `train` for each message, and \
             `dataset_info.json` describes them to LLaMA-Factory.\n\n"
        }
        QuestionFormat::Cwm => {
            "For training on traces: `text` is one trace in the format of the Code World Model. A \
             tokenizer needs its marks as special tokens; in source and values they are escaped.\n\n"
        }
    }
}

fn counts(format: QuestionFormat, exported: &QuestionsExported, receipt: &Receipt) -> String {
    let (validation, test) = receipt.per_cent();
    let mut text = format!(
        "Splits by family ({validation} % validation, {test} % test): a program, its mutants and \
         all calls of one real function are on one side.\n\n| split | rows | families |\n|---|--:|--:|\n"
    );
    for (split, rows) in &exported.rows[&format] {
        let families = exported.families.get(split).copied().unwrap_or_default();
        put(&mut text, format_args!("| {} | {rows} | {families} |\n", split.as_str()));
    }
    put(&mut text, format_args!("\n{} items were read. Left out:", exported.items));
    let of_all = exported.left_out.iter().map(|(why, count)| (why.as_str(), count));
    let of_format = exported.unwritten.get(&format).into_iter().flatten();
    let reasons: Vec<String> = of_all
        .chain(of_format.map(|(why, count)| (*why, count)))
        .map(|(why, count)| format!(" {count} `{why}`"))
        .collect();
    text.push_str(&if reasons.is_empty() { " none".to_owned() } else { reasons.join(",") });
    text + ".\n\n"
}

fn put(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = text.write_fmt(more);
}
