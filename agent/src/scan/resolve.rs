//! From an event to a command: the code is decoded and resolved to an item, every text becomes the type that proves it.

use std::sync::Arc;

use gs1::{Class, Problem, Reading};
use ledger::time::TimestampError;
use ledger::{
    Account, Area, Command, DeviceId, DeviceSeq, DocumentId, DocumentLine, EventId, Gtin, Line, Lot,
    Quantity, RawScan, Reason, Serial, Stamp, Timestamp, Unit, UserId,
};

use super::event::{Disposition, Event, Intent};
use super::goods::{self, Goods, When};
use super::outcome::{Rejection, Warning};
use crate::replica::Replica;

/// A clock that is off by more than this is worth a word (R15).
const OFFSET_WARNED_MS: u32 = 2 * 60 * 1000;

/// A clock that is off by more than this cannot be believed until somebody confirms it (R15).
const OFFSET_MAX_MS: u32 = 24 * 60 * 60 * 1000;

/// The largest number that every client's JSON keeps exactly. A device that got there could not go on.
const DEVICE_SEQ_MAX: u64 = (1 << 53) - 1;

/// 2000-01-01: a clock that says less has lost its battery.
const OCCURRED_MIN: Timestamp = Timestamp::from_millis(946_684_800_000);

/// An event as a command.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) command: Command,
    pub(super) stamp: Stamp,
    pub(super) name: Option<Arc<str>>,
    pub(super) warnings: Vec<Warning>,
}

/// Resolves an event received at `now`.
pub(super) fn resolve(event: &Event, now: Timestamp, replica: &Replica) -> Result<Resolved, Rejection> {
    let (device, _) = device(&event.device, event.device_seq)?;
    let reading = gs1::read(event.code.as_bytes());
    let (stamp, mut warnings) = stamp(event, device, now)?;
    let printed = event.printed_at.as_deref().map(str::parse).transpose();
    let printed = printed.map_err(|error: TimestampError| invalid("printed_at", &error))?;
    let mut goods = goods::find(replica, &reading, When { scanned: stamp.occurred_at, printed })?;
    let command = command(event, line(event, &goods, &reading)?)?;
    warnings.append(&mut goods.warnings);
    warnings.extend(unread(&reading));
    Ok(Resolved { command, stamp, name: Some(goods.known.name), warnings })
}

/// Who sent an event, and its number there.
pub(super) fn device(device: &str, device_seq: u64) -> Result<(DeviceId, DeviceSeq), Rejection> {
    let device = DeviceId::new(device).map_err(|error| invalid("device", &error))?;
    if !(1..=DEVICE_SEQ_MAX).contains(&device_seq) {
        let what = format!("`{device_seq}` is not between 1 and {DEVICE_SEQ_MAX}");
        return Err(wrong("device_seq", &what, "number the device's events 1, 2, 3, and so on"));
    }
    Ok((device, DeviceSeq::new(device_seq)))
}

/// The catalogue has no such item.
pub(super) fn unknown(gtin: Gtin) -> Rejection {
    Rejection {
        code: "unknown_item",
        detail: format!("item {gtin} is not in the catalogue"),
        hint: Some("import the item, or check that the right code was scanned"),
        gtin: Some(gtin),
        seq: None,
    }
}

/// The item that a code names. What is not understood of a label that names its item beyond doubt is no reason to refuse it: the
/// goods are in the customer's hands.
pub(super) fn item_of(reading: &Reading<'_>) -> Result<Gtin, Rejection> {
    let gtin = reading.gtin();
    let serious = reading.problems().find(|problem| gtin.is_none() || is_serious(problem));
    if let Some(problem) = serious {
        let code = if problem.class == Class::CheckDigit { "check_digit" } else { "code_unreadable" };
        let detail = problem.what().to_string();
        return Err(Rejection { code, detail, hint: Some(problem.hint()), gtin, seq: None });
    }
    match gtin {
        Some(gtin) => Ok(gtin),
        None => Err(Rejection {
            code: "code_without_item",
            detail: "the code names no trade item".to_owned(),
            hint: Some("scan the item's own code"),
            gtin: None,
            seq: None,
        }),
    }
}

