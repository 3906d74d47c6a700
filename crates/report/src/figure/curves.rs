//! Lines over a common axis, each with a band around it.

use plotters::chart::ChartBuilder;
use plotters::element::Polygon;
use plotters::style::Color as _;

use super::Refusal;
use super::canvas::{
    axes, color, dot, inside, legend, line, one_digit, picture, range, tick, write_upward,
};
use crate::table::{Cell, Column, Table};

const SIZE: (u32, u32) = (720, 400);

/// One point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Where on the common axis.
    pub x: f64,
    /// How high.
    pub y: f64,
    /// The lower and the upper end of its interval, where there is one.
    pub band: Option<(f64, f64)>,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Its name.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<Point>,
}

/// Lines over a common axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// What the common axis is.
    pub across: String,
    /// What is measured, with its unit.
    pub upward: String,
    /// The lines.
    pub curves: Vec<Curve>,
}

impl Curves {
    pub(super) fn table(&self) -> Table {
        let mut table = Table::new([
            Column::text(""),
            Column::number(&self.across),
            Column::number(&self.upward),
            Column::number("interval"),
        ]);
        for curve in &self.curves {
            for point in &curve.points {
                let band = point.band.map_or_else(String::new, |(low, high)| {
                    format!("[{}, {}]", one_digit(low), one_digit(high))
                });
                table.row([
                    Cell::from(&curve.name),
                    Cell::from(tick(point.x)),
                    Cell::from(one_digit(point.y)),
                    Cell::from(band),
                ]);
            }
        }
        table
    }

    pub(super) fn draw(&self) -> Result<String, Refusal> {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let (left, right) = range(points().map(|point| point.x));
        let heights = points().flat_map(|point| {
            let (low, high) = point.band.unwrap_or((point.y, point.y));
            [point.y, low, high]
        });
        let (low, high) = range(heights);
        picture(SIZE, |area| {
            let names: Vec<&str> = self.curves.iter().map(|curve| curve.name.as_str()).collect();
            legend(area, &names, 72)?;
            write_upward(area, &self.upward, 190)?;
            let mut chart = ChartBuilder::on(area)
                .margin_top(34)
                .margin_left(28)
                .margin_right(20)
                .x_label_area_size(46)
                .y_label_area_size(44)
                .build_cartesian_2d(left..right, low..high)?;
            let mut mesh = chart.configure_mesh();
            axes(&mut mesh);
            mesh.x_labels(8)
                .y_labels(7)
                .x_label_formatter(&|at| tick(*at))
                .y_label_formatter(&|at| tick(*at));
            mesh.x_desc(&self.across).draw()?;
            for (number, curve) in self.curves.iter().enumerate() {
                let ends = |point: &Point| point.band.map(|band| (point.x, band));
                let band: Vec<_> = curve.points.iter().filter_map(ends).collect();
                let lower = band.iter().map(|(x, (low, _))| (*x, *low));
                let upper = band.iter().rev().map(|(x, (_, high))| (*x, *high));
                if band.len() > 1 {
                    let outline: Vec<_> =
                        lower.chain(upper).map(|point| inside(&chart, point)).collect();
                    let band = Polygon::new(outline, color(number).mix(0.18).filled());
                    chart.plotting_area().draw(&band)?;
                }
                let path = curve.points.iter().map(|point| (point.x, point.y)).collect();
                line(&chart, path, color(number).stroke_width(2))?;
                for point in &curve.points {
                    dot(&chart, (point.x, point.y), 3, color(number))?;
                }
            }
            Ok(())
        })
    }
}
