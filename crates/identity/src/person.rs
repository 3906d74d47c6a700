//! Where does a text name a person?
//!
//! In: a text. Out: the places that hold a name, an address or a login, in order,
//! each with the part that tells who it is. A name that stands alone in a sentence
//! looks like any other word and is not found.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::code;
use crate::key::holds_pseudonym;

/// One place that names a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// What is replaced.
    pub(crate) place: Range<usize>,
    /// What tells who it is: for a name beside an address, the address.
    pub(crate) who: Range<usize>,
}

macro_rules! pattern {
    ($name:ident, $text:expr) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($text).expect("the pattern is fixed and valid"));
    };
}

// The user before the host of a URL.
pattern!(USER_OF_URL, r"://(?P<who>[^\s/@:<>]+)(?::[^\s/@]*)?@[\w.-]*");
// `Key: Name <address>` of a line, or anywhere in what git printed.
pattern!(
    SIGNED,
    r"(?m)^[ \t>*+-]*(?P<key>[\p{L}][\p{L}_-]*):[ \t]*(?P<name>[^<>\r\n]*?)[ \t]*<(?P<who>[^<>@\s]+@[^<>\r\n]*)>"
);
pattern!(
    PRINTED,
    r"\b(?P<key>[A-Za-z][A-Za-z_-]*):[ \t]*(?P<name>[^<>\r\n]*?)[ \t]*<(?P<who>[^<>@\s]+@[^<>\r\n]*)>"
);
// Words with a capital in front of an address, or one quoted name.
pattern!(
    BESIDE_ADDRESS,
    r#"(?x) (?P<name> "[^"\n]{1,60}"
       | [\p{Lu}\p{Lo}][\p{L}\p{M}.'’-]*
         (?:[\ \t]+(?:[\p{Lu}\p{Lo}][\p{L}\p{M}.'’-]*|van|von|der|den|de|del|da|di|la|le|bin|al)){0,5} )
       [\ \t]*<(?P<who>[^<>@\s]+@[^<>\s]+)>"#
);
pattern!(
    ADDRESS,
    r"(?x) [\p{L}\p{N}_][\p{L}\p{N}_.%+'-]*(?:\[bot\])? (?:@[\p{L}\p{N}_.%+'-]*)*
       @(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+\p{L}{2,}\b"
);
// A trailer that says who did what, without an address.
pattern!(
    CREDITED,
    r"(?im)^[ \t>*+-]*(?:(?:co-)?(?:authored|developed)|signed-off|committed|reviewed|acked|tested|reported|suggested|helped|mentored|approved|requested|contributed|submitted|merged|debugged|noticed|diagnosed|pair-programmed)-by:[ \t]+(?P<value>[^\r\n]+)$"
);
pattern!(
    MERGED_FROM,
    r"(?m)^[ \t>*]*Merge (?:pull request|PR|MR) #\d+ from (?P<who>[A-Za-z0-9][\w.-]*)[/:](?P<branch>\S*)"
);
pattern!(
    MERGED_REMOTE,
    r"(?m)^[ \t>*]*Merge remote-tracking branch '(?:refs/remotes/)?(?P<who>[A-Za-z0-9][\w.-]*)/"
);
pattern!(
    MERGED_URL,
    r"(?m)^[ \t>*]*Merge [^\n]*\bof (?:[a-z+]+://)?(?:[\w.-]+@)?[\w.-]+\.[a-z]+[:/](?P<who>[A-Za-z0-9][\w.-]*)/"
);
pattern!(
    PROFILE,
    r"https?://(?:www\.)?(?:github\.com|gitlab\.com|codeberg\.org)/@?(?P<who>[A-Za-z0-9](?:[-_.]?[A-Za-z0-9])*)/?"
);
// A link whose text is a name, because it leads to a profile.
pattern!(
    LINKED,
    r"\[(?P<name>[^\[\]\n]{1,60})\]\(https?://(?:www\.)?(?:github\.com|gitlab\.com|codeberg\.org)/(?P<who>[A-Za-z0-9](?:[-_.]?[A-Za-z0-9])*)/?\)"
);
pattern!(MENTION, r"@(?P<who>[A-Za-z0-9](?:-?[A-Za-z0-9])*(?:\[bot\])?)");
pattern!(MADE_UP_BRANCH, r"^(?P<who>[A-Za-z0-9](?:-?[A-Za-z0-9])*)-patch-\d+$");
pattern!(
    SAID,
    r"^(?:comment|review):.*/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^/]*/(?P<who>[^/]+)(?:/\d+)?$"
);
pattern!(
    CUT_ADDRESS,
    r#"(?:(?:"[^"]*"|(?:[\p{Lu}\p{Lo}][\p{L}\p{M}.'’-]*[ \t]+)*)[ \t]*<[^<>]*|\S*@\S*)$"#
);

/// Returns true when a list of words, in lowercase, holds this one.
fn is_one_of(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known.eq_ignore_ascii_case(word))
}

/// Keys of lines that name a person, besides those that end in `-by`.
const PERSON_KEYS: &str = "\
    author authors cc co-author commit committer from maintainer original-author reviewer \
    reviewers tagger thanks-to to";

/// Users of URLs and addresses who are nobody.
const SERVICE_USERS: &str = "\
    git hg svn oauth2 token x-access-token x-token-auth";

/// Remotes that are called by what they are for.
const REMOTES: &str = "\
    origin upstream";

/// Pages of forges that stand where profiles do.
const PAGES: &str = "\
    about apps collections explore features join login marketplace orgs pricing security \
    settings sponsors topics";

/// Ends of file names that end no address: `icon@2x.png`.
const FILE_ENDS: &str = "\
    css gif gz html jar jpeg jpg js json lock png svg tgz toml webp yaml yml";

/// Words that follow `@` and are decorators, tags or versions.
const NOT_PEOPLE: &str = "\
    abstractmethod after all alpha async before beta cached canary channel charset \
    classmethod contextmanager dataclass default deprecated everyone example final fixture \
    here import latest layer link media next overload override param parameter property \
    raises return returns see since staticmethod supports throws typedef wraps";

/// The longest login.
const LONGEST_LOGIN: usize = 39 + "[bot]".len();

/// Returns the people that a text written by people names.
pub(crate) fn in_prose(text: &str) -> Vec<Named> {
    let mut places = Places::default();
    if text.contains('@') {
        users_of_urls(text, &mut places);
        signed(&SIGNED, text, &mut places);
        for found in BESIDE_ADDRESS.captures_iter(text) {
            places.person(&found);
        }
        addresses(text, &mut places);
    }
    credited(text, &mut places);
    if text.contains("Merge ") {
        merged(text, &mut places);
    }
    if text.contains("://") {
        profiles(text, &mut places);
    }
    if text.contains('@') {
        mentions(text, &mut places);
    }
    places.named(text)
}

/// Returns the people that the output of a program names as git does.
pub(crate) fn in_print(text: &str) -> Vec<Named> {
    let mut places = Places::default();
    if text.contains('@') {
        signed(&PRINTED, text, &mut places);
    }
    places.named(text)
}

/// Returns the account that a forge named a branch after.
pub(crate) fn in_branch(name: &str) -> Option<&str> {
    MADE_UP_BRANCH.captures(name).map(|found| found.extract::<1>().1[0])
}

/// Returns where the id of a record says who said it.
pub(crate) fn in_record_id(id: &str) -> Option<Range<usize>> {
    SAID.captures(id)?.name("who").map(|who| who.range())
}

/// Returns the text without an address that is cut at its end, and the name before it.
pub(crate) fn without_cut_address(text: &str) -> &str {
    CUT_ADDRESS.find(text).map_or(text, |found| text[..found.start()].trim_end())
}

/// Places that do not overlap; those without a person are left as they are.
#[derive(Default)]
struct Places(BTreeMap<usize, (usize, Option<Range<usize>>)>);

impl Places {
    fn put(&mut self, place: Range<usize>, who: Option<Range<usize>>) {
        let before = self.0.range(..place.end).next_back();
        if !place.is_empty() && before.is_none_or(|(_, (end, _))| *end <= place.start) {
            self.0.insert(place.start, (place.end, who));
        }
    }

    /// Puts a name and the address beside it, which says who both are.
    fn person(&mut self, found: &Captures<'_>) {
        let (name, who) = (found.name("name"), found.name("who"));
        let Some(who) = who.map(|who| who.range()) else { return };
        if let Some(name) = name.filter(|name| !name.as_str().trim().is_empty()) {
            self.put(name.range(), Some(who.clone()));
        }
        self.put(who.clone(), Some(who));
    }

    /// Puts what a pattern calls `who`.
    fn login(&mut self, found: &Captures<'_>) {
        if let Some(who) = found.name("who") {
            self.put(who.range(), Some(who.range()));
        }
    }

    /// Returns the places with a person. What holds a pseudonym was replaced before.
    fn named(self, text: &str) -> Vec<Named> {
        let found = self.0.into_iter();
        found
            .filter_map(|(start, (end, who))| who.map(|who| Named { place: start..end, who }))
            .filter(|Named { place, who }| {
                !holds_pseudonym(&text[place.clone()]) && !holds_pseudonym(&text[who.clone()])
            })
            .collect()
    }
}

fn users_of_urls(text: &str, places: &mut Places) {
    for found in USER_OF_URL.captures_iter(text) {
        if !is_one_of(SERVICE_USERS, &found["who"]) {
            places.login(&found);
        }
        // What follows the user is a password and a host, and no address.
        let (whole, who) = (found.get_match().range(), found.name("who"));
        let rest = who.map_or(whole.start, |who| who.end())..whole.end;
        places.put(rest, None);
    }
}

fn signed(pattern: &Regex, text: &str, places: &mut Places) {
    for found in pattern.captures_iter(text) {
        let key = found["key"].to_lowercase();
        if key.ends_with("-by") || key.ends_with("_by") || is_one_of(PERSON_KEYS, &key) {
            places.person(&found);
        }
    }
}

fn addresses(text: &str, places: &mut Places) {
    for found in ADDRESS.find_iter(text) {
        let address = found.as_str();
        let (user, host) = address.split_once('@').unwrap_or((address, ""));
        let is_file = is_one_of(FILE_ENDS, host.rsplit('.').next().unwrap_or_default());
        if !is_file && !is_one_of(SERVICE_USERS, user) {
            places.put(found.range(), Some(found.range()));
        }
    }
}

/// Finds the names in `Reviewed-by: ada, Grace Hopper (maintainer)`.
fn credited(text: &str, places: &mut Places) {
    for found in CREDITED.captures_iter(text) {
        let Some(value) = found.name("value") else { continue };
        let mut start = value.start();
        for part in value.as_str().split([',', ';', '&']) {
            let end = start + part.len();
            if let Some(name) = bare_name(part) {
                let at = start + part.len() - part.trim_start_matches([' ', '\t', '@']).len();
                let place = at..at + name.len();
                places.put(place.clone(), Some(place));
            }
            start = end + 1;
        }
    }
}

/// Returns the name that a part of a trailer is, if it can be one.
fn bare_name(part: &str) -> Option<&str> {
    let part = part.trim_start_matches([' ', '\t', '@']);
    let name = part.split(['(', '<', '[', '#']).next().unwrap_or_default().trim_end();
    let words = name.split_whitespace().count();
    let strange = name.contains(['/', ':', '@', '`', '"']);
    ((1..=5).contains(&words) && name.len() <= 60 && !strange).then_some(name)
}

fn merged(text: &str, places: &mut Places) {
    for found in MERGED_FROM.captures_iter(text) {
        places.login(&found);
        let (Some(who), Some(branch)) = (found.name("who"), found.name("branch")) else { continue };
        // Branches made in the browser begin with the account.
        let begins = branch.as_str().strip_prefix(who.as_str()).is_some_and(|r| r.starts_with('-'));
        if begins {
            places.put(branch.start()..branch.start() + who.len(), Some(who.range()));
        }
    }
    for found in MERGED_REMOTE.captures_iter(text) {
        if !is_one_of(REMOTES, &found["who"]) {
            places.login(&found);
        }
    }
    for found in MERGED_URL.captures_iter(text) {
        places.login(&found);
    }
}

/// Finds addresses of profiles; what has more of a path is a repository.
fn profiles(text: &str, places: &mut Places) {
    for found in LINKED.captures_iter(text) {
        if !is_one_of(PAGES, &found["who"]) {
            places.person(&found);
        }
    }
    for found in PROFILE.captures_iter(text) {
        let after = text[found.get_match().end()..].chars().next();
        let ends = after.is_none_or(|c| !c.is_ascii_alphanumeric() && !"-_/%".contains(c));
        let slash = found.get_match().as_str().ends_with('/');
        let deeper = slash && after.is_some_and(|c| !c.is_whitespace() && !")]>\"'.,".contains(c));
        if ends && !deeper && !is_one_of(PAGES, &found["who"]) {
            places.login(&found);
        }
    }
}

fn mentions(text: &str, places: &mut Places) {
    let code = code::parts(text);
    for found in MENTION.captures_iter(text) {
        let whole = found.get_match();
        let before = text[..whole.start()].chars().next_back();
        let mut after = text[whole.end()..].chars();
        let (next, second) = (after.next(), after.next());
        let who = &found["who"];
        if may_stand_before(before)
            && may_stand_after(next, second)
            && who.len() <= LONGEST_LOGIN
            && !is_one_of(NOT_PEOPLE, who)
            && !code::holds(&code, whole.start())
        {
            places.login(&found);
        }
    }
}

fn may_stand_before(before: Option<char>) -> bool {
    before.is_none_or(|c| !c.is_ascii_alphanumeric() && !"_`@/.+-=$%\\#&".contains(c))
}

/// `@types/node`, `@pytest.fixture`, `@lru_cache` and `@click(…)` are no people.
fn may_stand_after(next: Option<char>, second: Option<char>) -> bool {
    let goes_on = second.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    match next {
        None => true,
        Some('.' | ':') => !goes_on,
        Some(c) => !c.is_ascii_alphanumeric() && !"/(_@=`\\".contains(c),
    }
}
