//! From a command to movements, or to a named refusal.
//!
//! The policy for stock that would go below zero is section 7 of the stock rules: what already happened is accepted and
//! raises a notice; a claim about now is refused.

use std::fmt;

use gs1::Gtin;

use crate::account::{Account, Area};
use crate::command::{Command, Disposition, Line, Stamp};
use crate::movement::{Movement, Source};
use crate::positions::{Overflow, Positions};
use crate::quantity::Balance;
use crate::reason::{Reason, ReasonClass};
use crate::time::{Timestamp, TradingDay};

/// What a decision needs beside the positions: the moment of recording and the store's trading day.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// When the agent records it.
    pub now: Timestamp,
    /// How moments become business dates.
    pub trading_day: &'a TradingDay,
}

/// Movements to record together, and what somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// To be recorded in one transaction, in this order.
    pub movements: Vec<Movement>,
    /// Accepted, but worth a look.
    pub notices: Vec<Notice>,
}

/// Something accepted that a manager should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The record of an account is below zero: goods left that were never recorded as there.
    BelowZero {
        /// The item.
        item: Gtin,
        /// Where.
        account: Account,
        /// What the record says now.
        balance: Balance,
    },
}

/// Why a command was refused. A result, not an error: nothing went wrong, the answer is no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is not enough for a claim about now.
    InsufficientStock {
        /// The item.
        item: Gtin,
        /// Where.
        place: Account,
        /// What the record says.
        on_hand: Balance,
        /// What was asked for.
        asked: i64,
    },
    /// A serial number names one piece, so the quantity must be one.
    SerialQuantity {
        /// What was asked for.
        asked: i64,
    },
    /// The place is not inside the store.
    NotInStore {
        /// The account named.
        place: Account,
    },
    /// Goods cannot be moved to where they are.
    SamePlace {
        /// The place named.
        place: Account,
    },
    /// The reason does not explain an adjustment.
    ReasonNotAllowed {
        /// The reason given.
        reason: Reason,
    },
    /// A sum would leave the range of numbers.
    OutOfRange(Overflow),
}

impl Refusal {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InsufficientStock { .. } => "insufficient_stock",
            Self::SerialQuantity { .. } => "serial_quantity",
            Self::NotInStore { .. } => "place_not_in_store",
            Self::SamePlace { .. } => "same_place",
            Self::ReasonNotAllowed { .. } => "reason_not_allowed",
            Self::OutOfRange(_) => "quantity_out_of_range",
        }
    }

    /// What a person can do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::InsufficientStock { .. } => "count the item, then adjust what is left",
            Self::SerialQuantity { .. } => "scan each serial number on its own",
            Self::NotInStore { .. } => "name a place such as `floor`, `backroom`, `bay` or `damaged`",
            Self::SamePlace { .. } => "name another place to move to",
            Self::ReasonNotAllowed { .. } => "choose a loss, count, data entry, transit or supplier reason",
            Self::OutOfRange(_) => "check the quantity",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InsufficientStock { item, place, on_hand, asked } => {
                write!(f, "only {on_hand} of item {item} are recorded in {place}, {asked} were asked for")
            }
            Self::SerialQuantity { asked } => {
                write!(f, "a serial number names one piece, {asked} were asked for")
            }
            Self::NotInStore { place } => write!(f, "{place} is not a place inside the store"),
            Self::SamePlace { place } => write!(f, "the goods are in {place} already"),
            Self::ReasonNotAllowed { reason } => {
                write!(f, "reason `{reason}` does not explain an adjustment")
            }
            Self::OutOfRange(overflow) => fmt::Display::fmt(overflow, f),
        }
    }
}

/// Decides what a command does to the ledger, given at least the positions of its item.
///
/// # Errors
/// A [`Refusal`] with the reason; then nothing is to be recorded.
pub fn decide(
    state: &Positions,
    command: &Command,
    stamp: &Stamp,
    context: Context<'_>,
) -> Result<Decision, Refusal> {
    let line = command.line();
    if line.serial.is_some() && line.quantity.get() != 1 {
        return Err(Refusal::SerialQuantity { asked: line.quantity.get() });
    }
    let (from, to, reason) = route(command)?;
    if matches!(command, Command::AdjustDown { .. }) && !is_late(stamp, context) {
        refuse_below_zero(state, line, from)?;
    }
    let movement = movement(line, stamp, context, from, to, reason);
    state.effect(&movement).map_err(Refusal::OutOfRange)?;
    let recorded = state.sum(line.item, |account| *account == from).unwrap_or_default();
    let left = if from == to { Some(recorded) } else { recorded.minus(line.quantity) }.unwrap_or_default();
    let notices = if from.is_physical() && left.is_negative() {
        vec![Notice::BelowZero { item: line.item, account: from, balance: left }]
    } else {
        Vec::new()
    };
    Ok(Decision { movements: vec![movement], notices })
}

