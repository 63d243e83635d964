//! Whether all that was acknowledged is there, once, at the store and at the hub, and nothing else.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::answers::Recorded;
use super::handheld::Handheld;
use super::hub::Hub;
use super::store::Store;
use crate::patience::Patience;

/// Waits until store and hub are at rest and compares them with each other and with what the handhelds remember.
///
/// # Errors
/// With what is lost, doubled, never sent, or different.
pub fn audit(store: &mut Store, hub: &Hub, handhelds: &[Handheld]) -> Result<()> {
    let status = store.until_synced(hub, Patience::LONG)?;
    let (here, there) = (store.movements()?, hub.movements(store.id())?);
    check(&here, handhelds).map_err(|wrong| wrong.context("the store's ledger"))?;
    check(&there, handhelds).map_err(|wrong| wrong.context("the hub's journal"))?;
    for (own, its) in here.iter().zip(&there) {
        ensure!(own == its, "store and hub differ: {own:?} and {its:?}");
    }
    ensure!(here.len() == there.len(), "the store has {} entries, the hub {}", here.len(), there.len());
    for (whose, proof) in [("store", store.verify()?), ("hub", hub.verify(store.id())?)] {
        ensure!(proof.whole, "the {whose} is not whole: {:?}", proof.findings);
        let (seq, hash, digest) = (status.seq, &status.hash, &status.digest);
        ensure!(
            (proof.seq, &proof.hash, &proof.digest) == (seq, hash, digest),
            "folding the ledger of the {whose} gives {proof:?}, the status was {status:?}"
        );
    }
    Ok(())
}

/// Compares a ledger with what handhelds remember. Selling makes one entry an event.
fn check(ledger: &[Recorded], handhelds: &[Handheld]) -> Result<()> {
    let mut events: BTreeMap<(&str, u64), &Recorded> = BTreeMap::new();
    for (entry, seq) in ledger.iter().zip(1_u64..) {
        ensure!(entry.seq == seq, "entry {seq} is missing: there is {entry:?}");
        let before = events.insert((&entry.device, entry.device_seq), entry);
        ensure!(before.is_none(), "doubled: {before:?} and {entry:?}");
    }
    for handheld in handhelds {
        let device = handheld.device();
        for (number, item) in handheld.sent() {
            if let Some(entry) = events.remove(&(device, *number)) {
                let as_sent = entry.gtin == item.to_string() && entry.qty == 1 && entry.leg == 0;
                ensure!(as_sent, "one of item {item} was sent as {device}:{number}, recorded is {entry:?}");
                let told = handheld.acknowledged().get(number);
                ensure!(
                    told.is_none_or(|seq| *seq == entry.seq),
                    "{device}:{number} was acknowledged as entry {told:?}, it is {entry:?}"
                );
            } else {
                let told = handheld.acknowledged().get(number);
                ensure!(told.is_none(), "lost: {device}:{number} was acknowledged as entry {told:?}");
            }
        }
    }
    ensure!(events.is_empty(), "never sent: {:?}", events.values().next());
    Ok(())
}
