//! How things are before anything happens: stores, items, packs, lots, channels. Said once, at the top of a file.

use std::collections::BTreeMap;

use gs1::Gtin;
use jiff::tz::TimeZone;

use super::args::Args;
use super::clock::clock_time;
use super::grammar::{Does, Type, Verb, may, need};
use super::problem::Problem;
use super::read::unit;
use crate::count::{Level, Limits};
use crate::ids::{Lot, StoreId};
use crate::lots::DateMark;
use crate::quantity::{Money, Unit};
use crate::time::{Date, Timestamp, TradingDay};

/// The verbs that say how things are.
pub(crate) const VERBS: &[Verb] = &[
    Verb { name: "scenario", slots: &[need("title", Type::Text)], options: &[], does: Does::Set(title) },
    Verb {
        name: "store",
        slots: &[need("name", Type::Name)],
        options: &[may("zone", Type::Name), may("cutoff", Type::Clock)],
        does: Does::Set(store),
    },
    Verb {
        name: "item",
        slots: &[need("name", Type::Name), may("title", Type::Text)],
        options: &[
            may("gtin", Type::Name),
            may("unit", Type::Name),
            may("display_sellable", Type::Flag),
            may("method", Type::Choice(&["wac", "wac_company", "fifo"])),
            may("dates", Type::Choice(&["use_by", "best_before", "sold_after"])),
            may("cost", Type::Money),
            may("price", Type::Money),
            may("tolerance", Type::Count),
            may("tolerance_value", Type::Money),
            may("tolerance_percent", Type::Decimal),
        ],
        does: Does::Set(item),
    },
    Verb {
        name: "pack",
        slots: &[need("name", Type::Name), need("item", Type::Item), need("quantity", Type::Quantity)],
        options: &[may("gtin", Type::Name)],
        does: Does::Set(pack),
    },
    Verb {
        name: "lot",
        slots: &[need("name", Type::Name), need("item", Type::Item)],
        options: &[may("expires", Type::Date), may("received", Type::Moment)],
        does: Does::Set(lot),
    },
    Verb {
        name: "device",
        slots: &[need("name", Type::Name)],
        options: &[need("offset", Type::Change)],
        does: Does::Set(device),
    },
    Verb {
        name: "level",
        slots: &[need("name", Type::Name)],
        options: &[may("units", Type::Count), may("value", Type::Money), may("percent", Type::Decimal)],
        does: Does::Set(level),
    },
    Verb {
        name: "channel",
        slots: &[need("name", Type::Name)],
        options: &[may("buffer", Type::Count), may("item", Type::Item)],
        does: Does::Set(channel),
    },
];

/// A store of the file.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) id: StoreId,
    pub(crate) zone: TimeZone,
    pub(crate) trading_day: TradingDay,
}

/// Which stores a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreScope {
    One(StoreId),
    All,
}

/// An item as a line names it: by itself, or by a pack of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ItemName {
    pub(crate) gtin: Gtin,
    /// How many base units one of the named thing is.
    pub(crate) pack: i64,
}

/// How an item is valued (R52).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Method {
    #[default]
    Average,
    AverageOfCompany,
    Fifo,
}

/// What is known of an item.
#[derive(Debug, Clone, Default)]
pub(crate) struct ItemFacts {
    pub(crate) unit: Unit,
    pub(crate) display_sellable: bool,
    pub(crate) method: Method,
    pub(crate) dates: DateMark,
    pub(crate) cost: Option<Money>,
    pub(crate) price: Option<Money>,
    pub(crate) tolerance_units: Option<i64>,
    pub(crate) tolerance_value: Option<Money>,
    /// In hundredths of a per cent.
    pub(crate) tolerance_basis_points: Option<i64>,
}

/// What is known of a lot.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LotFacts {
    pub(crate) expires: Option<Date>,
    pub(crate) received: Option<Timestamp>,
}

/// Everything that a file says about how things are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Setup {
    pub(crate) title: String,
    stores: Vec<Store>,
    names: BTreeMap<String, ItemName>,
    pub(crate) items: BTreeMap<Gtin, ItemFacts>,
    pub(crate) lots: BTreeMap<(Gtin, Lot), LotFacts>,
    /// Buffers by channel, and by item where one is named.
    pub(crate) buffers: BTreeMap<(String, Option<Gtin>), i64>,
    /// What is added to the clocks of devices, in seconds (R15).
    pub(crate) offsets: BTreeMap<String, i64>,
    /// Who may approve how much of a count (R25).
    pub(crate) limits: Limits,
}

