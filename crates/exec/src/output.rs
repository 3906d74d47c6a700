//! What did a run print, without what differs each time?
