//! A template and its data, laid out in dots: what both the printer and the preview draw.
//!
//! Lines of text are broken here and not by the printer, which writes what is left over the last line. The printer's font
//! is only estimated, on the wide side, so a line may be broken a little early and is never cut.

use gs1::{ElementString, Gtin, Symbology};

use super::code128::Plan;
use super::data::Data;
use super::ean::Ean;
use super::matrix::Grid;
use super::pattern::Missing;
use super::template::{Align, Code, Direction, Dpi, Element, Field, Frame, Line, Template, Text};

/// A label in dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drawing {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dpi: Dpi,
    pub(crate) marks: Vec<Mark>,
}

/// One thing to draw, by its upper left corner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) what: What,
}

/// What to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// One line of text.
    Text {
        width: u32,
        size: u32,
        align: Align,
        line: String,
    },
    Code128 {
        plan: Plan,
        module: u32,
        height: u32,
    },
    /// `readable` digits below are drawn by the printer itself.
    Ean {
        ean: Ean,
        module: u32,
        height: u32,
        readable: bool,
    },
    Datamatrix {
        grid: Grid,
        module: u32,
        content: Content,
    },
    Qr {
        grid: Grid,
        module: u32,
        text: String,
    },
    Box {
        width: u32,
        height: u32,
        line: u32,
    },
}

/// What a Data Matrix code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Text(String),
    /// An element string, with ASCII 29 between its elements.
    Elements(String),
}

/// A label cannot be drawn with this data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field `{pointer}`: {what}")]
pub(crate) struct LayoutError {
    /// The template's field, as a JSON pointer.
    pub(crate) pointer: String,
    pub(crate) what: String,
}

/// Modules of light that a bar code needs on either side.
const QUIET_BARS: u32 = 10;

/// The height of the text below bars, and its distance from them.
const READABLE_UM: u32 = 2_800;
const READABLE_GAP_UM: u32 = 500;

/// Lays a label out for a printer.
///
/// # Errors
/// [`LayoutError`] when the printer is too coarse, a name has no value, or a code does not fit.
pub(crate) fn lay_out(template: &Template, data: &Data, dpi: Dpi) -> Result<Drawing, LayoutError> {
    if dpi < template.dpi {
        let what = format!(
            "template `{}` is made for {} dpi and more, not for {}: take another printer or template",
            template.name,
            template.dpi.get(),
            dpi.get()
        );
        return Err(LayoutError { pointer: "#/dpi".to_owned(), what });
    }
    let mut drawing = Drawing {
        width: dpi.dots(template.width_mm.saturating_mul(1_000)),
        height: dpi.dots(template.height_mm.saturating_mul(1_000)),
        dpi,
        marks: Vec::new(),
    };
    for (place, field) in template.fields.iter().enumerate() {
        drawing
            .add(field, data)
            .map_err(|what| LayoutError { pointer: format!("#/fields/{place}"), what })?;
    }
    Ok(drawing)
}

// === impl Drawing ===

impl Drawing {
    fn add(&mut self, field: &Field, data: &Data) -> Result<(), String> {
        match field {
            Field::Text(text) => self.add_text(text, data),
            Field::Code128(code) => self.add_code128(code, data),
            Field::Ean(code) => self.add_ean(code, data),
            Field::Datamatrix(code) => self.add_datamatrix(code, data),
            Field::Qr(code) => self.add_qr(code, data),
            Field::Box(frame) => {
                self.add_frame(frame);
                Ok(())
            }
            Field::Line(line) => {
                self.add_line(line);
                Ok(())
            }
        }
    }

    fn add_text(&mut self, text: &Text, data: &Data) -> Result<(), String> {
        let Some(filled) = filled(text.text.fill(data), text.optional)? else {
            return Ok(());
        };
        let (size, width) = (self.dpi.dots(text.size_um), self.dpi.dots(text.width_um));
        let (x, mut y) = (self.dpi.dots(text.x_um), self.dpi.dots(text.y_um));
        for line in wrap(&filled, width, size, text.lines_max) {
            self.push(x, y, What::Text { width, size, align: text.align, line });
            y = y.saturating_add(size.saturating_mul(LINE_PERCENT) / 100);
        }
        Ok(())
    }

    fn add_code128(&mut self, code: &Code, data: &Data) -> Result<(), String> {
        let Some(content) = content(code, Symbology::Gs1Code128, data)? else {
            return Ok(());
        };
        let (plan, shown) = match &content {
            Content::Text(text) => (Plan::of_text(text), text.clone()),
            Content::Elements(elements) => (Plan::of_elements(elements), bracketed(elements)),
        };
        let plan = plan.map_err(|refused| refused.to_string())?;
        let (x, y, module) = self.corner(code);
        let height = self.dpi.dots(code.height_um.unwrap_or_default());
        let width = self.fits(plan.modules(), module, x)?;
        self.push(x, y, What::Code128 { plan, module, height });
        if code.readable {
            let below = y.saturating_add(height).saturating_add(self.dpi.dots(READABLE_GAP_UM));
            let size = self.dpi.dots(READABLE_UM);
            for line in wrap(&shown, width, size, 1) {
                self.push(x, below, What::Text { width, size, align: Align::Centre, line });
            }
        }
        Ok(())
    }

