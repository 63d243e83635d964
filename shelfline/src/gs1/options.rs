//! What `shelfline gs1` can be told.

use std::path::PathBuf;

use ::gs1::CivilDate;
use ::gs1::Unnamed;
use ::gs1::rcn::Country;
use ::gs1::report::{Carrier, Config, ConfigError, Frame, Separators};

use super::escape;

/// What scans of GS1 codes say.
#[derive(Debug, clap::Args)]
pub struct Gs1Options {
    /// What to do.
    #[command(subcommand)]
    pub command: Gs1Command,
}

/// What can be done with scans.
#[derive(Debug, clap::Subcommand)]
pub enum Gs1Command {
    /// Say what scans hold and what is wrong with them: one JSON object a line. Exits with 1 if a line could not be read.
    Decode(Box<DecodeOptions>),
}

/// What `shelfline gs1 decode` can be told.
#[derive(Debug, Default, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub struct DecodeOptions {
    /// The scans, one a line; `-` or nothing for the standard input. `\u001d` and `\x1d` stand for FNC1, as does the byte
    /// itself. Empty lines are passed over; with `--jsonl`, blank ones too.
    pub file: Option<PathBuf>,

    /// Lines are JSON objects: `{"input": SCAN}` or `{"inputs": [SCAN, ...]}`, with `id` and `config` if need be.
    #[arg(long)]
    pub jsonl: bool,

    /// A GS1 Barcode Syntax Dictionary that takes the place of the built-in table.
    #[arg(long, value_name = "FILE")]
    pub dictionary: Option<PathBuf>,

    /// The country by whose patterns restricted numbers are read, such as `de`.
    #[arg(long, value_name = "CODE", value_parser = Config::region_of, conflicts_with = "jsonl")]
    pub region: Option<Country>,

    /// The shop's own patterns of restricted numbers, which come before those of the country: a JSON list such as
    /// `[{"layout": "21IIIIICVVVV", "measure": "price", "decimals": 2, "check": "both"}]`.
    #[arg(long, value_name = "FILE", conflicts_with = "jsonl")]
    pub rcn_patterns: Option<PathBuf>,

    /// What the symbols were: `UPC-E`, for 6 to 8 digits that are one.
    #[arg(long, value_name = "NAME", value_parser = Config::carrier_named, conflicts_with = "jsonl")]
    pub carrier: Option<Carrier>,

    /// What comes without an AIM identifier is an element string.
    #[arg(long, conflicts_with = "jsonl")]
    pub assume_gs1: bool,

    /// The day from which two-digit years are seen, such as 2026-11-22; otherwise today.
    #[arg(long, value_name = "DATE", value_parser = Config::day_of, conflicts_with = "jsonl")]
    pub reference_date: Option<CivilDate>,

    /// An AI that misses its partner is no problem.
    #[arg(long, conflicts_with = "jsonl")]
    pub no_requisites: bool,

    /// What stands for FNC1 besides ASCII 29, such as `#` or `<GS>`. Can be given several times.
    #[arg(long, value_name = "TEXT", conflicts_with = "jsonl")]
    pub separators: Vec<String>,

    /// What the scanner puts before and behind the data.
    #[arg(long, num_args = 2, value_names = ["PREFIX", "SUFFIX"], conflicts_with = "jsonl")]
    pub frame: Vec<String>,

    /// Several separators in a row count as one.
    #[arg(long, conflicts_with = "jsonl")]
    pub tolerate_repeated_separators: bool,
}

impl DecodeOptions {
    /// What the flags say of all scans, without what is in files.
    ///
    /// # Errors
    /// [`ConfigError`] when there are too many separators, or one is empty or too long.
    pub fn config(&self) -> Result<Config, ConfigError> {
        let text =
            |written: &String| String::from_utf8_lossy(&escape::resolved(written.as_bytes())).into_owned();
        let mut frame = self.frame.iter().map(text);
        Ok(Config {
            requisites: !self.no_requisites,
            separators: Separators::new(self.separators.iter().map(text).collect())?,
            assume: if self.assume_gs1 { Unnamed::Elements } else { Unnamed::Keys },
            tolerate_repeated_separators: self.tolerate_repeated_separators,
            frame: Frame {
                prefix: frame.next().unwrap_or_default(),
                suffix: frame.next().unwrap_or_default(),
            },
            carrier: self.carrier,
            rcn_region: self.region,
            rcn_patterns: Vec::new(),
            reference_date: self.reference_date,
        })
    }
}
