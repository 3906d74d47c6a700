//! How does one trajectory read in a terminal?
//!
//! In: a trajectory, its stored bodies, the width of the terminal. Out: text
//! with the phases as headings and a badge on every step that says how it is
//! known. Foreign text loses every control character but line feed and tab.

use std::fmt::Write as _;

use backstory_model::{
    Action, Content, Observation, Phase, Provenance, Role, Step, Tier, Trajectory,
};

use crate::dialect::observe;
use crate::{Bodies, label};

/// The most lines of one observation, edit or message that are shown.
const EXCERPT: usize = 14;
/// The most lines of a run that failed; what failed stands at its end.
const FAILURE: usize = 40;

/// Writes the trajectory as text for a terminal of `width` columns.
pub fn narrate(trajectory: &Trajectory, bodies: &dyn Bodies, width: usize) -> String {
    let mut page = Page::new(width);
    title(&mut page, trajectory);
    let mut phase = None;
    for (index, step) in trajectory.steps.iter().enumerate() {
        if phase != Some(step.phase) {
            phase = Some(step.phase);
            heading(&mut page, step.phase);
        }
        tell(&mut page, index + 1, step, bodies);
    }
    page.text
}

/// A text for a terminal that grows line by line.
pub(crate) struct Page {
    pub(crate) text: String,
    width: usize,
}

impl Page {
    /// Starts an empty page.
    pub(crate) fn new(width: usize) -> Self {
        Self { text: String::new(), width: width.max(40) }
    }

    /// Writes one line, made harmless and cut to the width.
    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(&cut(&harmless(line), self.width));
        self.text.push('\n');
    }

    /// Writes the line of a step; what it does gives way before how it is known.
    pub(crate) fn step(&mut self, number: usize, what: &str, badge: &str) {
        let (what, badge) = (harmless(what), harmless(badge));
        let room = self.width.saturating_sub(8 + badge.chars().count()).max(12);
        let line = format!("{number:>4}. {}  {badge}", cut(&what, room));
        self.text.push_str(&cut(&line, self.width));
        self.text.push('\n');
    }

    /// Writes the last lines of what a run printed, more where it failed.
    fn run(&mut self, output: &str, status: Option<i32>) {
        let most = if status == Some(0) { EXCERPT } else { FAILURE };
        for line in ending(output, most).lines() {
            self.line(&format!("      | {line}"));
        }
    }

    /// Writes the first lines of a text, each behind `mark`.
    pub(crate) fn excerpt(&mut self, mark: &str, text: &str) {
        let lines: Vec<&str> = text.lines().collect();
        for line in lines.iter().take(EXCERPT) {
            self.line(&format!("{mark}{line}"));
        }
        if lines.len() > EXCERPT {
            self.line(&format!("{mark}… {} more lines", lines.len() - EXCERPT));
        }
    }
}

/// Returns the last lines of a text behind a line that counts the others.
fn ending(text: &str, most: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let hidden = lines.len().saturating_sub(most);
    let mut shown = Vec::with_capacity(most + 1);
    let above = format!("… {hidden} lines above");
    if hidden > 0 {
        shown.push(above.as_str());
    }
    shown.extend(&lines[hidden..]);
    shown.join("\n")
}

/// Cuts a text to so many characters, the last of which says that it was cut.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Replaces what could move the cursor, change colors or reorder text.
fn harmless(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        let reorders = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
        if (c.is_control() && c != '\t') || reorders {
            write!(clean, "\\u{{{:x}}}", u32::from(c)).expect("writing to a string cannot fail");
        } else {
            clean.push(c);
        }
    }
    clean
}

fn title(page: &mut Page, trajectory: &Trajectory) {
    let unit = &trajectory.unit;
    page.line(&format!("{} · {}", unit.id, unit.repo));
    let base = unit.base.as_ref().map_or("the empty tree", |commit| &commit.as_str()[..12]);
    page.line(&format!("{base} → {}", &unit.head.as_str()[..12]));
    let (sequence, reason) = label::sequence(&unit.sequence);
    let why = reason.map_or(String::new(), |why| format!(" ({why})"));
    let states = unit.states.len();
    let plural = if states == 1 { "" } else { "s" };
    page.line(&format!("{states} state{plural}, {sequence}{why}"));
    let labels = &unit.labels;
    page.line(&format!(
        "{} files, +{} −{}, license {}",
        labels.files,
        labels.lines_added,
        labels.lines_removed,
        label::license(trajectory).unwrap_or("not found"),
    ));
    let requirement = &trajectory.requirement;
    let flags: Vec<String> = requirement.flags.iter().map(|flag| label::flag(*flag)).collect();
    let gives = if flags.is_empty() {
        String::new()
    } else {
        format!(", gives away: {}", flags.join(", "))
    };
    page.line(&format!(
        "requirement from {}{gives}",
        label::requirement_source(requirement.source)
    ));
}

fn heading(page: &mut Page, phase: Phase) {
    page.text.push('\n');
    page.line(&format!("── {} ──", phase.as_str()));
}