    fn add_ean(&mut self, code: &Code, data: &Data) -> Result<(), String> {
        let Some(Content::Text(text)) = content(code, Symbology::Ean13, data)? else {
            return Ok(());
        };
        let gtin: Gtin = text.parse().map_err(|refused| format!("`{text}` is no item number: {refused}"))?;
        let ean = Ean::of(gtin).map_err(|refused| refused.to_string())?;
        let (x, y, module) = self.corner(code);
        let height = self.dpi.dots(code.height_um.unwrap_or_default());
        self.fits(ean.modules().len(), module, x)?;
        self.push(x, y, What::Ean { ean, module, height, readable: code.readable });
        Ok(())
    }

    fn add_datamatrix(&mut self, code: &Code, data: &Data) -> Result<(), String> {
        let Some(content) = content(code, Symbology::Gs1DataMatrix, data)? else {
            return Ok(());
        };
        let grid = match &content {
            Content::Text(text) => Grid::datamatrix(text),
            Content::Elements(elements) => Grid::gs1_datamatrix(elements),
        };
        let grid = grid.map_err(|refused| refused.to_string())?;
        let (x, y, module) = self.corner(code);
        self.fits_square(&grid, module, (x, y))?;
        self.push(x, y, What::Datamatrix { grid, module, content });
        Ok(())
    }

    fn add_qr(&mut self, code: &Code, data: &Data) -> Result<(), String> {
        let Some(Content::Text(text)) = content(code, Symbology::Gs1QrCode, data)? else {
            return Ok(());
        };
        let grid = Grid::qr(&text).map_err(|refused| refused.to_string())?;
        let (x, y, module) = self.corner(code);
        let module = module.min(QR_MODULE_MAX);
        self.fits_square(&grid, module, (x, y))?;
        self.push(x, y, What::Qr { grid, module, text });
        Ok(())
    }

    fn add_frame(&mut self, frame: &Frame) {
        let dots = |um| self.dpi.dots(um);
        let (x, y) = (dots(frame.x_um), dots(frame.y_um));
        let what = What::Box {
            width: dots(frame.width_um),
            height: dots(frame.height_um),
            line: dots(frame.line_um).max(1),
        };
        self.push(x, y, what);
    }

    fn add_line(&mut self, line: &Line) {
        let dots = |um| self.dpi.dots(um);
        let (x, y, thick, length) =
            (dots(line.x_um), dots(line.y_um), dots(line.line_um).max(1), dots(line.length_um));
        let (width, height) = match line.direction {
            Direction::Across => (length, thick),
            Direction::Down => (thick, length),
        };
        self.push(x, y, What::Box { width, height, line: thick });
    }

    fn push(&mut self, x: u32, y: u32, what: What) {
        self.marks.push(Mark { x, y, what });
    }

    /// Where a code stands, and how many dots its modules have.
    fn corner(&self, code: &Code) -> (u32, u32, u32) {
        (self.dpi.dots(code.x_um), self.dpi.dots(code.y_um), self.dpi.dots(code.module_um).max(1))
    }

    /// The width of bars in dots, if they and the light beside them fit.
    fn fits(&self, modules: usize, module: u32, x: u32) -> Result<u32, String> {
        let width = dots_of(modules, module);
        let needed = width.saturating_add(module.saturating_mul(QUIET_BARS));
        self.room(needed, self.width.saturating_sub(x), "wide")?;
        Ok(width)
    }

    fn fits_square(&self, grid: &Grid, module: u32, (x, y): (u32, u32)) -> Result<(), String> {
        let side = dots_of(grid.width(), module);
        self.room(side, self.width.saturating_sub(x), "wide")?;
        self.room(side, self.height.saturating_sub(y), "high")
    }

    fn room(&self, needed: u32, left: u32, way: &str) -> Result<(), String> {
        if needed <= left {
            return Ok(());
        }
        let (needed, left) = (self.dpi.um(needed) / 1_000 + 1, self.dpi.um(left) / 1_000);
        Err(format!(
            "the code is {needed} mm {way} and {left} mm are left: shorten its data or take a larger label"
        ))
    }
}

/// Largest magnification of a printer's QR codes.
const QR_MODULE_MAX: u32 = 10;

/// From one line of text to the next, in percent of its height.
const LINE_PERCENT: u32 = 115;

fn dots_of(modules: usize, module: u32) -> u32 {
    u32::try_from(modules).unwrap_or(u32::MAX).saturating_mul(module)
}

/// The text, or nothing when it may be left out.
fn filled(text: Result<String, Missing>, optional: bool) -> Result<Option<String>, String> {
    match text {
        Ok(text) => Ok(Some(text)),
        Err(_missing) if optional => Ok(None),
        Err(Missing(name)) => Err(format!("there is no `{name}`: give it with the label's data")),
    }
}