/// How long after an event its record may come and still be a claim about now.
const LATE_MS: i64 = 2 * 60 * 1000;

/// Whether the event comes from a device that could not tell in time: then it has happened already, and is accepted with a
/// notice even where a claim about now would be refused.
const fn is_late(stamp: &Stamp, context: Context<'_>) -> bool {
    context.now.millis_since(stamp.occurred_at) > LATE_MS
}

/// Between which accounts a command moves goods, and why.
fn route(command: &Command) -> Result<(Account, Account, Reason), Refusal> {
    match *command {
        Command::Receive { into, .. } => Ok((Account::Supplier, in_store(into)?, Reason::Receipt)),
        Command::Open { into, .. } => Ok((Account::Opening, in_store(into)?, Reason::Opening)),
        Command::Sell { from, .. } => Ok((Account::Sellable(from), Account::Customer, Reason::Sale)),
        Command::Return { disposition, .. } => {
            let to = match disposition {
                Disposition::Sellable => Account::Sellable(Area::Floor),
                Disposition::Damaged => Account::Damaged,
                Disposition::Quarantine => Account::Quarantine,
                Disposition::Destroyed => Account::Waste,
            };
            Ok((Account::Customer, to, Reason::CustomerReturn))
        }
        Command::AdjustUp { place, reason, .. } => {
            Ok((Account::Found, in_store(place)?, adjustment_reason(reason)?))
        }
        Command::AdjustDown { place, reason, .. } => {
            Ok((in_store(place)?, outflow_account(adjustment_reason(reason)?), reason))
        }
        Command::Move { from, to, .. } if from == to => Err(Refusal::SamePlace { place: to }),
        Command::Move { from, to, .. } => Ok((in_store(from)?, in_store(to)?, Reason::AreaMove)),
    }
}

fn in_store(place: Account) -> Result<Account, Refusal> {
    if place.is_physical() { Ok(place) } else { Err(Refusal::NotInStore { place }) }
}

fn adjustment_reason(reason: Reason) -> Result<Reason, Refusal> {
    if reason.class() == ReasonClass::Trade { Err(Refusal::ReasonNotAllowed { reason }) } else { Ok(reason) }
}

/// Goods used up, spoilt or given away go to waste with their own reason (R27); what is simply gone is shrink.
const fn outflow_account(reason: Reason) -> Account {
    match reason {
        Reason::Damage | Reason::Expired | Reason::Sample | Reason::StoreUse | Reason::Donation => {
            Account::Waste
        }
        Reason::Theft
        | Reason::CountVariance
        | Reason::DataEntry
        | Reason::ItemSwap
        | Reason::TransitLoss
        | Reason::SupplierError
        | Reason::Receipt
        | Reason::Sale
        | Reason::CustomerReturn
        | Reason::AreaMove
        | Reason::Opening
        | Reason::TransferOut
        | Reason::TransferIn
        | Reason::VendorReturn
        | Reason::Collection
        | Reason::Disposition
        | Reason::LotEvidence
        | Reason::SenderError
        | Reason::CarrierClaim
        | Reason::FoundAtReceiver
        | Reason::OverRejected => Account::Shrink,
    }
}

/// A named lot must have enough by itself; an unnamed one is judged by all lots in the place together.
fn refuse_below_zero(state: &Positions, line: &Line, place: Account) -> Result<(), Refusal> {
    let on_hand = state
        .of_item(line.item)
        .filter(|(key, _)| key.account == place && (line.lot.is_unknown() || key.lot == line.lot))
        .filter(|(key, _)| line.serial.is_none() || key.serial == line.serial)
        .try_fold(Balance::ZERO, |sum, (_, balance)| sum.and(balance))
        .unwrap_or_default();
    match on_hand.minus(line.quantity) {
        Some(rest) if !rest.is_negative() => Ok(()),
        Some(_) | None => {
            Err(Refusal::InsufficientStock { item: line.item, place, on_hand, asked: line.quantity.get() })
        }
    }
}

/// A movement stamped for its event, as the event's first leg.
pub(crate) fn movement(
    line: &Line,
    stamp: &Stamp,
    context: Context<'_>,
    from: Account,
    to: Account,
    reason: Reason,
) -> Movement {
    Movement {
        item: line.item,
        lot: line.lot,
        serial: line.serial,
        quantity: line.quantity,
        from,
        to,
        reason,
        document: stamp.document,
        user: stamp.user,
        source: Source { device: stamp.device, device_seq: stamp.device_seq, leg: 0 },
        event_id: stamp.event_id,
        raw_scan: stamp.raw_scan.clone(),
        occurred_at: stamp.occurred_at,
        clock_offset_ms: stamp.clock_offset_ms,
        recorded_at: context.now,
        business_date: context.trading_day.business_date(stamp.occurred_at),
        corrects: None,
    }
}
