//! What do the Python reporters and the tracer say?
