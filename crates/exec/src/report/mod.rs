//! What did the runners' reporters say?
