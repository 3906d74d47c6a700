//! How does the program speak: data on stdout, talk on stderr?
//!
//! In: lines and progress. Out: stdout for data alone, stderr for everything
//! else; bars on a terminal, plain lines elsewhere. Nothing that comes from a
//! repository can steer the terminal: control bytes are replaced.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::Failure;

/// Where the program speaks to.
#[derive(Clone, Debug)]
pub struct Talk {
    bars: bool,
    silent: bool,
}

impl Talk {
    /// Speaks to this process's stdout and stderr.
    pub fn to_terminal() -> Self {
        Self { bars: io::stderr().is_terminal(), silent: false }
    }

    /// Says nothing at all; for callers that want the result alone.
    pub fn silent() -> Self {
        Self { bars: false, silent: true }
    }

    /// Says one thing to the person at the terminal.
    pub fn say(&self, text: &str) {
        if !self.silent {
            // There is nowhere left to say that stderr is closed.
            let _ = writeln!(io::stderr().lock(), "{}", inert(text));
        }
    }

    /// Writes data; a reader that went away is no error.
    pub fn data(&self, text: &str) -> Result<(), Failure> {
        self.write(&inert(text))
    }

    /// Writes a value as one line of JSON; its texts stay what they are.
    pub fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let json = serde_json::to_string(value)
            .map_err(|error| Failure::of(error, "failed to write the report as JSON"))?;
        self.json_text(&json)
    }

    /// Writes text that is JSON already; its values stay what they are.
    pub fn json_text(&self, json: &str) -> Result<(), Failure> {
        self.write(&format!("{}\n", inert_json(json)))
    }

    fn write(&self, text: &str) -> Result<(), Failure> {
        if self.silent {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::of(error, "failed to write to stdout"))
            }
            _ => Ok(()),
        }
    }

    /// Begins a stage of `total` pieces.
    pub fn stage(&self, label: &str, total: usize) -> Stage {
        let total = total as u64;
        let label = inert(label);
        let bar = if self.bars {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total).with_style(style).with_message(label.clone())
        } else {
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden())
        };
        let plain = !self.bars && !self.silent;
        Stage { label, total, bar, plain, done: AtomicU64::new(0) }
    }
}

/// The progress of one stage.
#[derive(Debug)]
pub struct Stage {
    label: String,
    total: u64,
    bar: ProgressBar,
    plain: bool,
    done: AtomicU64,
}

impl Stage {
    /// Counts one finished piece; on plain output every tenth part is a line.
    pub fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::SeqCst) + 1;
        self.bar.inc(1);
        let tenth = done * 10 / self.total.max(1) != (done - 1) * 10 / self.total.max(1);
        if self.plain && tenth && (self.total >= 200 || done == self.total) {
            let line = format!("{}: {done} of {}", self.label, self.total);
            // There is nowhere left to say that stderr is closed.
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
    }

    /// Ends the stage.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}

/// Replaces what could steer a terminal: control characters but line feed and
/// tab, and characters that turn the direction of text or take no room.
pub(crate) fn inert(text: &str) -> String {
    let steers = |c: char| (c.is_control() && c != '\n' && c != '\t') || is_unseen(c);
    text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Returns foreign text as it may stand within one line of a table.
pub(crate) fn cell(text: &str) -> String {
    inert(text).replace(['\n', '\t'], "\u{fffd}")
}

/// Writes what could steer a terminal as JSON escapes, so that the value stays the same.
fn inert_json(json: &str) -> String {
    let mut inert = String::with_capacity(json.len());
    for c in json.chars() {
        if (c.is_control() && c != '\n') || is_unseen(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                write!(inert, "\\u{unit:04x}").expect("writing to a string cannot fail");
            }
        } else {
            inert.push(c);
        }
    }
    inert
}

/// Returns true for characters that hide text or show it in another order.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::{cell, inert, inert_json};

    #[test]
    fn escape_sequences_become_inert() {
        assert_eq!(inert("a\u{1b}[31mb\r\n\tc"), "a\u{fffd}[31mb\u{fffd}\n\tc");
        assert_eq!(
            inert("\u{1b}]8;;http://x\u{7}a\u{9b}2J"),
            "\u{fffd}]8;;http://x\u{fffd}a\u{fffd}2J"
        );
    }

    #[test]
    fn text_cannot_be_shown_in_another_order_or_hidden() {
        assert_eq!(inert("a\u{202e}b\u{2066}c\u{200b}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
        assert_eq!(inert("naïve 日本 é"), "naïve 日本 é");
        assert_eq!(cell("a\nb\tc"), "a\u{fffd}b\u{fffd}c");
    }

    #[test]
    fn json_keeps_its_values() {
        let value = "a\u{202e}\u{9b}\u{e0001}é";
        let json = serde_json::to_string(value).unwrap();
        let inert = inert_json(&json);
        assert!(inert.chars().all(|c| !c.is_control() && c != '\u{202e}'));
        assert_eq!(serde_json::from_str::<String>(&inert).unwrap(), value);
    }
}
