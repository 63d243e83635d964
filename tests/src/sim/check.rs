//! The invariants, by the names of the fault model: what must hold after every event, and what at rest.

use std::collections::BTreeMap;

use ledger::{DeviceId, DeviceSeq, Epoch, Positions, Seq, Source, StoreId};

use super::machine::{Disk, Stop};
use super::world::World;

impl World {
    /// What must hold after every event.
    pub(super) fn check(&mut self) {
        if let Some((invariant, detail)) = self.journal.broken() {
            return self.fail(invariant, detail);
        }
        self.close_open();
        if let Some(lost) = self.open.iter().find(|open| !self.is_kept(**open)) {
            let detail = format!("{}: {}:{} was acknowledged and is nowhere", lost.0, lost.1, lost.2);
            return self.fail("I1 acknowledged is kept", detail);
        }
        for number in 0..self.machines.len() {
            if let Some((invariant, detail)) = self.check_machine(number) {
                return self.fail(invariant, format!("machine {number}: {detail}"));
            }
        }
    }

    /// What has reached the journal is there for good.
    fn close_open(&mut self) {
        let journal = &self.journal;
        self.open.retain(|(store, device, seq)| !journal.has(*store, &first_leg(*device, *seq)));
    }

    /// Whether an acknowledged event is on a disk, or with a handheld that would send it again.
    pub(super) fn is_kept(&self, (store, device, seq): (StoreId, DeviceId, DeviceSeq)) -> bool {
        let on_disk = |disk: &Disk| disk.known.contains_key(&(device, seq));
        self.journal.has(store, &first_leg(device, seq))
            || self
                .machines
                .iter()
                .filter(|machine| machine.store == store)
                .any(|machine| machine.disk.as_ref().is_some_and(on_disk))
            || self.handhelds.iter().any(|handheld| handheld.holds(device, seq))
    }

    fn check_machine(&self, number: usize) -> Option<(&'static str, String)> {
        let machine = self.machines.get(number)?;
        let disk = machine.disk.as_ref()?;
        let head = disk.head();
        if disk.entries.len() != disk.known.len() {
            let detail = format!("{} events in {} entries", disk.known.len(), disk.entries.len());
            return Some(("I2 once", detail));
        }
        let committed = disk.committed.min(head.seq);
        if disk.stopped.is_none() && self.journal.hash(machine.store, committed) != disk.hash(committed) {
            return Some((
                "I7 committed is in the journal",
                format!("{committed} is another there, or not there"),
            ));
        }
        let projected = self.projection.stores.get(&machine.store).map_or(Seq::ZERO, |store| store.seq);
        if disk.reconciled > projected {
            let detail = format!("{} is reconciled, the projection ends at {projected}", disk.reconciled);
            return Some(("I6 reconciled is in the projection", detail));
        }
        if disk.positions.digest() != disk.digest(head.seq)? {
            return Some(("I4 positions are the fold", format!("at {head}")));
        }
        let applied = usize::try_from(disk.feed_cursor).unwrap_or(usize::MAX);
        if self.feed.get(..applied) != Some(disk.items.as_slice()) {
            return Some(("feed is dense", format!("cursor {applied}, {} applied", disk.items.len())));
        }
        if !machine.told && number >= self.sites.len() && disk.epoch > Epoch::ZERO && !machine.was_told {
            return Some(("only who is told takes over", format!("it has epoch {}", disk.epoch)));
        }
        None
    }

    /// A machine starts: its positions are the fold of its ledger.
    pub(super) fn check_fold(&mut self, number: usize) {
        let Some(disk) = self.machines.get(number).and_then(|machine| machine.disk.as_ref()) else { return };
        let fold = Positions::fold(disk.entries.iter().map(|entry| &entry.movement));
        if fold.as_ref() != Ok(&disk.positions) {
            self.fail("I4 positions are the fold", format!("machine {number}, when it started"));
        }
    }

    /// Why the run is not at rest yet; `None` when it is.
    pub(super) fn unrest(&mut self) -> Option<String> {
        if !self.healed {
            return Some("not healed".to_owned());
        }
        for number in 0..self.sites.len() {
            let (store, active) = self.sites.get(number).map(|site| (site.store, site.active))?;
            let Some(machine) = self.machines.get(active) else { continue };
            let Some(disk) = machine.disk.as_ref() else { continue };
            // A copy from before the first claim is nobody's: it stops, and a person has to say what it is to be.
            if disk.stopped == Some(Stop::Forked) || (disk.stopped.is_some() && machine.restored) {
                self.operator(active);
                return Some(format!("{store}: the operator replaces a machine"));
            }
            let end = self.journal.end(store);
            let projected = self.projection.stores.get(&store).map_or(Seq::ZERO, |projected| projected.seq);
            let head = disk.head();
            let feed = usize::try_from(disk.feed_cursor).unwrap_or(usize::MAX);
            if let Some(stop) = disk.stopped {
                return Some(format!("{store}: machine {active} is stopped: {stop:?}"));
            }
            if head != end.head || disk.committed != head.seq || disk.reconciled != head.seq {
                return Some(format!(
                    "{store}: machine {active} ends at {head}, committed {}, reconciled {}, journal {}",
                    disk.committed, disk.reconciled, end.head
                ));
            }
            if projected != head.seq || disk.epoch != end.epoch || feed != self.feed.len() {
                return Some(format!("{store}: projection {projected}, epoch {}, feed {feed}", disk.epoch));
            }
        }
        let waiting: usize = self.handhelds.iter().map(super::handheld::Handheld::waiting).sum();
        if waiting > 0 {
            return Some(format!("{waiting} events wait at handhelds"));
        }
        None
    }

    /// What must hold at rest: every copy agrees, and says what was said.
    pub(super) fn check_end(&mut self) {
        self.check();
        for number in 0..self.machines.len() {
            self.check_fold(number);
        }
        let stores: BTreeMap<_, _> = self.sites.iter().map(|site| (site.store, site.active)).collect();
        for (store, active) in stores {
            let entries = self.journal.entries_after(store, Seq::ZERO);
            let fold = Positions::fold(entries.iter().map(|entry| &entry.movement)).unwrap_or_default();
            let ours = self.machines.get(active).and_then(|machine| machine.disk.as_ref());
            if ours.map(|disk| &disk.positions) != Some(&fold) {
                return self.fail(
                    "I5 copies agree",
                    format!("{store}: the machine's positions are not the journal's"),
                );
            }
            let projected = self.projection.stores.get(&store).map(|projected| projected.positions.clone());
            if projected.unwrap_or_default() != fold {
                return self.fail("I6 projection is the fold", format!("{store}"));
            }
            for entry in entries {
                let movement = &entry.movement;
                let event = (movement.source.device, movement.source.device_seq);
                let said = self.said.get(&event);
                let true_to_word = said.is_some_and(|(_, scan)| {
                    let line = scan.command.line();
                    (line.item, line.quantity, scan.occurred_at)
                        == (movement.item, movement.quantity, movement.occurred_at)
                        && movement.business_date == self.day.business_date(scan.occurred_at)
                });
                if !true_to_word {
                    return self.fail("I11 as it was said", format!("{store}: {}", movement.source));
                }
                if self.refused.contains(&event) {
                    return self.fail("I7 refused is not there", format!("{store}: {}", movement.source));
                }
            }
        }
    }
}

fn first_leg(device: DeviceId, device_seq: DeviceSeq) -> Source {
    Source { device, device_seq, leg: 0 }
}
