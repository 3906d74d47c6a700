//! Does any text break the search for people, or keep one who was replaced?
//!
//! In: a text. Out: nothing; panics on a broken promise.

#![no_main]

use backstory_identity::Authors;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let authors = Authors::default();
    for hide in [Authors::prose, Authors::printed] {
        let hidden = hide(&authors, &text);
        assert_eq!(hidden.moved(0..text.len()), 0..hidden.as_str().len());
        let once = hidden.into_string();
        assert_eq!(hide(&authors, &once).into_string(), once, "replaced twice");
    }
    assert!(authors.excerpt(&text, 120).len() <= authors.prose(&text).as_str().len());
    _ = (authors.branch(&text), authors.record_id(&text), authors.name(&text));
});
