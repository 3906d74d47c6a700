//! What does a text look like without its people, and where did its bytes go?

use std::borrow::Cow;
use std::ops::Range;

use crate::key::IdentityKey;
use crate::person::Named;

/// Every pass takes away something that was no pseudonym; texts need one or two.
const MOST_PASSES: usize = 16;

/// What a pass replaced, in order, with the length of what stands there now.
type Pass = Vec<(Range<usize>, usize)>;

/// A text with pseudonyms, which knows where each byte of the original went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden<'t> {
    text: Cow<'t, str>,
    passes: Vec<Pass>,
}

impl<'t> Hidden<'t> {
    pub(crate) fn untouched(text: &'t str) -> Self {
        Self { text: Cow::Borrowed(text), passes: Vec::new() }
    }

    /// Replaces what is found until nothing is: a name that is gone may lay another
    /// one bare, and what was replaced must stay as it is.
    pub(crate) fn replacing(
        text: &'t str,
        find: fn(&str) -> Vec<Named>,
        key: &IdentityKey,
    ) -> Self {
        let mut hidden = Self::untouched(text);
        while hidden.passes.len() < MOST_PASSES {
            let named = find(&hidden.text);
            if named.is_empty() {
                break;
            }
            let (text, pass) = replaced(&hidden.text, named, key);
            hidden.text = Cow::Owned(text);
            hidden.passes.push(pass);
        }
        hidden
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the text.
    pub fn into_string(self) -> String {
        self.text.into_owned()
    }

    /// Returns where bytes of the original text stand now. What lies in a name that
    /// was replaced stands where its pseudonym does.
    pub fn moved(&self, range: Range<usize>) -> Range<usize> {
        self.passes.iter().fold(range, |range, pass| {
            let start = position(pass, range.start, |place, _| place.start);
            let end = position(pass, range.end, |place, length| place.start + length);
            start..end.max(start)
        })
    }
}

/// Replaces places that are in order and apart.
fn replaced(text: &str, named: Vec<Named>, key: &IdentityKey) -> (String, Pass) {
    let mut hidden = String::with_capacity(text.len());
    let mut pass = Pass::with_capacity(named.len());
    let mut done = 0;
    for Named { place, who } in named {
        hidden.push_str(&text[done..place.start]);
        let pseudonym = key.pseudonym(&text[who]);
        hidden.push_str(&pseudonym);
        done = place.end;
        pass.push((place, pseudonym.len()));
    }
    hidden.push_str(&text[done..]);
    (hidden, pass)
}

/// Moves one position; `inside` says where one goes that lies in a replaced place,
/// if the place had stayed where it was.
fn position(pass: &Pass, at: usize, inside: fn(&Range<usize>, usize) -> usize) -> usize {
    let (mut removed, mut added) = (0, 0);
    for (place, length) in pass {
        if at <= place.start {
            break;
        }
        if at < place.end {
            return inside(place, *length) + added - removed;
        }
        removed += place.len();
        added += length;
    }
    at + added - removed
}
