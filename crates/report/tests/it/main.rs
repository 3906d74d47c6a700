//! Is the page whole, the same every time, and safe to open?

mod page;
