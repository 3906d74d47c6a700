//! How do the files of a git tree come to lie on disk?
