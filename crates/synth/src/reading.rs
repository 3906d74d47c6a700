//! Which ranges of which files are read before the changes?
//!
//! In: the lines that must be seen, the definitions referred to, and what the
//! searches found. Out: [`View`]s of real ranges, each with the rule that chose
//! it. A range is the smallest definition around the line, or a window.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{
    BlobId, EvidenceId, FileStructure, LineRange, Provenance, RepoPath, SymbolKind,
};

use crate::definition::Looked;
use crate::plan::Need;
use crate::reconstruct::ParseFile;
use crate::seen::SeenLines;
use crate::text::Text;

/// A view shows at most this many lines.
const VIEW_LINES: u32 = 200;
/// A definition of at most this many lines is read whole.
const WHOLE_DEFINITION: u32 = 120;
/// Lines read before and after a line that stands in no such definition.
const WINDOW: u32 = 12;
/// Ranges closer than this are read together.
const GAP: u32 = 5;

/// One planned view.
#[derive(Clone, Debug)]
pub struct View {
    /// The file.
    pub path: RepoPath,
    /// Its blob.
    pub blob: BlobId,
    /// Its text.
    pub text: Arc<Text>,
    /// The lines.
    pub lines: LineRange,
    /// Why these.
    pub choice: Provenance,
    /// The choice used the final change.
    pub hindsight: bool,
}

impl View {
    /// Marks the lines as seen.
    pub fn mark(&self, seen: &mut SeenLines) {
        seen.view(&self.path, self.lines.start, self.lines.end, self.text.line_count());
    }
}

/// Returns the lines to read around one line.
pub fn around(structure: Option<&FileStructure>, line: u32, total: u32) -> LineRange {
    let enclosing = structure
        .into_iter()
        .flat_map(|structure| &structure.symbols)
        .filter(|symbol| symbol.kind != SymbolKind::Module && symbol.lines.contains(line))
        .map(|symbol| symbol.lines)
        .filter(|lines| lines.end - lines.start < WHOLE_DEFINITION)
        .min_by_key(|lines| (lines.end - lines.start, lines.start));
    let window = LineRange {
        start: line.saturating_sub(WINDOW).max(1),
        end: line.saturating_add(WINDOW).min(total),
    };
    match enclosing {
        Some(lines) if lines.end > lines.start => {
            LineRange { start: lines.start.max(1), end: lines.end.min(total) }
        }
        _ => window,
    }
}

/// Joins ranges that overlap or nearly touch, and cuts what is too long to show.
pub fn merge(mut ranges: Vec<LineRange>) -> Vec<LineRange> {
    ranges.sort();
    let mut joined: Vec<LineRange> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(GAP) => {
                last.end = last.end.max(range.end);
            }
            _ => joined.push(range),
        }
    }
    joined.into_iter().flat_map(pages).collect()
}

fn pages(range: LineRange) -> impl Iterator<Item = LineRange> {
    let size = usize::try_from(VIEW_LINES).unwrap_or(usize::MAX);
    (range.start..=range.end)
        .step_by(size)
        .map(move |start| LineRange { start, end: range.end.min(start + VIEW_LINES - 1) })
}

/// Plans the views of what the coming changes touch and nobody has seen yet.
pub fn views_of_needs(
    needs: &BTreeMap<RepoPath, Need>,
    order: &[RepoPath],
    seen: &SeenLines,
    parse: ParseFile<'_>,
) -> Vec<View> {
    let rank = |path: &RepoPath| order.iter().position(|p| p == path).unwrap_or(usize::MAX);
    let mut paths: Vec<&RepoPath> = needs.keys().collect();
    paths.sort_by_key(|path| (rank(path), (*path).clone()));
    let mut views = Vec::new();
    for path in paths {
        let need = &needs[path];
        let structure = parse(path, &need.blob, need.text.bytes());
        let total = need.text.line_count();
        let mut missing: Vec<u32> =
            need.lines.iter().copied().filter(|line| !seen.holds(path, *line)).collect();
        if need.lines.is_empty() && !seen.holds_any(path) {
            missing.push(1);
        }
        let ranges =
            missing.into_iter().map(|line| around(structure.as_deref(), line, total)).collect();
        let unseen = merge(ranges)
            .into_iter()
            .filter_map(|range| trimmed(range, |line| seen.holds(path, line)));
        views.extend(unseen.map(|lines| View {
            path: path.clone(),
            blob: need.blob.clone(),
            text: Arc::clone(&need.text),
            lines,
            choice: Provenance::derived("read/edit-target", [EvidenceId::blob(&need.blob)]),
            hindsight: true,
        }));
    }
    views
}

/// Drops what has been seen from both ends of a range.
fn trimmed(range: LineRange, seen: impl Fn(u32) -> bool) -> Option<LineRange> {
    let mut lines = range.start..=range.end;
    let start = lines.find(|line| !seen(*line))?;
    let end = lines.rfind(|line| !seen(*line)).unwrap_or(start);
    Some(LineRange { start, end })
}

/// Plans the views of definitions that added lines refer to and nobody has seen yet.
pub fn views_of_definitions(
    looked: &[Looked],
    seen: &SeenLines,
    text: impl Fn(&RepoPath) -> Option<(BlobId, Arc<Text>)>,
) -> Vec<View> {
    let mut views: Vec<View> = Vec::new();
    for place in looked {
        let covered = views
            .iter()
            .any(|view| view.path == place.path && view.lines.contains(place.name_line));
        if covered || seen.holds(&place.path, place.name_line) {
            continue;
        }
        let Some((blob, text)) = text(&place.path) else { continue };
        let lines = LineRange {
            start: place.lines.start.max(place.name_line.saturating_sub(VIEW_LINES - 1)),
            end: place.lines.end.min(place.lines.start + VIEW_LINES - 1),
        };
        let lines = LineRange { start: lines.start, end: lines.end.max(place.name_line) };
        views.push(View {
            path: place.path.clone(),
            blob,
            text,
            lines,
            choice: Provenance::derived("read/definition", [EvidenceId::symbol(&place.name)]),
            hindsight: true,
        });
    }
    views
}

#[cfg(test)]
mod tests {
    use super::{LineRange, merge, trimmed};

    #[test]
    fn near_ranges_are_read_together_and_long_ones_in_pages() {
        let range = |start, end| LineRange { start, end };
        assert_eq!(merge(vec![range(8, 20), range(1, 4)]), [range(1, 20)]);
        assert_eq!(merge(vec![range(1, 350)]), [range(1, 200), range(201, 350)]);
    }

    #[test]
    fn what_was_seen_is_not_read_again_at_the_ends_of_a_range() {
        let range = LineRange { start: 1, end: 9 };
        let left = trimmed(range, |line| line < 4 || line == 6 || line > 7);
        assert_eq!(left, Some(LineRange { start: 4, end: 7 }));
        assert_eq!(trimmed(range, |_| true), None);
    }
}
