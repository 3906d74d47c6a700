//! Is anything read twice, and does it matter who read it first?

use backstory_model::CommitId;
use backstory_testkit::RepoBuilder;
use rayon::prelude::*;

use super::super::Cache;
use super::{Watched, asked, walk};

const CANDIDATES: [&str; 3] = ["f0.py", "f1.py", "f2.py"];
const ISSUE: &str = "change 7 breaks change 3 of f1";

/// A mainline of commits that change one or two of three files.
fn mainline(commits: usize) -> (RepoBuilder, Vec<CommitId>) {
    let mut builder = RepoBuilder::new("ada/tally");
    let mut all = Vec::new();
    for number in 0..commits {
        let (one, two) = (format!("f{}.py", number % 3), format!("f{}.py", number % 2));
        let text = format!("{number}\n");
        let message = format!("Fix change {number} of {one}");
        all.push(
            builder.commit(message.as_str(), [(one.as_str(), text.clone()), (two.as_str(), text)]),
        );
    }
    (builder, all)
}

#[test]
fn rows_of_one_repository_compare_each_commit_once() {
    let (builder, all) = mainline(40);
    let (repo, cache) = (Watched::new(builder.memory()), Cache::in_memory());
    let bases: Vec<&CommitId> = all.iter().rev().step_by(3).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    pool.install(|| bases.par_iter().for_each(|base| drop(walk(&repo, base, &cache).unwrap())));
    let compared = repo.comparisons();
    assert_eq!(compared.len(), 40);
    assert!(compared.values().all(|times| *times == 1));
    assert_eq!(repo.blobs_read(), 0);
}

#[test]
fn features_are_the_same_bits_whatever_was_read_before() {
    let (builder, all) = mainline(40);
    let repo = builder.memory();
    let fresh = |base: &CommitId, cache: &Cache| {
        asked(&walk(&repo, base, cache).unwrap(), &CANDIDATES, ISSUE, cache)
    };
    let backward = Cache::in_memory();
    let shared: Vec<_> = all.iter().rev().map(|base| fresh(base, &backward)).collect();
    let alone: Vec<_> = all.iter().rev().map(|base| fresh(base, &Cache::in_memory())).collect();
    assert_eq!(shared, alone);
}

#[test]
fn a_folder_spares_the_next_process_the_comparisons() {
    let (builder, all) = mainline(40);
    let folder = tempfile::tempdir().unwrap();
    let run = |base: &CommitId| {
        let (repo, cache) =
            (Watched::new(builder.memory()), Cache::in_folder(folder.path()).unwrap());
        let found = asked(&walk(&repo, base, &cache).unwrap(), &CANDIDATES, ISSUE, &cache);
        (found, repo.comparisons().len())
    };
    assert_eq!(run(&all[29]).1, 30);
    let (cold, compared) = run(&all[39]);
    assert_eq!(compared, 10);
    assert_eq!(run(&all[39]), (cold, 0));
}

#[test]
fn a_damaged_file_of_the_folder_is_not_believed() {
    let (builder, all) = mainline(9);
    let folder = tempfile::tempdir().unwrap();
    let run = || {
        let (repo, cache) =
            (Watched::new(builder.memory()), Cache::in_folder(folder.path()).unwrap());
        let found = asked(&walk(&repo, &all[8], &cache).unwrap(), &CANDIDATES, ISSUE, &cache);
        (found, repo.comparisons().len())
    };
    let (whole, _) = run();
    let file = backstory_store::fs::entries(folder.path()).unwrap().remove(0);
    let text = backstory_store::fs::read_text(&file).unwrap();
    backstory_store::fs::write_file(&file, text.replace("f1.py", "f2.py").as_bytes()).unwrap();
    assert_eq!(run(), (whole, 9));
}
