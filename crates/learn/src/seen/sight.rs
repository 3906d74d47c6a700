//! Which columns does a model see?

/// Which columns a model sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sight {
    /// The past.
    pub past: Past,
    /// The failing test.
    pub test: bool,
    /// What the failing test executed.
    pub execution: bool,
}

/// Whose past a model sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Past {
    /// None.
    Unseen,
    /// That of the repository.
    Own,
    /// That of the repository, permuted across its files.
    Permuted,
    /// That of another repository.
    Foreign,
}
