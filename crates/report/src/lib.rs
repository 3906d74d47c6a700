//! How do results become a page that anyone can read?
//!
//! In: a title, texts, tables and figures. Out: one HTML file that needs nothing else
//! (no script, no reference to the outside) and its Markdown twin. Foreign text stays
//! text in both. The same page gives the same bytes. Touches nothing.

mod figure;
mod html;
mod inert;
mod markdown;
mod page;
mod table;

pub use figure::{
    Bars, Curve, Curves, DrawError, Figure, IntervalRow, Intervals, Numbers, Plot, Point,
    Reliability, ReliabilityBin, Series,
};
pub use page::Page;
pub use table::{Cell, Column, Table};
