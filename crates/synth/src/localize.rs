//! Where would a developer look, given only the requirement?
//!
//! In: the requirement text, the base and (for searches marked as hindsight)
//! the edits to come. Out: a listing, searches with their real hits, and the
//! first places to read. Distractors stay in.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{
    Action, EvidenceId, FileRole, Observation, Provenance, RepoPath, RepoSnapshot,
};

use crate::hindsight::{Coming, searches_in_hindsight};
use crate::reading::{View, around};
use crate::search::{Corpus, Found, list};
use crate::terms::{Term, TermKind, terms};

/// Searches made with the words of the requirement.
const SEARCHES: usize = 4;
/// Terms tried before the best are chosen.
const TRIED: usize = 10;
/// A name found in more lines than this tells nothing.
const COMMON_NAME: u32 = 300;
/// An ordinary word found in more lines than this tells nothing, whatever bears it.
const COMMON_WORD: u32 = 100;
/// An ordinary word that is part of no name is telling only where it is rare.
const RARE_WORD: u32 = 12;
/// Files opened because a search showed them.
const OPENED: usize = 3;

/// One look around, before anything is read.
pub struct Look {
    /// A list or a search.
    pub action: Action,
    /// What it shows.
    pub observation: Observation,
    /// Why it was made.
    pub choice: Provenance,
    /// The choice used the final change.
    pub hindsight: bool,
}

/// What localization found.
pub struct Localized {
    /// The looks, in order.
    pub looks: Vec<Look>,
    /// The first reads, each with the look whose hit it follows, if it follows one.
    pub reads: Vec<(View, Option<usize>)>,
    /// The files in the order in which they came up.
    pub order: Vec<RepoPath>,
}

struct Search<'t> {
    pattern: &'t str,
    term: Term,
    found: Found,
}

/// Looks around the base.
pub fn localize(
    requirement: &str,
    project: &str,
    corpus: &Corpus<'_>,
    snapshot: &RepoSnapshot,
    coming: &Coming<'_>,
) -> Localized {
    let mut terms = terms(requirement);
    // The name of the project stands everywhere and leads nowhere.
    terms.retain(|term| !term.text(requirement).eq_ignore_ascii_case(project));
    let named = named_files(requirement, &terms, snapshot);
    let searches = searches(requirement, &terms, corpus, snapshot);
    let mut out =
        Localized { looks: vec![root_listing(snapshot)], reads: Vec::new(), order: Vec::new() };
    out.order.extend(named.iter().map(|file| file.path.clone()));
    out.reads
        .extend(named.iter().filter_map(|file| Some((named_view(file, corpus, snapshot)?, None))));
    let opened = opened(&searches, corpus, snapshot);
    for (path, _, _) in &opened {
        if !out.order.contains(path) {
            out.order.push((*path).clone());
        }
    }
    for (path, at, line) in opened {
        if let Some(view) = hit_view(path, line, corpus, snapshot) {
            // The listing is the first look, so search `at` is look `at + 1`.
            out.reads.push((view, Some(at + 1)));
        }
    }
    let shown = |path: &RepoPath| {
        out.order.contains(path) || searches.iter().any(|search| search.found.shows(path))
    };
    let hindsight = searches_in_hindsight(coming, corpus, snapshot, shown);
    for search in searches {
        let evidence = EvidenceId::requirement(search.term.span.start, search.term.span.end);
        let choice = Provenance::derived("localize/requirement-term", [evidence]);
        let whole_word = search.term.whole_word();
        note_files(&search.found, &mut out.order);
        out.looks.push(look(search.pattern, whole_word, search.found, choice, false));
    }
    for search in hindsight {
        let choice = Provenance::derived(search.rule, [EvidenceId::symbol(search.pattern)]);
        note_files(&search.found, &mut out.order);
        out.looks.push(look(search.pattern, true, search.found, choice, true));
    }
    out
}

fn note_files(found: &Found, order: &mut Vec<RepoPath>) {
    for hit in &found.hits {
        if !order.contains(&hit.path) {
            order.push(hit.path.clone());
        }
    }
}

fn look(
    pattern: &str,
    whole_word: bool,
    found: Found,
    choice: Provenance,
    hindsight: bool,
) -> Look {
    Look {
        action: Action::Search { pattern: pattern.to_owned(), whole_word },
        observation: found.into_observation(),
        choice,
        hindsight,
    }
}

