//! Many replications: spread over threads and ranks, summed up, compared.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use serde::{Deserialize, Serialize};

use super::engine::{LANES, Prepared, Tally};
use super::model::{Costs, Model};
use super::random::mix;

/// A mean over replications, and the standard error of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error.
    pub se: f64,
}

/// What replications say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// How many.
    pub replications: u64,
    /// Sold of what was asked for.
    pub fill_rate: Estimate,
    /// Units on hand a store and item, at the end of a day.
    pub on_hand_per_store_sku: Estimate,
    /// Units in the warehouse an item, at the end of a day.
    pub warehouse_on_hand_per_sku: Estimate,
    /// Units asked for a store, item and day.
    pub demand_per_store_sku_day: Estimate,
    /// Cost a store, item and day.
    pub cost_per_store_sku_day: Estimate,
    /// All sums of all replications, mixed to one number: equal runs have equal ones.
    pub digest: String,
}

/// One of several parties that share the work: number `rank` of `size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Its number, from 0.
    pub rank: u64,
    /// How many there are, at least 1.
    pub size: u64,
}

/// Where parties put their integers together. A backend for one machine is [`Alone`].
pub trait Together {
    /// Which party this is.
    fn share(&self) -> Share;

    /// Sums of every element over all parties, the same for each of them.
    fn sum(&self, values: &mut [u64]);
}

/// The only party.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Alone;

impl Together for Alone {
    fn share(&self) -> Share {
        Share { rank: 0, size: 1 }
    }

    fn sum(&self, _values: &mut [u64]) {}
}

/// Plays the replications of `range` that fall to this party, on so many threads, and gathers those of all parties.
///
/// # Panics
/// Never of its own: a panic of a thread is passed on.
#[must_use]
pub fn play(
    prepared: &Prepared<'_>,
    range: std::ops::Range<u64>,
    threads: usize,
    together: &impl Together,
) -> Vec<Tally> {
    let lanes = LANES as u64;
    let count = range.end.saturating_sub(range.start);
    let groups = count.div_ceil(lanes);
    let Share { rank, size } = together.share();
    let next = AtomicU64::new(rank);
    let parts: Vec<Vec<(u64, [Tally; LANES])>> = thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            loop {
                let group = next.fetch_add(size.max(1), Ordering::Relaxed);
                if group >= groups {
                    return done;
                }
                done.push((group, prepared.play(range.start + group * lanes)));
            }
        };
        let workers: Vec<_> = (0..threads.max(1)).map(|_thread| scope.spawn(work)).collect();
        let parts = workers.into_iter().map(|worker| worker.join());
        parts.map(|part| part.unwrap_or_else(|cause| std::panic::resume_unwind(cause))).collect()
    });
    // Each party fills in its own, zeros elsewhere: the sum over parties is all of them, in whole numbers.
    let mut flat = vec![0u64; usize::try_from(count).unwrap_or(0) * FIELDS];
    for (group, tallies) in parts.into_iter().flatten() {
        let from = usize::try_from(group * lanes).unwrap_or(usize::MAX).saturating_mul(FIELDS);
        for (slots, tally) in flat.chunks_exact_mut(FIELDS).skip(from / FIELDS).zip(&tallies) {
            slots.copy_from_slice(&fields(*tally));
        }
    }
    together.sum(&mut flat);
    flat.chunks_exact(FIELDS).map(tally).collect()
}

const FIELDS: usize = 5;

const fn fields(tally: Tally) -> [u64; FIELDS] {
    [tally.demand, tally.sales, tally.on_hand, tally.warehouse, tally.orders]
}

fn tally(fields: &[u64]) -> Tally {
    match fields {
        &[demand, sales, on_hand, warehouse, orders] => Tally { demand, sales, on_hand, warehouse, orders },
        _other => Tally::default(),
    }
}

