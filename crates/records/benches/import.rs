//! How fast are dumps read, and how much memory does a long log take?
//!
//! In: `[ndjson|junit|log] [MEGABYTES]`; one form per process, so that peak memory is
//! of that form alone. Without a form: each in turn, in one process. Out: one
//! JSON line a form: megabytes per CPU-second, and the peak memory so far.

#![expect(clippy::print_stdout, reason = "the lines are the output of this program")]

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use backstory_records::{ImportOptions, RecordFolder, import};
use rustix::time::{ClockId, clock_gettime};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let megabytes = words.iter().find_map(|word| word.parse().ok());
    let forms: [(&str, Written, usize); 3] =
        [("ndjson", ndjson, 200), ("junit", junit, 200), ("log", log, 1_000)];
    for (name, write, usual) in forms {
        let chosen = words.iter().any(|word| word == name);
        if chosen || !words.iter().any(|word| forms.iter().any(|(form, ..)| word == form)) {
            measure(name, write, megabytes.unwrap_or(usual))?;
        }
    }
    Ok(())
}

type Written = fn(&mut dyn Write, usize) -> std::io::Result<()>;

fn measure(name: &str, write: Written, megabytes: usize) -> Result<(), Failure> {
    let temp = tempfile::tempdir()?;
    let path = temp.path().join(name);
    let mut file = BufWriter::new(File::create(&path)?);
    write(&mut file, megabytes * 1_000_000)?;
    drop(file);
    let bytes = std::fs::metadata(&path)?.len();
    let folder = RecordFolder::open(&temp.path().join("records"))?;
    let before = cpu_time();
    let imported = import(&[path], &folder, &ImportOptions::default())?;
    let time = cpu_time().saturating_sub(before).as_secs_f64();
    let source = &imported.sources[0];
    let records: u64 = source.records.values().sum();
    let rate = f64::from(u32::try_from(bytes / 1_000)?) / 1e3 / time;
    println!(
        "{{\"form\":\"{name}\",\"bytes\":{bytes},\"records\":{records},\"broken\":{},\
         \"cpu_seconds\":{time:.2},\"mb_per_cpu_second\":{rate:.0},\"peak_mib\":{}}}",
        source.broken_count,
        peak_mib()?
    );
    Ok(())
}

/// Issues in the neutral format.
fn ndjson(out: &mut dyn Write, bytes: usize) -> std::io::Result<()> {
    let header = r#"{"kind":"header","format":"backstory-records","version":1,"repo":"acme/toy"}"#;
    let mut written = header.len() + 1;
    writeln!(out, "{header}")?;
    let body =
        "The parser fails on an empty file. \\\"Why?\\\" Because of a line end.\\n".repeat(12);
    for number in 1.. {
        let line = format!(
            r#"{{"kind":"issue","id":"issue:{number}","number":{number},"title":"Crash {number}","body":"{body}","author":"dev","labels":["bug"],"created_at":"2026-03-01T10:00:00Z"}}"#
        );
        written += line.len() + 1;
        writeln!(out, "{line}")?;
        if written >= bytes {
            break;
        }
    }
    Ok(())
}

/// A report of pytest in which one test of ten fails.
fn junit(out: &mut dyn Write, bytes: usize) -> std::io::Result<()> {
    let mut written = 0;
    write!(out, "<testsuites name=\"pytest tests\"><testsuite name=\"pytest\">")?;
    let failure = "E       AssertionError: assert 1 == 2 &lt;here&gt;\n".repeat(40);
    for number in 0_u64.. {
        let head = format!(
            "<testcase classname=\"tests.test_m{}.TestCase\" name=\"test_{number}[a &amp; b]\" time=\"0.004\"",
            number % 97
        );
        let tail = match number % 10 {
            0 => format!("><failure message=\"assert 1 == 2\">{failure}</failure></testcase>"),
            1 => format!("><system-out>{failure}</system-out></testcase>"),
            _ => " />".to_owned(),
        };
        written += head.len() + tail.len();
        write!(out, "{head}{tail}")?;
        if written >= bytes {
            break;
        }
    }
    write!(out, "</testsuite></testsuites>")
}

/// A log of a job that is one line but for its first.
fn log(out: &mut dyn Write, bytes: usize) -> std::io::Result<()> {
    writeln!(out, "2026-03-01T10:00:00.1234567Z begins")?;
    write!(out, "2026-03-01T10:00:01.1234567Z ")?;
    let piece: Vec<u8> = (0_u32..100_000)
        .map(|at| b'a' + u8::try_from((at.wrapping_mul(7919) >> 7) % 26).unwrap_or_default())
        .collect();
    for _ in 0..bytes / piece.len() {
        out.write_all(&piece)?;
    }
    Ok(())
}

/// Returns the most memory this process held.
fn peak_mib() -> Result<u64, Failure> {
    let status = std::io::read_to_string(File::open(Path::new("/proc/self/status"))?)?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).ok_or("no peak")?;
    let number = line.split_ascii_whitespace().nth(1).ok_or("no number")?;
    Ok(number.parse::<u64>()? / 1024)
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(time.tv_sec.unsigned_abs(), nanoseconds)
}
