//! How do numbers become a picture?
//!
//! In: numbers with their labels. Out: SVG, drawn by `plotters`, whose texts are
//! escaped and whose colors the style of the page adapts to dark and light; and the
//! same numbers as a table, for readers without pictures.

mod bars;
mod canvas;
mod curves;
mod intervals;
mod reliability;

use plotters::drawing::DrawingAreaErrorKind;

use crate::table::Table;

pub use bars::{Bars, Series};
pub use curves::{Curve, Curves, Point};
pub use intervals::{IntervalRow, Intervals};
pub use reliability::{Reliability, ReliabilityBin};

/// What the drawing library says when it fails.
pub(crate) type Refusal = DrawingAreaErrorKind<std::io::Error>;

/// Says that a figure cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[error("failed to draw the figure `{caption}`")]
pub struct DrawError {
    /// The caption of the figure.
    pub caption: String,
    /// Why.
    #[source]
    source: Refusal,
}

/// Where the numbers of a figure stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// In a table beside it.
    Beside,
    /// In another table of the page.
    Elsewhere,
}

/// What a figure shows.
#[derive(Clone, Debug)]
pub enum Plot {
    /// Effects with their intervals.
    Intervals(Intervals),
    /// Bars of several kinds for each row.
    Bars(Bars),
    /// Lines with bands.
    Curves(Curves),
    /// How often came true what was said with which probability.
    Reliability(Reliability),
}

/// A picture with its caption.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What is seen, in a sentence.
    pub caption: String,
    /// What is drawn.
    pub plot: Plot,
    /// Where its numbers stand.
    pub numbers: Numbers,
}

impl Figure {
    /// Returns true when there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        match &self.plot {
            Plot::Intervals(plot) => plot.rows.is_empty(),
            Plot::Bars(plot) => plot.rows.is_empty() || plot.series.is_empty(),
            Plot::Curves(plot) => plot.curves.iter().all(|curve| curve.points.is_empty()),
            Plot::Reliability(plot) => plot.bins.is_empty(),
        }
    }

    /// Returns the numbers that are drawn.
    pub fn table(&self) -> Table {
        match &self.plot {
            Plot::Intervals(plot) => plot.table(),
            Plot::Bars(plot) => plot.table(),
            Plot::Curves(plot) => plot.table(),
            Plot::Reliability(plot) => plot.table(),
        }
    }

    /// Returns the picture as an SVG element.
    pub(crate) fn svg(&self) -> Result<String, DrawError> {
        let drawn = match &self.plot {
            Plot::Intervals(plot) => plot.draw(),
            Plot::Bars(plot) => plot.draw(),
            Plot::Curves(plot) => plot.draw(),
            Plot::Reliability(plot) => plot.draw(),
        };
        let failed = |source| DrawError { caption: self.caption.clone(), source };
        Ok(canvas::labeled(&drawn.map_err(failed)?, &self.caption))
    }
}