fn content(code: &Code, symbology: Symbology, data: &Data) -> Result<Option<Content>, String> {
    match &code.text {
        Some(text) => Ok(filled(text.fill(data), code.optional)?.map(Content::Text)),
        None => Ok(elements(code, symbology, data)?.map(Content::Elements)),
    }
}

/// An element string of what has a value, read back so that nothing is printed that no reader takes.
fn elements(code: &Code, symbology: Symbology, data: &Data) -> Result<Option<String>, String> {
    let mut given: Vec<(&str, String)> = Vec::new();
    for element in &code.elements {
        let Some(value) = filled(element.value.fill(data), element.optional || code.optional)? else {
            if code.optional && !element.optional {
                return Ok(None);
            }
            continue;
        };
        given.push((element.ai.as_str(), as_ai_wants(element, value)));
    }
    if given.is_empty() {
        return Ok(None);
    }
    let pairs: Vec<(&str, &str)> = given.iter().map(|(ai, value)| (*ai, value.as_str())).collect();
    let scan = ElementString::new(symbology, &pairs).to_string();
    let reading = gs1::read(scan.as_bytes());
    if let Some(problem) = reading.problems().next() {
        return Err(problem.to_string());
    }
    // A value that holds a separator, or the beginning of another element, would read as something else.
    let same = reading.elements().map(|element| (element.ai.as_str().to_owned(), element.value.to_owned()));
    if !same.eq(given.iter().map(|(ai, value)| ((*ai).to_owned(), value.clone()))) {
        return Err("the values would be read as other elements: check them".to_owned());
    }
    let identifier = symbology.identifier().into_iter().count();
    Ok(Some(scan.chars().skip(identifier).collect()))
}

/// Item numbers with 14 digits, days as `YYMMDD`: what people write otherwise.
fn as_ai_wants(element: &Element, value: String) -> String {
    match element.ai.as_str() {
        "01" | "02" => value.parse::<Gtin>().map_or(value, |gtin| gtin.to_string()),
        "11" | "12" | "13" | "15" | "16" | "17" => match value.parse::<ledger::Date>() {
            Ok(_day) => value.chars().filter(char::is_ascii_digit).skip(2).collect(),
            Err(_other) => value,
        },
        _ => value,
    }
}

/// Elements as people read them below bars: `(01)04006381333931(10)A7`.
fn bracketed(elements: &str) -> String {
    let scan = format!("]d2{elements}");
    let reading = gs1::read(scan.as_bytes());
    reading.elements().map(|element| format!("({}){}", element.ai.as_str(), element.value)).collect()
}

// --- text ---

/// Breaks a text into lines that fit; what is left over the last one is cut and marked.
fn wrap(text: &str, width: u32, size: u32, lines_max: u32) -> Vec<String> {
    let room = u64::from(width).saturating_mul(1_000) / u64::from(size.max(1));
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let gap = if line.is_empty() { "" } else { " " };
        if measure(&line) + measure(gap) + measure(word) <= room {
            line.push_str(gap);
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            if !line.is_empty() && measure(&line) + permille(character) > room {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    let most = usize::try_from(lines_max).unwrap_or(usize::MAX).max(1);
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            cut(last, room);
        }
    }
    lines
}

fn cut(line: &mut String, room: u64) {
    while measure(line) + measure(CUT) > room && line.pop().is_some() {}
    line.truncate(line.trim_end().len());
    line.push_str(CUT);
}

/// Marks a text that was cut. Three points, because not every font of a printer has the sign for them.
const CUT: &str = "...";

/// The width of a text in thousandths of its height.
fn measure(text: &str) -> u64 {
    text.chars().map(permille).sum()
}

/// The width of a character of a printer's font 0, estimated on the wide side, in thousandths of its height.
const fn permille(character: char) -> u64 {
    match character {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '!' | '\'' | '|' | ' ' => 300,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' | '\\' => 380,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 880,
        'A'..='Z' | '&' | '+' | '=' | '<' | '>' | '~' | '#' => 650,
        '\0'..='\u{7f}' => 540,
        '\u{80}'..='\u{2fff}' => 660,
        _ => 1_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_words_and_cut_at_the_last() {
        #[rustfmt::skip]
        let table = [
            // text                     width  lines  expected
            ("Oat drink 1 L",             100, 2, "Oat drink 1 L"),
            ("Oat drink, no sugar 1 L",    60, 1, "Oat drink,..."),
            ("Oat drink, no sugar 1 L",    60, 2, "Oat drink, no/sugar 1 L"),
            ("Oat drink, no sugar 1 L",    40, 3, "Oat/drink, no/sugar..."),
            ("Donaudampfschiff",           50, 9, "Donaudam/pfschiff"),
            ("a\u{7}b\r\n  c",              60, 2, "a b c"),
            ("   ",                        60, 2, ""),
            ("WWWWWWWW",                    1, 1, "..."),
        ];
        for (text, width, lines, expected) in table {
            assert_eq!(wrap(text, width, 10, lines).join("/"), expected, "{text}");
        }
    }
}
