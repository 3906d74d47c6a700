//! Which wrong versions of a patch should the tests reject?
