//! A drawing as ZPL, the language of label printers (Zebra's ZPL II programming guide).
//!
//! Whatever a label says is written after `^FH`, with `^`, `~`, `_` and control characters in hexadecimal: no name of an
//! item, however it got into the catalogue, can end a field and command the printer.

use std::fmt::{self, Write as _};

use super::layout::{Content, Drawing, Mark, What};
use super::template::Align;

/// The commands that print a label so many times.
pub(crate) fn write(drawing: &Drawing, copies: u32) -> String {
    let mut text = String::new();
    // A string takes whatever is written to it.
    write_label(&mut text, drawing, copies).ok();
    text
}

fn write_label(out: &mut String, drawing: &Drawing, copies: u32) -> fmt::Result {
    writeln!(out, "^XA\n^CI28\n^PW{}\n^LL{}\n^LH0,0", drawing.width, drawing.height)?;
    for Mark { x, y, what } in &drawing.marks {
        write!(out, "^FO{x},{y}")?;
        write_mark(out, what)?;
    }
    writeln!(out, "^PQ{copies}\n^XZ")
}

fn write_mark(out: &mut String, what: &What) -> fmt::Result {
    match what {
        What::Text { width, size, align, line } => {
            write!(out, "^A0N,{size},{size}")?;
            match align {
                Align::Left => write_data(out, "", line),
                // Inside a block a backslash begins a sign for it.
                Align::Centre | Align::Right => {
                    let justified = if *align == Align::Centre { 'C' } else { 'R' };
                    write!(out, "^FB{width},1,0,{justified},0")?;
                    write_data(out, "", &line.replace('\\', "\\\\"))
                }
            }
        }
        What::Code128 { plan, module, height } => {
            write!(out, "^BY{module}^BCN,{height},N,N,N,N")?;
            write_data(out, "", &plan.zpl())
        }
        What::Ean { ean, module, height, readable } => {
            let readable = if *readable { 'Y' } else { 'N' };
            let command = if ean.is_short() { "B8" } else { "BE" };
            write!(out, "^BY{module}^{command}N,{height},{readable},N")?;
            // The printer works out the check digit.
            let mut digits = ean.text();
            digits.pop();
            write_data(out, "", &digits)
        }
        What::Datamatrix { module, content, .. } => {
            write!(out, "^BXN,{module},200,,,,_")?;
            match content {
                Content::Text(text) => write_data(out, "", &text.replace('_', "__")),
                Content::Elements(text) => {
                    let separated = text.replace('_', "__").replace('\u{1d}', "_1");
                    write_data(out, "", &format!("_1{separated}"))
                }
            }
        }
        What::Qr { module, text, .. } => {
            write!(out, "^BQN,2,{module}")?;
            write_data(out, "MA,", text)
        }
        What::Box { width, height, line } => writeln!(out, "^GB{width},{height},{line}^FS"),
    }
}

/// A field's data: `switches` of the command as they are, `data` escaped.
fn write_data(out: &mut String, switches: &str, data: &str) -> fmt::Result {
    write!(out, "^FH^FD{switches}")?;
    for character in data.chars() {
        match character {
            '^' | '~' | '_' => write!(out, "_{:02X}", u32::from(character))?,
            control if control.is_control() => {
                let mut bytes = [0; 4];
                for byte in control.encode_utf8(&mut bytes).bytes() {
                    write!(out, "_{byte:02X}")?;
                }
            }
            other => out.push(other),
        }
    }
    out.push_str("^FS\n");
    Ok(())
}
