//! From transactions to the events that a handheld sends: who sends which, with which number, and what must come back.
//!
//! **Numbering.** Each till and each goods-in desk is a device. It counts its scans from 1 in the order of the stream,
//! wrong ones included, so the number of a scan follows from the settings alone.
//!
//! **Going on.** The agents know the last number that each device has in the ledger; every scan up to it is done and is not
//! sent again. A wrong scan leaves no movement: those behind the last right one of their device are sent a second time, are
//! refused a second time, and change nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::stream::{Kind, Line, Transaction};

/// A device of a store: till from 1, or 0 for the goods-in desk.
pub type Device = (usize, u16);

/// Gives every scan its device and number.
#[derive(Debug, Clone, Default)]
pub struct Numbering {
    last: BTreeMap<Device, u64>,
}

/// One scan, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The store, from 0.
    pub store: usize,
    /// Whether it must be refused.
    pub misscan: bool,
    /// What is sent.
    pub event: Event,
}

/// An event as `POST /v1/scans` takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The device's name.
    pub device: String,
    /// The device's own count.
    pub device_seq: u64,
    /// What was scanned.
    pub code: String,
    /// What is meant to happen.
    pub intent: &'static str,
    /// How many base units.
    pub qty: u32,
    /// Where, if it is not where the intent has it happen by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<&'static str>,
    /// Why, for adjustments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The document.
    pub document: String,
    /// Its line, from 1.
    pub line: u32,
    /// When it happened, as RFC 3339.
    pub occurred_at: String,
}

/// The last number that each device has in the ledger; 0 where it has none.
pub type Done = BTreeMap<Device, u64>;

// === impl Numbering ===

impl Numbering {
    /// The scans of the next transaction of the stream.
    pub fn scans(&mut self, transaction: &Transaction) -> Vec<Scan> {
        let last = self.last.entry((transaction.store, transaction.till)).or_default();
        let device = device_name(transaction.till);
        let mut scans = Vec::with_capacity(transaction.lines.len());
        for (number, line) in (1..).zip(&transaction.lines) {
            *last += 1;
            let event = event(line, &device, *last, &transaction.document, number);
            scans.push(Scan { store: transaction.store, misscan: line.misscan.is_some(), event });
        }
        scans
    }
}

/// The name that a device signs with.
#[must_use]
pub fn device_name(till: u16) -> String {
    if till == 0 { "goods-in".to_owned() } else { format!("till-{till}") }
}

/// Whether a scan is in the ledger already, so that it need not be sent.
#[must_use]
pub fn is_done(done: &Done, device: Device, device_seq: u64) -> bool {
    done.get(&device).is_some_and(|last| device_seq <= *last)
}

fn event(line: &Line, device: &str, device_seq: u64, document: &str, number: u32) -> Event {
    let (intent, place, reason) = match line.kind {
        Kind::Sell => ("sell", None, None),
        // Onto the floor, where it is sold from: a demo has nobody who fills shelves.
        Kind::Receive => ("receive", Some("floor"), None),
        Kind::Return => ("return", None, None),
        Kind::AdjustDown(reason) => ("adjust_down", None, Some(reason.word())),
    };
    Event {
        device: device.to_owned(),
        device_seq,
        code: line.barcode.clone(),
        intent,
        qty: line.quantity,
        place,
        reason,
        document: document.to_owned(),
        line: number,
        occurred_at: line.occurred_at.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use ledger::Reason;

    use super::*;
    use crate::stream::Misscan;

    fn transaction(store: usize, till: u16, kinds: &[(Kind, bool)]) -> Transaction {
        let line = |(kind, wrong): &(Kind, bool)| Line {
            row: None,
            barcode: "96385074".to_owned(),
            gtin: None,
            kind: *kind,
            quantity: 2,
            occurred_at: "2026-11-03T09:00:00Z".parse().unwrap(),
            unit_price: None,
            misscan: wrong.then_some(Misscan::Truncated),
        };
        let lines = kinds.iter().map(line).collect();
        Transaction { number: 0, store, till, document: "01-000001".to_owned(), lines }
    }

    #[test]
    fn every_device_counts_for_itself_and_counts_wrong_scans() {
        let mut numbering = Numbering::default();
        let sale = [(Kind::Sell, false), (Kind::Sell, true), (Kind::Sell, false)];
        let mut numbers = |store, till| {
            let scans = numbering.scans(&transaction(store, till, &sale));
            scans.iter().map(|scan| scan.event.device_seq).collect::<Vec<_>>()
        };
        assert_eq!(numbers(0, 1), [1, 2, 3]);
        assert_eq!(numbers(0, 2), [1, 2, 3]);
        assert_eq!(numbers(1, 1), [1, 2, 3]);
        assert_eq!(numbers(0, 1), [4, 5, 6]);
    }

    #[test]
    fn what_is_sent() {
        let kinds = [(Kind::Receive, false), (Kind::AdjustDown(Reason::Damage), false), (Kind::Sell, true)];
        let scans = Numbering::default().scans(&transaction(0, 0, &kinds));
        let sent: Vec<_> = scans.iter().map(|scan| serde_json::to_string(&scan.event).unwrap()).collect();
        let rest = r#""document":"01-000001","line""#;
        let time = r#""occurred_at":"2026-11-03T09:00:00Z""#;
        let head = |seq| format!(r#"{{"device":"goods-in","device_seq":{seq},"code":"96385074""#);
        assert_eq!(
            sent,
            [
                format!(r#"{},"intent":"receive","qty":2,"place":"floor",{rest}:1,{time}}}"#, head(1)),
                format!(r#"{},"intent":"adjust_down","qty":2,"reason":"damage",{rest}:2,{time}}}"#, head(2)),
                format!(r#"{},"intent":"sell","qty":2,{rest}:3,{time}}}"#, head(3)),
            ]
        );
        assert_eq!(scans.iter().map(|scan| scan.misscan).collect::<Vec<_>>(), [false, false, true]);
    }

    #[test]
    fn what_is_in_the_ledger_is_not_sent_again() {
        let done = Done::from([((0, 1), 4)]);
        #[rustfmt::skip]
        let cases = [
            // device  number  done
            ((0, 1),   1,      true),
            ((0, 1),   4,      true),
            ((0, 1),   5,      false),
            ((0, 2),   1,      false),
            ((1, 1),   1,      false),
        ];
        for (device, number, expected) in cases {
            assert_eq!(is_done(&done, device, number), expected, "{device:?} {number}");
        }
    }
}