impl Setup {
    /// A store by its name.
    pub(crate) fn store(&self, name: &str) -> Option<&Store> {
        self.stores.iter().find(|store| store.id.as_str() == name)
    }

    /// The stores, the first declared first.
    pub(crate) fn stores(&self) -> &[Store] {
        &self.stores
    }

    /// Adds what a file that says nothing about it has: a store, and one level that may approve everything.
    pub(crate) fn ensure_defaults(&mut self) {
        if self.limits.levels.is_empty() {
            let unlimited =
                Level { name: "manager".to_owned(), units: None, value: None, basis_points: None };
            self.limits.levels.push(unlimited);
        }
        self.ensure_store();
    }

    /// Adds the store that a file without one is about.
    pub(crate) fn ensure_store(&mut self) {
        if self.stores.is_empty()
            && let (Ok(id), Ok(trading_day)) = (StoreId::new("S1"), TradingDay::new("UTC", 0))
        {
            self.stores.push(Store { id, zone: TimeZone::UTC, trading_day });
        }
    }

    /// An item by its name, its GTIN or the name or GTIN of a pack.
    pub(crate) fn item_named(&self, text: &str) -> Option<ItemName> {
        let by_number = || text.parse::<Gtin>().ok().and_then(|gtin| self.names.get(&gtin.to_string()));
        self.names.get(text).or_else(by_number).copied()
    }

    /// The names that items and packs go by.
    pub(crate) fn item_names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// The name of an item, as the file calls it.
    pub(crate) fn name_of(&self, gtin: Gtin) -> String {
        let own =
            self.names.iter().find(|(name, item)| item.gtin == gtin && item.pack == 1 && !is_number(name));
        own.map_or_else(|| gtin.to_string(), |(name, _)| name.clone())
    }

    /// What is known of an item.
    pub(crate) fn facts(&self, gtin: Gtin) -> ItemFacts {
        self.items.get(&gtin).cloned().unwrap_or_default()
    }

    fn add_name(&mut self, args: &Args, name: &str, item: ItemName) -> Result<(), Problem> {
        if self.names.insert(name.to_owned(), item).is_some() {
            return Err(args.problem(
                "name",
                format!("`{name}` is declared already"),
                "give it another name",
            ));
        }
        Ok(())
    }
}

fn title(setup: &mut Setup, args: &Args) -> Result<(), Problem> {
    args.name("title").clone_into(&mut setup.title);
    Ok(())
}

fn store(setup: &mut Setup, args: &Args) -> Result<(), Problem> {
    let name = args.name("name");
    if setup.store(name).is_some() {
        return Err(args.problem("name", format!("store `{name}` is declared already"), "keep one of them"));
    }
    let id = StoreId::new(name).map_err(|e| args.problem("name", e.to_string(), "write a short name"))?;
    let zone_name = args.text("zone").map_or("UTC", String::as_str);
    let cut_off = args.text("cutoff").and_then(|text| clock_time(text)).unwrap_or_default();
    let minutes = i32::from(cut_off.hour()).saturating_mul(60).saturating_add(i32::from(cut_off.minute()));
    let minutes = u16::try_from(minutes).unwrap_or_default();
    let trading_day = TradingDay::new(zone_name, minutes)
        .map_err(|e| args.problem("zone", e.to_string(), "write `zone Europe/London`"))?;
    let zone = TimeZone::get(zone_name)
        .map_err(|e| args.problem("zone", e.to_string(), "write `zone Europe/London`"))?;
    setup.stores.push(Store { id, zone, trading_day });
    Ok(())
}

