//! Effects: a dot for each, a bar for its interval, a line at zero.

use plotters::chart::ChartBuilder;
use plotters::element::Rectangle;
use plotters::style::Color as _;
use plotters::style::text_anchor::HPos;

use super::Refusal;
use super::canvas::{
    FAINT, INK, axes, color, dot, letters, line, picture, pixels, place, range, room, signed, tick,
    write,
};
use crate::table::{Cell, Column, Table};

const WIDTH: u32 = 860;
/// Room for the numbers at the right.
const NUMBERS: u32 = 170;
const ROW: usize = 24;

/// One effect.
#[derive(Clone, Debug, PartialEq)]
pub struct IntervalRow {
    /// What is compared.
    pub label: String,
    /// The effect.
    pub effect: f64,
    /// The lower and the upper end of its interval, where there is one.
    pub interval: Option<(f64, f64)>,
    /// The smallest effect that would probably have been seen.
    pub detectable: Option<f64>,
}

/// Effects with their intervals, one a line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intervals {
    /// What is measured, with its unit.
    pub axis: String,
    /// The effects, from top to bottom.
    pub rows: Vec<IntervalRow>,
}

impl Intervals {
    pub(super) fn table(&self) -> Table {
        let mut table = Table::new([
            Column::text("comparison"),
            Column::number(&self.axis),
            Column::number("interval"),
            Column::number("detectable"),
        ]);
        for row in &self.rows {
            let detectable =
                row.detectable.map_or_else(|| "-".to_owned(), super::canvas::one_digit);
            table.row([
                Cell::from(&row.label),
                Cell::from(signed(row.effect)),
                Cell::from(row.brackets()),
                Cell::from(detectable),
            ]);
        }
        table
    }

    pub(super) fn draw(&self) -> Result<String, Refusal> {
        let count = self.rows.len();
        let size = (WIDTH, pixels(count * ROW) + 60);
        let left = room(self.rows.iter().map(|row| row.label.as_str()));
        let ends = self.rows.iter().flat_map(|row| {
            let (low, high) = row.interval.unwrap_or((row.effect, row.effect));
            [row.effect, low, high, 0.0]
        });
        let (low, high) = range(ends);
        picture(size, |area| {
            let mut chart = ChartBuilder::on(area)
                .margin_top(6)
                .margin_left(left)
                .margin_right(NUMBERS)
                .x_label_area_size(46)
                .build_cartesian_2d(low..high, -0.5..place(count) - 0.5)?;
            let mut mesh = chart.configure_mesh();
            axes(&mut mesh);
            mesh.disable_y_mesh().disable_y_axis().x_labels(7).x_label_formatter(&|at| tick(*at));
            mesh.x_desc(&self.axis).draw()?;
            line(&chart, vec![(0.0, -0.5), (0.0, place(count) - 0.5)], INK)?;
            for (number, row) in self.rows.iter().enumerate() {
                let y = place(count - 1 - number);
                if let Some(detectable) = row.detectable {
                    let ends = [(-detectable).max(low), detectable.min(high)];
                    let band = [(ends[0], y - 0.36), (ends[1], y + 0.36)];
                    chart.plotting_area().draw(&Rectangle::new(band, FAINT.mix(0.22).filled()))?;
                }
                if let Some((from, to)) = row.interval {
                    line(&chart, vec![(from, y), (to, y)], color(0).stroke_width(3))?;
                }
                dot(&chart, (row.effect, y), 5, color(0))?;
                let (_, pixel) = chart.backend_coord(&(low, y));
                let edge = i32::try_from(left).unwrap_or_default() - 8;
                write(area, &row.label, (edge, pixel), &letters(INK, HPos::Right))?;
                let told = format!("{} {}", signed(row.effect), row.brackets());
                let edge = i32::try_from(WIDTH - NUMBERS).unwrap_or_default() + 10;
                write(area, &told, (edge, pixel), &letters(INK, HPos::Left))?;
            }
            Ok(())
        })
    }
}

impl IntervalRow {
    fn brackets(&self) -> String {
        self.interval
            .map_or_else(String::new, |(low, high)| format!("[{}, {}]", signed(low), signed(high)))
    }
}
