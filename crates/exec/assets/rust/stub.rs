// Stands for a test binary that does not compile: known by the name of its test.
#[test]
fn backstory_does_not_compile() {
    panic!("this test binary does not compile");
}
