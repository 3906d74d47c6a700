//! How is JSON gone over without reading it?
//!
//! In: the bytes of an object, in pieces of any size. Out: where it ends, how deep
//! it is, and what a watch wants to see of it. Allocates nothing for the object.

use super::ListPath;

/// Where the scan of an object stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scan {
    pub(super) depth: u32,
    pub(super) deepest: u32,
    in_string: bool,
    escaped: bool,
}

/// Sees the text and the signs of an object go by.
pub(super) trait Watch {
    /// A piece of a string.
    fn text(&mut self, depth: u32, piece: &[u8]);

    /// A bracket, quote, colon or comma; true stops the scan behind it.
    fn sign(&mut self, depth: u32, sign: u8) -> bool;
}

/// Sees nothing.
pub(super) struct Nobody;

impl Watch for Nobody {
    fn text(&mut self, _: u32, _: &[u8]) {}

    fn sign(&mut self, _: u32, _: u8) -> bool {
        false
    }
}

/// Stops behind a value of a list: at its closing bracket, or the comma behind it.
pub(super) struct Ends;

impl Watch for Ends {
    fn text(&mut self, _: u32, _: &[u8]) {}

    fn sign(&mut self, depth: u32, sign: u8) -> bool {
        (sign == b',' && depth == 1) || (matches!(sign, b']' | b'}') && depth == 2)
    }
}

/// Collects the names of the fields of an object.
#[derive(Default)]
struct Fields {
    last: Vec<u8>,
    names: Vec<String>,
}

impl Watch for Fields {
    fn text(&mut self, depth: u32, piece: &[u8]) {
        if depth == 1 {
            self.last.extend_from_slice(piece);
        }
    }

    fn sign(&mut self, depth: u32, sign: u8) -> bool {
        match sign {
            b'"' if depth == 1 => self.last.clear(),
            b':' if depth == 1 => self.names.push(String::from_utf8_lossy(&self.last).into_owned()),
            _ => {}
        }
        false
    }
}

/// Returns the names of the fields of the first object of a file, as far as they
/// stand in its first bytes.
pub(crate) fn first_names(head: &[u8]) -> Vec<String> {
    let mut fields = Fields::default();
    if let Some(start) = memchr::memchr(b'{', head) {
        Scan::default().run(&head[start..], &mut fields);
    }
    fields.names
}

/// How many levels of names are kept, and how many bytes of each.
const NAMED_LEVELS: usize = 5;
const LONGEST_NAME: usize = 32;

/// The names on the way to where the scan stands.
#[derive(Debug)]
pub(super) struct Names {
    lists: &'static [&'static ListPath],
    last: Vec<u8>,
    levels: [Vec<u8>; NAMED_LEVELS],
    pub(super) found: Option<&'static ListPath>,
}

impl Names {
    pub(super) fn new(lists: &'static [&'static ListPath]) -> Self {
        Self { lists, last: Vec::new(), levels: Default::default(), found: None }
    }

    fn list_at(&self, depth: usize) -> Option<&'static ListPath> {
        let named = |list: &&&ListPath| {
            let names = list.iter().map(|name| name.as_bytes());
            list.len() == depth && names.eq(self.levels[1..=depth].iter().map(Vec::as_slice))
        };
        self.lists.iter().find(named).copied()
    }
}

impl Watch for Names {
    fn text(&mut self, depth: u32, piece: &[u8]) {
        if (depth as usize) < NAMED_LEVELS && self.last.len() < LONGEST_NAME {
            self.last.extend_from_slice(&piece[..piece.len().min(LONGEST_NAME)]);
        }
    }

    fn sign(&mut self, depth: u32, sign: u8) -> bool {
        let depth = depth as usize;
        if depth >= NAMED_LEVELS {
            return false;
        }
        match sign {
            b'"' => self.last.clear(),
            b':' => std::mem::swap(&mut self.levels[depth], &mut self.last),
            b',' => self.levels[depth].clear(),
            b'{' | b'[' => {
                self.found = if sign == b'[' { self.list_at(depth) } else { None };
                if let Some(below) = self.levels.get_mut(depth + 1) {
                    below.clear();
                }
                return self.found.is_some();
            }
            _ => {}
        }
        false
    }
}

impl Scan {
    /// Goes on over `bytes`; returns the length up to the end of the object, if it
    /// ends here, or up to where the watch stops.
    pub(super) fn run(&mut self, bytes: &[u8], watch: &mut impl Watch) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                if std::mem::take(&mut self.escaped) {
                    at += 1;
                    continue;
                }
                let end = memchr::memchr2(b'"', b'\\', &bytes[at..]);
                watch.text(self.depth, &bytes[at..end.map_or(bytes.len(), |end| at + end)]);
                at += end? + 1;
                self.in_string = bytes[at - 1] == b'\\';
                self.escaped = self.in_string;
                continue;
            }
            let stopped = match bytes[at] {
                sign @ (b'"' | b':' | b',' | b'{' | b'[' | b'}' | b']') => {
                    let stopped = watch.sign(self.depth, sign);
                    self.sign(sign);
                    stopped
                }
                _ => false,
            };
            at += 1;
            if stopped || self.depth == 0 {
                return Some(at);
            }
        }
        None
    }

    fn sign(&mut self, sign: u8) {
        match sign {
            b'"' => self.in_string = true,
            b'{' | b'[' => {
                self.depth += 1;
                self.deepest = self.deepest.max(self.depth);
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}
