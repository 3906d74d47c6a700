//! Which definition stands around some lines that were shown?
//!
//! In: numbered lines as they were shown, and lines of them. Out: the name behind the
//! nearest word above that defines something. No grammar is asked: what is said of an edit
//! must follow from what was shown.

use super::words::{Kind, pieces};

/// Words that define what follows them.
const DEFINING: [&str; 9] =
    ["class", "def", "enum", "fn", "func", "function", "interface", "struct", "trait"];

/// Words that stand before those.
const MODIFIERS: [&str; 10] = [
    "abstract", "async", "const", "default", "export", "final", "private", "pub", "public",
    "static",
];

/// Finds the definition that holds the first line of `part`, or begins there.
///
/// `shown` has a number and a tab before each line of the file; other lines do not count.
pub(super) fn definition_around<'s>(shown: &'s str, part: &str) -> Option<&'s str> {
    let first = part.lines().map(str::trim).find(|line| !line.is_empty())?;
    let lines: Vec<&str> =
        shown.lines().filter_map(|line| Some(line.split_once('\t')?.1)).collect();
    let at = lines.iter().position(|line| line.trim() == first)?;
    lines[..=at].iter().rev().find_map(|line| defined(line))
}

/// Returns the name that a line defines.
fn defined(line: &str) -> Option<&str> {
    let words = pieces(line);
    let modifiers = words.iter().take_while(|piece| MODIFIERS.contains(&piece.text)).count();
    let defining = words.get(modifiers).filter(|piece| DEFINING.contains(&piece.text));
    let name = words.get(defining.map(|_| modifiers + 1)?)?;
    (name.kind == Kind::Word).then_some(name.text)
}

#[cfg(test)]
mod tests {
    use super::definition_around;

    #[test]
    fn the_nearest_definition_above_is_found() {
        let shown = "lines 1 to 6 of 9\n     1\tclass Cart:\n     2\t    def add(self):\n     \
            3\t        self.n += 1\n     4\t\n     5\tpub async fn run() {\n     6\t    go();\n";
        assert_eq!(definition_around(shown, "        self.n += 1\n"), Some("add"));
        assert_eq!(definition_around(shown, "\n    def add(self):\n"), Some("add"));
        assert_eq!(definition_around(shown, "class Cart:\n"), Some("Cart"));
        assert_eq!(definition_around(shown, "go();"), Some("run"));
        assert_eq!(definition_around(shown, "stop();"), None);
        assert_eq!(definition_around("     1\t# the class of it\n", "# the class of it"), None);
    }
}
