//! The price book: every row that ever arrived, and which of them holds when (R68).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use gs1::Gtin;
use serde::{Deserialize, Serialize};

use super::local::{LocalTime, Zone};
use crate::catalogue::Currency;
use crate::ids::StoreId;
use crate::quantity::{Money, Quantity};
use crate::time::Timestamp;

/// The version of a row: what the head office counts up with every row of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PriceVersion(u64);

/// What kind of price a row is; printed on the label, while `priority` decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PriceKind {
    /// The ordinary price.
    Base,
    /// For some days.
    Promo,
    /// Until it is gone.
    Clearance,
}

/// Where a row holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PriceSites"))]
#[serde(rename_all = "snake_case")]
pub enum Sites {
    /// Everywhere.
    All,
    /// At these only.
    Only(BTreeSet<StoreId>),
}

/// "`pieces` for `amount`"; pieces beyond whole groups cost the row's single price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MultiBuy {
    /// How many together, at least two.
    pub pieces: u32,
    /// What they cost together.
    pub amount: Money,
}

/// One dated price (R68).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PriceRow {
    /// The item, or the pack level with a GTIN of its own.
    #[serde(with = "crate::json::gtin")]
    #[cfg_attr(feature = "schema", schemars(with = "gs1::Gtin"))]
    pub item: Gtin,
    /// Where it holds.
    pub sites: Sites,
    /// What kind it is.
    pub kind: PriceKind,
    /// The highest valid priority wins.
    pub priority: u16,
    /// Among rows of one priority the highest version wins.
    pub version: PriceVersion,
    /// From this local time on, included.
    pub from: LocalTime,
    /// Until this local time, not included; without end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<LocalTime>,
    /// The price of one, in minor units (of a kilogram or litre for measured goods).
    pub amount: Money,
    /// Its currency.
    #[serde(with = "currency")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub currency: Currency,
    /// A price for several together, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_buy: Option<MultiBuy>,
}

/// A site and its zone.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    /// The site.
    pub site: StoreId,
    /// Its zone.
    pub zone: &'a Zone,
}

/// What became of a row that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is in the book now. It may never hold: a version that arrives late does not win.
    New,
    /// It was in the book already.
    Duplicate,
}

/// The price of an item at a site changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceChange {
    /// When.
    pub at: Timestamp,
    /// The item or pack.
    pub item: Gtin,
    /// What held before, if anything did.
    pub before: Option<PriceRow>,
    /// What holds from then on, if anything does.
    pub after: Option<PriceRow>,
}

/// A row was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// It never holds.
    #[error(
        "price version {version} of item {item} ends at {to}, not after its begin {from}: correct the dates"
    )]
    Empty {
        /// The item.
        item: Gtin,
        /// The row's version.
        version: PriceVersion,
        /// Its begin.
        from: LocalTime,
        /// Its end.
        to: LocalTime,
    },
    /// An amount below zero.
    #[error("price version {version} of item {item} is negative: correct the amount")]
    Negative {
        /// The item.
        item: Gtin,
        /// The row's version.
        version: PriceVersion,
    },
    /// A price for several that are not several.
    #[error("price version {version} of item {item} is for {pieces} together: give at least 2")]
    NotSeveral {
        /// The item.
        item: Gtin,
        /// The row's version.
        version: PriceVersion,
        /// The number given.
        pieces: u32,
    },
}

/// Every price row that arrived, whatever the order (R68).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceBook {
    rows: BTreeMap<Gtin, BTreeSet<PriceRow>>,
}

// === impl PriceVersion ===

impl PriceVersion {
    /// Wraps a number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for PriceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

// === impl PriceKind ===

impl PriceKind {
    /// The word in files and in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Promo => "promo",
            Self::Clearance => "clearance",
        }
    }
}

// === impl Sites ===

impl Sites {
    /// Whether a site is among them.
    #[must_use]
    pub fn contains(&self, site: StoreId) -> bool {
        match self {
            Self::All => true,
            Self::Only(sites) => sites.contains(&site),
        }
    }

    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, Self::All) => true,
            (Self::All, Self::Only(sites)) | (Self::Only(sites), Self::All) => !sites.is_empty(),
            (Self::Only(left), Self::Only(right)) => !left.is_disjoint(right),
        }
    }
}

// === impl PriceRow ===

impl PriceRow {
    /// What `pieces` cost together; `None` when the sum leaves the range of numbers.
    #[must_use]
    pub fn charge(&self, pieces: Quantity) -> Option<Money> {
        let (groups, singles, group_amount) = match self.multi_buy {
            Some(MultiBuy { pieces: of, amount }) => {
                let of = i64::from(of);
                (pieces.get().checked_div(of)?, pieces.get().checked_rem(of)?, amount.minor())
            }
            None => (0, pieces.get(), 0),
        };
        let grouped = groups.checked_mul(group_amount)?;
        singles.checked_mul(self.amount.minor())?.checked_add(grouped).map(Money::new)
    }

