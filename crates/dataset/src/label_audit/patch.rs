//! What does a patch that somebody published add, remove and touch?
//!
//! In: a unified diff, as lenient as published ones need it. Out: the lines and
//! paths; nothing is applied.

use std::collections::BTreeSet;

/// Added lines this long, without blanks at their ends, are told apart from chance.
const TELLING: usize = 25;

/// Returns the telling added lines that the patch does not remove as well.
pub(super) fn telling_lines(patch: &str) -> BTreeSet<&str> {
    let (mut added, mut removed) = (BTreeSet::new(), BTreeSet::new());
    let (mut old, mut new) = (0_usize, 0_usize);
    for line in patch.split('\n') {
        if old == 0 && new == 0 {
            (old, new) = line.strip_prefix("@@ -").and_then(counts).unwrap_or_default();
            continue;
        }
        match line.as_bytes().first() {
            Some(b'+') => {
                added.insert(line[1..].trim());
                new = new.saturating_sub(1);
            }
            Some(b'-') => {
                removed.insert(line[1..].trim());
                old = old.saturating_sub(1);
            }
            Some(b'\\') => {}
            _ => (old, new) = (old.saturating_sub(1), new.saturating_sub(1)),
        }
    }
    added.retain(|line| line.chars().count() >= TELLING && !removed.contains(line));
    added
}

/// Reads `1,2 +3,4 @@`.
fn counts(ranges: &str) -> Option<(usize, usize)> {
    let (old, rest) = ranges.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let count = |range: &str| match range.split_once(',') {
        Some((_, count)) => count.parse().ok(),
        None => Some(1),
    };
    Some((count(old)?, count(new)?))
}

/// Returns the paths of all files of the patch.
pub(super) fn paths(patch: &str) -> Vec<String> {
    let names = patch.lines().filter_map(|line| line.strip_prefix("diff --git "));
    names.filter_map(|names| Some(names.rsplit_once(" b/")?.1.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PATCH: &str = "diff --git a/src/a.py b/src/a.py
--- a/src/a.py
+++ b/src/a.py
@@ -1,2 +1,4 @@ def a():
-    return the_first_of(everything)
+    return the_first_of(everything)  
+    return the_last_of(everything_else)
+++ counter_that_is_long_enough
 x
";

    #[test]
    fn moved_lines_and_headers_tell_nothing() {
        let lines: Vec<&str> = telling_lines(PATCH).into_iter().collect();
        assert_eq!(
            lines,
            ["++ counter_that_is_long_enough", "return the_last_of(everything_else)"]
        );
        assert_eq!(paths(PATCH), ["src/a.py"]);
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text in any::<String>()) {
            let _ = (telling_lines(&text), paths(&text));
            let headed = format!("@@ -1,9 +1,9 @@\n{text}");
            let _ = telling_lines(&headed);
        }
    }
}
