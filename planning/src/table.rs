//! Columns as files bring them, and how we find the ones we need.

/// A column of a table. What is not there is an empty text or NaN.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Text.
    Text(Vec<String>),
    /// Numbers; NaN is "not there".
    Number(Vec<f64>),
    /// Days since 1970-01-01.
    Day(Vec<i32>),
}

/// Named columns of one length.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<(String, Column)>,
    rows: usize,
}

/// A table that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Columns of different lengths.
    #[error("column `{name}` has {got} rows and the others {wanted}: write the file again")]
    Length {
        /// The column.
        name: String,
        /// Its rows.
        got: usize,
        /// The others' rows.
        wanted: usize,
    },
}

// === impl Column ===

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Day(values) => values.len(),
        }
    }

    /// A cell as text; numbers without a needless fraction.
    #[must_use]
    pub fn text(&self, row: usize) -> String {
        match self {
            Self::Text(values) => values.get(row).cloned().unwrap_or_default(),
            Self::Number(values) => match values.get(row) {
                Some(value) if value.is_finite() => value.to_string(),
                Some(_) | None => String::new(),
            },
            Self::Day(values) => values
                .get(row)
                .map_or_else(String::new, |day| ledger::time::Date::from_days(*day).to_string()),
        }
    }

    /// A cell as a number; NaN when it is none.
    #[must_use]
    pub fn number(&self, row: usize) -> f64 {
        match self {
            Self::Text(values) => {
                values.get(row).and_then(|text| text.trim().parse().ok()).unwrap_or(f64::NAN)
            }
            Self::Number(values) => values.get(row).copied().unwrap_or(f64::NAN),
            Self::Day(values) => values.get(row).map_or(f64::NAN, |day| f64::from(*day)),
        }
    }
}

// === impl Table ===

impl Table {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column.
    ///
    /// # Errors
    /// [`TableError::Length`] when it is not as long as the others.
    pub fn push(&mut self, name: impl Into<String>, column: Column) -> Result<(), TableError> {
        let (name, got) = (name.into(), column.len());
        if !self.columns.is_empty() && got != self.rows {
            return Err(TableError::Length { name, got, wanted: self.rows });
        }
        self.rows = got;
        self.columns.push((name, column));
        Ok(())
    }

    /// How many rows it has.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Its columns with their names.
    #[must_use]
    pub fn columns(&self) -> &[(String, Column)] {
        &self.columns
    }

    /// The first column with one of these names, whatever its case.
    #[must_use]
    pub fn find(&self, names: &[&str]) -> Option<(&str, &Column)> {
        names.iter().find_map(|wanted| {
            let found = self.columns.iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
            found.map(|(name, column)| (name.as_str(), column))
        })
    }
}
