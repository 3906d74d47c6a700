//! Does a hostile tree stay inside its folder, and does an honest one lie there whole?

#[test]
fn the_suite_runs() {
    assert_eq!("checkout".parse::<String>().unwrap(), "checkout");
}