    /// Whether it holds at a site at a moment.
    #[must_use]
    pub fn holds(&self, here: Here<'_>, at: Timestamp) -> bool {
        self.sites.contains(here.site)
            && here.zone.moment(self.from) <= at
            && self.to.is_none_or(|to| at < here.zone.moment(to))
    }

    pub(super) fn check(&self) -> Result<(), PriceError> {
        let (item, version) = (self.item, self.version);
        if let Some(to) = self.to.filter(|to| *to <= self.from) {
            return Err(PriceError::Empty { item, version, from: self.from, to });
        }
        let together = self.multi_buy.map_or(Money::ZERO, |several| several.amount);
        if self.amount < Money::ZERO || together < Money::ZERO {
            return Err(PriceError::Negative { item, version });
        }
        match self.multi_buy {
            Some(MultiBuy { pieces: pieces @ (0 | 1), .. }) => {
                Err(PriceError::NotSeveral { item, version, pieces })
            }
            Some(_) | None => Ok(()),
        }
    }
}

// === impl PriceBook ===

impl PriceBook {
    /// Takes a row. The book is a set: neither order nor repeats of arrival change any answer (R10).
    ///
    /// # Errors
    /// [`PriceError`] when the row makes no sense by itself; then the book is as before.
    pub fn add(&mut self, row: PriceRow) -> Result<Added, PriceError> {
        row.check()?;
        let is_new = self.rows.entry(row.item).or_default().insert(row);
        Ok(if is_new { Added::New } else { Added::Duplicate })
    }

    /// The row that holds for an item at a site at a moment: highest priority, then highest version (E45). Two rows of one
    /// version are a mistake ([`PriceBook::conflicts`]); even then every book that has both answers the same.
    #[must_use]
    pub fn effective(&self, item: Gtin, here: Here<'_>, at: Timestamp) -> Option<&PriceRow> {
        let held = self.rows_of(item).filter(|row| row.holds(here, at));
        held.max_by_key(|row| (row.priority, row.version, *row))
    }

    /// The next change of an item's price at a site after a moment, if any row known today brings one.
    #[must_use]
    pub fn next_change(&self, item: Gtin, here: Here<'_>, after: Timestamp) -> Option<PriceChange> {
        let here_only = self.rows_of(item).filter(|row| row.sites.contains(here.site));
        let bounds = here_only.flat_map(|row| [Some(row.from), row.to]).flatten();
        let moments: BTreeSet<Timestamp> =
            bounds.map(|bound| here.zone.moment(bound)).filter(|moment| *moment > after).collect();
        let before = self.effective(item, here, after);
        moments.into_iter().find_map(|at| {
            let next = self.effective(item, here, at);
            (next != before).then(|| PriceChange { at, item, before: before.cloned(), after: next.cloned() })
        })
    }

    /// The changes of the next moment at which any price of the site changes, by item: what the agent sets its timer for.
    #[must_use]
    pub fn next_changes(&self, here: Here<'_>, after: Timestamp) -> Vec<PriceChange> {
        let mut changes: Vec<PriceChange> =
            self.rows.keys().filter_map(|item| self.next_change(*item, here, after)).collect();
        let first = changes.iter().map(|change| change.at).min();
        changes.retain(|change| Some(change.at) == first);
        changes
    }

    /// The highest version known for an item at a site.
    #[must_use]
    pub fn newest_version(&self, item: Gtin, site: StoreId) -> Option<PriceVersion> {
        self.rows_of(item).filter(|row| row.sites.contains(site)).map(|row| row.version).max()
    }

    /// Pairs of different rows of one item that share a version and a site: a mistake of whoever wrote them.
    #[must_use]
    pub fn conflicts(&self) -> Vec<(&PriceRow, &PriceRow)> {
        let mut found = Vec::new();
        for rows in self.rows.values() {
            for (n, row) in rows.iter().enumerate() {
                let later = rows.iter().skip(n.saturating_add(1));
                found.extend(
                    later
                        .filter(|other| other.version == row.version && other.sites.meets(&row.sites))
                        .map(|other| (row, other)),
                );
            }
        }
        found
    }

    /// The items and packs that have any row.
    pub fn items(&self) -> impl Iterator<Item = Gtin> {
        self.rows.keys().copied()
    }

    /// Every row, by item.
    pub fn rows(&self) -> impl Iterator<Item = &PriceRow> {
        self.rows.values().flatten()
    }

    fn rows_of(&self, item: Gtin) -> impl Iterator<Item = &PriceRow> {
        self.rows.get(&item).into_iter().flatten()
    }
}

/// Currencies in JSON: their three letters.
mod currency {
    use serde::de::{Deserialize, Deserializer, Error as _};
    use serde::ser::Serializer;

    use crate::catalogue::Currency;

    pub(super) fn serialize<S: Serializer>(currency: &Currency, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(currency)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Currency, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        Currency::parse(&text).ok_or_else(|| {
            D::Error::custom(format!("`{text}` is no currency: write three letters such as `EUR`"))
        })
    }
}
