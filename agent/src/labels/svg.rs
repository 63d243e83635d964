//! A drawing as SVG: what the label will look like, without script or style sheet.
//!
//! One unit is one dot of the printer. Text is drawn with a font of the reader's machine that resembles the printer's.

use std::fmt::{self, Write as _};

use super::layout::{Drawing, Mark, What};
use super::matrix::Grid;
use super::template::Align;

/// The media type of what [`write()`] writes.
pub(crate) const MEDIA_TYPE: &str = "image/svg+xml";

/// The drawing as a document.
pub(crate) fn write(drawing: &Drawing) -> String {
    let mut text = String::new();
    // A string takes whatever is written to it.
    write_document(&mut text, drawing).ok();
    text
}

fn write_document(out: &mut String, drawing: &Drawing) -> fmt::Result {
    let Drawing { width, height, dpi, .. } = drawing;
    let tenths = |dots| {
        let um = dpi.um(dots);
        format!("{}.{}", um / 1_000, um % 1_000 / 100)
    };
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}mm\" height=\"{}mm\" viewBox=\"0 0 {width} {height}\">",
        tenths(*width),
        tenths(*height)
    )?;
    writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>")?;
    drawing.marks.iter().try_for_each(|mark| write_mark(out, mark))?;
    writeln!(out, "</svg>")
}

fn write_mark(out: &mut String, mark: &Mark) -> fmt::Result {
    let Mark { x, y, what } = mark;
    match what {
        What::Text { width, size, align, line } => write_text(out, (*x, *y), (*width, *size), *align, line),
        What::Code128 { plan, module, height } => {
            let mut bars = Vec::new();
            for (place, width) in plan.widths().into_iter().enumerate() {
                bars.extend(std::iter::repeat_n(place % 2 == 0, usize::from(width)));
            }
            write_bars(out, mark, &bars, *module, *height)
        }
        What::Ean { ean, module, height, readable } => {
            let bars = ean.modules();
            write_bars(out, mark, &bars, *module, *height)?;
            if *readable {
                let width = u32::try_from(bars.len()).unwrap_or(u32::MAX).saturating_mul(*module);
                let size = module.saturating_mul(EAN_DIGITS_MODULES);
                write_text(out, (*x, y.saturating_add(*height)), (width, size), Align::Centre, &ean.text())?;
            }
            Ok(())
        }
        What::Datamatrix { grid, module, .. } | What::Qr { grid, module, .. } => {
            write_grid(out, mark, grid, *module)
        }
        What::Box { width, height, line } => {
            // A printer's line lies inside its box, SVG's on both sides of the edge; what has no inside is filled.
            let inner = |length: &u32| length.saturating_sub(*line);
            if inner(width) <= *line || inner(height) <= *line {
                let (width, height) = (width.max(line), height.max(line));
                return writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>");
            }
            let half = line / 2;
            writeln!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#000\" stroke-width=\"{line}\"/>",
                x.saturating_add(half),
                y.saturating_add(half),
                inner(width),
                inner(height)
            )
        }
    }
}

/// The height of the digits below an EAN, in modules.
const EAN_DIGITS_MODULES: u32 = 9;

fn write_text(
    out: &mut String,
    (x, y): (u32, u32),
    (width, size): (u32, u32),
    align: Align,
    line: &str,
) -> fmt::Result {
    let (anchor, at) = match align {
        Align::Left => ("start", x),
        Align::Centre => ("middle", x.saturating_add(width / 2)),
        Align::Right => ("end", x.saturating_add(width)),
    };
    // The printer's place is the top of the letters, SVG's is the line that they stand on.
    let base = y.saturating_add(size.saturating_mul(4) / 5);
    write!(
        out,
        "<text x=\"{at}\" y=\"{base}\" font-size=\"{size}\" font-family=\"'Arial Narrow','Liberation Sans Narrow',sans-serif\" \
         font-weight=\"bold\" text-anchor=\"{anchor}\">"
    )?;
    write_escaped(out, line)?;
    writeln!(out, "</text>")
}

/// Text between tags. What XML cannot hold was taken out when the lines were broken.
fn write_escaped(out: &mut String, text: &str) -> fmt::Result {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    Ok(())
}

fn write_bars(out: &mut String, mark: &Mark, bars: &[bool], module: u32, height: u32) -> fmt::Result {
    write!(out, "<path d=\"")?;
    let mut x = mark.x;
    for run in bars.chunk_by(|left, right| left == right) {
        let width = u32::try_from(run.len()).unwrap_or(u32::MAX).saturating_mul(module);
        if run.first() == Some(&true) {
            write!(out, "M{x} {}h{width}v{height}h-{width}z", mark.y)?;
        }
        x = x.saturating_add(width);
    }
    writeln!(out, "\"/>")
}

fn write_grid(out: &mut String, mark: &Mark, grid: &Grid, module: u32) -> fmt::Result {
    let dots = |squares: usize| u32::try_from(squares).unwrap_or(u32::MAX).saturating_mul(module);
    write!(out, "<path d=\"")?;
    for (column, row, length) in grid.runs() {
        let (x, y, width) =
            (mark.x.saturating_add(dots(column)), mark.y.saturating_add(dots(row)), dots(length));
        write!(out, "M{x} {y}h{width}v{module}h-{width}z")?;
    }
    writeln!(out, "\"/>")
}
