//! Text tables: the first column to the left, the others to the right.

use std::fmt;

/// A table with a heading.
#[derive(Debug, Clone)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column headings.
    #[must_use]
    pub fn new<const N: usize>(headings: [&str; N]) -> Self {
        Self { rows: vec![headings.map(str::to_owned).to_vec()] }
    }

    /// Adds a row; cells beyond the headings are shown too.
    pub fn row<I: IntoIterator<Item: Into<String>>>(&mut self, cells: I) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(move |row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if column == 0 {
                    line.push_str(&format!("{cell:<width$}"));
                } else {
                    line.push_str(&format!("  {cell:>width$}"));
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A number for a person: three digits that say something, groups of three before the point.
#[must_use]
pub fn figure(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len().saturating_sub(place)).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn numbers_line_up_on_the_right() {
        let mut table = Table::new(["what", "per s", "p99 ms"]);
        table.row(["one handheld", "182", "21.4"]);
        table.row(["64", "12,345", "9.81"]);
        expect![[r"
            what           per s  p99 ms
            one handheld     182    21.4
            64            12,345    9.81
        "]]
        .assert_eq(&table.to_string());
    }

    #[test]
    fn figures_keep_what_says_something() {
        #[rustfmt::skip]
        let cases = [
            (0.0,         "0.000"),
            (0.12345,     "0.123"),
            (5.6789,      "5.68"),
            (56.789,      "56.8"),
            (567.89,      "568"),
            (14_812.3,    "14,812"),
            (1_234_567.0, "1,234,567"),
            (-1234.0,     "-1,234"),
            (f64::NAN,    "-"),
        ];
        for (value, text) in cases {
            assert_eq!(figure(value), text);
        }
    }
}
