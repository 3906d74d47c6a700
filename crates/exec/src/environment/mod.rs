//! What does a repository need at a commit, and how does it get it?
