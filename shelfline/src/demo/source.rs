//! Where a demo's trade comes from: a file or the generated shop, and how much of it there is.

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use crate::catalogue::Catalogue;
use crate::generator::{Shop, ShopOptions};
use crate::stream::{RowError, Stream};
use crate::survey::{Opening, survey};
use crate::transactions::{ReadOptions, Rows, Transactions};

use super::options::DemoOptions;

/// Tills of each store, beside its goods-in desk.
pub const TILLS: u16 = 3;
/// A Tuesday: the shops are open on it and on the days after it, the busiest among them. Long past on every machine, because
/// an agent takes no scan from the future.
const FIRST_DAY: Date = date(2024, 11, 5);
/// Refused rows that are shown.
const SHOWN_MAX: usize = 5;

/// Trade that can be had as often as one likes, always the same.
#[derive(Debug)]
pub struct Source {
    /// The items it is about.
    pub catalogue: Catalogue,
    /// How many scans there are, by store.
    pub planned: Vec<Planned>,
    /// What somebody should know about the files.
    pub notes: Vec<String>,
    trade: Trade,
}

/// How many scans a store has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Planned {
    /// To be recorded.
    pub right: u64,
    /// To be refused.
    pub wrong: u64,
}

#[derive(Debug)]
enum Trade {
    File { path: PathBuf, options: ReadOptions, opening: Opening },
    Shop(Shop),
}

// === impl Source ===

impl Source {
    /// Reads what there is to read, twice: once for catalogue and opening stock, once to count.
    ///
    /// # Errors
    /// Files that cannot be read or hold nothing to replay.
    pub fn open(options: &DemoOptions) -> anyhow::Result<Self> {
        let mut notes = Vec::new();
        let items = options.items.as_deref().map(|path| items(path, options, &mut notes)).transpose()?;
        let (trade, catalogue) = match &options.transactions {
            Some(path) => file(path, options, items, &mut notes)?,
            None => shop(options, items.as_ref())?,
        };
        let mut source = Self { catalogue, planned: Vec::new(), notes, trade };
        source.planned = source.count(usize::from(options.stores))?;
        anyhow::ensure!(
            source.scans() > 0,
            "there is nothing to replay: give a file with rows, or more days"
        );
        Ok(source)
    }

    /// The trade from its beginning.
    ///
    /// # Errors
    /// The file can no longer be opened.
    pub fn stream(&self) -> anyhow::Result<Stream> {
        match &self.trade {
            Trade::Shop(shop) => Ok(Box::new(shop.trade().map(Ok))),
            Trade::File { path, options, opening } => {
                let opening = opening.transactions();
                let first = u64::try_from(opening.len()).unwrap_or(u64::MAX);
                let rows = Rows::open(path, options.clone())
                    .with_context(|| format!("--transactions `{}`", path.display()))?;
                Ok(Box::new(opening.into_iter().map(Ok).chain(Transactions::new(rows, first))))
            }
        }
    }

    /// All scans of all stores.
    #[must_use]
    pub fn scans(&self) -> u64 {
        self.planned.iter().map(|planned| planned.right + planned.wrong).sum()
    }

    fn count(&self, stores: usize) -> anyhow::Result<Vec<Planned>> {
        let mut planned = vec![Planned::default(); stores];
        // Rows that are refused were noted when the file was surveyed.
        for transaction in self.stream()?.flatten() {
            let Some(store) = planned.get_mut(transaction.store) else { continue };
            for line in &transaction.lines {
                let count = if line.misscan.is_some() { &mut store.wrong } else { &mut store.right };
                *count += 1;
            }
        }
        Ok(planned)
    }
}

fn zone(options: &DemoOptions) -> anyhow::Result<TimeZone> {
    TimeZone::get(&options.time_zone).with_context(|| format!("--time-zone `{}`", options.time_zone))
}

fn items(path: &Path, options: &DemoOptions, notes: &mut Vec<String>) -> anyhow::Result<Catalogue> {
    let (catalogue, refused) =
        Catalogue::read(path, options.currency).with_context(|| format!("--items `{}`", path.display()))?;
    notes.extend(refused_rows("--items", refused.len(), &refused));
    Ok(catalogue)
}

fn shop(options: &DemoOptions, items: Option<&Catalogue>) -> anyhow::Result<(Trade, Catalogue)> {
    let shop_options = ShopOptions {
        seed: options.seed,
        stores: usize::from(options.stores),
        tills: TILLS,
        first_day: FIRST_DAY,
        days: options.days,
        zone: zone(options)?,
    };
    let shop = match items {
        Some(own) => Shop::of_catalogue(shop_options, own),
        None => {
            let range = usize::try_from(options.range).unwrap_or(usize::MAX);
            Shop::invent(shop_options, range, options.currency)
        }
    };
    let catalogue = shop.catalogue();
    Ok((Trade::Shop(shop), catalogue))
}

fn file(
    path: &Path,
    options: &DemoOptions,
    items: Option<Catalogue>,
    notes: &mut Vec<String>,
) -> anyhow::Result<(Trade, Catalogue)> {
    let read = ReadOptions {
        stores: usize::from(options.stores),
        tills: TILLS,
        zone: zone(options)?,
        date_order: options.date_order.map(Into::into),
    };
    let context = || format!("--transactions `{}`", path.display());
    let rows = Rows::open(path, read.clone()).with_context(context)?;
    let found = survey(rows, &read, options.currency).with_context(context)?;
    let refused = usize::try_from(found.figures.refused).unwrap_or(usize::MAX);
    notes.extend(refused_rows("--transactions", refused, &found.refused));
    if !found.stores.is_empty() {
        let named: Vec<_> = (1..).zip(&found.stores).map(|(n, name)| format!("s{n:03} = {name}")).collect();
        notes.push(format!("stores of the file: {}", named.join(", ")));
    }
    let catalogue = found.catalogue.overlaid_with(items.unwrap_or_default());
    Ok((Trade::File { path: path.to_owned(), options: read, opening: found.opening }, catalogue))
}

/// How many rows were refused, and the first of them.
fn refused_rows(flag: &str, count: usize, rows: &[RowError]) -> Vec<String> {
    if count == 0 {
        return Vec::new();
    }
    let shown = rows.iter().take(SHOWN_MAX).map(|row| format!("  {row}"));
    let head = format!("{flag}: {count} rows cannot be taken and are left out; the first:");
    std::iter::once(head).chain(shown).collect()
}
