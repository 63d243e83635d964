//! Plays a group of replications side by side: every number of the model's state is a row of lanes, one a replication, so that the
//! rationing in turn needs no sum over stores, and the compiler turns each loop over lanes into vector instructions of the
//! processor at hand (`pulp` chooses them at run time).
#![expect(
    clippy::indexing_slicing,
    reason = "indices are stores of a checked model, in loops that run a billion times a second"
)]

use pulp::{Arch, WithSimd};

use super::model::Model;
use super::policy::Levels;
use super::random::{Thresholds, bits, day_key, place_key, replication_key};

/// Replications that are played side by side.
pub const LANES: usize = 32;

type Row = [u32; LANES];

/// What a replication sums up over its counted days. Integers: sums do not depend on their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Units asked for.
    pub demand: u64,
    /// Units sold.
    pub sales: u64,
    /// Units on hand in stores at the end of each day.
    pub on_hand: u64,
    /// Units in the warehouse at the end of each day.
    pub warehouse: u64,
    /// Orders placed by stores.
    pub orders: u64,
}

/// Everything that does not change between replications.
#[derive(Debug, Clone)]
pub struct Prepared<'a> {
    model: &'a Model,
    levels: &'a Levels,
    seed: u64,
    /// For each item a row of stores.
    thresholds: Vec<Vec<Thresholds>>,
    arch: Arch,
}

/// A store's state of one item.
#[derive(Debug, Clone)]
struct Store {
    on_hand: Row,
    /// Ordered and not shipped yet.
    queue: Row,
    /// Shipped, by the day of arrival modulo the length.
    coming: Vec<Row>,
    /// On hand, coming and queued; kept only for reorder points.
    position: Row,
}

/// Sums of a group over the days and stores of one item.
#[derive(Debug, Clone)]
struct Sums {
    demand: [u64; LANES],
    sales: [u64; LANES],
    on_hand: [u64; LANES],
    warehouse: [u64; LANES],
    orders: [u64; LANES],
}

// === impl Tally ===

impl Tally {
    /// Adds another's sums.
    pub const fn add(&mut self, other: Self) {
        self.demand += other.demand;
        self.sales += other.sales;
        self.on_hand += other.on_hand;
        self.warehouse += other.warehouse;
        self.orders += other.orders;
    }
}

// === impl Prepared ===

impl<'a> Prepared<'a> {
    /// Computes the tables of demand.
    #[must_use]
    pub fn new(model: &'a Model, levels: &'a Levels, seed: u64) -> Self {
        let of = |item, store| Thresholds::new(model.mean(item, store), model.dispersion(item, store));
        let row = |item| (0..model.file().n).map(|store| of(item, store)).collect();
        Self { model, levels, seed, thresholds: (0..model.file().k).map(row).collect(), arch: Arch::new() }
    }

    /// Plays the replications `first` and the next ones, all items.
    #[must_use]
    pub fn play(&self, first: u64) -> [Tally; LANES] {
        let mut tallies = [Tally::default(); LANES];
        for item in 0..self.model.file().k {
            let sums = self.arch.dispatch(PlayItem { prepared: self, item, first });
            for (lane, tally) in tallies.iter_mut().enumerate() {
                tally.add(Tally {
                    demand: sums.demand[lane],
                    sales: sums.sales[lane],
                    on_hand: sums.on_hand[lane],
                    warehouse: sums.warehouse[lane],
                    orders: sums.orders[lane],
                });
            }
        }
        tallies
    }
}

/// One item of a group, for the dispatch on the processor's abilities.
struct PlayItem<'a> {
    prepared: &'a Prepared<'a>,
    item: usize,
    first: u64,
}

impl WithSimd for PlayItem<'_> {
    type Output = Sums;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> Sums {
        if self.prepared.levels.reorder.is_some() {
            play_item::<true>(&self)
        } else {
            play_item::<false>(&self)
        }
    }
}

