//! Do the counts of links follow from the log?
//!
//! In: the lines of the log, and what the manifest says of the links of each
//! repository. Out: what does not add up. How many units each method links is counted
//! again; what people wrote down is not read again, so that of the pairs only what
//! the log allows is checked.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    Disposition, LinkMethod, LinkReport, LinkTarget, LinkTruth, PairCount, RepoName, TruthScore,
};

/// The links to issues that the log holds.
#[derive(Default)]
pub(super) struct Linked(BTreeMap<RepoName, OfRepo>);

/// Those of one repository.
#[derive(Default)]
struct OfRepo {
    units: u32,
    linked: u32,
    methods: BTreeMap<LinkMethod, u32>,
    /// Unit and issue, by method; a pull request with two units has its pairs twice.
    pairs: BTreeMap<LinkMethod, BTreeSet<(u32, u64)>>,
}

impl Linked {
    pub(super) fn add(&mut self, line: &Disposition) {
        let of = self.0.entry(line.work.repo.clone()).or_default();
        let mut methods = BTreeSet::new();
        let mut linked = false;
        for link in line.links.iter().filter(|link| link.target != LinkTarget::Pull) {
            linked |= link.target == LinkTarget::Issue;
            methods.insert(link.method);
            of.pairs.entry(link.method).or_default().insert((line.work.position, link.number));
        }
        of.units += 1;
        of.linked += u32::from(linked);
        for method in methods {
            *of.methods.entry(method).or_default() += 1;
        }
    }

    /// Returns what of the counts of one repository cannot be, as (expected, found).
    pub(super) fn compare(&self, repo: &RepoName, said: &LinkReport) -> Option<(String, String)> {
        let nothing = OfRepo::default();
        let of = self.0.get(repo).unwrap_or(&nothing);
        if (of.units, of.linked, &of.methods) != (said.units, said.linked, &said.methods) {
            let counted = (of.units, of.linked, &of.methods);
            return Some((format!("{counted:?}"), format!("{said:?}")));
        }
        let impossible = said.judged.iter().find(|(truth, score)| !of.allows(**truth, score));
        let (truth, score) = impossible?;
        Some(("counts of pairs that the log allows".to_owned(), format!("{truth:?}: {score:?}")))
    }
}

impl OfRepo {
    fn allows(&self, truth: LinkTruth, score: &TruthScore) -> bool {
        let own: &[LinkMethod] = match truth {
            LinkTruth::Changelog => &[LinkMethod::Changelog, LinkMethod::NewsFragment],
            LinkTruth::ClosingReferences => &[LinkMethod::Record],
        };
        let most = |method: &LinkMethod| self.pairs.get(method).map_or(0, BTreeSet::len);
        let each = |(method, count): (&LinkMethod, &PairCount)| {
            !own.contains(method)
                && count.found as usize <= most(method)
                && is_within(*count, score.together)
                && (*method == LinkMethod::Mention || is_within(*count, score.without_mentions))
        };
        let found: u32 = score.methods.values().map(|count| count.found).sum();
        score.together.found <= found
            && score.together.agreeing <= score.true_pairs
            && score.together.agreeing <= score.together.found
            && is_within(score.without_mentions, score.together)
            && score.methods.iter().all(each)
    }
}

/// Returns true where the pairs may be some of the others.
fn is_within(part: PairCount, whole: PairCount) -> bool {
    let wrong = |count: PairCount| count.found.checked_sub(count.agreeing);
    part.agreeing <= whole.agreeing && wrong(part).is_some_and(|n| Some(n) <= wrong(whole))
}
