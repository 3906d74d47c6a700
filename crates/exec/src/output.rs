//! What did a run print, without what differs each time?
//!
//! In: the bytes of both streams as they came, which nobody trusts. Out: text
//! without escape sequences, in which durations, addresses and made-up names are
//! words in brackets; of a long one the beginning and the end. See "What is
//! stored" in `docs/execution.md`.

use std::borrow::Cow;
use std::sync::LazyLock;

use backstory_model::OutputCut;
use regex::Regex;

/// How many bytes are kept from the beginning.
pub const HEAD: usize = 48 << 10;

/// How many bytes are kept from the end.
pub const TAIL: usize = 48 << 10;

/// What a run printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NormalizedOutput {
    /// The text; where some is left out, beginning and end without a mark between.
    pub text: String,
    /// What is left out, in bytes of the normalized text, and of what was printed
    /// where the sandbox did not keep it.
    pub cut: Option<OutputCut>,
}

/// Makes equal what differs between two runs of the same tests.
///
/// `cut` says what the sandbox left out between the beginning and the end.
pub fn normalize(printed: &[u8], cut: Option<OutputCut>) -> NormalizedOutput {
    let Some(cut) = cut else {
        let text = normalized(printed);
        if text.len() <= HEAD + TAIL {
            return NormalizedOutput { text, cut: None };
        }
        let (head, tail) = text.split_at(text.floor_char_boundary(HEAD));
        return joined(head, tail, 0);
    };
    let middle = usize::try_from(cut.head).unwrap_or(usize::MAX).min(printed.len());
    let (head, tail) = printed.split_at(middle);
    joined(&normalized(head), &normalized(tail), cut.left_out)
}

/// Joins the beginning of one text with the end of another.
fn joined(head: &str, tail: &str, left_out: u64) -> NormalizedOutput {
    let kept_head = &head[..head.floor_char_boundary(HEAD)];
    let kept_tail = &tail[tail.ceil_char_boundary(tail.len().saturating_sub(TAIL))..];
    let more = head.len() - kept_head.len() + tail.len() - kept_tail.len();
    let left_out = left_out.saturating_add(more as u64);
    let cut = Some(OutputCut { head: kept_head.len() as u64, left_out });
    NormalizedOutput { text: format!("{kept_head}{kept_tail}"), cut }
}

fn normalized(printed: &[u8]) -> String {
    let text = plain(&String::from_utf8_lossy(printed));
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        out.push_str(&timeless(line));
    }
    out
}

/// Removes escape sequences and what controls a terminal; every line ends with `\n`.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => skip_sequence(&mut characters),
            '\r' => {
                characters.next_if_eq(&'\n');
                out.push('\n');
            }
            '\n' | '\t' => out.push(character),
            _ if character.is_control() || changes_direction(character) => {}
            _ => out.push(character),
        }
    }
    out
}

/// Returns true for characters that show text in another order than it has.
fn changes_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// Skips what follows an escape character; a sequence ends at its line's end at the latest.
fn skip_sequence(characters: &mut std::iter::Peekable<std::str::Chars>) {
    let Some(kind) = characters.next_if(|next| (' '..='~').contains(next)) else { return };
    match kind {
        '[' => {
            while characters.next_if(|next| (' '..='?').contains(next)).is_some() {}
            characters.next_if(|next| ('@'..='~').contains(next));
        }
        ']' | 'P' | 'X' | '^' | '_' => {
            while let Some(next) = characters.next_if(|next| !matches!(next, '\n' | '\r')) {
                if next == '\u{7}' {
                    return;
                }
                if next == '\u{1b}' {
                    characters.next_if_eq(&'\\');
                    return;
                }
            }
        }
        ' '..='/' => {
            while characters.next_if(|next| (' '..='/').contains(next)).is_some() {}
            characters.next_if(|next| ('0'..='~').contains(next));
        }
        _ => {}
    }
}

/// Texts that differ each time, and what stands in their place.
static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let unit = "(?:s|ms|µs|us|ns|secs?|seconds?|milliseconds?)";
    let rules = [
        (format!(r"\[ *\d+\.\d+ ?{unit}\]"), "[[TIME]]"),
        (format!(r"\b\d+\.\d+ ?{unit}\b(?: \(\d+:\d\d:\d\d\))?"), "[TIME]"),
        // Whole numbers only where they can be nothing else.
        (format!(r"\bin \d+ ?{unit}\b"), "in [TIME]"),
        (format!(r"\(\d+ ?{unit}\)"), "([TIME])"),
        (r"\bduration_ms:? \d+(?:\.\d+)?".to_owned(), "duration_ms [TIME]"),
        (r"\b0x[0-9a-fA-F]{6,}".to_owned(), "0x[ADDRESS]"),
        (r"/proc/\d+".to_owned(), "/proc/N"),
        (r"(pytest-of-[^/\s]+/pytest-)\d+".to_owned(), "${1}N"),
        (r"/tmp/tmp[a-z0-9_]{8}\b".to_owned(), "/tmp/tmp[NAME]"),
        (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b".to_owned(), "[UUID]"),
        // pytest fills its last line up to a width: a longer duration leaves less of it.
        (r"(?m)^={2,} (.*\[TIME\].*?) ={2,}$".to_owned(), "===== $1 ====="),
    ];
    let compiled = |(pattern, with): (String, _)| {
        (Regex::new(&pattern).expect("the patterns are tested"), with)
    };
    rules.into_iter().map(compiled).collect()
});

