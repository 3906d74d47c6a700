//! Does this very checkout keep the house rules?

mod compat;

use std::path::{Path, PathBuf};

use backstory_dev::check::{self, Weight};
use backstory_dev::generate;
use backstory_dev::workspace::Workspace;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_checkout_breaks_no_house_rule() {
    let workspace = Workspace::load(&root()).expect("the checkout can be read");
    let broken: Vec<String> = check::all(&workspace)
        .iter()
        .filter(|finding| finding.weight == Weight::Broken)
        .map(ToString::to_string)
        .collect();
    assert!(broken.is_empty(), "run `cargo dev check`:\n{}", broken.join("\n"));
}

#[test]
fn the_reference_pages_are_current() {
    let stale = generate::drift(&root()).expect("the pages can be compared");
    assert!(stale.is_empty(), "run `cargo dev generate`; out of date: {stale:?}");
}
