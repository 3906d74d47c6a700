//! How fast are secrets found in a text, and what is taken for one?
//!
//! In: `FILE...` of any text. Out: for each its size, the number of secrets, and the
//! first tokens with what stands before them, on stdout. Run under `time`.

#![expect(clippy::print_stdout, reason = "the figures are the output of this program")]

use std::error::Error;
use std::path::Path;

use backstory_records::Redactor;
use backstory_store::fs;

const MOST: usize = 40;

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args().skip(1).filter(|argument| argument != "--bench") {
        let text = fs::read_file(Path::new(&path))?;
        let (told, count) = Redactor::default().redact(&text);
        println!("{path}: {} bytes, {count} secrets", text.len());
        let mut from = 0;
        for _ in 0..MOST {
            let Some(at) = memchr::memmem::find(&told[from..], b"[redacted:") else { break };
            let at = from + at;
            let shown = &told[at.saturating_sub(60)..told.len().min(at + 32)];
            println!("  {}", String::from_utf8_lossy(shown).escape_debug());
            from = at + 1;
        }
    }
    Ok(())
}
