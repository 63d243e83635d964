//! Everything that is known of a scan or a label, in one call: whatever came, with what the caller knows of it.
//!
//! A [`Decoder`] takes a scan the way it has to go: by its AIM identifier, as a bare number, as a UPC-E or a restricted number
//! where the [`Config`] says so, as the content of a tag, as a Digital Link, as bracketed text, or as plain text. What it
//! finds is a [`Report`], which serialises to JSON. A [`Row`] is the same question as JSON.
//!
//! What is judged here is a whole label, so an AI that misses its partner is a problem, unless the caller says otherwise.
//! And nothing without an identifier is taken for an element string, unless the caller says so.
//!
//! ```
//! use gs1::report::{Config, Decoder, Row};
//!
//! let decoder = Decoder::new(2026);
//! let report = decoder.scan(&Config::default(), b"]d2010400638133393117261200");
//! assert_eq!(report.bracketed.as_deref(), Some("(01)04006381333931(17)261200"));
//! assert_eq!(report.meaning.date.as_deref(), Some("2026-12-31"));
//!
//! let row = Row::parse(r#"{"id": 7, "input": "]E02456609708201", "config": {"rcn_region": "se"}}"#)?;
//! let json = serde_json::to_value(decoder.row(&row))?;
//! assert_eq!((&json["id"], &json["weight"], &json["usage"]), (&7.into(), &"8.20".into(), &"geo".into()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod build;
mod config;
mod facts;
mod meaning;
mod patterns;
mod route;
mod row;

pub use answer::{
    Candidate, Meaning, NumberFacts, Report, ReportedAlternative, ReportedElement, ReportedProblem, TagFacts,
    Warning,
};
pub use config::{Carrier, Config, ConfigError, Frame, Separators};
pub use row::{MAX_SCANS, Row, RowError, Scans};

use alloc::string::String;
use alloc::vec::Vec;

use crate::date::CivilDate;
use crate::dictionary::Dictionary;
use crate::reader::{Reader, Unnamed};
use crate::reading::Reading;

use build::Found;
use route::{Routed, Way};

/// Reports on scans. Made once, used for many.
#[derive(Debug, Clone, Copy)]
pub struct Decoder<'d> {
    reader: Reader<'d>,
    year: i16,
}

impl Decoder<'static> {
    /// By the built-in table. Two-digit years are seen from `reference_year`, which is the current one.
    #[must_use]
    pub const fn new(reference_year: i16) -> Self {
        Self { reader: Reader::new(), year: reference_year }
    }
}

impl<'d> Decoder<'d> {
    /// By a dictionary that was loaded.
    #[must_use]
    pub fn with_dictionary(dictionary: &'d Dictionary, reference_year: i16) -> Self {
        Self { reader: dictionary.reader(), year: reference_year }
    }

    /// What is known of a scan.
    #[must_use]
    pub fn scan(&self, config: &Config, scan: &[u8]) -> Report {
        self.report(config, &[scan], true)
    }

    /// What is known of the scans of one label: the first [`MAX_SCANS`] of them.
    #[must_use]
    pub fn label(&self, config: &Config, scans: &[&[u8]]) -> Report {
        self.report(config, scans, false)
    }

    /// What a row asks for.
    #[must_use]
    pub fn row(&self, row: &Row) -> Report {
        let report = match &row.scans {
            Scans::One(scan) => self.scan(&row.config, scan.as_bytes()),
            Scans::Label(scans) => {
                self.label(&row.config, &scans.iter().map(String::as_bytes).collect::<Vec<_>>())
            }
        };
        Report { id: row.id.clone(), ..report }
    }

    fn report(&self, config: &Config, scans: &[&[u8]], alone: bool) -> Report {
        let separators = config.separators.bytes();
        let table: Reader<'_> = self.reader.requisites(alone && config.requisites);
        let reader = table
            .unnamed(config.assume)
            .separators(&separators)
            .repeated_separators(config.tolerate_repeated_separators)
            .frame(config.frame.prefix.as_bytes(), config.frame.suffix.as_bytes());
        // For texts that are made here, of tags and of UPC-E.
        let of_made = table.unnamed(Unnamed::Elements);
        let routed: Vec<_> =
            scans.iter().take(MAX_SCANS).map(|scan| Routed::new(&reader, config, scan)).collect();
        let (mut readings, mut places): (Vec<Reading<'_>>, Vec<usize>) = (Vec::new(), Vec::new());
        for (place, one) in routed.iter().enumerate().filter(|(_, one)| !matches!(one.way, Way::Refused(..)))
        {
            readings.push(match one.made() {
                Some(text) => of_made.read(text.as_bytes()),
                None => reader.read(one.sent),
            });
            places.push(place);
        }
        let year = config.reference_date.map_or(self.year, CivilDate::year);
        Found { config, routed: &routed, readings: &readings, places: &places, alone, year }.report()
    }
}
