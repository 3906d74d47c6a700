//! Does the audit accept what is right and find what is not?

mod ci;
mod circles;
mod executed;
mod fields;
mod labels;
mod planted;
mod sample;
mod snapshot;
mod stored;

#[test]
fn a_correct_trajectory_passes() {
    let audit = sample::sample().audit();
    assert!(audit.is_clean(), "{:#?}", audit.findings);
    assert_eq!(audit.checked.steps, 22);
}
