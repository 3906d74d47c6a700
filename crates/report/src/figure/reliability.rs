//! How often came true what was said with which probability?

use plotters::chart::ChartBuilder;
use plotters::style::Color as _;

use super::Refusal;
use super::canvas::{FAINT, axes, color, dot, line, one_digit, picture, place, tick, write_upward};
use crate::table::{Cell, Column, Table};

const SIZE: (u32, u32) = (480, 460);

/// Predictions of like probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityBin {
    /// The mean of what was said, from 0 to 1.
    pub said: f64,
    /// The part that came true.
    pub came_true: f64,
    /// How many predictions.
    pub count: usize,
}

/// A diagram of calibration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reliability {
    /// The bins, by what was said.
    pub bins: Vec<ReliabilityBin>,
}

impl Reliability {
    pub(super) fn table(&self) -> Table {
        let mut table = Table::new([
            Column::number("said, %"),
            Column::number("came true, %"),
            Column::number("predictions"),
        ]);
        for bin in &self.bins {
            table.row([
                Cell::from(one_digit(bin.said * 100.0)),
                Cell::from(one_digit(bin.came_true * 100.0)),
                Cell::from(bin.count.to_string()),
            ]);
        }
        table
    }

    pub(super) fn draw(&self) -> Result<String, Refusal> {
        let most = self.bins.iter().map(|bin| bin.count).max().unwrap_or_default().max(1);
        picture(SIZE, |area| {
            write_upward(area, "came true, %", 210)?;
            let mut chart = ChartBuilder::on(area)
                .margin_top(12)
                .margin_left(28)
                .margin_right(20)
                .x_label_area_size(46)
                .y_label_area_size(44)
                .build_cartesian_2d(0.0..100.0, 0.0..100.0)?;
            let mut mesh = chart.configure_mesh();
            axes(&mut mesh);
            mesh.x_labels(6)
                .y_labels(6)
                .x_label_formatter(&|at| tick(*at))
                .y_label_formatter(&|at| tick(*at));
            mesh.x_desc("said, %").draw()?;
            line(&chart, vec![(0.0, 0.0), (100.0, 100.0)], FAINT)?;
            let points = self.bins.iter().map(|bin| (bin.said * 100.0, bin.came_true * 100.0));
            line(&chart, points.clone().collect(), color(0).stroke_width(2))?;
            for (bin, point) in self.bins.iter().zip(points) {
                // The area of a dot says how many predictions it stands for.
                let share = (place(bin.count) / place(most)).sqrt();
                dot(
                    &chart,
                    point,
                    if share > 0.8 {
                        8
                    } else if share > 0.5 {
                        6
                    } else {
                        4
                    },
                    color(0),
                )?;
            }
            Ok(())
        })
    }
}
