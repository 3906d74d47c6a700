//! Which JSON Schema does a file format have?

use backstory_model::reasoning::ReasonedStep;
use backstory_model::{
    Disposition, Record, RunManifest, SnapshotStory, Trajectory, UnitExecution, exit,
};
use backstory_verify::{Item, QuestionRow};
use schemars::{Schema, schema_for};

use crate::arguments::{SchemaArgs, SchemaKind};
use crate::{Config, Failure, Talk};

/// Prints one schema.
pub(super) fn schema(args: &SchemaArgs, talk: &Talk) -> Result<u8, Failure> {
    let schema: Schema = match args.kind {
        SchemaKind::Trajectory => schema_for!(Trajectory),
        SchemaKind::Snapshot => schema_for!(SnapshotStory),
        SchemaKind::Reasoning => schema_for!(ReasonedStep),
        SchemaKind::Records => schema_for!(Record),
        SchemaKind::Execution => schema_for!(UnitExecution),
        SchemaKind::Disposition => schema_for!(Disposition),
        SchemaKind::Manifest => schema_for!(RunManifest),
        SchemaKind::Config => schema_for!(Config),
        SchemaKind::Question => schema_for!(QuestionRow),
        SchemaKind::Item => schema_for!(Item),
    };
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|error| Failure::of(error, "failed to write the schema"))?;
    talk.data(&format!("{text}\n"))?;
    Ok(exit::OK)
}
