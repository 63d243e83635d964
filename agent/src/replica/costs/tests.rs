//! What holds after every step, whatever happened: pools end at zero, books add up, nothing is booked twice.

use std::collections::BTreeMap;
use std::path::Path;

use ledger::cost::Method;
use ledger::{
    Account, Area, Command, DeviceId, DeviceSeq, Line, Lot, Quantity, Reason, Seq, Stamp, StoreId, Timestamp,
    TradingDay, UserId,
};
use proptest::prelude::*;

use super::*;
use crate::replica::{Options, Outcome, Scan};

const ITEM: &str = "04006381333931";

/// What happens to the goods, or becomes known about them.
#[derive(Debug, Clone)]
enum Step {
    Receive {
        quantity: i64,
        value: Option<i64>,
    },
    Sell {
        quantity: i64,
    },
    Find {
        quantity: i64,
    },
    Lose {
        quantity: i64,
    },
    /// Sells all that is there.
    SellOut,
    /// A cost of the n-th receipt becomes known late.
    Late {
        receipt: usize,
        amount: i64,
    },
    Method(Method),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let quantity = 1..20_i64;
    let step = prop_oneof![
        4 => (quantity.clone(), proptest::option::of(0..5_000_i64))
            .prop_map(|(quantity, value)| Step::Receive { quantity, value }),
        4 => quantity.clone().prop_map(|quantity| Step::Sell { quantity }),
        1 => quantity.clone().prop_map(|quantity| Step::Find { quantity }),
        1 => quantity.prop_map(|quantity| Step::Lose { quantity }),
        2 => Just(Step::SellOut),
        2 => (0..8_usize, -300..300_i64).prop_map(|(receipt, amount)| Step::Late { receipt, amount }),
        1 => prop_oneof![Just(Method::AveragePerSite), Just(Method::FifoPerSite)].prop_map(Step::Method),
    ];
    proptest::collection::vec(step, 1..14)
}

/// A store with one item.
struct Shop {
    replica: Replica,
    done: u64,
    receipts: Vec<Seq>,
}

impl Shop {
    fn open(directory: &Path) -> Self {
        let options = Options {
            directory: directory.to_owned(),
            store: StoreId::new("s001").unwrap(),
            trading_day: TradingDay::new("UTC", 0).unwrap(),
        };
        Self { replica: Replica::open(options).unwrap(), done: 0, receipts: Vec::new() }
    }

    async fn record(&mut self, make: impl FnOnce(Line) -> Command, quantity: i64) -> Option<Seq> {
        let quantity = Quantity::new(quantity).ok()?;
        self.done += 1;
        let stamp = Stamp {
            device: DeviceId::new("h1").unwrap(),
            device_seq: DeviceSeq::new(self.done),
            user: UserId::new("anna").unwrap(),
            event_id: None,
            raw_scan: None,
            document: None,
            occurred_at: Timestamp::from_millis(1_000 * i64::try_from(self.done).unwrap()),
            clock_offset_ms: 0,
        };
        let line = Line { item: ITEM.parse().unwrap(), lot: Lot::unknown(), serial: None, quantity };
        match self.replica.record(vec![Scan::new(make(line), stamp)]).await.unwrap().pop() {
            Some(Outcome::Accepted { seq, .. }) => Some(seq),
            // An adjustment below zero is refused: then nothing happened.
            _ => None,
        }
    }

    async fn tell(&mut self, fact: CostFact) {
        self.done += 1;
        let facts = Facts {
            facts: vec![fact],
            why: "invoice".to_owned(),
            occurred_at: Timestamp::from_millis(1_000 * i64::try_from(self.done).unwrap()),
            user: "anna".to_owned(),
            key: self.done.to_string(),
        };
        let taken = self.replica.put_cost_facts(facts).await.unwrap();
        assert!(matches!(taken, FactsTaken::Kept { again: false, .. }), "{taken:?}");
    }

