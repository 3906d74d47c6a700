//! How do trajectories look in Harbor's viewer?
//!
//! One job with one trial per task. The reward of a trial is 1 because the gate
//! `gold_patch` holds for every instance. No trial says when it ran, because it
//! did not: the time of the job is when the earliest change was authored.

use std::path::{Path, PathBuf};

use backstory_store::{RunDirectory, fs};
use serde_json::{Value, json};

use super::ORGANIZATION;
use crate::export::ExportError;
use crate::task::Task;

const NAME: &str = "backstory";

/// The open job.
pub(super) struct Job {
    folder: PathBuf,
    trials: Vec<String>,
    began: Option<i64>,
}

impl Job {
    /// Starts the folder of the job.
    pub(super) fn create(jobs: &Path) -> Result<Self, ExportError> {
        let folder = jobs.join(NAME);
        fs::create_dirs(&folder)?;
        Ok(Self { folder, trials: Vec::new(), began: None })
    }

    /// Adds the trial of one task.
    pub(super) fn add(
        &mut self,
        task: &Task<'_>,
        id: &str,
        checksum: &str,
        document: &Value,
    ) -> Result<(), ExportError> {
        let place = self.folder.join(id);
        fs::create_dirs(&place.join("agent"))?;
        fs::create_dirs(&place.join("verifier"))?;
        let configuration = configuration(id);
        let files = [
            ("config.json", configuration.clone()),
            ("result.json", result(id, checksum, &configuration)),
            ("agent/trajectory.json", document.clone()),
            ("verifier/reward.json", json!({"reward": 1.0})),
        ];
        for (name, value) in files {
            fs::write_file(&place.join(name), format!("{value:#}\n").as_bytes())?;
        }
        let authored = task.instance.created_at;
        self.began = Some(self.began.map_or(authored, |known| known.min(authored)));
        self.trials.push(id.to_owned());
        Ok(())
    }

    /// Writes what the job says of itself.
    pub(super) fn finish(self) -> Result<(), ExportError> {
        let count = self.trials.len();
        let began = crate::time::rfc3339(self.began.unwrap_or(0)).unwrap_or_default();
        let result = json!({
            "id": identifier(&format!("job {}", self.trials.join(" "))),
            "started_at": began,
            "finished_at": began,
            "n_total_trials": count,
            "stats": {
                "n_completed_trials": count,
                "evals": {format!("{NAME}__instances"): {
                    "n_trials": count,
                    "reward_stats": {"reward": {"1.0": self.trials}},
                }},
            },
        });
        let configuration = json!({
            "job_name": NAME,
            "agents": [{"name": NAME}],
            "datasets": [{"path": "../tasks"}],
        });
        for (name, value) in [("config.json", configuration), ("result.json", result)] {
            fs::write_file(&self.folder.join(name), format!("{value:#}\n").as_bytes())?;
        }
        Ok(())
    }
}

fn configuration(id: &str) -> Value {
    json!({
        "task": {"path": format!("../tasks/{id}"), "source": "instances"},
        "trial_name": id,
        "agent": {"name": NAME},
    })
}

fn result(id: &str, checksum: &str, configuration: &Value) -> Value {
    json!({
        "id": identifier(&format!("trial {id}")),
        "task_name": format!("{ORGANIZATION}/{id}"),
        "trial_name": id,
        "trial_uri": format!("backstory:{id}"),
        "task_id": {"path": format!("../tasks/{id}")},
        "source": "instances",
        "task_checksum": checksum,
        "config": configuration,
        "agent_info": {"name": NAME, "version": env!("CARGO_PKG_VERSION")},
        "verifier_result": {"rewards": {"reward": 1.0}},
        "verifier_environment_mode": "separate",
    })
}

/// Returns an identifier in the form of a UUID of version 8, made of the name.
fn identifier(name: &str) -> String {
    let digest = RunDirectory::text_digest(name.as_bytes());
    let hex = digest.as_str();
    format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}