fn root_listing(snapshot: &RepoSnapshot) -> Look {
    let root = RepoPath::root();
    let fits = |observation: &Observation| match observation {
        Observation::Entries { entries, total } => entries.len() == *total as usize,
        _ => false,
    };
    let deep = list(snapshot, &root, 2);
    let (depth, observation) = if fits(&deep) { (2, deep) } else { (1, list(snapshot, &root, 1)) };
    Look {
        action: Action::List { path: root, depth },
        observation,
        choice: Provenance::derived("localize/list-root", []),
        hindsight: false,
    }
}

struct NamedFile {
    path: RepoPath,
    line: Option<u32>,
    span: std::ops::Range<usize>,
}

/// Finds the files a requirement names, longest matching suffix first.
fn named_files(requirement: &str, terms: &[Term], snapshot: &RepoSnapshot) -> Vec<NamedFile> {
    let mut named: Vec<NamedFile> = Vec::new();
    for term in terms.iter().filter(|term| term.kind == TermKind::Path) {
        let text = term.text(requirement);
        let starts = std::iter::once(0).chain(text.match_indices('/').map(|(at, _)| at + 1));
        for start in starts {
            let suffix = &text.as_bytes()[start..];
            let mut matches = snapshot.files.iter().filter(|file| {
                let path = file.path.as_bytes();
                file.mode.is_file()
                    && !suffix.is_empty()
                    && path.ends_with(suffix)
                    && (path.len() == suffix.len() || path[path.len() - suffix.len() - 1] == b'/')
            });
            let (Some(file), None) = (matches.next(), matches.next()) else { continue };
            if named.iter().all(|known| known.path != file.path) && named.len() < OPENED {
                let span = term.span.start + start..term.span.end;
                named.push(NamedFile { path: file.path.clone(), line: term.line, span });
            }
            break;
        }
    }
    named
}

fn named_view(file: &NamedFile, corpus: &Corpus<'_>, snapshot: &RepoSnapshot) -> Option<View> {
    let line = file.line.unwrap_or(1);
    let mut view = hit_view(&file.path, line, corpus, snapshot)?;
    let evidence = EvidenceId::requirement(file.span.start, file.span.end);
    view.choice = Provenance::derived("read/named-file", [evidence]);
    Some(view)
}

fn hit_view(
    path: &RepoPath,
    line: u32,
    corpus: &Corpus<'_>,
    snapshot: &RepoSnapshot,
) -> Option<View> {
    let file = snapshot.file(path)?;
    let text = corpus.text(path)?;
    let total = text.line_count();
    let line = line.min(total);
    (total > 0).then(|| View {
        path: path.clone(),
        blob: file.blob.clone(),
        text: Arc::clone(text),
        lines: around(file.structure.as_deref(), line.max(1), total),
        choice: Provenance::derived("read/search-hit", []),
        hindsight: false,
    })
}

/// Tries the terms and keeps those that tell something.
///
/// Ordinary words are a last resort: those that are part of a name the base
/// defines first, then rare ones.
fn searches<'t>(
    requirement: &'t str,
    terms: &[Term],
    corpus: &Corpus<'_>,
    snapshot: &RepoSnapshot,
) -> Vec<Search<'t>> {
    let (plain, telling): (Vec<&Term>, Vec<&Term>) = terms
        .iter()
        .filter(|term| term.kind != TermKind::Path)
        .partition(|term| term.kind == TermKind::Word);
    let mut kept: Vec<Search<'t>> = Vec::new();
    let mut vain = 0;
    for term in telling.into_iter().take(TRIED) {
        let search = search(requirement, term, corpus);
        let total = search.found.total;
        let tells = total <= COMMON_NAME && (total > 0 || std::mem::replace(&mut vain, 1) == 0);
        if tells && kept.len() < SEARCHES {
            kept.push(search);
        }
    }
    if kept.iter().filter(|search| search.found.total > 0).count() > 1 {
        return kept;
    }
    let (named, rare): (Vec<&Term>, Vec<&Term>) = plain
        .into_iter()
        .take(TRIED)
        .partition(|term| is_part_of_a_name(term.text(requirement), snapshot));
    let mut common: Vec<Search<'t>> = Vec::new();
    for (words, limit) in [(named, COMMON_WORD), (rare, RARE_WORD)] {
        for term in words {
            let search = search(requirement, term, corpus);
            if kept.len() < SEARCHES - 1 && (1..=limit).contains(&search.found.total) {
                kept.push(search);
            } else if (1..=COMMON_NAME).contains(&search.found.total) {
                common.push(search);
            }
        }
    }
    if kept.iter().all(|search| search.found.total == 0) {
        common.sort_by_key(|search| search.found.total);
        kept.extend(common.into_iter().next());
    }
    kept
}

