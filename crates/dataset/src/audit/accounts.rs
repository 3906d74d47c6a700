//! Is every unit of the mainline accounted for, once?
//!
//! In: the lines of the log, the manifest, the repositories. Out: what does not
//! add up, as (file, expected, found). Reads commits, nothing else.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    CommitId, Counts, Disposition, LinkTarget, Outcome, RepoName, Repository, RunManifest,
    SchemaVersion, UnitId, UnitKey,
};

use super::linked::Linked;
use super::mainline::Mainline;

/// The version from which on a manifest counts links by method and pull requests.
const LINKS_COUNTED: SchemaVersion = SchemaVersion { major: 1, minor: 3 };

/// What the log says about all units, added up.
#[derive(Default)]
pub(super) struct Accounts {
    pub(super) counts: Counts,
    linked: Linked,
    keys: BTreeSet<UnitKey>,
    names: BTreeSet<UnitId>,
    twice: Vec<String>,
    by_repo: BTreeMap<RepoName, Vec<(u32, CommitId)>>,
    /// Whether a unit was accepted, and whether it was executed.
    executed: Vec<(UnitId, bool, bool)>,
}

/// What does not add up: the file, what was expected, what was found.
type Difference = (String, String, String);

impl Accounts {
    pub(super) fn add(&mut self, line: &Disposition) {
        let work = &line.work;
        if !self.keys.insert(work.key.clone()) || !self.names.insert(work.unit.clone()) {
            self.twice.push(work.unit.to_string());
        }
        let commits = self.by_repo.entry(work.repo.clone()).or_default();
        commits.push((work.position, work.commit.clone()));
        self.linked.add(line);
        let counts = &mut self.counts;
        counts.units_found += 1;
        let has = |target: LinkTarget| line.links.iter().any(|link| link.target == target);
        counts.linked += u32::from(has(LinkTarget::Issue));
        *counts.with_pull.get_or_insert(0) += u32::from(has(LinkTarget::Pull));
        let accepted = match &line.outcome {
            Outcome::Accepted { .. } => true,
            Outcome::Rejected { reason, .. } => {
                *counts.rejected.entry(reason.clone()).or_default() += 1;
                false
            }
        };
        counts.accepted += u32::from(accepted);
        self.executed.push((line.work.unit.clone(), accepted, line.execution.is_some()));
        if let Some(execution) = line.execution.as_ref().filter(|_| accepted) {
            *counts.executed.entry(execution.outcome.as_str().to_owned()).or_default() += 1;
        }
        if let Some(ci) = &line.ci {
            let mut count = |word: &str, holds: bool| {
                if holds {
                    *counts.ci.entry(word.to_owned()).or_default() += 1;
                }
            };
            count("known", ci.runs > 0);
            count("red and green", ci.red_jobs.min(ci.green_jobs) > 0);
            count("with a log", ci.logs > 0);
            count("with a job without log", ci.logs_missing > 0);
            count("flaky", ci.flaky_jobs > 0);
            count("told", ci.reports > 0);
            count("disagrees with execution", !ci.disagrees_with_execution.is_empty());
        }
        if let Some(labels) = &line.labels {
            counts.small_units += u32::from(labels.small);
            counts.small_accepted += u32::from(labels.small && accepted);
            counts.test_source_units += u32::from(labels.test_source);
            counts.small_test_source_units += u32::from(labels.small && labels.test_source);
        }
    }

    /// Compares with the manifest and the mainlines.
    pub(super) fn compare(
        &self,
        manifest: &RunManifest,
        repos: &BTreeMap<RepoName, &dyn Repository>,
    ) -> Vec<Difference> {
        let mut differences = self.counts_differ(manifest);
        differences.extend(self.links_differ(manifest));
        let log = |expected: String, found: String| ("log".to_owned(), expected, found);
        for twice in &self.twice {
            differences.push(log("every unit once".to_owned(), twice.clone()));
        }
        let asked = manifest.options.execute.is_some();
        for (unit, accepted, executed) in &self.executed {
            if *executed != (asked && *accepted) {
                let expected = "an execution of every accepted unit exactly where asked for";
                differences.push(log(expected.to_owned(), unit.to_string()));
            }
        }
        differences.extend(self.strange_folders(manifest));
        for (name, head) in &manifest.repositories {
            let Some(repo) = repos.get(name).copied() else { continue };
            let units = self.by_repo.get(name).map_or(&[][..], Vec::as_slice);
            if manifest.snapshots.is_some() {
                if !units.iter().map(|(_, commit)| commit).eq([head]) {
                    differences.push(log(format!("one unit at {head}"), format!("{units:?}")));
                }
                continue;
            }
            let mainline = Mainline::read(repo, head);
            if let Some((expected, found)) = mainline.compare(units, &manifest.options) {
                differences.push(log(expected, found));
            }
        }
        let unknown = |name: &&RepoName| !manifest.repositories.contains_key(*name);
        for name in self.by_repo.keys().filter(unknown) {
            differences.push(log("a repository of the manifest".to_owned(), name.to_string()));
        }
        differences
    }

    fn counts_differ(&self, manifest: &RunManifest) -> Vec<Difference> {
        let (said, mut counted) = (&manifest.counts, self.counts.clone());
        if manifest.schema < LINKS_COUNTED || manifest.snapshots.is_some() {
            counted.with_pull = None;
        } else {
            counted.with_pull = counted.with_pull.or(Some(0));
        }
        // Whether a story was written before a unit was rejected is not in the log.
        let told =
            said.accepted..=said.accepted + said.rejected.get("replay_differs").unwrap_or(&0);
        let same = Counts { reconstructed: said.reconstructed, ..counted.clone() } == *said;
        if same && told.contains(&said.reconstructed) {
            return Vec::new();
        }
        vec![("manifest.json".to_owned(), format!("{counted:?}"), format!("{said:?}"))]
    }

    /// Compares what is said of the links of every repository.
    fn links_differ(&self, manifest: &RunManifest) -> Vec<Difference> {
        let difference = |(expected, found)| ("manifest.json".to_owned(), expected, found);
        if manifest.schema < LINKS_COUNTED || manifest.snapshots.is_some() {
            return Vec::new();
        }
        if !manifest.links.keys().eq(manifest.repositories.keys()) {
            let found = format!("{:?}", manifest.links.keys().collect::<Vec<_>>());
            let expected = "the links of every repository".to_owned();
            return vec![difference((expected, found))];
        }
        let differ = manifest.links.iter().filter_map(|(repo, of)| self.linked.compare(repo, of));
        differ.map(difference).collect()
    }

    /// Returns the folders of units that are not in the log.
    fn strange_folders<'a>(
        &'a self,
        manifest: &'a RunManifest,
    ) -> impl Iterator<Item = Difference> + 'a {
        let key = |path: &'a String| path.strip_prefix("units/")?.split('/').nth(1);
        let keys: BTreeSet<&str> = manifest.files.keys().filter_map(key).collect();
        keys.into_iter()
            .filter(|key| !UnitKey::new(*key).is_ok_and(|key| self.keys.contains(&key)))
            .map(|key| (format!("units/{key}"), "a unit of the log".to_owned(), "none".to_owned()))
    }
}
