//! Which functions does a text name, and in which does a traceback end?

use std::collections::BTreeSet;

use super::definitions::Function;

/// Names up to this length are words like any other.
const SHORT_NAME: usize = 3;

/// The names of a text.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    words: BTreeSet<&'a str>,
    /// Those that are written as names are: called, quoted, or behind a dot.
    marked: BTreeSet<&'a str>,
    /// Base name of the file and name of the function, outermost call first.
    frames: Vec<(&'a str, &'a str)>,
}

impl<'a> Names<'a> {
    /// Reads a text.
    pub(super) fn of(text: &'a str) -> Self {
        let mut names =
            Self { frames: text.lines().filter_map(frame).collect(), ..Self::default() };
        let mut rest = text;
        let mut before = ' ';
        while let Some(from) = rest.find(is_part) {
            before = rest[..from].chars().next_back().unwrap_or(before);
            rest = &rest[from..];
            let to = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(to);
            names.words.insert(word);
            if matches!(before, '.' | '`') || after.starts_with(['(', '`']) {
                names.marked.insert(word);
            }
            rest = after;
        }
        names
    }

    /// Returns true when the function is named, by more than a word of the language.
    pub(super) fn has(&self, function: &Function) -> bool {
        let (name, class) = (function.own_name(), function.class());
        if name.starts_with("__") || name.len() <= SHORT_NAME {
            return !class.is_empty() && self.words.contains(name) && self.words.contains(class);
        }
        let is_plain = name.bytes().all(|byte| byte.is_ascii_lowercase());
        self.marked.contains(name) || (!is_plain && self.words.contains(name))
    }

    /// Returns true when the class of the function is named.
    pub(super) fn has_class(&self, function: &Function) -> bool {
        function.class().len() > SHORT_NAME && self.words.contains(function.class())
    }

    /// Returns how deep in a traceback the function stands: 0 where it does not, 1
    /// where the traceback ends in it, less further up.
    pub(super) fn traced(&self, function: &Function, file_name: &str) -> f64 {
        let is_it = |(file, name): &(&str, &str)| {
            *name == function.own_name() && file.eq_ignore_ascii_case(file_name)
        };
        match self.frames.iter().rev().position(is_it) {
            Some(up) => 1.0 / (1.0 + crate::number::real(up)),
            None => 0.0,
        }
    }
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Reads a line such as `File "/usr/lib/pkg/core.py", line 12, in run`.
fn frame(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.split_once("File \"")?;
    let (path, rest) = rest.split_once("\", line ")?;
    let (_, name) = rest.split_once(", in ")?;
    let name = name.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    Some((path.rsplit(['/', '\\']).next().unwrap_or(path), name))
}

#[cfg(test)]
mod tests {
    use backstory_model::LineRange;

    use super::{Function, Names};
    use crate::text::Bag;

    fn function(name: &str) -> Function {
        let lines = LineRange { start: 1, end: 2 };
        Function { file: 0, name: name.to_owned(), lines, body: Bag::default(), length: 2 }
    }

    #[test]
    fn words_are_names_only_beside_their_class() {
        let names =
            Names::of("`Reader.run` and __init__ of Reader; read or skip(), not Writer.read_line");
        for (name, is_named) in [
            ("Reader.run", true),
            ("Other.run", false),
            ("Reader.__init__", true),
            ("Other.__init__", false),
            ("Other.read_line", true),
            ("Reader.read", false),
            ("skip", true),
        ] {
            assert_eq!(names.has(&function(name)), is_named, "{name}");
        }
        assert!(names.has_class(&function("Writer.open")));
    }

    #[test]
    fn a_traceback_ends_where_the_fault_showed() {
        let names = Names::of(
            "  File \"/opt/x/run.py\", line 3, in main\n    go()\n  File \"C:\\lib\\core.py\", line 12, in go\n",
        );
        let depth = |name: &str, file: &str| names.traced(&function(name), file);
        assert!((depth("Core.go", "core.py") - 1.0).abs() < 1e-9);
        assert!((depth("main", "run.py") - 0.5).abs() < 1e-9);
        assert!(depth("go", "run.py").abs() < 1e-9);
    }
}
