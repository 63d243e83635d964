//! What a cell says: numbers of items, texts, numbers, days; or why it cannot be told.

use gs1::Gtin;

use super::{Columns, RowError};
use crate::ids::Lot;
use crate::quantity::Unit;
use crate::time::Date;

/// The cells of one row.
pub trait Cells {
    /// The text at a place, from 0; empty beyond the end.
    fn cell(&self, place: usize) -> &str;
}

impl Cells for csv::StringRecord {
    fn cell(&self, place: usize) -> &str {
        self.get(place).unwrap_or_default()
    }
}

impl Cells for Vec<String> {
    fn cell(&self, place: usize) -> &str {
        self.get(place).map_or("", String::as_str)
    }
}

/// How a file writes decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimal {
    /// `1.20`.
    Point,
    /// `1,20`.
    Comma,
    /// Either: the file cannot have thousands, so both marks mean the same.
    Either,
}

impl Decimal {
    /// The mark that numbers of a file have more often; `otherwise` when they tell nothing.
    pub fn sniff<'a>(numbers: impl Iterator<Item = &'a str>, otherwise: Self) -> Self {
        let (mut points, mut commas) = (0_u64, 0_u64);
        for number in numbers {
            points = points.saturating_add(u64::from(number.contains('.')));
            commas = commas.saturating_add(u64::from(number.contains(',')));
        }
        match points.cmp(&commas) {
            std::cmp::Ordering::Greater => Self::Point,
            std::cmp::Ordering::Less => Self::Comma,
            std::cmp::Ordering::Equal => otherwise,
        }
    }
}

/// A row, with what its columns mean.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    line: u64,
    columns: &'a Columns,
    cells: &'a dyn Cells,
    decimal: Decimal,
}

impl std::fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("line", &self.line).field("columns", self.columns).finish_non_exhaustive()
    }
}

impl<'a> Row<'a> {
    /// A row that stands in a line of its file.
    #[must_use]
    pub fn new(line: u64, columns: &'a Columns, cells: &'a dyn Cells, decimal: Decimal) -> Self {
        Self { line, columns, cells, decimal }
    }