    async fn take(&mut self, step: Step) {
        let floor = Account::Sellable(Area::Floor);
        match step {
            Step::Receive { quantity, value } => {
                let seq = self.record(|line| Command::Receive { line, into: floor }, quantity).await.unwrap();
                self.receipts.push(seq);
                if let Some(amount) = value {
                    self.tell(CostFact::Value { seq: seq.get(), amount }).await;
                }
            }
            Step::Sell { quantity } => {
                self.record(|line| Command::Sell { line, from: Area::Floor }, quantity).await;
            }
            Step::Find { quantity } => {
                let reason = Reason::DataEntry;
                self.record(|line| Command::AdjustUp { line, place: floor, reason }, quantity).await;
            }
            Step::Lose { quantity } => {
                let reason = Reason::Damage;
                self.record(|line| Command::AdjustDown { line, place: floor, reason }, quantity).await;
            }
            Step::SellOut => {
                let on_hand = self.replica.positions(ITEM.parse().unwrap()).await.unwrap().on_hand;
                self.record(|line| Command::Sell { line, from: Area::Floor }, on_hand.get()).await;
            }
            Step::Late { receipt, amount } => {
                if let Some(seq) = self.receipts.get(receipt).copied() {
                    self.tell(CostFact::Late { seq: seq.get(), amount }).await;
                }
            }
            Step::Method(default) => {
                let methods = CostMethods { default, departments: BTreeMap::new() };
                self.replica.set_cost_methods(&methods).await.unwrap();
            }
        }
    }

    async fn booked(&self) -> BTreeMap<String, i64> {
        let days = (Date::from_days(0), Date::from_days(100_000));
        let rows = self.replica.cost_postings(days, None, None, 1_000).await.unwrap();
        let mut sums = BTreeMap::new();
        for row in rows {
            *sums.entry(row.book).or_default() += row.amount.minor();
        }
        sums
    }

    /// The promises that hold after every step.
    async fn check(&self) {
        let item = ITEM.parse().unwrap();
        while self.replica.value_next().await.unwrap() {}
        let cost = self.replica.cost_of(item).await.unwrap().unwrap();
        let on_hand = self.replica.positions(item).await.unwrap().on_hand;
        assert_eq!(cost.quantity, on_hand.get());
        // INVARIANT: no goods, no value (R2); what is left is worth nothing or more.
        assert!(cost.quantity != 0 || cost.value == Money::ZERO, "{cost:?}");
        assert!(cost.quantity <= 0 || cost.value >= Money::ZERO, "{cost:?}");
        let booked = self.booked().await;
        assert_eq!(booked.values().sum::<i64>(), 0, "{booked:?}");
        assert_eq!(booked.get("inventory").copied().unwrap_or_default(), cost.value.minor(), "{booked:?}");
        // What was valued is what is derived, and valuing again books nothing.
        let rows = self.replica.costs_after(None, 10).await.unwrap();
        let kept = rows.first().map(|row| (row.quantity, row.value));
        assert_eq!(kept.unwrap_or_default(), (cost.quantity, cost.value));
        assert!(!self.replica.value_next().await.unwrap());
        assert_eq!(self.booked().await, booked);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn pools_end_at_zero_and_books_add_up_after_every_step(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let mut shop = Shop::open(directory.path());
            for step in steps {
                shop.take(step).await;
                shop.check().await;
            }
            shop.replica.close().await;
        });
    }
}

#[tokio::test]
async fn items_are_valued_once_however_long_the_ledger_is() {
    let directory = tempfile::tempdir().unwrap();
    let mut shop = Shop::open(directory.path());
    let floor = Account::Sellable(Area::Floor);
    let receipt = shop.record(|line| Command::Receive { line, into: floor }, 1_000).await.unwrap();
    shop.tell(CostFact::Value { seq: receipt.get(), amount: 100_000 }).await;
    for _ in 0..600 {
        shop.record(|line| Command::Sell { line, from: Area::Floor }, 1).await.unwrap();
    }
    // The first piece of the ledger values the item up to its end; if there are others, they only move the mark.
    let more = shop.replica.value_next().await.unwrap();
    assert_eq!(shop.booked().await["cogs"], 60_000);
    while more && shop.replica.value_next().await.unwrap() {}
    assert_eq!(shop.replica.cost_totals().await.unwrap().covers, shop.replica.tip().head.seq);
    assert_eq!(shop.booked().await["cogs"], 60_000);
    shop.check().await;
}
