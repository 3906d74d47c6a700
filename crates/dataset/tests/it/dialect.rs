//! Does each dialect print what its scaffold would?

use std::fmt::Write as _;

use backstory_dataset::Dialect;
use backstory_model::Content;

use crate::sample::{Stored, sample};

/// Prints every call and what it shows, one block a step.
fn transcript(dialect: Dialect) -> String {
    let (trajectory, stored) = sample();
    let rendered = dialect.render(&trajectory, &stored).unwrap();
    let mut text = String::new();
    for (index, step) in rendered.steps.iter().enumerate() {
        writeln!(text, "#{} {}", index + 1, step.text).unwrap();
        if let Some(call) = &step.call {
            let arguments = serde_json::to_string(&call.arguments).unwrap();
            let mark = if step.placeholder { "(not to imitate) " } else { "" };
            writeln!(text, "{mark}{} {arguments}", call.name).unwrap();
        }
        if let Some(output) = &step.output {
            writeln!(text, "{output}").unwrap();
        }
    }
    text
}

#[test]
fn openhands_runs_commands_and_edits_by_absolute_path() {
    insta::assert_snapshot!(transcript(Dialect::OpenHands));
}

#[test]
fn swe_agent_prints_bare_output() {
    insta::assert_snapshot!(transcript(Dialect::SweAgent));
}

#[test]
fn backstory_has_one_tool_per_action() {
    insta::assert_snapshot!(transcript(Dialect::Backstory));
}

#[test]
fn every_call_is_of_a_defined_tool_and_gives_its_required_arguments() {
    let (trajectory, stored) = sample();
    for dialect in Dialect::ALL {
        let rendered = dialect.render(&trajectory, &stored).unwrap();
        for call in rendered.steps.iter().filter_map(|step| step.call.as_ref()) {
            let tool = rendered.tools.iter().find(|tool| tool["function"]["name"] == call.name);
            let parameters = &tool.expect("the tool is defined")["function"]["parameters"];
            for required in parameters["required"].as_array().unwrap() {
                assert!(call.arguments.contains_key(required.as_str().unwrap()), "{call:?}");
            }
            for name in call.arguments.keys() {
                assert!(parameters["properties"].get(name).is_some(), "{name} in {call:?}");
            }
        }
    }
}

#[test]
fn a_step_is_at_most_one_call_and_only_the_last_shows_nothing() {
    let (trajectory, stored) = sample();
    for dialect in Dialect::ALL {
        let rendered = dialect.render(&trajectory, &stored).unwrap();
        assert_eq!(rendered.steps.len(), trajectory.steps.len());
        let silent = rendered.steps.iter().filter(|s| s.call.is_some() && s.output.is_none());
        assert_eq!(silent.count(), 1);
        assert!(rendered.steps.last().unwrap().output.is_none());
    }
}

#[test]
fn an_edit_whose_result_does_not_hash_to_the_stated_blob_shows_no_piece_of_the_file() {
    let (mut trajectory, stored) = sample();
    for step in &mut trajectory.steps {
        if let Some(backstory_model::Seen {
            content: backstory_model::Observation::Applied { after, .. },
            ..
        }) = &mut step.observation
        {
            *after = Some(backstory_model::git_object_id("blob", b"something else"));
        }
    }
    let rendered = Dialect::OpenHands.render(&trajectory, &stored).unwrap();
    assert!(!rendered.steps[5].output.as_ref().unwrap().contains("cat -n"));
}

#[test]
fn a_missing_body_is_an_error_that_names_it() {
    let (trajectory, _) = sample();
    let error = Dialect::OpenHands.render(&trajectory, &Stored::new()).unwrap_err();
    assert!(error.to_string().ends_with("is not stored in this run"), "{error}");
}

#[test]
fn opaque_content_is_never_shown_and_says_why() {
    let (trajectory, stored) = sample();
    let opaque = trajectory.steps.iter().position(|step| {
        matches!(
            &step.action,
            backstory_model::Action::Create { content: Content::Opaque { .. }, .. }
        )
    });
    for dialect in Dialect::ALL {
        let rendered = dialect.render(&trajectory, &stored).unwrap();
        let shown = &rendered.steps[opaque.unwrap()];
        assert!(shown.placeholder);
        let arguments = serde_json::to_string(&shown.call.as_ref().unwrap().arguments).unwrap();
        assert!(arguments.contains("[content not shown: binary file, git id "), "{arguments}");
    }
}

#[test]
fn a_dialect_is_chosen_by_its_word() {
    for dialect in Dialect::ALL {
        assert_eq!(dialect.as_str().parse(), Ok(dialect));
        assert_eq!(serde_json::to_value(dialect).unwrap(), dialect.as_str());
    }
    assert!("OpenHands".parse::<Dialect>().is_err());
}
