//! How does the nested story of a snapshot become documents?
//!
//! In: a story and its stored bodies. Out: the documents of one arm. Each
//! agent's steps stand where the main agent called it. A story that is longer
//! than the limit is cut between files; later parts begin with a recap of what
//! was said and written before.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use backstory_model::{
    Delegation, HandedFile, LineRange, PlannedFile, ReadPart, RepoPath, SnapshotStory, Tier,
    WritingAction, WritingStep,
};

use super::document::{Document, Origin, SpanKind};
use crate::{Bodies, BodyError};

/// The versions of a story that are compared. All hold the same bytes of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arm {
    /// The files, by path.
    RawPath,
    /// The files, in the order of the story.
    RawDependency,
    /// The story without its thoughts.
    TrajectoryNoThought,
    /// The story with the thoughts that need no model.
    TrajectoryInitial,
    /// The story with the thoughts that were searched.
    TrajectorySearch,
}

impl Arm {
    /// Every arm.
    pub const ALL: [Self; 5] = [
        Self::RawPath,
        Self::RawDependency,
        Self::TrajectoryNoThought,
        Self::TrajectoryInitial,
        Self::TrajectorySearch,
    ];

    /// Returns the word used in file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RawPath => "raw_path",
            Self::RawDependency => "raw_dependency",
            Self::TrajectoryNoThought => "trajectory_no_thought",
            Self::TrajectoryInitial => "trajectory_initial",
            Self::TrajectorySearch => "trajectory_search",
        }
    }
}

/// Writes the documents of one arm, each of at most `limit` bytes as far as single
/// files allow it. For the last arm the story holds the thoughts that were searched.
pub fn documents(
    story: &SnapshotStory,
    bodies: &dyn Bodies,
    arm: Arm,
    limit: usize,
) -> Result<Vec<Document>, BodyError> {
    match arm {
        Arm::RawPath => {
            let mut files: Vec<HandedFile<'_>> = story.written().collect();
            files.sort_by(|a, b| a.path.cmp(b.path));
            raw(story, &files, bodies, limit)
        }
        Arm::RawDependency => raw(story, &story.written().collect::<Vec<_>>(), bodies, limit),
        Arm::TrajectoryNoThought => told(story, bodies, false, limit),
        Arm::TrajectoryInitial | Arm::TrajectorySearch => told(story, bodies, true, limit),
    }
}

const NOWHERE: Origin<'_> = Origin { step: None, path: None, tier: Tier::Derived };