/// Whether a movement could go wrong by it: it is about something that is taken from the label, or that says what is on it.
fn is_serious(problem: &Problem<'_>) -> bool {
    const TAKEN: &[&str] =
        &["00", "01", "02", "10", "11", "12", "13", "15", "16", "17", "20", "21", "30", "37"];
    let is_taken = |ai: gs1::Ai| TAKEN.contains(&ai.as_str()) || ai.as_str().starts_with("310");
    problem.class != Class::AiUnknown && problem.ai.is_none_or(is_taken)
}

/// What of a label was not understood.
pub(super) fn unread(reading: &Reading<'_>) -> impl Iterator<Item = Warning> {
    reading.problems().map(|problem| Warning { code: "part_unread", detail: problem.what().to_string() })
}

fn line(event: &Event, goods: &Goods, reading: &Reading<'_>) -> Result<Line, Rejection> {
    let (lot, serial) = lot_and_serial((event.lot.as_deref(), event.serial.as_deref()), reading)?;
    let quantity = goods.quantity(reading, (event.qty, event.packs))?;
    Ok(Line { item: goods.item, lot: lot.unwrap_or_else(Lot::unknown), serial, quantity })
}

/// The lot and serial that somebody named, else those of the code.
pub(super) fn lot_and_serial(
    (lot, serial): (Option<&str>, Option<&str>),
    reading: &Reading<'_>,
) -> Result<(Option<Lot>, Option<Serial>), Rejection> {
    let lot = lot.or_else(|| reading.lot()).map(Lot::new).transpose();
    let serial = serial.or_else(|| reading.serial()).map(Serial::new).transpose();
    Ok((lot.map_err(|error| invalid("lot", &error))?, serial.map_err(|error| invalid("serial", &error))?))
}

/// How many base units a code stands for: what is written on it, else one piece.
pub(super) fn quantity(gtin: Gtin, reading: &Reading<'_>, unit: Unit) -> Result<Quantity, Rejection> {
    let from_code = match unit {
        Unit::Gram => reading.weight_grams(),
        Unit::Piece | Unit::Millilitre => reading.quantity(),
    };
    let quantity = match (from_code, unit) {
        (Some(number), _) => i64::try_from(number).unwrap_or(i64::MAX),
        (None, Unit::Piece) => 1,
        (None, Unit::Gram | Unit::Millilitre) => {
            let what = format!("item {gtin} is counted in {}", unit.code());
            return Err(wrong("qty", &what, "say how much it is"));
        }
    };
    Quantity::new(quantity).map_err(|error| invalid("qty", &error))
}

fn command(event: &Event, line: Line) -> Result<Command, Rejection> {
    let place = |default| match event.place.as_deref() {
        None => Ok(default),
        Some(text) => place("place", text),
    };
    let floor = Account::Sellable(Area::Floor);
    Ok(match event.intent {
        Intent::Sell => Command::Sell { line, from: area(place(floor)?)? },
        Intent::Receive => Command::Receive { line, into: place(Account::Sellable(Area::Backroom))? },
        Intent::Open => Command::Open { line, into: place(floor)? },
        Intent::Return => Command::Return { line, disposition: disposition(event.disposition) },
        Intent::AdjustUp => {
            Command::AdjustUp { line, place: place(floor)?, reason: reason(event, Some(Reason::DataEntry))? }
        }
        Intent::AdjustDown => {
            Command::AdjustDown { line, place: place(floor)?, reason: reason(event, None)? }
        }
        Intent::Move => {
            let to = event.to.as_deref().ok_or_else(|| {
                wrong("to", "a move needs the place that goods were moved to", "name it, such as `floor`")
            })?;
            Command::Move { line, from: place(floor)?, to: self::place("to", to)? }
        }
    })
}

pub(super) fn place(field: &'static str, text: &str) -> Result<Account, Rejection> {
    Account::parse_place(text).ok_or_else(|| {
        let what = format!("`{}` is no place in the store", shortened(text));
        wrong(field, &what, "name a place such as `floor`, `backroom`, `bay` or `damaged`")
    })
}

/// Goods are sold from an area of the shop, not from what is damaged or held.
pub(super) fn area(place: Account) -> Result<Area, Rejection> {
    if let Account::Sellable(area) = place {
        Ok(area)
    } else {
        let what = format!("goods in {place} are not for sale");
        Err(wrong("place", &what, "sell from `floor`, `backroom` or `bay`"))
    }
}