/// Sums up replications in their order.
#[must_use]
pub fn summary(model: &Model, tallies: &[Tally]) -> Summary {
    let estimate_of = |value: &dyn Fn(&Tally) -> f64| estimate(tallies.iter().map(value));
    let file = model.file();
    let days = f64::from(file.days - file.warm);
    let (stores, items) = (float(file.n as u64), float(file.k as u64));
    let cells = days * stores * items;
    let digest = tallies.iter().flat_map(|tally| fields(*tally)).fold(0, |digest, field| mix(digest ^ field));
    Summary {
        replications: tallies.len() as u64,
        fill_rate: estimate_of(&|tally| {
            if tally.demand == 0 { 1.0 } else { float(tally.sales) / float(tally.demand) }
        }),
        on_hand_per_store_sku: estimate_of(&|tally| float(tally.on_hand) / cells),
        warehouse_on_hand_per_sku: estimate_of(&|tally| float(tally.warehouse) / (days * items)),
        demand_per_store_sku_day: estimate_of(&|tally| float(tally.demand) / cells),
        cost_per_store_sku_day: estimate_of(&|tally| cost(file.costs, tally) / cells),
        digest: format!("{digest:016x}"),
    }
}

/// Difference of cost of two policies that met the same customers: second less first, a store, item and day.
#[must_use]
pub fn difference(model: &Model, first: &[Tally], second: &[Tally]) -> Estimate {
    let file = model.file();
    let cells = f64::from(file.days - file.warm) * float(file.n as u64) * float(file.k as u64);
    let pairs = first.iter().zip(second);
    estimate(pairs.map(|(first, second)| (cost(file.costs, second) - cost(file.costs, first)) / cells))
}

fn cost(costs: Costs, tally: &Tally) -> f64 {
    costs.store_holding * float(tally.on_hand)
        + costs.warehouse_holding * float(tally.warehouse)
        + costs.lost_sale * float(tally.demand - tally.sales)
        + costs.order * float(tally.orders)
}

#[expect(clippy::cast_precision_loss, reason = "sums of units below 2^52")]
const fn float(value: u64) -> f64 {
    value as f64
}