#[inline(always)]
fn play_item<const REORDER: bool>(play: &PlayItem<'_>) -> Sums {
    let PlayItem { prepared, item, first } = play;
    let (file, item) = (prepared.model.file(), *item);
    let (seed, warm) = (prepared.seed, file.warm);
    let mut keys = ([0; LANES], [0; LANES]);
    for lane in 0..LANES {
        (keys.0[lane], keys.1[lane]) = replication_key(seed, first + lane as u64);
    }
    let up_to = &prepared.levels.up_to[item];
    let places: Vec<u64> = (0..file.n).map(|store| place_key(seed, item as u64, store as u64)).collect();
    let mut stores: Vec<Store> = up_to
        .iter()
        .zip(&file.lead_days)
        .map(|(level, days)| Store {
            on_hand: [*level; LANES],
            queue: [0; LANES],
            coming: vec![[0; LANES]; *days as usize + 1],
            position: [*level; LANES],
        })
        .collect();
    let mut warehouse = [prepared.levels.warehouse[item]; LANES];
    let mut supplied = vec![[0u32; LANES]; file.warehouse_lead_days as usize + 1];
    let mut sums = Sums {
        demand: [0; LANES],
        sales: [0; LANES],
        on_hand: [0; LANES],
        warehouse: [0; LANES],
        orders: [0; LANES],
    };
    for day in 0..file.days {
        let supply = day as usize % supplied.len();
        add(&mut warehouse, &supplied[supply]);
        let mut today = Today::default();
        let turn = day as usize % file.n;
        // A store's queue holds its order of today before it is served, and serving touches no other store but through the
        // warehouse's stock: so demand and service of a store can be played together, in the order of service.
        for store in (turn..file.n).chain(0..turn) {
            let key = day_key(places[store], u64::from(day));
            let mut even = [0; LANES];
            for (lane, even) in even.iter_mut().enumerate() {
                *even = bits((keys.0[lane], keys.1[lane]), key);
            }
            let demand = prepared.thresholds[item][store].demand(&even);
            let reorder = match &prepared.levels.reorder {
                Some(rows) if REORDER => rows[item][store],
                _every_day => 0,
            };
            let arrival = day as usize % stores[store].coming.len();
            serve::<REORDER>(
                &mut stores[store],
                arrival,
                &demand,
                &mut warehouse,
                (reorder, up_to[store]),
                &mut today,
            );
        }
        // Without reorder points the stores order what they sold.
        supplied[supply] = if REORDER { today.ordered } else { today.sales };
        if day >= warm {
            for (lane, in_warehouse) in warehouse.iter().enumerate() {
                sums.demand[lane] += u64::from(today.demand[lane]);
                sums.sales[lane] += u64::from(today.sales[lane]);
                sums.on_hand[lane] += u64::from(today.on_hand[lane]);
                sums.warehouse[lane] += u64::from(*in_warehouse);
                sums.orders[lane] += u64::from(today.orders[lane]);
            }
        }
    }
    sums
}

/// Sums of a day over stores; they fit 32 bits by the limits of `model`.
#[derive(Debug, Clone, Default)]
struct Today {
    demand: Row,
    sales: Row,
    on_hand: Row,
    ordered: Row,
    orders: Row,
}

#[inline(always)]
fn add(to: &mut Row, from: &Row) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// A day of a store: arrival, sales, order, and what the warehouse ships.
#[inline(always)]
fn serve<const REORDER: bool>(
    store: &mut Store,
    arrival: usize,
    demand: &Row,
    warehouse: &mut Row,
    (reorder, up_to): (u32, u32),
    today: &mut Today,
) {
    let coming = &mut store.coming[arrival];
    for lane in 0..LANES {
        let there = store.on_hand[lane] + coming[lane];
        let sales = there.min(demand[lane]);
        let left = there - sales;
        let order = if REORDER {
            let position = store.position[lane] - sales;
            let order = if position <= reorder { up_to.saturating_sub(position) } else { 0 };
            store.position[lane] = position + order;
            order
        } else {
            sales
        };
        let wanted = store.queue[lane] + order;
        let shipped = wanted.min(warehouse[lane]);
        warehouse[lane] -= shipped;
        store.queue[lane] = wanted - shipped;
        store.on_hand[lane] = left;
        // What leaves at the end of day t arrives at t + 1 + L: the same place of a ring of 1 + L days.
        coming[lane] = shipped;
        today.demand[lane] += demand[lane];
        today.sales[lane] += sales;
        today.on_hand[lane] += left;
        if REORDER {
            today.ordered[lane] += order;
        }
        today.orders[lane] += u32::from(order > 0);
    }
}
