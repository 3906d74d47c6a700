//! What does the path of a file say about the objects in it?
//!
//! In: the path of a file in its dump, e.g., `repos/acme/toy/issues/12/timeline.json`
//! or `annotations-77.json`. Out: the repository, issue, change or job it was asked
//! from. Entries of a timeline and annotations do not say it themselves.

use backstory_model::{RecordId, RepoName};

use super::place::subject;
use super::rest::Seen;

/// Returns what a path says; what it does not say is absent.
pub(super) fn of_path(name: &str) -> Seen {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(['/', '-', '_', '.']).collect();
    let mut seen = Seen { repo: repository(name), ..Seen::default() };
    for (at, number) in words.iter().enumerate() {
        let Ok(number) = number.parse::<u64>() else { continue };
        let before = |back: usize| at.checked_sub(back).map_or("", |at| words[at]);
        match (before(2), before(1)) {
            (_, "issues" | "issue" | "timeline" | "events" | "comments") => {
                seen.on = Some(subject(number, false));
            }
            (_, "pulls" | "pull" | "reviews") => seen.on = Some(subject(number, true)),
            ("check", "runs" | "run") | (_, "jobs" | "job" | "annotations") => {
                seen.job = Some(RecordId::new(format!("job:{number}")));
            }
            _ => {}
        }
    }
    seen
}

fn repository(name: &str) -> Option<RepoName> {
    let mut parts = name.split('/').skip_while(|part| *part != "repos").skip(1);
    RepoName::parse(&format!("{}/{}", parts.next()?, parts.next()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::of_path;

    fn told(name: &str) -> [Option<String>; 3] {
        let seen = of_path(name);
        let id = |id: Option<backstory_model::RecordId>| id.map(|id| id.to_string());
        [seen.repo.map(|repo| repo.to_string()), id(seen.on), id(seen.job)]
    }

    #[test]
    fn paths_of_endpoints_say_what_was_asked() {
        let some = |text: &str| Some(text.to_owned());
        let acme = some("acme/toy");
        assert_eq!(
            told("repos/acme/toy/issues/12/timeline.json"),
            [acme.clone(), some("issue:12"), None]
        );
        assert_eq!(told("repos/acme/toy/pulls/3/reviews.json"), [acme, some("change:3"), None]);
        assert_eq!(told("check-runs/77/annotations.json"), [None, None, some("job:77")]);
        assert_eq!(told("annotations-77.json"), [None, None, some("job:77")]);
        assert_eq!(told("timeline_12.ndjson"), [None, some("issue:12"), None]);
        assert_eq!(told("actions/runs/5/jobs.json"), [None, None, None]);
    }
}
