//! Which lines of a text did its author write, and which are quoted?
//!
//! In: a commit message or the body of a change. Out: the same text, byte for
//! byte as long, with quoted parts blanked out: block quotes, code fences, `<details>`,
//! and everything a dependency update copies from elsewhere. Ranges found in
//! the blanked text are therefore ranges of the text itself.

use std::sync::LazyLock;

use regex::Regex;

/// Lines from which on a text is release notes of another project.
static UPDATE_NOTES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\s*(?:
            Bumps\s+(?:\[|the\s)                # dependabot
          | (?:Updates|Bump|Update)\s+(?:\[|`) # dependabot, several packages
          | updates:\s*$                        # pre-commit.ci
          | This\ PR\ contains\ the\ following\ updates  # renovate
          | \#{1,6}\s+Release\ Notes
          | Release\ notes\s*$
          | \#{1,6}\s+What's\ Changed
          | Squashed\s+'[^']*'\s+(?:changes|content)\s  # git subtree
        )",
    )
    .expect("the pattern is valid")
});

/// A line of generated release notes, e.g., `* Fix it by @ada in #12`.
static NOTE_LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bby @[a-z0-9-]+(?:\[bot\])? in (?:#\d|https?://)")
        .expect("the pattern is valid")
});

static REVERTED_SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?m)^(?:\* )?(?:Revert|Reapply|Back out|Undo) ".*""#)
        .expect("the pattern is valid")
});

/// Returns the text with everything quoted replaced by spaces.
pub(crate) fn own_text(text: &str) -> String {
    let mut own = String::with_capacity(text.len());
    let mut reader = Reader::default();
    for line in text.split_inclusive('\n') {
        if reader.is_own(line) {
            own.push_str(line);
        } else {
            own.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        }
    }
    blank_reverted_subjects(own)
}

/// What a reverted commit said it fixed is not fixed by the revert.
fn blank_reverted_subjects(mut own: String) -> String {
    let ranges: Vec<_> = REVERTED_SUBJECT.find_iter(&own).map(|found| found.range()).collect();
    for range in ranges {
        let spaces = " ".repeat(range.len());
        own.replace_range(range, &spaces);
    }
    own
}

#[derive(Default)]
struct Reader {
    in_fence: bool,
    details: u32,
    in_update: bool,
}

impl Reader {
    /// Takes in one line and says whether its author wrote it.
    fn is_own(&mut self, line: &str) -> bool {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            self.in_fence = !self.in_fence;
            return false;
        }
        let (opened, closed) = (count(line, "<details"), count(line, "</details"));
        let inside = self.details > 0 || opened > 0;
        self.details = (self.details + opened).saturating_sub(closed);
        self.in_update |= !self.in_fence && UPDATE_NOTES.is_match(line);
        let quoted = trimmed.starts_with('>') || inside || self.in_fence || self.in_update;
        !quoted && !NOTE_LINE.is_match(line)
    }
}

fn count(line: &str, tag: &str) -> u32 {
    u32::try_from(line.matches(tag).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::own_text;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        own_text(text).split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn quotes_fences_and_details_are_blanked() {
        let text = "a\n> b #1\n```\nc #2\n```\nd\n<details>\ne #3\n</details>\nf";
        assert_eq!(words(text), ["a", "d", "f"]);
    }

    #[test]
    fn everything_after_an_update_notice_is_blanked() {
        for notice in [
            "Bumps [click](https://github.com/pallets/click) from 8.0 to 8.1.",
            "Updates `click` from 8.0 to 8.1",
            "updates:",
            "This PR contains the following updates:",
            "## What's Changed",
            "Squashed 'vendor/click/' changes from 1a2b3c4..5d6e7f8",
            "Squashed 'vendor/click/' content from commit 1a2b3c4",
        ] {
            assert_eq!(words(&format!("own\n\n{notice}\n- fixes #12\n")), ["own"], "{notice}");
        }
    }

    #[test]
    fn generated_note_lines_and_reverted_subjects_are_blanked() {
        assert_eq!(words("* Fix it by @ada in #12\nown"), ["own"]);
        assert_eq!(words("Revert \"Fix it, closes #12\" (#34)"), ["(#34)"]);
    }

    #[test]
    fn a_sentence_about_updates_is_kept() {
        assert_eq!(words("Updates the parser, fixes #12").len(), 5);
    }

    proptest! {
        #[test]
        fn offsets_stay_what_they_were(text in ".{0,40}(\n.{0,40}){0,6}") {
            let own = own_text(&text);
            prop_assert_eq!(own.len(), text.len());
            for (index, byte) in own.bytes().enumerate() {
                prop_assert!(byte == b' ' || byte == text.as_bytes()[index]);
            }
        }
    }
}
