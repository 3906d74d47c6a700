//! Does the guard tell a leak from a thought, case by case?

use backstory_synth::reason::guard::{Guard, GuardOptions, GuardReport, Leak};

const CONTEXT: &str = "\
import json

MAX_ENTRIES = 2048


class Cache:
    def __init__(self, path):
        self.path = path
        self.entries = {}

    def get(self, key):
        return self.entries.get(key, \"not stored yet\")
";

const TARGET: &str = "\
def load_cache(location, limit=65536):
    \"\"\"Read a cache that was written before.\"\"\"
    cache = Cache(location)
    with open(location, encoding=\"utf-8-sig\") as stream:
        for record in json.load(stream)[\"cached entries\"]:
            if len(cache.entries) < limit and record[\"key\"] not in cache.entries:
                cache.entries[record[\"key\"]] = record[\"value\"]
    return cache
";

const KNOWN: [&str; 3] = ["src/cache.py", "tests/test_cache.py", "save_cache"];

fn check(thought: &str) -> GuardReport {
    Guard::new(CONTEXT, TARGET, &KNOWN, GuardOptions::default()).check(thought)
}

fn leaks(thought: &str) -> Vec<Leak> {
    check(thought).leaks()
}

#[test]
fn a_thought_about_the_code_passes() {
    for thought in [
        "The cache must come back from disk. What was written is JSON, so reading is the \
         reverse of `save_cache`; an entry that is there already wins over a later one.",
        "A `Cache` knows its path but nothing fills it yet. Next comes a function that does, \
         with an upper bound like `MAX_ENTRIES`, and it belongs in src/cache.py.",
        "Reading is next: open the file, decode it, fill `entries`, give the object back. \
         tests/test_cache.py will check the order, the bound and what happens twice.",
        "I need to build it in three parts: (1) open; (2) decode; (3) fill, keep, return.",
    ] {
        let report = check(thought);
        assert!(report.passes(), "{thought}\n{report:?}");
    }
}

#[test]
fn a_line_is_found_however_it_is_laid_out() {
    for thought in [
        "Then with open(location, encoding=\"utf-8-sig\") as stream: does the reading part.",
        "Then WITH  OPEN( location,\n    encoding=\"UTF-8-SIG\" )\n as stream : does the reading.",
    ] {
        assert!(leaks(thought).contains(&Leak::Line), "{:?}", check(thought));
    }
}

#[test]
fn a_line_the_context_shows_is_no_leak() {
    let target =
        "    def get(self, key):\n        return self.entries.get(key, \"not stored yet\")\n";
    let thought = "It repeats return self.entries.get(key, \"not stored yet\") of the class above.";
    let guard = Guard::new(CONTEXT, target, &KNOWN, GuardOptions::default());
    let report = guard.check(thought);
    assert_eq!((report.line, report.literal, report.ngram13), (0, 0, 0), "{report:?}");
}

#[test]
fn names_that_are_replaced_do_not_hide_a_run() {
    let thought = "If len(a.b) < c and d[\"key\"] not in a.b: then the pair is put there.";
    assert_eq!(leaks(thought), [Leak::Ngram13]);
}

#[test]
fn prose_and_lists_are_no_runs() {
    let target = "def f(alpha, beta, gamma, delta, epsilon, zeta, eta):\n    pass\n";
    let thought = "The parts are one, two, three, four, five, six, seven, eight and so on.";
    let guard = Guard::new("f", target, &[], GuardOptions::default());
    assert_eq!(guard.check(thought).ngram13, 0);
}

#[test]
fn a_literal_of_the_code_alone_is_found() {
    for thought in [
        "The bound is 65536 because no run was ever larger than that in practice.",
        "The bound is 65_536 because no run was ever larger than that in practice.",
        "The records stand below the name cached entries in the document that is read.",
        "The bytes are utf-8-sig because some editors put a mark in front of the rest.",
    ] {
        assert_eq!(leaks(thought), [Leak::Literal], "{thought}: {:?}", check(thought));
    }
}

#[test]
fn a_literal_of_the_context_is_no_leak() {
    let thought = "The class says not stored yet, and holds 2048 of them, which is enough here.";
    assert_eq!(check(thought).literal, 0);
}

#[test]
fn too_many_names_of_the_code_alone_are_found() {
    let thought = "Each record of the stream at that location stays below a limit.";
    let report = check(thought);
    assert!(report.ident > 0.3, "{report:?}");
    assert_eq!(report.leaks(), [Leak::Ident]);
    let diluted = "One record after the other is looked at, and what was there before is kept, \
        because whoever wrote first had a reason that we cannot see any more from here on.";
    assert_eq!(leaks(diluted), []);
}

#[test]
fn what_nobody_has_seen_is_named() {
    let report =
        check("Then `load_cache` in src/loader.py calls readBytes and the parse_record step.");
    assert_eq!(report.ungrounded, ["load_cache", "parse_record", "readBytes", "src/loader.py"]);
    assert!(report.leaks().contains(&Leak::Grounded));
    let known = check("Then `Cache.get` in cache.py is the other half of what we write next.");
    assert_eq!(known.ungrounded, Vec::<String>::new());
}

#[test]
fn a_thought_has_a_length() {
    assert_eq!(leaks("Fill it."), [Leak::Len]);
    assert_eq!(leaks(&"what is next is said again ".repeat(80)), [Leak::Len]);
}
