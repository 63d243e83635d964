//! Builders for ledger tests: a small shop's events in one line each.

use ledger::{
    Account, Area, Command, Context, Decision, DeviceId, DeviceSeq, Gtin, Line, Lot, Positions, Quantity,
    Refusal, Stamp, Timestamp, TradingDay, UserId, decide,
};

pub(crate) const OAT_DRINK: u64 = 4_006_381_333_931;

pub(crate) fn gtin(number: u64) -> Gtin {
    Gtin::new(number).unwrap()
}

pub(crate) fn line(quantity: i64) -> Line {
    Line {
        item: gtin(OAT_DRINK),
        lot: Lot::unknown(),
        serial: None,
        quantity: Quantity::new(quantity).unwrap(),
    }
}

pub(crate) fn receive(quantity: i64) -> Command {
    Command::Receive { line: line(quantity), into: Account::Sellable(Area::Floor) }
}

pub(crate) fn sell(quantity: i64) -> Command {
    Command::Sell { line: line(quantity), from: Area::Floor }
}

pub(crate) fn stamp(device: &str, device_seq: u32) -> Stamp {
    Stamp {
        device: DeviceId::new(device).unwrap(),
        device_seq: DeviceSeq::from(device_seq),
        user: UserId::new("ann").unwrap(),
        event_id: None,
        raw_scan: None,
        document: None,
        occurred_at: Timestamp::from_millis(1_795_000_000_000 + i64::from(device_seq) * 1000),
        clock_offset_ms: 0,
    }
}

pub(crate) fn decided(state: &Positions, command: &Command, stamp: &Stamp) -> Result<Decision, Refusal> {
    let trading_day = TradingDay::new("Europe/London", 180).unwrap();
    let now = stamp.occurred_at.shifted(40);
    decide(state, command, stamp, Context { now, trading_day: &trading_day })
}