fn tell(page: &mut Page, number: usize, step: &Step, bodies: &dyn Bodies) {
    page.step(number, &summary(&step.action), &badge(&step.choice, step.hindsight));
    if let Some(thought) = &step.thought {
        page.excerpt(&format!("      {} ", badge(&thought.provenance, false)), &thought.text);
    }
    match &step.action {
        Action::Message { text, .. } => page.excerpt("      ", text),
        Action::Edit { old, new, .. } => {
            page.excerpt("      - ", old);
            page.excerpt("      + ", new);
        }
        Action::Create { content: Content::Text { blob }, .. } => match bodies.text(blob) {
            Ok(text) => page.excerpt("      + ", &text),
            Err(error) => page.line(&format!("      [{error}]")),
        },
        _ => {}
    }
    observed(page, step, bodies);
}

/// Says in one line what a step does.
fn summary(action: &Action) -> String {
    match action {
        Action::Message { role: Role::User, .. } => "the user asks".to_owned(),
        Action::Message { role: Role::Agent, .. } => "the author notes".to_owned(),
        Action::Search { pattern, whole_word: true } => format!("search the word `{pattern}`"),
        Action::Search { pattern, whole_word: false } => format!("search `{pattern}`"),
        Action::List { path, .. } if path.is_root() => "list the root".to_owned(),
        Action::List { path, .. } => format!("list {path}"),
        Action::View { path, start, end } => format!("read {path}:{start}-{end}"),
        Action::Edit { path, .. } => format!("edit {path}"),
        Action::Create { path, mode, content } => match content {
            Content::Text { .. } => format!("write {path} ({})", mode.as_tree_text()),
            Content::Opaque { blob, .. } => {
                format!("write {path} ({}), content {} not shown", mode.as_tree_text(), blob)
            }
        },
        Action::Delete { path } => format!("delete {path}"),
        Action::Rename { from, to } => format!("rename {from} to {to}"),
        Action::SetMode { path, mode } => {
            format!("set the mode of {path} to {}", mode.as_tree_text())
        }
        Action::RunTests { command } => format!("run {}", command.join(" ")),
        Action::CiReport { .. } => observe::report_of_ci(action),
        Action::Finish { message } => format!("finish: {message}"),
    }
}

/// Says how a part is known, e.g., `[derived read/edit-target · hindsight]`.
pub(crate) fn badge(known: &Provenance, hindsight: bool) -> String {
    let source = match known {
        Provenance::Derived { rule, .. } => format!(" {rule}"),
        Provenance::Observed { evidence } => {
            evidence.first().map_or(String::new(), |first| format!(" {}", short(first.as_str())))
        }
        Provenance::Executed { execution } => format!(" {execution}"),
        Provenance::Synthesized { model, .. } => format!(" {model}"),
    };
    let hindsight = if hindsight { " · hindsight" } else { "" };
    format!("[{}{source}{hindsight}]", known.tier().as_str())
}

/// Cuts the hexadecimal part of a pointer to the length people read.
fn short(pointer: &str) -> &str {
    match pointer.split_once(':') {
        Some((kind, id)) if id.len() == 40 && id.is_ascii() => &pointer[..kind.len() + 13],
        _ => pointer,
    }
}

fn observed(page: &mut Page, step: &Step, bodies: &dyn Bodies) {
    let Some(seen) = &step.observation else { return };
    match &seen.content {
        Observation::Hits { hits, total, files } => {
            let lines: Vec<String> =
                hits.iter().map(|hit| format!("{}:{}: {}", hit.path, hit.line, hit.text)).collect();
            page.line(&format!("      {total} lines in {files} files"));
            page.excerpt("      | ", &lines.join("\n"));
        }
        Observation::Entries { entries, total } => {
            let lines: Vec<String> = entries.iter().map(|entry| entry.path.to_string()).collect();
            page.line(&format!("      {total} names"));
            page.excerpt("      | ", &lines.join("\n"));
        }
        Observation::Lines { blob, .. } => match (bodies.text(blob), &step.action) {
            (Ok(text), Action::View { start, end, .. }) => {
                let count = (*end as usize + 1).saturating_sub(*start as usize);
                let first = (*start as usize).saturating_sub(1);
                let lines: Vec<&str> =
                    text.split_terminator('\n').skip(first).take(count).collect();
                page.excerpt("      | ", &lines.join("\n"));
            }
            (Err(error), _) => page.line(&format!("      [{error}]")),
            (Ok(_), _) => {}
        },
        Observation::Applied { .. } if seen.provenance.tier() == Tier::Observed => {}
        Observation::Applied { .. } => {
            page.line(&format!("      result {}", badge(&seen.provenance, false)));
        }
        Observation::CiLog { start, end, output, .. } => {
            page.line(&format!(
                "      bytes {start} to {end} of the log  {}",
                badge(&seen.provenance, false)
            ));
            let red =
                matches!(&step.action, Action::CiReport { conclusion, .. } if conclusion.is_red());
            match bodies.bytes(output) {
                Ok(bytes) => page.run(&String::from_utf8_lossy(&bytes), Some(i32::from(red))),
                Err(error) => page.line(&format!("      [{error}]")),
            }
        }
        Observation::TestOutput { output, status } => {
            let ended = status.map_or("ended from outside".to_owned(), |s| format!("exit {s}"));
            page.line(&format!("      {ended}  {}", badge(&seen.provenance, false)));
            match bodies.bytes(output) {
                Ok(bytes) => page.run(&String::from_utf8_lossy(&bytes), *status),
                Err(error) => page.line(&format!("      [{error}]")),
            }
        }
    }
}
