//! From a movement back to the event it came from, so that entries which come back from the hub are known by what they
//! say and not by their identity alone.

use ledger::{Account, Command, Disposition, Fingerprint, Line, Movement, Stamp};
use ledger::{Area, ReasonClass};

/// What kind of event a movement came from, as the API calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Goods went to a customer.
    Sell,
    /// Goods came from a supplier.
    Receive,
    /// A customer brought goods back.
    Return,
    /// There were more than the record said.
    AdjustUp,
    /// There were fewer, or some were written off.
    AdjustDown,
    /// Goods were put elsewhere.
    Move,
    /// The first stock of a store.
    Open,
}

impl Kind {
    /// The kind of a movement.
    #[must_use]
    pub const fn of(movement: &Movement) -> Self {
        match (&movement.from, &movement.to) {
            (Account::Supplier, _) => Self::Receive,
            (Account::Opening, _) => Self::Open,
            (Account::Customer, _) => Self::Return,
            (_, Account::Customer) => Self::Sell,
            (Account::Found, _) => Self::AdjustUp,
            (_, Account::Shrink | Account::Waste) => Self::AdjustDown,
            (_, _) => Self::Move,
        }
    }

    /// The word in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sell => "sell",
            Self::Receive => "receive",
            Self::Return => "return",
            Self::AdjustUp => "adjust_up",
            Self::AdjustDown => "adjust_down",
            Self::Move => "move",
            Self::Open => "open",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "sell" => Self::Sell,
            "receive" => Self::Receive,
            "return" => Self::Return,
            "adjust_up" => Self::AdjustUp,
            "adjust_down" => Self::AdjustDown,
            "move" => Self::Move,
            "open" => Self::Open,
            _ => return None,
        })
    }
}

/// The fingerprint of the event that a movement came from; `None` when the movement does not tell all of the event.
pub(super) fn fingerprint(movement: &Movement) -> Option<Fingerprint> {
    let command = command(movement)?;
    let stamp = Stamp {
        device: movement.source.device,
        device_seq: movement.source.device_seq,
        user: movement.user,
        event_id: movement.event_id,
        raw_scan: movement.raw_scan.clone(),
        document: movement.document,
        occurred_at: movement.occurred_at,
        clock_offset_ms: movement.clock_offset_ms,
    };
    Some(Fingerprint::of(&command, &stamp))
}

fn command(movement: &Movement) -> Option<Command> {
    let Movement { item, lot, serial, quantity, from, to, reason, source, corrects, .. } = movement;
    if source.leg != 0 || corrects.is_some() {
        return None;
    }
    let line = Line { item: *item, lot: *lot, serial: *serial, quantity: *quantity };
    let command = match Kind::of(movement) {
        Kind::Sell => {
            let Account::Sellable(area) = from else { return None };
            Command::Sell { line, from: *area }
        }
        Kind::Receive => Command::Receive { line, into: *to },
        Kind::Return => Command::Return { line, disposition: disposition(to)? },
        Kind::AdjustUp => Command::AdjustUp { line, place: *to, reason: *reason },
        Kind::AdjustDown => Command::AdjustDown { line, place: *from, reason: *reason },
        Kind::Move if reason.class() == ReasonClass::Trade && from.is_physical() && to.is_physical() => {
            Command::Move { line, from: *from, to: *to }
        }
        Kind::Move => return None,
        Kind::Open => Command::Open { line, into: *to },
    };
    Some(command)
}

/// What was decided about goods that came back, from where they went (R40).
fn disposition(to: &Account) -> Option<Disposition> {
    let known = [
        (Account::Sellable(Area::Floor), Disposition::Sellable),
        (Account::Damaged, Disposition::Damaged),
        (Account::Quarantine, Disposition::Quarantine),
        (Account::Waste, Disposition::Destroyed),
    ];
    known.into_iter().find(|(account, _)| account == to).map(|(_, disposition)| disposition)
}
