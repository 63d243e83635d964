//! The worked vectors of the stock rules' sections on numbers and on the ledger, as they stand (E1-E3 stand beside the
//! code they are about: quantities and cost pools), and the policy for stock below zero.

use std::collections::BTreeMap;

use super::support::{OAT_DRINK, decided, gtin, line, receive, sell, stamp};
use ledger::{
    Account, Area, Command, DeviceSeq, Disposition, Fingerprint, Notice, Positions, Reason, Verdict,
};

/// A ledger in its simplest form: what is recorded under which device sequence.
#[derive(Default)]
struct Store {
    recorded: BTreeMap<DeviceSeq, Fingerprint>,
    positions: Positions,
}

impl Store {
    fn scan(&mut self, device_seq: u32, command: &Command) -> Verdict {
        let stamp = stamp("till-1", device_seq);
        let fingerprint = Fingerprint::of(command, &stamp);
        let verdict = fingerprint.judge(self.recorded.get(&stamp.device_seq).copied());
        if verdict == Verdict::New {
            for movement in decided(&self.positions, command, &stamp).unwrap().movements {
                self.positions.apply(&movement).unwrap();
            }
            self.recorded.insert(stamp.device_seq, fingerprint);
        }
        verdict
    }

    fn on_hand(&self) -> i64 {
        self.positions.physical(gtin(OAT_DRINK)).unwrap().get()
    }
}

#[test]
fn e4_a_batch_sent_again_after_a_time_out_changes_nothing_twice() {
    let mut store = Store::default();
    let batch = [(1, receive(12)), (2, sell(1)), (3, sell(1))];
    let first: Vec<Verdict> = batch.iter().map(|(n, command)| store.scan(*n, command)).collect();
    assert_eq!(first, [Verdict::New; 3]);
    let again: Vec<Verdict> =
        batch.iter().chain([(4, sell(2))].iter()).map(|(n, command)| store.scan(*n, command)).collect();
    assert_eq!(again, [Verdict::Duplicate, Verdict::Duplicate, Verdict::Duplicate, Verdict::New]);
    assert_eq!(store.on_hand(), 8);
}

#[test]
fn e5_the_same_identity_with_other_content_is_a_conflict() {
    let mut store = Store::default();
    store.scan(1, &receive(12));
    store.scan(2, &sell(1));
    assert_eq!(store.scan(2, &sell(5)), Verdict::Conflict);
    assert_eq!(store.on_hand(), 11);
}

#[test]
fn every_kind_of_command_moves_between_its_accounts() {
    let floor = Account::Sellable(Area::Floor);
    let backroom = Account::Sellable(Area::Backroom);
    let (up, down) = (
        |reason| Command::AdjustUp { line: line(2), place: floor, reason },
        |reason| Command::AdjustDown { line: line(2), place: floor, reason },
    );
    let moved = |from, to| Command::Move { line: line(2), from, to };
    let returned = |disposition| Command::Return { line: line(2), disposition };
    #[rustfmt::skip]
    let table = [
        // what was said                                           what it does, with 5 on the floor
        (receive(2),                                               "supplier > sellable/floor, receipt"),
        (Command::Receive { line: line(2), into: Account::Customer }, "place_not_in_store: customer is not a place inside the store"),
        (Command::Open { line: line(2), into: backroom },          "opening > sellable/backroom, opening"),
        (sell(2),                                                  "sellable/floor > customer, sale"),
        (sell(7),                                                  "sellable/floor > customer, sale; sellable/floor is -2"),
        (Command::Sell { line: line(2), from: Area::Backroom },    "sellable/backroom > customer, sale; sellable/backroom is -2"),
        (returned(Disposition::Sellable),                          "customer > sellable/floor, customer_return"),
        (returned(Disposition::Damaged),                           "customer > damaged, customer_return"),
        (returned(Disposition::Quarantine),                        "customer > quarantine, customer_return"),
        (returned(Disposition::Destroyed),                         "customer > waste, customer_return"),
        (up(Reason::DataEntry),                                    "found > sellable/floor, data_entry"),
        (up(Reason::Sale),                                         "reason_not_allowed: reason `sale` does not explain an adjustment"),
        (down(Reason::Theft),                                      "sellable/floor > shrink, theft"),
        (down(Reason::StoreUse),                                   "sellable/floor > waste, store_use"),
        (Command::AdjustDown { line: line(6), place: floor, reason: Reason::Theft },
            "insufficient_stock: only 5 of item 04006381333931 are recorded in sellable/floor, 6 were asked for"),
        (moved(floor, backroom),                                   "sellable/floor > sellable/backroom, area_move"),
        (moved(backroom, floor),                                   "sellable/backroom > sellable/floor, area_move; sellable/backroom is -2"),
        (moved(floor, floor),                                      "same_place: the goods are in sellable/floor already"),
    ];
    let mut shop = Store::default();
    shop.scan(1, &receive(5));
    for (command, expect) in table {
        let outcome = match decided(&shop.positions, &command, &stamp("till-1", 2)) {
            Err(refusal) => format!("{}: {refusal}", refusal.code()),
            Ok(decision) => {
                let movement = &decision.movements[0];
                let mut text = format!("{} > {}, {}", movement.from, movement.to, movement.reason);
                for Notice::BelowZero { account, balance, .. } in decision.notices {
                    text.push_str(&format!("; {account} is {balance}"));
                }
                text
            }
        };
        assert_eq!(outcome, expect, "{command:?}");
    }
}

#[test]
fn a_sale_before_dawn_is_fixed_to_the_day_before() {
    let mut early = stamp("till-1", 1);
    early.occurred_at = "2026-11-24T00:40:00Z".parse().unwrap();
    let decision = decided(&Positions::default(), &sell(1), &early).unwrap();
    assert_eq!(decision.movements[0].business_date.to_string(), "2026-11-23");
}