fn search<'t>(requirement: &'t str, term: &Term, corpus: &Corpus<'_>) -> Search<'t> {
    let pattern = term.text(requirement);
    Search { pattern, term: term.clone(), found: corpus.search(pattern, term.whole_word()) }
}

fn is_part_of_a_name(word: &str, snapshot: &RepoSnapshot) -> bool {
    let lower = word.to_lowercase();
    let mut capital = lower.clone();
    capital[..1].make_ascii_uppercase();
    let holds = |name: &str| name.contains(&lower) || name.contains(&capital);
    let source = snapshot.files.iter().filter(|file| file.role == FileRole::Source);
    let mut symbols =
        source.filter_map(|file| file.structure.as_deref()).flat_map(|file| &file.symbols);
    symbols.any(|symbol| holds(&symbol.name))
}

/// Chooses the files to open and the hit to open them at: `(path, search, line)`.
fn opened<'s>(
    searches: &'s [Search<'_>],
    corpus: &Corpus<'_>,
    snapshot: &RepoSnapshot,
) -> Vec<(&'s RepoPath, usize, u32)> {
    let mut best: BTreeMap<&RepoPath, (f64, f64, usize, u32)> = BTreeMap::new();
    for (at, search) in searches.iter().enumerate() {
        let mut counted: Option<&RepoPath> = None;
        for hit in &search.found.hits {
            let defines = defines_at(snapshot, &hit.path, search.pattern, hit.line);
            let gain = hit_gain(&hit.path, search, defines);
            let entry = best.entry(&hit.path).or_insert((0.0, 0.0, at, hit.line));
            if counted != Some(&hit.path) || defines {
                entry.0 += gain;
                counted = Some(&hit.path);
            }
            if gain > entry.1 {
                (entry.1, entry.2, entry.3) = (gain, at, hit.line);
            }
        }
    }
    let mut ranked: Vec<_> = best.into_iter().collect();
    ranked.retain(|(path, _)| corpus.text(path).is_some());
    ranked.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then(a.0.cmp(b.0)));
    let code = |path: &RepoPath| {
        matches!(backstory_syntax::role_of(path), FileRole::Source | FileRole::Test)
    };
    let bump = searches.iter().any(|search| search.term.kind == TermKind::Package);
    if !bump && ranked.iter().any(|(path, _)| code(path)) {
        ranked.retain(|(path, _)| code(path));
    }
    ranked.into_iter().take(OPENED).map(|(path, (_, _, at, line))| (path, at, line)).collect()
}

fn defines_at(snapshot: &RepoSnapshot, path: &RepoPath, name: &str, line: u32) -> bool {
    snapshot.file(path).and_then(|file| file.structure.as_deref()).is_some_and(|structure| {
        structure.symbols.iter().any(|s| s.name_line == line && s.name == name)
    })
}

fn hit_gain(path: &RepoPath, search: &Search<'_>, defines: bool) -> f64 {
    let rarity = 1.0 / f64::from(1 + search.found.files);
    let package = search.term.kind == TermKind::Package;
    let role = match backstory_syntax::role_of(path) {
        // The number of a package stands in manifests and workflows.
        FileRole::Other if package => 2.0,
        FileRole::Source => 1.0,
        FileRole::Test => 0.5,
        FileRole::Docs => 0.15,
        FileRole::Other => 0.1,
    };
    let stem = search.pattern.to_lowercase();
    let in_path = path.to_text().is_some_and(|text| text.to_lowercase().contains(&stem));
    rarity * role * (if defines { 3.0 } else { 1.0 }) * (if in_path { 1.5 } else { 1.0 })
}
