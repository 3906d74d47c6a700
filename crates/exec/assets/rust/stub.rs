//! Which test stands for a test binary that does not compile?

#[test]
fn backstory_does_not_compile() {
    panic!("this test binary does not compile");
}
