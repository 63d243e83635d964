//! What `shelfline demo` is told on the command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use ledger::catalogue::Currency;

use crate::generator::ITEMS_MAX;
use crate::transactions::DateOrder;

/// Starts a hub and store agents on this machine, replays trade as barcode scans through the agents' HTTP API, cuts one
/// store's link for a while, and proves at the end that agents, journal and positions agree.
///
/// Trade comes from a file, or is drawn from a seed. Every handheld counts its scans, so a repeated scan is recognised:
/// after Ctrl-C the same command with the same --data-dir goes on where it stopped, and nothing is counted twice.
///
/// The demo exits with 0 when everything agrees, 1 when something differs or failed, 64 when a flag is wrong, and 130
/// when it was stopped by Ctrl-C or SIGTERM before the proof.
#[derive(Debug, Clone, Args)]
pub struct DemoOptions {
    /// Replay these transactions: CSV, also gzip, columns found by their header
    ///
    /// Needed are a document, an item code, a quantity and a time (InvoiceNo, StockCode, Quantity, InvoiceDate); a
    /// description, a unit price and a store are used if they are there. Documents that begin with C are returns, other
    /// negative quantities are adjustments. Codes that are no GTINs get one by rule: 85123A becomes 2085123001002. What
    /// must have been on hand before is worked out and received first.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["days", "range"])]
    pub transactions: Option<PathBuf>,

    /// Take the items from this CSV: gtin, name, and if there are any unit, price, currency, department
    ///
    /// With --transactions they name the file's items; without, they are what the generated shop sells.
    #[arg(long, value_name = "FILE", conflicts_with = "range")]
    pub items: Option<PathBuf>,

    /// How many stores, each with an agent of its own
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub stores: u16,

    /// Scans a second over all stores, or `max` (also 0) for as fast as it goes
    #[arg(long, value_name = "N", default_value = "400")]
    pub rate: Rate,

    /// Days of trade to draw, from Tuesday 2024-11-05; shops are closed on Saturdays
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=3660))]
    pub days: u32,

    /// How many items the generated shop sells
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1500,
        value_parser = clap::value_parser!(u32).range(1..=i64::try_from(ITEMS_MAX).unwrap_or(i64::MAX))
    )]
    pub range: u32,

    /// Another seed draws another shop; the same seed always the same
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Keep everything in this directory, and go on from what is there
    ///
    /// Without it the demo uses a temporary directory and removes it at the end.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Leave hub and agents running after the proof, until Ctrl-C, and keep the temporary directory
    #[arg(long)]
    pub keep: bool,

    /// The stores' time zone, and that of a file's times
    #[arg(long, value_name = "ZONE", default_value = "Europe/London", value_parser = zone)]
    pub time_zone: String,

    /// Which number of a date such as 03/04/2011 is the day; without it such dates are refused
    #[arg(long, value_name = "ORDER")]
    pub date_order: Option<Order>,

    /// Currency of prices that name none
    #[arg(long, value_name = "CODE", default_value = "GBP", value_parser = currency)]
    pub currency: Currency,
}

/// How fast scans are fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// As fast as the agents answer.
    Max,
    /// At most so many a second, over all stores.
    PerSecond(u32),
}

/// The order of a numeric date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// 03/04/2011 is 3 April.
    Dmy,
    /// 03/04/2011 is 4 March.
    Mdy,
}

// === impl Rate ===

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "max" | "0" => Ok(Self::Max),
            number => match number.parse() {
                Ok(rate) if rate <= RATE_MAX => Ok(Self::PerSecond(rate)),
                Ok(_) | Err(_) => Err(format!("give a whole number from 1 to {RATE_MAX}, or `max`")),
            },
        }
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Max => f.write_str("as fast as it goes"),
            Self::PerSecond(rate) => write!(f, "{rate} a second"),
        }
    }
}

/// Nothing replays faster than this on one machine.
const RATE_MAX: u32 = 1_000_000;

// === impl Order ===

impl Order {
    /// The word on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Dmy => "dmy",
            Self::Mdy => "mdy",
        }
    }
}

impl From<Order> for DateOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Dmy => Self::DayFirst,
            Order::Mdy => Self::MonthFirst,
        }
    }
}

pub(crate) fn zone(name: &str) -> Result<String, String> {
    match TimeZone::get(name) {
        Ok(_) => Ok(name.to_owned()),
        Err(_unknown) => Err("it is no IANA time zone: write a name such as Europe/London or UTC".to_owned()),
    }
}

pub(crate) fn currency(code: &str) -> Result<Currency, String> {
    Currency::parse(code).ok_or_else(|| "write three letters, such as GBP".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        demo: DemoOptions,
    }

    fn parsed(line: &str) -> Result<DemoOptions, String> {
        Line::try_parse_from(["demo"].into_iter().chain(line.split_whitespace()))
            .map(|line| line.demo)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_wrong_flag_is_named() {
        #[rustfmt::skip]
        let cases = [
            ("--stores 0",                          "--stores <N>"),
            ("--stores many",                       "--stores <N>"),
            ("--rate -1",                           "-1"),
            ("--rate fast",                         "--rate <N>"),
            ("--range 10001",                       "--range <N>"),
            ("--days 0",                            "--days <N>"),
            ("--seed x",                            "--seed <N>"),
            ("--time-zone Mars/Olympus",            "--time-zone <ZONE>"),
            ("--currency pounds",                   "--currency <CODE>"),
            ("--date-order ymd",                    "--date-order <ORDER>"),
            ("--transactions a.csv --days 2",       "--days <N>"),
            ("--items a.csv --range 2",             "--range <N>"),
            ("--colour red",                        "--colour"),
        ];
        for (line, name) in cases {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(name), "{line}: {error}");
        }
    }

    #[test]
    fn rates_are_numbers_or_max() {
        let rate = |text: &str| parsed(&format!("--rate {text}")).unwrap().rate;
        assert_eq!((rate("max"), rate("0"), rate("25")), (Rate::Max, Rate::Max, Rate::PerSecond(25)));
        assert_eq!(parsed("").unwrap().rate, Rate::PerSecond(400));
    }
}
