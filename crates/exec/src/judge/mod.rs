//! What are reports worth, and which tests tell the fix?
