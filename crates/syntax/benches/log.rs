//! Which failing parts are found in a folder of real CI logs, and at what speed?
//!
//! In: `DIR [--show]`. Out: one JSON line: how many logs, how many hold a step
//! that says it failed, for how many a tool's own report was found, and how
//! fast; with `--show` one line a log before it. Stops where a range does not
//! begin and end with a line.

#![expect(clippy::print_stdout, reason = "the lines are the output of this program")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

use backstory_syntax::log::{FailureKind, LogParts, log_parts};
use rustix::time::{ClockId, clock_gettime};

#[derive(Default)]
struct Figures {
    logs: u32,
    bytes: usize,
    lines: usize,
    exit: u32,
    exit_line: u32,
    failing: u32,
    explained: u32,
    placed: u32,
    kinds: BTreeMap<String, u32>,
    explained_bytes: usize,
    explained_logs_bytes: usize,
    time: Duration,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let folder = arguments.iter().find(|word| !word.starts_with('-')).ok_or("no DIR given")?;
    let show = arguments.iter().any(|word| word == "--show");
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    let mut figures = Figures::default();
    for path in paths.iter().filter(|path| path.is_file()) {
        measure(path, show, &mut figures)?;
    }
    print(&figures);
    Ok(())
}

fn measure(path: &Path, show: bool, figures: &mut Figures) -> Result<(), Box<dyn Error>> {
    let log = std::io::Read::bytes(std::io::BufReader::new(std::fs::File::open(path)?))
        .collect::<Result<Vec<u8>, _>>()?;
    let before = cpu_time();
    let parts = log_parts(&log);
    figures.time += cpu_time().saturating_sub(before);
    check(&log, &parts, path)?;
    figures.logs += 1;
    figures.bytes += log.len();
    figures.lines += memchr::memchr_iter(b'\n', &log).count();
    let code = b"##[error]Process completed with exit code ";
    figures.exit_line += u32::from(memchr::memmem::find(&log, code).is_some());
    figures.exit += u32::from(parts.steps.iter().any(|step| step.exit.is_some()));
    let own = |kind: FailureKind| kind != FailureKind::ExitCode;
    if parts.failing_steps().next().is_some() {
        figures.failing += 1;
        let explained = parts.explanation().any(|(_, part)| own(part.kind));
        figures.explained += u32::from(explained);
        figures.placed += u32::from(!parts.places.is_empty());
        figures.explained_logs_bytes += log.len();
        figures.explained_bytes +=
            parts.explanation().map(|(_, part)| part.range.len()).sum::<usize>();
    }
    let mut kinds: Vec<_> =
        parts.explanation().map(|(_, part)| format!("{:?}", part.kind)).collect();
    kinds.sort();
    kinds.dedup();
    if show {
        let places = parts.places.len();
        println!("{} steps {} {kinds:?} places {places}", path.display(), parts.steps.len());
    }
    for kind in kinds {
        *figures.kinds.entry(kind).or_default() += 1;
    }
    Ok(())
}

/// Every part is whole lines, in order, within the log.
fn check(log: &[u8], parts: &LogParts, path: &Path) -> Result<(), String> {
    for part in &parts.failures {
        let begins = part.range.start == 0 || log[part.range.start - 1] == b'\n';
        let ends = part.range.end == log.len()
            || matches!(log[part.range.end], b'\n' | b'\r')
            || log[part.range.end - 1] == b'\n';
        if !begins || !ends {
            return Err(format!("{}: {part:?} is not whole lines", path.display()));
        }
    }
    for place in &parts.places {
        let text = &log[place.range.clone()];
        if memchr::memmem::find(text, place.line.to_string().as_bytes()).is_none() {
            return Err(format!("{}: {place:?} does not hold its line", path.display()));
        }
    }
    Ok(())
}

fn print(figures: &Figures) {
    let kinds: Vec<String> =
        figures.kinds.iter().map(|(kind, count)| format!("\"{kind}\":{count}")).collect();
    let kilobytes = u32::try_from(figures.bytes / 1_000).unwrap_or(u32::MAX);
    let rate = f64::from(kilobytes) / 1e3 / figures.time.as_secs_f64().max(1e-9);
    println!(
        "{{\"logs\":{},\"bytes\":{},\"lines\":{},\"exit_line\":{},\"exit\":{},\"failing\":{},\
         \"explained\":{},\"placed\":{},\"part_bytes\":{},\"of_bytes\":{},\"kinds\":{{{}}},\"mb_per_cpu_second\":{rate:.0}}}",
        figures.logs,
        figures.bytes,
        figures.lines,
        figures.exit_line,
        figures.exit,
        figures.failing,
        figures.explained,
        figures.placed,
        figures.explained_bytes,
        figures.explained_logs_bytes,
        kinds.join(",")
    );
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(time.tv_sec.unsigned_abs(), nanoseconds)
}
