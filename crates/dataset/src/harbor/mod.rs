//! How are the instances of a run written for Harbor?
//!
//! In: tasks one by one, with their ATIF documents. Out, in one folder: `tasks/`
//! (task directories with their `dataset.toml`), `continue/` (the same tasks
//! begun, with the work up to the first edit as prior context), and `jobs/`,
//! which Harbor's viewer shows without running anything.

mod begun;
mod jobs;
mod task_files;
mod toml_text;

use std::path::{Path, PathBuf};

use backstory_store::{RunDirectory, fs};
use serde_json::Value;

use crate::export::{ExportError, file_name};
use crate::task::Task;

use jobs::Job;
use toml_text::TomlText;

/// The organization that task names stand under.
const ORGANIZATION: &str = "backstory";

/// The files of one directory, by path within it, sorted.
type Files = std::collections::BTreeMap<&'static str, String>;

/// The open folders.
pub(crate) struct Harbor {
    tasks: Dataset,
    begun: Dataset,
    job: Job,
}

impl Harbor {
    /// Starts the folders.
    pub(crate) fn create(folder: &Path) -> Result<Self, ExportError> {
        Ok(Self {
            tasks: Dataset::create(folder.join("tasks"), "instances", "")?,
            begun: Dataset::create(folder.join("continue"), "instances-continue", "-continue")?,
            job: Job::create(&folder.join("jobs"))?,
        })
    }

    /// Adds one task, its beginning and its trial; `document` is its ATIF document.
    pub(crate) fn add(
        &mut self,
        task: &Task<'_>,
        document: &Value,
        root: &str,
    ) -> Result<(), ExportError> {
        let id = file_name(&task.instance.instance_id)?;
        let checksum = self.tasks.add(task, id, &task_files::files(task, "", &[]))?;
        if let Some(context) = begun::prior_context(task, document) {
            let links: Vec<&str> =
                Some(root).filter(|root| root.starts_with('/')).into_iter().collect();
            let mut files = task_files::files(task, self.begun.suffix, &links);
            files.insert("trajectory.json", format!("{context:#}\n"));
            self.begun.add(task, id, &files)?;
        }
        self.job.add(task, id, &checksum, document)
    }

    /// Closes the folders.
    pub(crate) fn finish(self) -> Result<(), ExportError> {
        self.tasks.finish()?;
        self.begun.finish()?;
        self.job.finish()
    }
}

/// A folder of task directories with its manifest.
struct Dataset {
    folder: PathBuf,
    suffix: &'static str,
    manifest: TomlText,
}

impl Dataset {
    fn create(folder: PathBuf, name: &str, suffix: &'static str) -> Result<Self, ExportError> {
        fs::create_dirs(&folder)?;
        let mut manifest = TomlText::default();
        manifest.table("dataset");
        manifest.entry("name", &format!("{ORGANIZATION}/{name}").into());
        Ok(Self { folder, suffix, manifest })
    }

    /// Writes one directory and returns its digest.
    fn add(&mut self, task: &Task<'_>, id: &str, files: &Files) -> Result<String, ExportError> {
        let place = self.folder.join(id);
        for (name, text) in files {
            let path = place.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dirs(parent)?;
            }
            fs::write_file(&path, text.as_bytes())?;
        }
        let digest = digest(files);
        self.manifest.array_table("tasks");
        self.manifest.entry("name", &task_name(task, self.suffix).into());
        self.manifest.entry("digest", &format!("sha256:{digest}").into());
        Ok(digest)
    }

    fn finish(self) -> Result<(), ExportError> {
        fs::write_file(&self.folder.join("dataset.toml"), self.manifest.text().as_bytes())?;
        Ok(())
    }
}

fn task_name(task: &Task<'_>, suffix: &str) -> String {
    format!("{ORGANIZATION}/{}{suffix}", task.instance.instance_id)
}

/// Returns the digest of a directory as Harbor's packager counts it: over the
/// path and digest of each file, sorted by path.
fn digest(files: &Files) -> String {
    let line = |(name, text): (&&str, &String)| {
        format!("{name}\0{}\n", RunDirectory::text_digest(text.as_bytes()))
    };
    let lines: String = files.iter().map(line).collect();
    RunDirectory::text_digest(lines.as_bytes()).to_string()
}