    /// The line, from 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// What stands in a column, without blanks around it; empty when the file has no such column.
    #[must_use]
    pub fn cell(&self, column: &str) -> &'a str {
        self.columns.place(column).map_or("", |place| self.cells.cell(place).trim())
    }

    /// What is wrong with a cell.
    #[must_use]
    pub fn bad(
        &self,
        column: &'static str,
        code: &'static str,
        message: impl Into<String>,
        suggestion: &'static str,
    ) -> RowError {
        RowError {
            line: self.line,
            column,
            value: self.cell(column).chars().take(80).collect(),
            code,
            message: message.into(),
            suggestion,
        }
    }

    /// The item that the row is about.
    ///
    /// A zero in front changes no check digit and no GTIN, which is held as 14 digits: a number of 12 digits that had 13 is the
    /// same item. Only a length that no GTIN has shows that zeros are gone.
    ///
    /// # Errors
    /// [`RowError`] when it is none, or a spreadsheet lost digits of it.
    pub fn gtin(&self) -> Result<Gtin, RowError> {
        const COLUMN: &str = "gtin";
        let missing =
            || self.bad(COLUMN, "gtin_missing", "the row has no GTIN", "give it its barcode number");
        self.gtin_in(COLUMN)?.ok_or_else(missing)
    }

    /// The GTIN in a column; `None` when the cell is empty.
    ///
    /// # Errors
    /// [`RowError`] when it is none.
    pub fn gtin_in(&self, column: &'static str) -> Result<Option<Gtin>, RowError> {
        let text = self.cell(column);
        if text.is_empty() {
            return Ok(None);
        }
        if is_scientific(text) {
            return Err(self.bad(
                column,
                "gtin_scientific",
                "a spreadsheet turned the number into scientific notation, digits are lost",
                "format the column as text and export again",
            ));
        }
        if let Some(whole) = with_lost_zeros(text) {
            let message = format!("zeros in front of the number are lost: with them it is `{whole}`");
            return Err(self.bad(column, "gtin_zeros_lost", message, LOST_ZEROS));
        }
        text.parse().map(Some).map_err(|error: gs1::GtinError| {
            let hint = "compare it with the number under the barcode";
            self.bad(column, "gtin_invalid", error.to_string(), hint)
        })
    }

    /// A text of one line; `None` when the cell is empty.
    ///
    /// # Errors
    /// [`RowError`] when it has more than `max` characters or control characters.
    pub fn text(&self, column: &'static str, max: usize) -> Result<Option<String>, RowError> {
        let text = self.cell(column);
        if text.chars().count() > max {
            let message = format!("the {column} has more than {max} characters");
            return Err(self.bad(column, "text_too_long", message, "shorten it"));
        }
        if let Some(control) = text.chars().find(|c| c.is_control()) {
            let message = format!("the {column} has the control character {control:?}");
            return Err(self.bad(column, "text_control", message, "remove it"));
        }
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    /// A number as digits with an optional decimal point; `None` when the cell is empty.
    ///
    /// # Errors
    /// [`RowError`] when it has the decimal mark that the file does not write: `1.234` may be a thousand there.
    pub fn number(&self, column: &'static str) -> Result<Option<String>, RowError> {
        let text = self.cell(column);
        let other = match self.decimal {
            Decimal::Point => text.contains(',').then_some(("a point", "a comma")),
            Decimal::Comma => text.contains('.').then_some(("a comma", "a point")),
            Decimal::Either => None,
        };
        if let Some((usual, here)) = other {
            let message = format!("the file writes decimals with {usual}, and this has {here}");
            let hint = "write all numbers alike and without marks for thousands";
            return Err(self.bad(column, "number_ambiguous", message, hint));
        }
        Ok((!text.is_empty()).then(|| text.replace(',', ".")))
    }

    /// A unit; `None` when the cell is empty.
    ///
    /// # Errors
    /// [`RowError`] when we know none such.
    pub fn unit(&self) -> Result<Option<Unit>, RowError> {
        match self.cell("unit") {
            "" => Ok(None),
            text => Unit::parse(text).map(Some).ok_or_else(|| {
                self.bad("unit", "unit_unknown", "the unit is not known", "write `pcs`, `g` or `ml`")
            }),
        }
    }

    /// A lot; `None` when the cell is empty.
    ///
    /// # Errors
    /// [`RowError`] when it is none, or a spreadsheet made a number of it.
    pub fn lot(&self) -> Result<Option<Lot>, RowError> {
        const COLUMN: &str = "lot";
        let text = self.cell(COLUMN);
        if text.is_empty() {
            return Ok(None);
        }
        // A lot may well be called `1E5`; only a spreadsheet writes `1.2E+12`.
        if is_scientific(text) && text.contains('+') {
            return Err(self.bad(
                COLUMN,
                "lot_scientific",
                "a spreadsheet turned the lot into scientific notation, characters are lost",
                "format the column as text and export again",
            ));
        }
        let checked = Lot::new(text).map(Some);
        checked.map_err(|error| self.bad(COLUMN, "lot_invalid", error.to_string(), "copy it from the label"))
    }

    /// A day; `None` when the cell is empty. Taken are `2026-12-03`, `3.12.2026`, and with slashes what can be read one way
    /// only.
    ///
    /// # Errors
    /// [`RowError`] when it is no day, or may be two different ones.
    pub fn date(&self, column: &'static str) -> Result<Option<Date>, RowError> {
        const HINT: &str = "write the day as `2026-12-03`";
        let text = self.cell(column);
        if text.is_empty() {
            return Ok(None);
        }
        let invalid = || self.bad(column, "date_invalid", "this is no day", HINT);
        let day = match parts(text).ok_or_else(invalid)? {
            Day::One(year, month, day) => of(year, month, day).ok_or_else(invalid)?,
            Day::Short => {
                return Err(self.bad(column, "date_ambiguous", "the year has two digits only", HINT));
            }
            Day::Either(year, a, b) => match (of(year, b, a), of(year, a, b)) {
                (Some(one), Some(other)) if one != other => {
                    let message = format!("this may be {one} or {other}");
                    return Err(self.bad(column, "date_ambiguous", message, HINT));
                }
                (Some(day), _) | (None, Some(day)) => day,
                (None, None) => return Err(invalid()),
            },
        };
        Ok(Some(day))
    }
}

const LOST_ZEROS: &str = "format the column as text and write the number with its zeros";

/// Lengths of a GTIN (GS1 General Specifications, section 3.3).
const LENGTHS: [usize; 4] = [8, 12, 13, 14];

/// Shortest number that is taken for a GTIN without its zeros; shorter ones are numbers of other kinds.
const LENGTH_MIN: usize = 6;

fn is_scientific(text: &str) -> bool {
    text.contains(['e', 'E'])
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, 'e' | 'E' | '+' | '-' | '.' | ','))
}

/// The number with the zeros that a spreadsheet took, when a GTIN comes of that.
fn with_lost_zeros(text: &str) -> Option<String> {
    let is_short = text.len() >= LENGTH_MIN && !LENGTHS.contains(&text.len());
    if !is_short || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let length = LENGTHS.into_iter().find(|length| *length > text.len())?;
    Gtin::new(text.parse().ok()?).ok().map(|_gtin| format!("{text:0>length$}"))
}

/// What the parts of a date say.
enum Day {
    /// Year, month, day.
    One(u16, u8, u8),
    /// A year, and two numbers that are day and month in some order.
    Either(u16, u8, u8),
    /// A year of two digits.
    Short,
}

