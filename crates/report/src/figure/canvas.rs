//! What do all figures share: colors, letters, axes?

use plotters::backend::SVGBackend;
use plotters::chart::{ChartContext, MeshStyle};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use plotters::element::{Circle, PathElement, Rectangle, Text};
use plotters::prelude::Cartesian2d;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontTransform, IntoFont as _, RGBColor, ShapeStyle, TextStyle};

use super::Refusal;
use crate::inert;

/// Letters and axes; the style of the page names the same color.
pub(super) const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
/// What should be seen last.
pub(super) const FAINT: RGBColor = RGBColor(0x8c, 0x95, 0x9f);
/// Lines of a grid.
const GRID: RGBColor = RGBColor(0xd1, 0xd9, 0xe0);
/// Colors that people with any sight tell apart (Okabe and Ito), on dark and on light.
const COLORS: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xe6, 0x9f, 0x00),
];

/// How many letters of a label are drawn.
const MOST_LETTERS: usize = 44;
/// How wide a letter is taken to be.
const LETTER: usize = 9;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type Chart<'c, 'a> =
    ChartContext<'c, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
pub(super) type Mesh<'c, 'm, 'a> =
    MeshStyle<'c, 'm, RangedCoordf64, RangedCoordf64, SVGBackend<'a>>;

/// Returns the color of a series.
pub(super) fn color(number: usize) -> RGBColor {
    COLORS[number % COLORS.len()]
}

/// Draws on an empty picture and returns it.
pub(super) fn picture(
    size: (u32, u32),
    draw: impl FnOnce(&Area<'_>) -> Result<(), Refusal>,
) -> Result<String, Refusal> {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    draw(&area)?;
    area.present()?;
    drop(area);
    Ok(svg)
}

/// Gives an SVG element the name that is read aloud, and takes away what HTML does not
/// need.
pub(super) fn labeled(svg: &str, caption: &str) -> String {
    let name = format!("<svg role=\"img\" aria-label=\"{}\" ", inert::html(caption));
    svg.replacen("<svg ", &name, 1).replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1)
}

/// Returns the letters of a label that are drawn.
pub(super) fn short(label: &str) -> String {
    let label = inert::plain(label);
    if label.chars().count() <= MOST_LETTERS {
        return label;
    }
    let kept: String = label.chars().take(MOST_LETTERS - 1).collect();
    format!("{}…", kept.trim_end())
}

/// Returns how much room the longest of some labels needs.
pub(super) fn room<'a>(labels: impl Iterator<Item = &'a str>) -> u32 {
    let longest = labels.map(|label| short(label).chars().count()).max().unwrap_or_default();
    u32::try_from(longest * LETTER + 16).unwrap_or(320)
}

/// How text is written.
pub(super) fn letters(color: RGBColor, side: HPos) -> TextStyle<'static> {
    // The library divides sizes by 1.24; this is 13 pixels.
    ("sans-serif", 16.0).into_font().color(&color).pos(Pos::new(side, VPos::Center))
}

/// Writes a text.
pub(super) fn write(
    area: &Area<'_>,
    text: &str,
    place: (i32, i32),
    style: &TextStyle<'static>,
) -> Result<(), Refusal> {
    area.draw(&Text::new(short(text), place, style.clone()))
}

/// Writes a text upward along the left side.
pub(super) fn write_upward(area: &Area<'_>, text: &str, middle: i32) -> Result<(), Refusal> {
    let style = letters(INK, HPos::Center).transform(FontTransform::Rotate270);
    area.draw(&Text::new(short(text), (14, middle), style))
}

/// Writes what the colors stand for, from left to right, beginning at `left`.
pub(super) fn legend(area: &Area<'_>, names: &[&str], left: i32) -> Result<(), Refusal> {
    let mut at = left;
    for (number, name) in names.iter().enumerate() {
        let square = Rectangle::new([(at, 8), (at + 12, 20)], color(number).filled());
        area.draw(&square)?;
        write(area, name, (at + 18, 14), &letters(INK, HPos::Left))?;
        at += i32::try_from(room(std::iter::once(*name))).unwrap_or_default() + 16;
    }
    Ok(())
}

/// Sets up the axes that all charts have.
pub(super) fn axes(mesh: &mut Mesh<'_, '_, '_>) {
    mesh.axis_style(FAINT)
        .bold_line_style(GRID)
        .light_line_style(plotters::style::TRANSPARENT)
        .label_style(("sans-serif", 15.0).into_font().color(&INK))
        .axis_desc_style(("sans-serif", 16.0).into_font().color(&INK));
}

/// Draws a line through points of a chart.
pub(super) fn line(
    chart: &Chart<'_, '_>,
    points: Vec<(f64, f64)>,
    style: impl Into<ShapeStyle>,
) -> Result<(), Refusal> {
    let points: Vec<_> = points.into_iter().map(|point| inside(chart, point)).collect();
    chart.plotting_area().draw(&PathElement::new(points, style))
}

/// Draws a dot on a chart.
pub(super) fn dot(
    chart: &Chart<'_, '_>,
    point: (f64, f64),
    radius: i32,
    color: RGBColor,
) -> Result<(), Refusal> {
    chart.plotting_area().draw(&Circle::new(inside(chart, point), radius, color.filled()))
}

/// Returns the place of a point that its chart has; what no axis holds is at the edge.
pub(super) fn inside(chart: &Chart<'_, '_>, (x, y): (f64, f64)) -> (f64, f64) {
    let (across, upward) = (chart.x_range(), chart.y_range());
    (x.clamp(across.start, across.end), y.clamp(upward.start, upward.end))
}

/// The largest number of an axis: the library looks for marks of an infinite one for ever.
pub(super) const LARGEST: f64 = 1e300;

/// Returns a range that holds all numbers an axis can hold, with some room at both ends.
pub(super) fn range(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = numbers.filter(|number| number.is_finite());
    let finite = finite.map(|number| number.clamp(-LARGEST, LARGEST));
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| {
        (low.min(number), high.max(number))
    });
    if low > high {
        return (0.0, 1.0);
    }
    let room = ((high - low) * 0.06).max(high.abs().max(1e-6) * 1e-3);
    (low - room, high + room)
}

/// Returns a number at an axis.
pub(super) fn tick(number: f64) -> String {
    // What is nearly zero is zero; no axis needs more than three digits.
    let rounded = (number * 1000.0).round() / 1000.0 + 0.0;
    format!("{rounded}")
}

/// Returns a number with one digit.
pub(super) fn one_digit(number: f64) -> String {
    if !number.is_finite() {
        return "-".to_owned();
    }
    format!("{:.1}", (number * 10.0).round() / 10.0 + 0.0)
}

/// Returns a difference with its sign and one digit.
pub(super) fn signed(number: f64) -> String {
    if !number.is_finite() {
        return "-".to_owned();
    }
    format!("{:+.1}", (number * 10.0).round() / 10.0 + 0.0)
}

/// Returns a count as a coordinate.
pub(super) fn place(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Returns a number of pixels.
pub(super) fn pixels(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
