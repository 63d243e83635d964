//! Imports in the replica: the file, what was found in it, and how far it was carried out or taken back.
//!
//! The file and its faults are kept in parts of their own. What a row did is written in the transaction that did it
//! ([`apply`]), so a run that was cut goes on where it was, and no row is done twice.

mod apply;
mod store;

use std::collections::BTreeMap;

use ledger::catalogue::ItemRow;
use ledger::opening::OpeningRow;
use ledger::{Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::apply::{ROWS_AT_ONCE, Went};

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(rename = "ImportKind")]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Items of the catalogue.
    Items,
    /// The first stock of the store.
    OpeningStock,
}

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Every row was looked at, nothing was written.
    Checked,
    /// Accepted rows are being carried out.
    Committing,
    /// They are carried out.
    Committed,
    /// They are being taken back.
    Undoing,
    /// They are taken back.
    Undone,
}

/// What becomes of the good rows of a file with bad ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImportMode")]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They are carried out.
    ValidRows,
    /// Nothing is, and a row that is refused on the way takes all of them back.
    AllOrNothing,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImportRowFault")]
pub struct RowFault {
    /// The line of the file, or the row of the sheet, from 1.
    pub row: u64,
    /// Our name of the column; empty when the whole row is meant.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// For programs.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub suggestion: String,
}

/// What was found in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImportReport")]
pub struct Report {
    /// `csv` or `xlsx`.
    pub format: String,
    /// The encoding of a CSV file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The delimiter of a CSV file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// The sheet of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The decimal mark: `point` or `comma`.
    pub decimal: String,
    /// The line that names the columns.
    pub header_line: u64,
    /// Our columns, each with the header it was found under.
    pub columns: BTreeMap<String, String>,
    /// Rows that are not empty.
    pub rows: u64,
    /// Rows that can be carried out.
    pub accepted: u64,
    /// Rows that cannot.
    pub rejected: u64,
    /// Accepted rows that make something new.
    pub creates: u64,
    /// Accepted rows of something that is there.
    pub updates: u64,
    /// What is wrong, row by row; kept apart from the rest.
    #[serde(skip)]
    pub faults: Vec<RowFault>,
}

/// What became of rows so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImportCounts")]
pub struct Counts {
    /// Items that are new.
    pub created: u64,
    /// Items that were changed.
    pub updated: u64,
    /// Items that were like the row already.
    pub unchanged: u64,
    /// Movements that were recorded.
    pub recorded: u64,
    /// Rows that were refused on the way, because something had changed since the check.
    pub refused: u64,
    /// Rows that were taken back.
    pub undone: u64,
    /// Rows that stay although the import was taken back, because what they made was changed or used since.
    pub kept: u64,
}

/// A row that was not carried out or not taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ImportLeftover")]
pub struct Leftover {
    /// The line of the file.
    pub row: u64,
    /// `refused` or `kept`.
    pub outcome: String,
    /// Why.
    pub detail: String,
}

/// An import as the replica keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its place among the imports.
    pub number: u64,
    /// Its name: the file's hash.
    pub id: String,
    /// What its rows are.
    pub what: What,
    /// How it is read, as JSON.
    pub choices: String,
    /// What was found.
    pub report: Report,
    /// Where it stands.
    pub state: ImportState,
    /// How it was committed.
    pub mode: Option<Mode>,
    /// Why it was taken back by itself.
    pub reason: Option<String>,
    /// How often it was begun.
    pub pass: u64,
    /// What became of its rows.
    pub counts: Counts,
    /// Who sent it.
    pub user: UserId,
    /// When it came.
    pub received_at: Timestamp,
    /// When it was committed.
    pub committed_at: Option<Timestamp>,
    /// When it was changed last.
    pub changed_at: Timestamp,
}

/// A file that was checked, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImport {
    /// Its name: the file's hash.
    pub id: String,
    /// What its rows are.
    pub what: What,
    /// How it is read, as JSON.
    pub choices: String,
    /// Under which name the choices are remembered.
    pub profile: Option<String>,
    /// What was found.
    pub report: Report,
    /// Who sent it.
    pub user: UserId,
}

/// What a row asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An item is to be as the row says.
    Item {
        /// The row.
        line: u64,
        /// What it says.
        item: ItemRow,
    },
    /// Goods are there.
    Opening {
        /// The row.
        line: u64,
        /// What it says.
        opening: OpeningRow,
    },
    /// Nothing: the row was good when it was checked, and is not any more.
    Refused {
        /// The row.
        line: u64,
        /// Why.
        detail: String,
    },
}

/// What becomes of a request to commit or to undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It runs, or has run before.
    Yes(Import),
    /// Its state does not allow that.
    No(Import),
    /// There is no such import.
    Missing,
}

impl What {
    /// The word in the API and in the replica.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Items => "items",
            Self::OpeningStock => "opening_stock",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Items, Self::OpeningStock].into_iter().find(|what| what.word() == word)
    }
}

impl ImportState {
    /// The word in the API and in the replica.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::Committing => "committing",
            Self::Committed => "committed",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    /// Whether somebody works on it.
    #[must_use]
    pub const fn is_running(self) -> bool {
        match self {
            Self::Committing | Self::Undoing => true,
            Self::Checked | Self::Committed | Self::Undone => false,
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Checked, Self::Committing, Self::Committed, Self::Undoing, Self::Undone]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

impl Mode {
    const fn word(self) -> &'static str {
        match self {
            Self::ValidRows => "valid_rows",
            Self::AllOrNothing => "all_or_nothing",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::ValidRows, Self::AllOrNothing].into_iter().find(|mode| mode.word() == word)
    }
}

impl Counts {
    /// Rows that something became of while committing.
    #[must_use]
    pub const fn done(&self) -> u64 {
        self.created
            .saturating_add(self.updated)
            .saturating_add(self.unchanged)
            .saturating_add(self.recorded)
            .saturating_add(self.refused)
    }

    /// Rows that an undo has to look at.
    #[must_use]
    pub const fn to_undo(&self) -> u64 {
        self.created.saturating_add(self.updated).saturating_add(self.recorded)
    }
}