fn parts(text: &str) -> Option<Day> {
    let mark = ['-', '.', '/'].into_iter().find(|mark| text.contains(*mark))?;
    let mut parts = text.split(mark);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    let digits =
        |part: &str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || ![a, b, c].into_iter().all(digits) {
        return None;
    }
    if a.len() == 4 && mark != '.' {
        return Some(Day::One(a.parse().ok()?, b.parse().ok()?, c.parse().ok()?));
    }
    if c.len() != 4 {
        return (a.len() <= 2 && b.len() <= 2 && c.len() <= 2).then_some(Day::Short);
    }
    let (year, a, b) = (c.parse().ok()?, a.parse().ok()?, b.parse().ok()?);
    // Whoever writes dots begins with the day.
    Some(if mark == '.' { Day::One(year, b, a) } else { Day::Either(year, a, b) })
}

fn of(year: u16, month: u8, day: u8) -> Option<Date> {
    format!("{year:04}-{month:02}-{day:02}").parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::ColumnName;
    use super::*;

    const NAMES: &[ColumnName] = &[
        ColumnName { name: "gtin", others: &[], needed: false },
        ColumnName { name: "lot", others: &[], needed: false },
        ColumnName { name: "expiry", others: &[], needed: false },
        ColumnName { name: "qty", others: &[], needed: false },
    ];

    fn with<T>(column: &str, text: &str, decimal: Decimal, read: impl Fn(Row<'_>) -> T) -> T {
        let columns = Columns::find(NAMES, &[column], &BTreeMap::new()).unwrap();
        let cells = vec![text.to_owned()];
        read(Row::new(2, &columns, &cells, decimal))
    }

    #[test]
    fn a_code_that_a_spreadsheet_broke_is_told_from_a_wrong_one() {
        for (text, expect) in [
            ("4006381333931", "04006381333931"),
            ("036000291452", "00036000291452"),
            ("36000291452", "gtin_zeros_lost"),
            ("9638507", "gtin_invalid"),
            ("4.00638E+12", "gtin_scientific"),
            ("4,00638E+12", "gtin_scientific"),
            ("4006381333932", "gtin_invalid"),
            ("12345", "gtin_invalid"),
            ("ART-1", "gtin_invalid"),
            ("", "gtin_missing"),
        ] {
            let found = with("gtin", text, Decimal::Point, |row| {
                row.gtin().map_or_else(|error| error.code.to_owned(), |gtin| gtin.to_string())
            });
            assert_eq!(found, expect, "{text}");
        }
        let error = with("gtin", "36000291452", Decimal::Point, |row| row.gtin().unwrap_err());
        assert!(error.message.ends_with("with them it is `036000291452`"), "{error}");
    }

    #[test]
    fn a_day_is_taken_when_it_can_be_read_one_way_only() {
        for (text, expect) in [
            ("2026-12-03", "2026-12-03"),
            ("2026/12/03", "2026-12-03"),
            ("3.12.2026", "2026-12-03"),
            ("13/12/2026", "2026-12-13"),
            ("12/13/2026", "2026-12-13"),
            ("12/12/2026", "2026-12-12"),
            ("03/12/2026", "date_ambiguous"),
            ("3-4-2026", "date_ambiguous"),
            ("03/12/26", "date_ambiguous"),
            ("31.02.2026", "date_invalid"),
            ("2026-13-01", "date_invalid"),
            ("soon", "date_invalid"),
            ("1/2/3/4", "date_invalid"),
            ("", "-"),
        ] {
            let found = with("expiry", text, Decimal::Point, |row| match row.date("expiry") {
                Ok(day) => day.map_or_else(|| "-".to_owned(), |day| day.to_string()),
                Err(error) => error.code.to_owned(),
            });
            assert_eq!(found, expect, "{text}");
        }
    }

    #[test]
    fn the_other_decimal_mark_is_refused() {
        for (text, decimal, expect) in [
            ("1.5", Decimal::Point, "1.5"),
            ("1,5", Decimal::Comma, "1.5"),
            ("1,5", Decimal::Either, "1.5"),
            ("1,500", Decimal::Point, "number_ambiguous"),
            ("1.500", Decimal::Comma, "number_ambiguous"),
        ] {
            let found = with("qty", text, decimal, |row| match row.number("qty") {
                Ok(number) => number.unwrap_or_default(),
                Err(error) => error.code.to_owned(),
            });
            assert_eq!(found, expect, "{text}");
        }
        assert_eq!(Decimal::sniff(["1,20", "3", "4,5"].into_iter(), Decimal::Point), Decimal::Comma);
        assert_eq!(Decimal::sniff(["1", "3"].into_iter(), Decimal::Point), Decimal::Point);
    }

    #[test]
    fn a_lot_may_look_like_a_number() {
        for (text, expect) in [
            ("1E5", "1E5"),
            ("0012", "0012"),
            ("1.2E+12", "lot_scientific"),
            ("x".repeat(21).as_str(), "lot_invalid"),
        ] {
            let found = with("lot", text, Decimal::Point, |row| match row.lot() {
                Ok(lot) => lot.map(|lot| lot.to_string()).unwrap_or_default(),
                Err(error) => error.code.to_owned(),
            });
            assert_eq!(found, expect);
        }
    }
}
