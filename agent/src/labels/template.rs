//! Templates: how a label looks, as data. Lengths are whole micrometres, so that a template fits printers of any
//! resolution; a label's own size is in millimetres, as it stands on the roll.
//!
//! What was read with [`Template::check`] is sound: every part lies on the label and every name can be looked up. Whether
//! a code fits is known only with its data, see [`super::layout`]. Limits today: no turned parts, no pictures.

use std::fmt;

use ledger::text::ShortText;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pattern::Pattern;

/// What a label is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LabelKind")]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    ShelfLabel,
    ProductTicket,
    Case,
    Location,
    TransferBox,
    CountSheet,
    EmployeeBadge,
    CommandSheet,
}

/// How many dots of a printer make an inch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LabelDpi")]
#[serde(try_from = "u32", into = "u32")]
pub(crate) struct Dpi(u32);

/// A short name that an address can hold: of a template or a printer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LabelName")]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Name(ShortText<40>);

/// A label's look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LabelTemplate")]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    /// What it is called.
    pub(crate) name: Name,
    /// What its labels are for.
    pub(crate) kind: Kind,
    /// How wide the label is, 10 to 170.
    pub(crate) width_mm: u32,
    /// How high it is, 5 to 400.
    pub(crate) height_mm: u32,
    /// The coarsest printer that its codes are made for.
    pub(crate) dpi: Dpi,
    /// Its parts, at most 100.
    pub(crate) fields: Vec<Field>,
}

/// A part of a label. What is `optional` is left out when a name in it has no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LabelField")]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Field {
    Text(Text),
    /// Code 128; with `elements` it is GS1-128.
    Code128(Code),
    /// EAN-13 or EAN-8, by the length of the number.
    Ean(Code),
    /// Data Matrix; with `elements` it is GS1 DataMatrix.
    Datamatrix(Code),
    Qr(Code),
    Box(Frame),
    Line(Line),
}

/// Lines of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LabelText")]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    /// From the left edge.
    pub(crate) x_um: u32,
    /// From the upper edge.
    pub(crate) y_um: u32,
    /// How wide its lines may be.
    pub(crate) width_um: u32,
    /// The height of a line's letters.
    pub(crate) size_um: u32,
    /// With names in braces.
    pub(crate) text: Pattern,
    /// What needs more lines is cut short.
    #[serde(default = "one")]
    pub(crate) lines_max: u32,
    /// Where it stands in its width.
    #[serde(default)]
    pub(crate) align: Align,
    /// Whether it is left out when a name in it has no value.
    #[serde(default)]
    pub(crate) optional: bool,
}

/// Where text stands in its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LabelAlign")]
#[serde(rename_all = "snake_case")]
pub(crate) enum Align {
    #[default]
    Left,
    Centre,
    Right,
}

/// A code that a reader reads: of a text, or of GS1 elements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LabelCode")]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    /// From the left edge.
    pub(crate) x_um: u32,
    /// From the upper edge.
    pub(crate) y_um: u32,
    /// The width of the narrowest bar, or of one square.
    pub(crate) module_um: u32,
    /// How high bars are; matrix codes are as high as they are wide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) height_um: Option<u32>,
    /// What it says, if no elements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<Pattern>,
    /// What it says, if no text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) elements: Vec<Element>,
    /// Whether what the bars say stands below them.
    #[serde(default)]
    pub(crate) readable: bool,
    /// Whether it is left out when a name in it has no value.
    #[serde(default)]
    pub(crate) optional: bool,
}

/// One GS1 element. One that is `optional` is left out when a name in it has no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LabelElement")]
#[serde(deny_unknown_fields)]
pub(crate) struct Element {
    /// The AI.
    pub(crate) ai: String,
    /// With names in braces.
    pub(crate) value: Pattern,
    /// Whether it is left out when a name in it has no value.
    #[serde(default)]
    pub(crate) optional: bool,
}

/// An empty box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LabelBox")]
#[serde(deny_unknown_fields)]
pub(crate) struct Frame {
    /// From the left edge.
    pub(crate) x_um: u32,
    /// From the upper edge.
    pub(crate) y_um: u32,
    /// How wide it is.
    pub(crate) width_um: u32,
    /// How high it is.
    pub(crate) height_um: u32,
    /// How thick its lines are.
    pub(crate) line_um: u32,
}

/// A line, across or down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LabelLine")]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// From the left edge.
    pub(crate) x_um: u32,
    /// From the upper edge.
    pub(crate) y_um: u32,
    /// How long it is.
    pub(crate) length_um: u32,
    /// How thick it is.
    pub(crate) line_um: u32,
    /// Which way it goes.
    pub(crate) direction: Direction,
}