/// Writes the files alone.
fn raw(
    story: &SnapshotStory,
    files: &[HandedFile<'_>],
    bodies: &dyn Bodies,
    limit: usize,
) -> Result<Vec<Document>, BodyError> {
    let opening = header(story);
    let mut parts = Parts::new(opening.clone(), limit);
    for file in files {
        let text = bodies.text(file.blob)?;
        let mut piece = Document::default();
        let origin = Origin { step: None, path: Some(file.path), tier: Tier::Observed };
        piece.push(SpanKind::Header, &format!("\nFile {}\n", file.path), origin);
        piece.push(SpanKind::WriteContent, &text, origin);
        parts.add(&piece, || opening.clone());
    }
    Ok(parts.done)
}

fn header(story: &SnapshotStory) -> Document {
    let mut document = Document::default();
    let license = story.license.as_ref().map_or("NOASSERTION", |license| license.spdx.as_str());
    let mut text =
        format!("Repository {}, commit {}, license {license}.\n", story.repo, story.commit);
    for given in &story.given {
        let _ = writeln!(text, "Given: {} ({})", given.path, given.reason.as_str());
    }
    document.push(SpanKind::Header, &text, NOWHERE);
    document
}

/// Writes the whole story.
fn told(
    story: &SnapshotStory,
    bodies: &dyn Bodies,
    thoughts: bool,
    limit: usize,
) -> Result<Vec<Document>, BodyError> {
    let mut parts = Parts::new(opening(story), limit);
    let (mut step, mut place) = (3, 0);
    for delegation in &story.delegations {
        let piece = delegated(delegation, bodies, thoughts, step)?;
        parts.add(&piece, || recap(story, place));
        step += 1 + delegation.steps.len();
        place += delegation.files().count();
    }
    let mut end = Document::default();
    let finish = format!("\nFinish: {}\n", story.finish.text);
    end.push(SpanKind::Action, &finish, Origin { step: Some(step), ..NOWHERE });
    if let Some(last) = parts.done.last_mut() {
        last.append(&end);
    }
    Ok(parts.done)
}

/// Writes what stands before the first file.
pub(super) fn opening(story: &SnapshotStory) -> Document {
    let mut opening = header(story);
    let at = |step| Origin { step: Some(step), ..NOWHERE };
    let requirements = format!("\nRequirements\n\n{}\n", story.requirements.text);
    opening.push(SpanKind::Requirements, &requirements, at(1));
    opening.push(SpanKind::Plan, &format!("\nPlan\n\n{}", plan(&story.plan.files)), at(2));
    opening
}

/// Lists the files of a plan, one a line.
pub(super) fn plan(files: &[PlannedFile]) -> String {
    let mut text = String::new();
    for (number, file) in (1..).zip(files) {
        let _ = writeln!(text, "{number}. {}", planned(file));
    }
    text
}

fn planned(file: &PlannedFile) -> String {
    let mut line = file.path.to_string();
    if let Some(purpose) = &file.purpose {
        let _ = write!(line, ": {purpose}");
    }
    if !file.definitions.is_empty() {
        let _ = write!(line, " [has {}]", file.definitions.join(", "));
    }
    if !file.uses.is_empty() {
        let uses: Vec<String> = file.uses.iter().map(ToString::to_string).collect();
        let _ = write!(line, " [uses {}]", uses.join(", "));
    }
    line
}

/// Writes what the agent of a file does, or that of a circle of files.
pub(super) fn delegated(
    delegation: &Delegation,
    bodies: &dyn Bodies,
    thoughts: bool,
    first: usize,
) -> Result<Document, BodyError> {
    let mut piece = Document::default();
    let origin = Origin { step: Some(first), path: Some(&delegation.path), tier: Tier::Derived };
    piece.push(SpanKind::Action, &format!("\nDelegate: {}\n", delegation.task.text), origin);
    for (number, (file, step)) in (first + 1..).zip(delegation.served()) {
        let path = match &step.action {
            WritingAction::Stub { path, .. } => path,
            WritingAction::Read { .. } | WritingAction::Write { .. } => file.path,
        };
        let origin = |tier| Origin { step: Some(number), path: Some(path), tier };
        if let Some(thought) = step.thought.as_ref().filter(|_| thoughts) {
            let tier = thought.provenance.tier();
            piece.push(SpanKind::Think, &format!("Think: {}\n", thought.text), origin(tier));
        }
        let call = format!("{}\n", call(file.path, step));
        piece.push(SpanKind::Action, &call, origin(step.choice.tier()));
        let content = content(file, step, bodies)?;
        let kind = match step.action {
            WritingAction::Read { .. } => SpanKind::Observation,
            WritingAction::Stub { .. } => SpanKind::Stub,
            WritingAction::Write { .. } => SpanKind::WriteContent,
        };
        piece.push(kind, &content, origin(step.content.tier()));
        if !content.is_empty() && !content.ends_with('\n') {
            piece.push(SpanKind::Observation, "\n", origin(Tier::Derived));
        }
    }
    piece.push(SpanKind::Observation, &format!("Done: {}\n", done(delegation)), origin);
    Ok(piece)
}

/// Lists the files that a delegation hands over.
pub(super) fn done(delegation: &Delegation) -> String {
    delegation.files().map(|file| file.path.to_string()).collect::<Vec<_>>().join(", ")
}

/// Writes a call of one of the two tools on a line.
fn call(written: &RepoPath, step: &WritingStep) -> String {
    match &step.action {
        WritingAction::Read { path, part: ReadPart::Whole, .. } => format!("Read {path}"),
        WritingAction::Read { path, part: ReadPart::Outline, .. } => {
            format!("Read {path}, outline")
        }
        WritingAction::Read { path, part: ReadPart::Definitions, shown, .. } => {
            let lines: Vec<String> =
                shown.iter().map(|r| format!("{}-{}", r.start, r.end)).collect();
            format!("Read {path}, lines {}", lines.join(", "))
        }
        WritingAction::Read { path, part: ReadPart::Stub, .. } => {
            format!("Read {path}, signatures")
        }
        WritingAction::Stub { path, .. } => format!("Write {path}, signatures"),
        WritingAction::Write { lines, .. } => {
            format!("Write {written}, lines {}-{}", lines.start, lines.end)
        }
    }
}

/// Returns what a step shows of other files, or writes of its own.
pub(super) fn content(
    file: HandedFile<'_>,
    step: &WritingStep,
    bodies: &dyn Bodies,
) -> Result<String, BodyError> {
    Ok(match &step.action {
        WritingAction::Write { lines, .. } => of_lines(&bodies.text(file.blob)?, *lines).to_owned(),
        WritingAction::Stub { blob, kept, .. } => signatures(&bodies.text(blob)?, kept),
        WritingAction::Read { part, blob, shown, .. } => {
            let text = bodies.text(blob)?;
            let of = |range: &LineRange| of_lines(&text, *range);
            match part {
                ReadPart::Whole => text,
                ReadPart::Outline => numbered(shown, of),
                ReadPart::Definitions => shown.iter().map(of).collect::<Vec<_>>().join("…\n"),
                ReadPart::Stub => signatures(&text, shown),
            }
        }
    })
}

/// Writes single lines, each behind its number.
fn numbered<'t>(shown: &[LineRange], of: impl Fn(&LineRange) -> &'t str) -> String {
    let mut text = String::new();
    for range in shown {
        let _ = writeln!(text, "{}: {}", range.start, of(range).trim_end());
    }
    text
}