/// Mean and standard error, in the order of the values.
fn estimate(values: impl Iterator<Item = f64>) -> Estimate {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        let change = value - mean;
        mean += change / count;
        squares += change * (value - mean);
    }
    let se = if count > 1.0 { (squares / (count - 1.0) / count).sqrt() } else { f64::NAN };
    Estimate { mean, se }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier, Mutex};

    use super::*;
    use crate::simulate::model::ModelFile;
    use crate::simulate::policy::{Levels, Policy};
    use crate::simulate::random::{Thresholds, bits, day_key, place_key, replication_key};

    fn model() -> Model {
        let file = ModelFile {
            model: "OWMR-1".to_owned(),
            n: 3,
            k: 2,
            days: 60,
            warm: 10,
            lam: vec![vec![0.4, 2.0, 5.5], vec![1.0, 0.0, 3.0]],
            lead_days: vec![1, 3, 2],
            warehouse_lead_days: 4,
            levels: None,
            warehouse_levels: Some(vec![30, 15]),
            dispersion: Some(vec![vec![1.0, 1.5, 1.0], vec![1.0, 1.0, 2.0]]),
            costs: Costs::default(),
        };
        Model::new(file).expect("a small model")
    }

    /// One replication, straight from the words of the model, one number at a time.
    fn by_words(model: &Model, levels: &Levels, seed: u64, replication: u64) -> Tally {
        let (file, mut tally) = (model.file(), Tally::default());
        for item in 0..file.k {
            let mut on_hand = levels.up_to[item].clone();
            let mut position = on_hand.clone();
            let mut queue = vec![0u32; file.n];
            let mut shipped: Vec<(u32, usize, u32)> = Vec::new();
            let mut supplied: Vec<(u32, u32)> = Vec::new();
            let mut warehouse = levels.warehouse[item];
            for day in 0..file.days {
                for (_due, store, units) in shipped.extract_if(.., |order| order.0 == day) {
                    on_hand[store] += units;
                }
                warehouse += supplied.iter().filter(|order| order.0 == day).map(|order| order.1).sum::<u32>();
                let mut ordered = 0;
                for store in 0..file.n {
                    let key = day_key(place_key(seed, item as u64, store as u64), u64::from(day));
                    let even = bits(replication_key(seed, replication), key);
                    let demand = Thresholds::new(model.mean(item, store), model.dispersion(item, store))
                        .demand(&[even])[0];
                    let sales = demand.min(on_hand[store]);
                    on_hand[store] -= sales;
                    position[store] -= sales;
                    let order = match &levels.reorder {
                        None => sales,
                        Some(points) if position[store] <= points[item][store] => {
                            levels.up_to[item][store] - position[store]
                        }
                        Some(_above) => 0,
                    };
                    position[store] += order;
                    queue[store] += order;
                    ordered += order;
                    if day >= file.warm {
                        tally.add(Tally {
                            demand: demand.into(),
                            sales: sales.into(),
                            on_hand: on_hand[store].into(),
                            orders: u64::from(order > 0),
                            warehouse: 0,
                        });
                    }
                }
                for turn in 0..file.n {
                    let store = (day as usize + turn) % file.n;
                    let units = queue[store].min(warehouse);
                    warehouse -= units;
                    queue[store] -= units;
                    shipped.push((day + 1 + file.lead_days[store], store, units));
                }
                supplied.push((day + 1 + file.warehouse_lead_days, ordered));
                if day >= file.warm {
                    tally.warehouse += u64::from(warehouse);
                }
            }
        }
        tally
    }

    #[test]
    fn engine_plays_what_the_words_say() {
        let model = model();
        for policy in [Policy::Safety(1.0), Policy::Service(0.7), Policy::MinMax(0.5, 3.0)] {
            let levels = policy.levels(&model);
            let prepared = Prepared::new(&model, &levels, 42);
            let tallies = play(&prepared, 0..70, 2, &Alone);
            assert_eq!(tallies.len(), 70);
            for replication in [0, 1, 31, 32, 69] {
                let words = by_words(&model, &levels, 42, replication);
                assert_eq!(
                    tallies[usize::try_from(replication).expect("small")],
                    words,
                    "{policy:?} {replication}"
                );
            }
        }
    }

    /// Parties on threads that add up under a lock.
    struct Party {
        share: Share,
        table: Arc<Mutex<Vec<u64>>>,
        barrier: Arc<Barrier>,
    }

    impl Together for Party {
        fn share(&self) -> Share {
            self.share
        }

        fn sum(&self, values: &mut [u64]) {
            {
                let mut table = self.table.lock().expect("no party panics");
                table.resize(values.len(), 0);
                for (sum, value) in table.iter_mut().zip(values.iter()) {
                    *sum += value;
                }
            }
            self.barrier.wait();
            values.copy_from_slice(&self.table.lock().expect("no party panics"));
        }
    }

    #[test]
    fn any_number_of_threads_parties_and_pieces_gives_the_same_bits() {
        let model = model();
        let levels = Policy::Model.levels(&model);
        let prepared = Prepared::new(&model, &levels, 5);
        let alone = play(&prepared, 0..200, 1, &Alone);
        assert_eq!(play(&prepared, 0..200, 3, &Alone), alone);
        let mut pieces = play(&prepared, 0..77, 2, &Alone);
        pieces.extend(play(&prepared, 77..200, 1, &Alone));
        assert_eq!(pieces, alone);
        for size in [2, 4] {
            let (table, barrier) = (Arc::default(), Arc::new(Barrier::new(size)));
            let results: Vec<Vec<Tally>> = thread::scope(|scope| {
                let parties = (0..size as u64).map(|rank| {
                    let share = Share { rank, size: size as u64 };
                    let party = Party { share, table: Arc::clone(&table), barrier: Arc::clone(&barrier) };
                    let prepared = &prepared;
                    scope.spawn(move || play(prepared, 0..200, 1, &party))
                });
                let parties: Vec<_> = parties.collect();
                parties.into_iter().map(|party| party.join().expect("no panic")).collect()
            });
            assert!(results.iter().all(|result| *result == alone), "{size} parties");
        }
        assert_eq!(summary(&model, &alone).digest, summary(&model, &pieces).digest);
    }

    #[test]
    fn a_policy_is_told_from_another_by_the_same_customers() {
        let model = model();
        let play_with = |policy: Policy| {
            let levels = policy.levels(&model);
            play(&Prepared::new(&model, &levels, 1), 0..64, 2, &Alone)
        };
        let (low, high) = (play_with(Policy::Safety(0.0)), play_with(Policy::Safety(1.5)));
        let (a, b) = (summary(&model, &low), summary(&model, &high));
        assert_eq!(a.demand_per_store_sku_day, b.demand_per_store_sku_day);
        assert!(b.fill_rate.mean > a.fill_rate.mean);
        let paired = difference(&model, &low, &high);
        assert!((paired.mean - (b.cost_per_store_sku_day.mean - a.cost_per_store_sku_day.mean)).abs() < 1e-9);
        assert!(paired.se < a.cost_per_store_sku_day.se + b.cost_per_store_sku_day.se);
    }
}
