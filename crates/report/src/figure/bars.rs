//! Bars: one of each series for every row, labels at the left.

use plotters::chart::ChartBuilder;
use plotters::element::Rectangle;
use plotters::style::Color as _;
use plotters::style::text_anchor::HPos;

use super::Refusal;
use super::canvas::{
    INK, LARGEST, axes, color, legend, letters, one_digit, picture, pixels, place, room, tick,
    write,
};
use crate::table::{Cell, Column, Table};

const WIDTH: u32 = 860;
/// How high a bar is, and how far rows are apart.
const BAR: usize = 12;
const GAP: usize = 10;
/// Room for the legend.
const TOP: u32 = 30;

/// What one color stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// One number for each row.
    pub values: Vec<f64>,
}

/// Bars of several series beside each other; no number is below zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// What is measured, with its unit.
    pub axis: String,
    /// What the rows are, from top to bottom.
    pub rows: Vec<String>,
    /// The series; one that has not a number for each row ends early.
    pub series: Vec<Series>,
}

impl Bars {
    pub(super) fn table(&self) -> Table {
        let names = self.series.iter().map(|series| Column::number(&series.name));
        let mut table = Table::new(std::iter::once(Column::text("")).chain(names));
        for (at, row) in self.rows.iter().enumerate() {
            let value = |series: &Series| match series.values.get(at) {
                Some(value) => Cell::from(one_digit(*value)),
                None => Cell::from("-"),
            };
            let cells = self.series.iter().map(value);
            table.row(std::iter::once(Cell::from(row)).chain(cells));
        }
        table
    }

    pub(super) fn draw(&self) -> Result<String, Refusal> {
        let each = self.series.len() * BAR + GAP;
        let height = self.rows.len() * each;
        let left = room(self.rows.iter().map(String::as_str));
        let values = self.series.iter().flat_map(|series| &series.values).copied();
        let most =
            values.filter(|value| value.is_finite()).fold(0.0, f64::max).clamp(1e-6, LARGEST);
        picture((WIDTH, pixels(height) + TOP + 50), |area| {
            let names: Vec<&str> = self.series.iter().map(|series| series.name.as_str()).collect();
            legend(area, &names, i32::try_from(left).unwrap_or_default())?;
            let mut chart = ChartBuilder::on(area)
                .margin_top(TOP)
                .margin_left(left)
                .margin_right(24)
                .x_label_area_size(46)
                .build_cartesian_2d(0.0..most * 1.08, 0.0..place(height))?;
            let mut mesh = chart.configure_mesh();
            axes(&mut mesh);
            mesh.disable_y_mesh().disable_y_axis().x_labels(7).x_label_formatter(&|at| tick(*at));
            mesh.x_desc(&self.axis).draw()?;
            for (row, label) in self.rows.iter().enumerate() {
                let top = place(height - row * each - GAP / 2);
                for (number, series) in self.series.iter().enumerate() {
                    let Some(value) = series.values.get(row).filter(|one| one.is_finite()) else {
                        continue;
                    };
                    let (from, to) =
                        (top - place(number * BAR), top - place((number + 1) * BAR - 1));
                    let bar = Rectangle::new(
                        [(0.0, to), (value.min(most), from)],
                        color(number).filled(),
                    );
                    chart.plotting_area().draw(&bar)?;
                }
                let middle = top - place(self.series.len() * BAR) / 2.0;
                let (_, pixel) = chart.backend_coord(&(0.0, middle));
                let edge = i32::try_from(left).unwrap_or_default() - 8;
                write(area, label, (edge, pixel), &letters(INK, HPos::Right))?;
            }
            Ok(())
        })
    }
}