fn item(setup: &mut Setup, args: &Args) -> Result<(), Problem> {
    let name = args.name("name");
    let gtin = gtin(setup, args, name)?;
    let unit = match args.text("unit") {
        None => Unit::Piece,
        Some(text) => unit(text).ok_or_else(|| {
            args.problem("unit", format!("`{text}` is no unit"), "write `pcs`, `g` or `ml`")
        })?,
    };
    let facts = ItemFacts {
        unit,
        display_sellable: args.flag("display_sellable"),
        method: match args.name("method") {
            "fifo" => Method::Fifo,
            "wac_company" => Method::AverageOfCompany,
            _ => Method::Average,
        },
        dates: match args.name("dates") {
            "best_before" => DateMark::BestBefore,
            "sold_after" => DateMark::BestBeforeSoldAfter,
            _ => DateMark::UseBy,
        },
        cost: args.money("cost").copied(),
        price: args.money("price").copied(),
        tolerance_units: args.number("tolerance").copied(),
        tolerance_value: args.money("tolerance_value").copied(),
        tolerance_basis_points: args.decimal("tolerance_percent").and_then(|percent| percent.scaled(2)),
    };
    let named = ItemName { gtin, pack: 1 };
    setup.add_name(args, name, named)?;
    if name != gtin.to_string() {
        setup.add_name(args, &gtin.to_string(), named)?;
    }
    setup.items.insert(gtin, facts);
    Ok(())
}

/// Numbers of 12 digits that begin with 04 mean something inside a company only.
const IN_COMPANY: u64 = 40_000_000_000;

/// The GTIN given; else the name itself when it is one; else the next of a range that is for use inside a company.
fn gtin(setup: &Setup, args: &Args, name: &str) -> Result<Gtin, Problem> {
    if let Some(text) = args.text("gtin") {
        return text.parse().map_err(|error: gs1::GtinError| {
            args.problem("gtin", error.to_string(), "check the digits, or leave `gtin` out")
        });
    }
    if let Ok(gtin) = name.parse() {
        return Ok(gtin);
    }
    let next = u64::try_from(setup.names.len()).unwrap_or_default().saturating_add(1);
    Gtin::with_check_digit(IN_COMPANY.saturating_add(next))
        .map_err(|error| args.problem("name", error.to_string(), "give the item a `gtin`"))
}

fn pack(setup: &mut Setup, args: &Args) -> Result<(), Problem> {
    let item = args.the_item("item")?;
    let units = args.quantity(item, "quantity")?.get();
    let named = ItemName { gtin: item.gtin, pack: units };
    setup.add_name(args, args.name("name"), named)?;
    if let Some(text) = args.text("gtin") {
        let gtin: Gtin = text.parse().map_err(|error: gs1::GtinError| {
            args.problem("gtin", error.to_string(), "check the digits, or leave `gtin` out")
        })?;
        setup.add_name(args, &gtin.to_string(), named)?;
    }
    Ok(())
}

fn lot(setup: &mut Setup, args: &Args) -> Result<(), Problem> {
    let item = args.the_item("item")?;
    let lot = Lot::new(args.name("name"))
        .map_err(|error| args.problem("name", error.to_string(), "write a short lot"))?;
    let facts =
        LotFacts { expires: args.date("expires").copied(), received: args.moment("received").copied() };
    setup.lots.insert((item.gtin, lot), facts);
    Ok(())
}

fn device(setup: &mut Setup, args: &Args) -> Result<(), Problem> {
    let offset = args.number("offset").copied().unwrap_or_default();
    if offset.unsigned_abs() > MOST_OFFSET_S {
        let hint = "write at most 20 days, in seconds";
        return Err(args.problem("offset", format!("a clock off by {offset} s is no clock"), hint));
    }
    setup.offsets.insert(args.name("name").to_owned(), offset);
    Ok(())
}

/// Twenty days: a movement holds its offset in 32 bits of milliseconds.
const MOST_OFFSET_S: u64 = 20 * 24 * 60 * 60;

/// Levels are told from the one with the least rights up.
fn level(setup: &mut Setup, args: &Args) -> Result<(), Problem> {
    setup.limits.levels.push(Level {
        name: args.name("name").to_owned(),
        units: args.number("units").and_then(|units| u64::try_from(*units).ok()),
        value: args.money("value").copied(),
        basis_points: args.decimal("percent").and_then(|d| d.scaled(2)).and_then(|bp| u32::try_from(bp).ok()),
    });
    Ok(())
}

fn channel(setup: &mut Setup, args: &Args) -> Result<(), Problem> {
    let item = args.item("item").map(|item| item.gtin);
    let buffer = args.number("buffer").copied().unwrap_or_default();
    setup.buffers.insert((args.name("name").to_owned(), item), buffer);
    Ok(())
}

fn is_number(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit())
}
