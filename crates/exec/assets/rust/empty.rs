// Stands for a test binary that does not compile.