/// Which way a line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LabelLineDirection")]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    Across,
    Down,
}

/// What is wrong with a template, and in which of its fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pointer}`: {what}")]
pub(crate) struct TemplateError {
    /// A JSON pointer.
    pub(crate) pointer: String,
    pub(crate) what: String,
}

/// Widest and highest label: what printers of 4 inches take, and a long sheet.
const WIDTHS_MM: std::ops::RangeInclusive<u32> = 10..=170;
const HEIGHTS_MM: std::ops::RangeInclusive<u32> = 5..=400;
/// Most parts of a label.
const FIELDS_MAX: usize = 100;
/// Heights of letters, in micrometres.
const SIZES_UM: std::ops::RangeInclusive<u32> = 1_000..=100_000;
/// Widths of a bar or square: below, no scanner in a shop reads it; above, it is no code for a hand.
const MODULES_UM: std::ops::RangeInclusive<u32> = 125..=2_000;
/// Heights of bars.
const BARS_UM: std::ops::RangeInclusive<u32> = 2_000..=100_000;
const LINES_UM: std::ops::RangeInclusive<u32> = 100..=10_000;
const TEXT_LINES: std::ops::RangeInclusive<u32> = 1..=50;

const fn one() -> u32 {
    1
}

// === impl Kind ===

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::ShelfLabel,
        Self::ProductTicket,
        Self::Case,
        Self::Location,
        Self::TransferBox,
        Self::CountSheet,
        Self::EmployeeBadge,
        Self::CommandSheet,
    ];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::ShelfLabel => "shelf_label",
            Self::ProductTicket => "product_ticket",
            Self::Case => "case",
            Self::Location => "location",
            Self::TransferBox => "transfer_box",
            Self::CountSheet => "count_sheet",
            Self::EmployeeBadge => "employee_badge",
            Self::CommandSheet => "command_sheet",
        }
    }
}

// === impl Dpi ===

impl Dpi {
    pub(crate) const fn get(self) -> u32 {
        self.0
    }

    /// The nearest number of dots to a length.
    pub(crate) fn dots(self, um: u32) -> u32 {
        let dots = (u64::from(um) * u64::from(self.0) + UM_PER_INCH / 2) / UM_PER_INCH;
        u32::try_from(dots).unwrap_or(u32::MAX)
    }

    /// The length of so many dots, in micrometres.
    pub(crate) fn um(self, dots: u32) -> u64 {
        u64::from(dots).saturating_mul(UM_PER_INCH) / u64::from(self.0)
    }
}

const UM_PER_INCH: u64 = 25_400;

impl TryFrom<u32> for Dpi {
    type Error = String;

    fn try_from(dpi: u32) -> Result<Self, String> {
        match dpi {
            152 | 203 | 300 | 600 => Ok(Self(dpi)),
            other => Err(format!("`{other}` is no resolution of a label printer: give 152, 203, 300 or 600")),
        }
    }
}

impl From<Dpi> for u32 {
    fn from(dpi: Dpi) -> Self {
        dpi.0
    }
}

// === impl Name ===

