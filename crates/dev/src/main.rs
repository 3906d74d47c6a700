//! Which maintenance command did the developer ask for?
//!
//! `cargo dev check` looks for broken house rules, `cargo dev generate` writes
//! the reference pages. Exit codes are those of the `backstory` command.

use std::path::Path;
use std::process::ExitCode;

use backstory_dev::check::{self, Weight};
use backstory_dev::generate;
use backstory_dev::workspace::Workspace;
use backstory_model::exit;

const USAGE: &str = "usage: cargo dev check | cargo dev generate [--check]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["check"] => run_check(&root()),
        ["generate"] => run_generate(&root()),
        ["generate", "--check"] => run_drift(&root()),
        _ => {
            tell(USAGE);
            return ExitCode::from(exit::ERROR);
        }
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            tell(&format!("error: {error:#}"));
            ExitCode::from(exit::ERROR)
        }
    }
}

/// Returns the checkout this program was built from.
fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn run_check(root: &Path) -> anyhow::Result<u8> {
    let workspace = Workspace::load(root)?;
    let findings = check::all(&workspace);
    for finding in &findings {
        tell(&finding.to_string());
    }
    let broken = findings.iter().filter(|finding| finding.weight == Weight::Broken).count();
    let files = workspace.files.len();
    tell(&format!("checked {files} files: {broken} broken, {} to note", findings.len() - broken));
    Ok(if broken == 0 { exit::OK } else { exit::FINDINGS })
}

fn run_generate(root: &Path) -> anyhow::Result<u8> {
    for path in generate::write(root)? {
        tell(&format!("wrote {path}"));
    }
    Ok(exit::OK)
}

fn run_drift(root: &Path) -> anyhow::Result<u8> {
    let stale = generate::drift(root)?;
    for path in &stale {
        tell(&format!("{path} is out of date; run `cargo dev generate`"));
    }
    Ok(if stale.is_empty() { exit::OK } else { exit::FINDINGS })
}

#[expect(clippy::print_stderr, reason = "talking to the developer is the job of this program")]
fn tell(line: &str) {
    eprintln!("{line}");
}
