//! How does the program speak: data on stdout, talk on stderr?
//!
//! In: lines and progress. Out: stdout for data alone, stderr for everything
//! else; bars on a terminal, plain lines elsewhere. Nothing that comes from a
//! repository can steer the terminal: control bytes are replaced.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Failure;

/// Where the program speaks to.
#[derive(Debug)]
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
        if self.silent {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        let written = out.write_all(inert(text).as_bytes()).and_then(|()| out.flush());
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

/// Replaces every control character but line feed and tab.
pub(crate) fn inert(text: &str) -> String {
    text.chars()
        .map(
            |c| {
                if c.is_control() && c != '\n' && c != '\t' {
                    char::REPLACEMENT_CHARACTER
                } else {
                    c
                }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::inert;

    #[test]
    fn escape_sequences_become_inert() {
        assert_eq!(inert("a\u{1b}[31mb\r\n\tc"), "a\u{fffd}[31mb\u{fffd}\n\tc");
    }
}