/// Returns some lines of a text, with `...` where others are left out, indented as they are.
fn signatures(text: &str, kept: &[LineRange]) -> String {
    let mut stub = String::new();
    let nexts = kept.iter().skip(1).map(|next| next.start).chain([u32::MAX]);
    for (range, next) in kept.iter().zip(nexts) {
        stub.push_str(of_lines(text, *range));
        let (start, end) = (range.end.saturating_add(1), next.saturating_sub(1));
        let left = LineRange { start, end };
        let left = of_lines(text, left).lines().find(|line| !line.trim().is_empty());
        if let Some(line) = left {
            let indentation = &line[..line.len() - line.trim_start().len()];
            let _ = writeln!(stub, "{indentation}...");
        }
    }
    stub
}

/// Returns some lines of a text, line ends included.
fn of_lines(text: &str, lines: LineRange) -> &str {
    let mut starts = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
    let first = lines.start as usize;
    let start = if first <= 1 { Some(0) } else { starts.nth(first - 2) };
    let Some(start) = start.filter(|_| lines.start <= lines.end) else { return "" };
    let more = (lines.end - lines.start) as usize;
    let end = starts.nth(more).unwrap_or(text.len());
    text.get(start..end).unwrap_or_default()
}

/// Says again what the earlier parts said: the requirements, how much of the plan is
/// written, and what the next file builds on.
fn recap(story: &SnapshotStory, place: usize) -> Document {
    let mut document = header(story);
    let files = &story.plan.files;
    let mut text = format!("\nRequirements\n\n{}\n\n", story.requirements.text);
    let _ = writeln!(text, "{place} of the {} files of the plan are written.", files.len());
    let next = files.get(place).map(|file| &file.uses);
    let used = files.iter().filter(|file| next.is_some_and(|uses| uses.contains(&file.path)));
    for file in used {
        let _ = writeln!(text, "Written: {}", planned(file));
    }
    document.push(SpanKind::Recap, &text, NOWHERE);
    document
}

/// Documents that fill up.
struct Parts {
    done: Vec<Document>,
    /// How long the opening of the last one is.
    opening: usize,
    limit: usize,
}

impl Parts {
    fn new(opening: Document, limit: usize) -> Self {
        Self { opening: opening.text.len(), done: vec![opening], limit }
    }

    /// Returns true when a piece has to go to another document: the last one holds
    /// something and would be too long.
    fn is_full(&self, piece: &Document) -> bool {
        let length = self.done.last().map_or(0, |last| last.text.len());
        length > self.opening && length + piece.text.len() > self.limit
    }

    fn add(&mut self, piece: &Document, opening: impl FnOnce() -> Document) {
        if self.is_full(piece) {
            let opening = opening();
            self.opening = opening.text.len();
            self.done.push(opening);
        }
        if let Some(last) = self.done.last_mut() {
            last.append(piece);
        }
    }
}

/// Puts the written bytes of documents together again, by file.
pub fn written(documents: &[Document]) -> BTreeMap<RepoPath, String> {
    let mut files: BTreeMap<RepoPath, String> = BTreeMap::new();
    for document in documents {
        for span in document.spans.iter().filter(|span| span.kind == SpanKind::WriteContent) {
            let Some(path) = &span.path else { continue };
            let text = &document.text[span.byte_start..span.byte_end];
            files.entry(path.clone()).or_default().push_str(text);
        }
    }
    files
}
