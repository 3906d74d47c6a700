//! Who is found in texts as people and programs write them, and what stays?

use proptest::prelude::*;

use crate::{Authors, IdentityKey};

/// Replaces people and writes `P1`, `P2`, … for the pseudonyms in the order they come up.
fn shown(text: &str) -> String {
    let hidden = Authors::default().prose(text).into_string();
    let mut known = Vec::new();
    let mut pieces = hidden.split("person-");
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (digits, rest) = piece.split_at(16);
        let number = known.iter().position(|one| *one == digits).unwrap_or_else(|| {
            known.push(digits);
            known.len() - 1
        });
        shown.extend(["P", &(number + 1).to_string(), rest]);
    }
    shown
}

#[test]
fn trailers_lose_name_and_address_to_one_pseudonym() {
    let text = "Read empty input\n\nSigned-off-by: Ada Lovelace <ada@tide.example>\n\
        Co-Authored-By: Grace M. Hopper <12+grace@users.noreply.github.com>\n\
        Co-authored-by: dependabot[bot] <1+dependabot[bot]@users.noreply.github.com>\n\
        Reviewed-by: grace, Jean Bartik (maintainer)\nAcked-by: @ada-l\nFixes: #12\n";
    insta::assert_snapshot!(shown(text));
}

#[test]
fn addresses_are_found_wherever_they_stand() {
    let text = "Ada Lovelace <ada@tide.example> says (mail: ada@tide.example, or \
        ADA@tide.example): push to git@github.com:acme/toy, not https://ada@tide.example/x. \
        See <jean@x.example>, icon@2x.png and pkg@1.2.3.";
    insta::assert_snapshot!(shown(text));
}

#[test]
fn mentions_are_people_and_decorators_are_not() {
    let text = "@ada thanks! cc @grace-h, (@jean) and @ada's @team/all. Use @property, \
        @pytest.fixture, @lru_cache, @types/node, @click() or `@fix`; a@b; foo@latest\n\n    @wraps2\n";
    insta::assert_snapshot!(shown(text));
}

#[test]
fn merges_name_accounts() {
    let text = "Merge pull request #5 from ada-l/ada-l-patch-1\n\n\
        Merge branch 'main' of https://github.com/grace/toy into fix\n\
        Merge branch 'main' of github.com:grace/toy\n\
        Merge remote-tracking branch 'jean/fix'\nMerge remote-tracking branch 'origin/main'\n\
        Merge branch 'release/1.0' into main";
    insta::assert_snapshot!(shown(text));
}

#[test]
fn a_profile_is_a_person_and_a_repository_is_none() {
    let text = "By [Ada](https://github.com/ada) of https://github.com/acme/toy/issues/3, \
        https://gitlab.com/grace/ and https://github.com/features.";
    insta::assert_snapshot!(shown(text));
}

#[test]
fn programs_name_people_as_git_does() {
    let text = "commit 12\nAuthor:     Ada <ada@laptop.(none)>\nE  assert 'x@y.org' == 'a@b.org'\n\
        2024-05-01T00:00:00Z Committer: Grace H <grace@x.example>\nerror: use <a@b.org>\n";
    let hidden = Authors::default().printed(text).into_string();
    assert!(!hidden.contains("Ada") && !hidden.contains("ada@"), "{hidden}");
    assert!(!hidden.contains("Grace") && !hidden.contains("grace@"), "{hidden}");
    assert!(hidden.contains("'x@y.org' == 'a@b.org'") && hidden.contains("<a@b.org>"), "{hidden}");
}

#[test]
fn a_branch_that_a_forge_made_up_is_named_after_an_account() {
    let authors = Authors::default();
    let who = authors.name("ada-l");
    assert_eq!(authors.branch("Ada-l-patch-12"), format!("{who}-patch-12"));
    assert_eq!(authors.branch("fix-patch"), "fix-patch");
}

#[test]
fn an_excerpt_does_not_end_in_half_a_person() {
    let authors = Authors::default();
    assert_eq!(authors.excerpt("Fixes #1 for Ada Lovelace <ada@ti", 33), "Fixes #1 for");
    assert_eq!(authors.excerpt("Fixes #1, see ada@ti", 20), "Fixes #1, see");
    assert_eq!(authors.excerpt("Fixes #1, see ada@ti", 120), "Fixes #1, see ada@ti");
}

#[test]
fn plain_is_plain_and_another_key_gives_other_pseudonyms() {
    let text = "Signed-off-by: Ada <ada@tide.example>";
    assert_eq!(Authors::Plain.prose(text).as_str(), text);
    assert_eq!(Authors::Plain.name("ada"), "ada");
    let other = Authors::Hashed(IdentityKey::new(b"harbor"));
    assert_ne!(other.name("ada"), Authors::default().name("ada"));
    assert_ne!(other.prose(text), Authors::default().prose(text));
    let said = |authors: &Authors| (authors.as_str(), authors.key_word());
    assert_eq!(said(&Authors::Plain), ("plain", None));
    assert_eq!(said(&Authors::default()), ("hashed", Some("default-insecure")));
    assert_eq!(said(&other), ("hashed", Some("own")));
}

#[test]
fn a_range_of_the_text_is_found_again() {
    let text = "Mail ada@tide.example about `split_flags`, @grace";
    let authors = Authors::default();
    let hidden = authors.prose(text);
    let start = text.find("split_flags").expect("it stands there");
    let moved = hidden.moved(start..start + 11);
    assert_eq!(&hidden.as_str()[moved], "split_flags");
    let start = text.find("grace").expect("it stands there");
    assert_eq!(&hidden.as_str()[hidden.moved(start..start + 5)], authors.name("grace"));
    let part = hidden.moved(7..10);
    assert_eq!(&hidden.as_str()[part], authors.name("ada@tide.example"));
}

/// Texts full of what announces a person, in every order.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        "\\PC{0,6}",
        "[a-c@.<>`:/ -]{0,8}",
        proptest::sample::select(vec![
            "Signed-off-by: ",
            "Reviewed-by: ",
            "Author: ",
            "Merge pull request #1 from ",
            "@ada",
            "a@b.org",
            "Ada <",
            "<a@b.co>",
            "https://",
            "github.com/",
            "://u:p@h.org",
            "\n",
            " ",
            "```\n",
            "@b.org",
            "person-0123456789abcdef",
            "Merge remote-tracking branch 'x/y'",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(pieces, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn what_was_replaced_stays(text in text()) {
        let authors = Authors::default();
        for hide in [Authors::prose, Authors::printed] {
            let once = hide(&authors, &text).into_string();
            let twice = hide(&authors, &once).into_string();
            prop_assert_eq!(&twice, &once, "{}", text);
        }
    }

    #[test]
    fn ranges_stay_in_order_and_inside(text in text(), cuts: (usize, usize)) {
        let authors = Authors::default();
        let hidden = authors.prose(&text);
        let boundaries: Vec<usize> =
            (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        let (one, other) = (boundaries[cuts.0 % boundaries.len()], boundaries[cuts.1 % boundaries.len()]);
        let moved = hidden.moved(one.min(other)..one.max(other));
        prop_assert!(hidden.as_str().get(moved).is_some());
        prop_assert_eq!(hidden.moved(0..text.len()), 0..hidden.as_str().len());
    }
}
