//! Tables of text, as files of other programs bring them: which column is which, what a cell says, and what is wrong with it.
//!
//! Nothing here knows a file format: whoever reads one hands over rows of text ([`Cells`]). A cell is taken only when it can
//! mean one thing: digits that a spreadsheet lost, dates that two countries read differently and numbers with the other
//! decimal mark are refused, each with what to do next. What rows are of is said elsewhere: [`crate::catalogue::import`],
//! [`crate::opening`].

mod cell;

use std::collections::BTreeMap;
use std::fmt;
use std::io;

pub use self::cell::{Cells, Decimal, Row};

/// One row that cannot be taken. The rows around it are unaffected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The line of the file, from 1; the header is line 1.
    pub line: u64,
    /// The column's name, as we call it; empty when the whole row is meant.
    pub column: &'static str,
    /// What stands there, cut to 80 characters.
    pub value: String,
    /// A stable code in snake case.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub suggestion: &'static str,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.column.is_empty() {
            write!(f, ", column {}, value `{}`", self.column, self.value)?;
        }
        write!(f, ": {}; {}", self.message, self.suggestion)
    }
}

/// The file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportHeaderError {
    /// No header line.
    #[error(
        "the file is empty: its first line must name the columns, such as `gtin,name,unit,price,currency`"
    )]
    Empty,
    /// A column that every row needs is missing.
    #[error("no column `{column}` among `{found}`: name it in the first line")]
    MissingColumn {
        /// The missing column.
        column: &'static str,
        /// The header as it stands, cut to 200 characters.
        found: String,
    },
    /// Two headers mean one column.
    #[error("two columns mean `{column}` among `{found}`: keep one of them")]
    RepeatedColumn {
        /// The column.
        column: &'static str,
        /// The header as it stands, cut to 200 characters.
        found: String,
    },
    /// A mapping names a column that the file has not.
    #[error(
        "column `{column}` is to be read from `{header}`, which is not among `{found}`: correct the mapping"
    )]
    MappedNowhere {
        /// Our column.
        column: &'static str,
        /// The file's column that was named for it.
        header: String,
        /// The header as it stands, cut to 200 characters.
        found: String,
    },
    /// A mapping names a column that we do not know.
    #[error("`{column}` is no column of ours: map one of {known}")]
    UnknownColumn {
        /// What was named.
        column: String,
        /// What there is.
        known: String,
    },
    /// The bytes could not be read.
    #[error("the header line could not be read")]
    Read(#[source] csv::Error),
    /// The source failed.
    #[error("the file could not be read")]
    Io(#[from] io::Error),
}

/// A column as we call it, and as others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnName {
    /// Our name.
    pub name: &'static str,
    /// Other names, the best one first.
    pub others: &'static [&'static str],
    /// Whether no row makes sense without it.
    pub needed: bool,
}

/// Where the columns stand in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<(&'static str, usize)>);

impl Columns {
    /// Finds columns by their header in any order; letters may be small or capital. `mapping` says under which header one of
    /// our columns stands, when its name does not.
    ///
    /// # Errors
    /// [`ImportHeaderError`] when a needed column is missing, one is there twice, or the mapping does not fit.
    pub fn find(
        names: &[ColumnName],
        header: &[&str],
        mapping: &BTreeMap<String, String>,
    ) -> Result<Self, ImportHeaderError> {
        if let Some(unknown) = mapping.keys().find(|key| names.iter().all(|column| column.name != **key)) {
            return Err(ImportHeaderError::UnknownColumn {
                column: unknown.chars().take(64).collect(),
                known: names.iter().map(|column| format!("`{}`", column.name)).collect::<Vec<_>>().join(", "),
            });
        }
        let mut found = Vec::new();
        for column in names {
            let place = match mapping.get(column.name) {
                Some(wanted) => Some(place_of_mapped(column.name, wanted, header)?),
                None => place_of(column, header)?,
            };
            match place {
                Some(place) => found.push((column.name, place)),
                None if column.needed => return Err(missing(column.name, header)),
                None => {}
            }
        }
        Ok(Self(found))
    }

    /// Where a column stands, from 0.
    #[must_use]
    pub fn place(&self, column: &str) -> Option<usize> {
        self.0.iter().find(|(name, _)| *name == column).map(|(_, place)| *place)
    }

    /// The columns that the file has, with their places.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, usize)> + '_ {
        self.0.iter().copied()
    }
}

/// The value, or what is wrong put to the rest: a row tells all of it at once.
pub fn kept<T>(read: Result<T, RowError>, wrong: &mut Vec<RowError>) -> Option<T> {
    read.map_err(|error| wrong.push(error)).ok()
}

/// That a header lacks a column.
#[must_use]
pub fn missing(column: &'static str, header: &[&str]) -> ImportHeaderError {
    ImportHeaderError::MissingColumn { column, found: shown(header) }
}

/// What columns may be separated by.
pub const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The delimiter of a file: the one that its header line has most of.
#[must_use]
pub fn delimiter(header: &[u8]) -> u8 {
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    DELIMITERS.into_iter().max_by_key(|d| (count(*d), *d == b',')).unwrap_or(b',')
}

fn place_of_mapped(column: &'static str, wanted: &str, header: &[&str]) -> Result<usize, ImportHeaderError> {
    header.iter().position(|text| same(text, wanted)).ok_or_else(|| ImportHeaderError::MappedNowhere {
        column,
        header: wanted.chars().take(64).collect(),
        found: shown(header),
    })
}

/// The first name of the list that the header has decides: a file may well have a `gtin14` beside a `code`.
fn place_of(column: &ColumnName, header: &[&str]) -> Result<Option<usize>, ImportHeaderError> {
    let places = |name: &str| {
        let at = header.iter().enumerate().filter(|(_, text)| same(text, name));
        at.map(|(place, _)| place).collect::<Vec<_>>()
    };
    let names = std::iter::once(column.name).chain(column.others.iter().copied());
    match names.map(places).find(|places| !places.is_empty()).as_deref() {
        None => Ok(None),
        Some([place]) => Ok(Some(*place)),
        Some(_several) => {
            Err(ImportHeaderError::RepeatedColumn { column: column.name, found: shown(header) })
        }
    }
}

fn same(header: &str, name: &str) -> bool {
    header.trim().eq_ignore_ascii_case(name.trim())
}

fn shown(header: &[&str]) -> String {
    header.join(",").chars().take(200).collect()
}