fn reason(event: &Event, default: Option<Reason>) -> Result<Reason, Rejection> {
    let next = "name one, such as `damage`, `theft` or `count_variance`";
    match (event.reason.as_deref(), default) {
        (Some(word), _) => Reason::parse(word)
            .ok_or_else(|| wrong("reason", &format!("`{}` is no reason", shortened(word)), next)),
        (None, Some(reason)) => Ok(reason),
        (None, None) => Err(wrong("reason", "goods are written off for a reason", next)),
    }
}

pub(super) const fn disposition(of: Option<Disposition>) -> ledger::Disposition {
    match of {
        None | Some(Disposition::Sellable) => ledger::Disposition::Sellable,
        Some(Disposition::Damaged) => ledger::Disposition::Damaged,
        Some(Disposition::Quarantine) => ledger::Disposition::Quarantine,
        Some(Disposition::Destroyed) => ledger::Disposition::Destroyed,
    }
}

pub(super) fn stamp(
    event: &Event,
    device: DeviceId,
    now: Timestamp,
) -> Result<(Stamp, Vec<Warning>), Rejection> {
    let user = user(event.user.as_deref(), &device)?;
    let event_id = event.event_id.as_deref().map(str::parse::<EventId>).transpose();
    let event_id = event_id.map_err(|error| invalid("event_id", &error))?;
    let (occurred_at, warnings) = occurred(event.occurred_at.as_deref(), event.clock_offset_ms, now)?;
    let stamp = Stamp {
        device,
        device_seq: DeviceSeq::new(event.device_seq),
        user,
        event_id,
        raw_scan: Some(RawScan::new(event.code.as_bytes()).map_err(|error| invalid("code", &error))?),
        document: document(event)?,
        occurred_at,
        clock_offset_ms: event.clock_offset_ms,
    };
    Ok((stamp, warnings))
}

fn document(event: &Event) -> Result<Option<DocumentLine>, Rejection> {
    match (event.document.as_deref(), event.line) {
        (Some(document), line) => {
            let document = DocumentId::new(document).map_err(|error| invalid("document", &error))?;
            Ok(Some(DocumentLine { document, line: line.unwrap_or(0) }))
        }
        (None, Some(_)) => Err(wrong("line", "a line belongs to a document", "name the document too")),
        (None, None) => Ok(None),
    }
}

/// Who did it; the device itself when nobody said.
pub(super) fn user(user: Option<&str>, device: &DeviceId) -> Result<UserId, Rejection> {
    match user {
        Some(user) => UserId::new(user).map_err(|error| invalid("user", &error)),
        None => UserId::new(device.as_str()).map_err(|error| invalid("device", &error)),
    }
}

/// When it happened: the device's clock with its offset (R15).
pub(super) fn occurred(
    device_clock: Option<&str>,
    offset: i32,
    now: Timestamp,
) -> Result<(Timestamp, Vec<Warning>), Rejection> {
    let device_clock = device_clock.map(str::parse).transpose();
    let device_clock: Option<Timestamp> =
        device_clock.map_err(|error: TimestampError| invalid("occurred_at", &error))?;
    let at = device_clock.map_or(now, |clock| clock.shifted(i64::from(offset)));
    let ahead = at.millis_since(now);
    if offset.unsigned_abs() > OFFSET_MAX_MS || ahead > i64::from(OFFSET_MAX_MS) || at < OCCURRED_MIN {
        let detail = if at < OCCURRED_MIN {
            format!("it happened at {at}, before there were such devices")
        } else if ahead > i64::from(OFFSET_MAX_MS) {
            format!("it happened at {at}, more than a day from now")
        } else {
            format!("the device's clock is off by {} hours", offset.unsigned_abs() / 3_600_000)
        };
        let hint = Some("set the device's clock and send the event again");
        return Err(Rejection { code: "clock_unbelievable", detail, hint, gtin: None, seq: None });
    }
    let warned = offset.unsigned_abs() > OFFSET_WARNED_MS || ahead > i64::from(OFFSET_WARNED_MS);
    let warning = || Warning {
        code: "clock_off",
        detail: "the device's clock is off by more than 2 minutes: set it".to_owned(),
    };
    Ok((at, warned.then(warning).into_iter().collect()))
}

pub(super) fn invalid(field: &'static str, error: &dyn std::error::Error) -> Rejection {
    wrong(field, &error.to_string(), "correct the event and send it again")
}

pub(super) fn wrong(field: &'static str, what: &str, hint: &'static str) -> Rejection {
    Rejection {
        code: "event_invalid",
        detail: format!("`{field}`: {what}"),
        hint: Some(hint),
        gtin: None,
        seq: None,
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
