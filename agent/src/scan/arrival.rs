//! A container that came in: a scan whose label has an SSCC, with intent `receive`.

use ledger::receiving::ContainerId;
use ledger::{Account, Area, Fingerprint, Timestamp};

use super::event::{Event, Intent};
use super::outcome::{Rejection, Warning};
use super::resolve;
use crate::replica::{Arrived, Replica, Scan};

/// What a scan says of a container; `None` when it is about goods.
pub(super) fn arrived(
    event: &Event,
    now: Timestamp,
    replica: &Replica,
) -> Option<Result<(Arrived, Vec<Warning>), Rejection>> {
    if event.intent != Intent::Receive {
        return None;
    }
    let reading = gs1::read(event.code.as_bytes());
    let container = ContainerId::from(reading.sscc()?);
    let otherwise = match reading.gtin() {
        None => None,
        // A label may say what is inside: it is received as such when nobody announced the container.
        Some(_) => match resolve::resolve(event, now, replica) {
            Ok(resolved) => Some(Scan::new(resolved.command, resolved.stamp)),
            Err(rejection) => return Some(Err(rejection)),
        },
    };
    Some(resolved(event, container, otherwise, now))
}

fn resolved(
    event: &Event,
    container: ContainerId,
    otherwise: Option<Scan>,
    now: Timestamp,
) -> Result<(Arrived, Vec<Warning>), Rejection> {
    if event.qty.is_some() {
        let what = "a container comes in with all that was announced in it";
        return Err(resolve::wrong("qty", what, "leave it out, or scan the goods one by one"));
    }
    let (device, _) = resolve::device(&event.device, event.device_seq)?;
    let (mut stamp, warnings) = resolve::stamp(event, device, now)?;
    let receipt = stamp.document.take().map(|document| document.document);
    let into = match event.place.as_deref() {
        None => Account::Sellable(Area::Bay),
        Some(text) => resolve::place("place", text)?,
    };
    let fingerprint = match &otherwise {
        Some(scan) => scan.fingerprint(),
        None => Fingerprint::of_parts(
            "arrival",
            &[
                &container.to_string(),
                &into.to_string(),
                receipt.as_ref().map_or("", ledger::DocumentId::as_str),
                stamp.user.as_str(),
            ],
        ),
    };
    Ok((Arrived { container, into, receipt, otherwise, stamp, fingerprint }, warnings))
}