impl Name {
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let shown: String = text.chars().take(40).collect();
        let refuse = || format!("`{shown}` is no name: give 1 to 40 of the characters a-z, 0-9, `-` and `_`");
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if !text.bytes().all(allowed) {
            return Err(refuse());
        }
        ShortText::new(text).map(Self).map_err(|_length| refuse())
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::new(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.as_str().to_owned()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

// === impl Template ===

impl Template {
    /// Whether every part makes sense and lies on the label.
    ///
    /// # Errors
    /// [`TemplateError`], which names the field at fault.
    pub(crate) fn check(&self) -> Result<(), TemplateError> {
        within("#/width_mm", self.width_mm, &WIDTHS_MM)?;
        within("#/height_mm", self.height_mm, &HEIGHTS_MM)?;
        if self.fields.is_empty() || self.fields.len() > FIELDS_MAX {
            let what = format!("{} fields: give 1 to {FIELDS_MAX}", self.fields.len());
            return Err(wrong("#/fields", what));
        }
        let page = (self.width_mm.saturating_mul(1_000), self.height_mm.saturating_mul(1_000));
        self.fields
            .iter()
            .enumerate()
            .try_for_each(|(place, field)| check_field(field, &format!("#/fields/{place}"), page))
    }
}

fn check_field(field: &Field, at: &str, page: (u32, u32)) -> Result<(), TemplateError> {
    match field {
        Field::Text(text) => {
            within(&format!("{at}/size_um"), text.size_um, &SIZES_UM)?;
            within(&format!("{at}/lines_max"), text.lines_max, &TEXT_LINES)?;
            fits(at, (text.x_um, text.y_um), (text.width_um, text.size_um), page)
        }
        Field::Code128(code) => check_code(code, at, page, Shape::Bars, Elements::Allowed),
        Field::Ean(code) => check_code(code, at, page, Shape::Bars, Elements::Refused),
        Field::Datamatrix(code) => check_code(code, at, page, Shape::Matrix, Elements::Allowed),
        Field::Qr(code) => check_code(code, at, page, Shape::Matrix, Elements::Refused),
        Field::Box(frame) => {
            within(&format!("{at}/line_um"), frame.line_um, &LINES_UM)?;
            fits(at, (frame.x_um, frame.y_um), (frame.width_um, frame.height_um), page)
        }
        Field::Line(line) => {
            within(&format!("{at}/line_um"), line.line_um, &LINES_UM)?;
            let size = match line.direction {
                Direction::Across => (line.length_um, line.line_um),
                Direction::Down => (line.line_um, line.length_um),
            };
            fits(at, (line.x_um, line.y_um), size, page)
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Bars,
    Matrix,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Elements {
    Allowed,
    Refused,
}

fn check_code(
    code: &Code,
    at: &str,
    page: (u32, u32),
    shape: Shape,
    elements: Elements,
) -> Result<(), TemplateError> {
    within(&format!("{at}/module_um"), code.module_um, &MODULES_UM)?;
    let height = match (shape, code.height_um) {
        (Shape::Bars, None) => return Err(wrong(&format!("{at}/height_um"), "say how high the bars are")),
        (Shape::Bars, Some(height)) => {
            within(&format!("{at}/height_um"), height, &BARS_UM)?;
            height
        }
        (Shape::Matrix, None) => code.module_um,
        (Shape::Matrix, Some(_)) => {
            let what = "a matrix code is as high as it is wide: leave the height out";
            return Err(wrong(&format!("{at}/height_um"), what));
        }
    };
    if shape == Shape::Matrix && code.readable {
        let what = "only bars have text below them: add a field of type `text`";
        return Err(wrong(&format!("{at}/readable"), what));
    }
    match (&code.text, code.elements.is_empty(), elements) {
        (Some(_), true, _) => {}
        (None, false, Elements::Allowed) => check_elements(&code.elements, at)?,
        (_, false, Elements::Refused) => {
            let what =
                "this type of code has no GS1 elements: give `text`, or take `code128` or `datamatrix`";
            return Err(wrong(&format!("{at}/elements"), what));
        }
        (None, true, _) => return Err(wrong(&format!("{at}/text"), "say what the code says")),
        (Some(_), false, Elements::Allowed) => {
            return Err(wrong(&format!("{at}/text"), "give either `text` or `elements`, not both"));
        }
    }
    fits(at, (code.x_um, code.y_um), (code.module_um, height), page)
}

fn check_elements(elements: &[Element], at: &str) -> Result<(), TemplateError> {
    for (place, element) in elements.iter().enumerate() {
        if element.ai.parse::<gs1::Ai>().is_err() {
            let shown: String = element.ai.chars().take(20).collect();
            let what = format!("`{shown}` is no Application Identifier: give its two to four digits");
            return Err(wrong(&format!("{at}/elements/{place}/ai"), what));
        }
    }
    Ok(())
}

fn within(pointer: &str, value: u32, range: &std::ops::RangeInclusive<u32>) -> Result<(), TemplateError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(wrong(pointer, format!("is `{value}`: give {} to {}", range.start(), range.end())))
}

fn fits(at: &str, place: (u32, u32), size: (u32, u32), page: (u32, u32)) -> Result<(), TemplateError> {
    let ends = [("x_um", place.0, size.0, page.0), ("y_um", place.1, size.1, page.1)];
    for (key, begin, length, most) in ends {
        let end = begin.saturating_add(length);
        if length == 0 || end > most {
            let what =
                format!("the field reaches from {begin} to {end} µm, and the label from 0 to {most} µm");
            return Err(wrong(&format!("{at}/{key}"), what));
        }
    }
    Ok(())
}

fn wrong(pointer: &str, what: impl Into<String>) -> TemplateError {
    TemplateError { pointer: pointer.to_owned(), what: what.into() }
}