fn timeless(line: &str) -> Cow<'_, str> {
    // Every rule needs a digit or a UUID, and most lines of an output have none.
    if !line.bytes().any(|byte| byte.is_ascii_digit() || byte == b'-') {
        return Cow::Borrowed(line);
    }
    let mut text = Cow::Borrowed(line);
    for (pattern, with) in RULES.iter() {
        if let Cow::Owned(changed) = pattern.replace_all(&text, *with) {
            text = Cow::Owned(changed);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use backstory_model::OutputCut;
    use proptest::prelude::*;

    use super::{HEAD, TAIL, normalize};

    fn text(printed: &str) -> String {
        normalize(printed.as_bytes(), None).text
    }

    #[test]
    fn what_differs_each_time_becomes_a_word() {
        let printed = [
            "================== 3 passed, 1 failed in 0.12s ==================",
            "===== 3 passed in 62.01s (0:01:02) =====",
            "Ran 3 tests in 0.001s",
            "done in 3.1 seconds",
            "        PASS [   0.221s] crate module::test",
            "ok  \tpkg\t0.005s",
            "--- PASS: TestA (0.00s)",
            "  \u{2713} adds (12 ms)",
            "# duration_ms 12.34",
            "<object at 0x7f3a5c0012d0> and 0xFF",
            "/proc/4711/fd /tmp/pytest-of-root/pytest-12/test_a0 /tmp/tmpab12_xyz/file",
            "Nextest run ID 30d073e7-c6ab-446f-b659-614e06d302f1",
            "E   assert '1 h 30 min' == '90 min' # 30 s, pytest-8.4.2, 2.5 GB",
        ];
        insta::assert_snapshot!(text(&printed.join("\n")), @"
        ===== 3 passed, 1 failed in [TIME] =====
        ===== 3 passed in [TIME] =====
        Ran 3 tests in [TIME]
        done in [TIME]
                PASS [[TIME]] crate module::test
        ok  	pkg	[TIME]
        --- PASS: TestA ([TIME])
          ✓ adds ([TIME])
        # duration_ms [TIME]
        <object at 0x[ADDRESS]> and 0xFF
        /proc/N/fd /tmp/pytest-of-root/pytest-N/test_a0 /tmp/tmp[NAME]/file
        Nextest run ID [UUID]
        E   assert '1 h 30 min' == '90 min' # 30 s, pytest-8.4.2, 2.5 GB
        ");
    }

    #[test]
    fn nothing_is_left_that_acts_on_a_terminal() {
        let printed = "\u{1b}[31mred\u{1b}[0m\u{7} \u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{7} \
            \u{1b}]52;c;aGk=\u{7}\u{1b}(Bb\u{1b}c \u{202e}left\u{9b}31m nul\0\u{8}\n\
            50%\r100%\r\nunfinished \u{1b}]0;title\nnext\u{1b}";
        insta::assert_debug_snapshot!(text(printed), @r#""red link b left31m nul\n50%\n100%\nunfinished \nnext""#);
    }

    #[test]
    fn the_beginning_and_the_end_of_a_long_output_are_kept() {
        let long = "a line of text\n".repeat(20_000);
        let whole = normalize(long.as_bytes(), None);
        let cut = whole.cut.unwrap();
        assert_eq!(cut.head, HEAD as u64);
        assert_eq!(whole.text.len(), HEAD + TAIL);
        assert_eq!(cut.left_out, (long.len() - HEAD - TAIL) as u64);

        let short = normalize(b"begin\nend\n", Some(OutputCut { head: 6, left_out: 1000 }));
        assert_eq!(short.text, "begin\nend\n");
        assert_eq!(short.cut, Some(OutputCut { head: 6, left_out: 1000 }));
    }

    proptest! {
        #[test]
        fn normalizing_again_changes_nothing(printed in "([0-9a-fx.: ()\\[\\]=/-]|[ -~]|\u{1b}|in 3s|0\\.1s|TIME|\n|\r|\\PC){0,80}") {
            let once = text(&printed);
            prop_assert_eq!(&text(&once), &once);
            prop_assert!(once.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'));
        }

        #[test]
        fn no_byte_is_lost_uncounted(
            printed in prop::collection::vec(any::<u8>(), 0..400),
            head in 0_u64..500,
        ) {
            let result = normalize(&printed, Some(OutputCut { head, left_out: 7 }));
            prop_assert_eq!(result.cut.unwrap().left_out, 7);
            prop_assert!(result.text.is_char_boundary(usize::try_from(result.cut.unwrap().head).unwrap()));
        }
    }
}
