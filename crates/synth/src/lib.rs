//! Writes the story: reconstructs the steps of a change from evidence.
