//! Handhelds and tills: they send one event at a time and repeat it until it is answered.

use std::collections::VecDeque;

use ledger::{Command, DeviceId, DeviceSeq};

use super::bugs::Bug;
use super::machine::{Outcome, Scan, Write};
use super::world::{Event, World};

/// One handheld.
#[derive(Debug)]
pub(super) struct Handheld {
    site: usize,
    device: DeviceId,
    next: DeviceSeq,
    /// What is to be sent, the oldest first.
    queue: VecDeque<Scan>,
    /// What a store acknowledged; one that keeps does so until the hub has it.
    answered: Vec<(usize, Scan)>,
    keeps: bool,
    /// The machine it talks to.
    target: usize,
    /// Counts what was sent: an answer to an earlier attempt is as good, a timeout of one is not.
    attempt: u32,
    under_way: bool,
}

impl Handheld {
    #[expect(clippy::expect_used, reason = "a short name")]
    pub(super) fn new(number: usize, site: usize, keeps: bool) -> Self {
        Self {
            site,
            device: DeviceId::new(&format!("device-{number}")).expect("a short name"),
            next: DeviceSeq::new(1),
            queue: VecDeque::new(),
            answered: Vec::new(),
            keeps,
            target: site,
            attempt: 0,
            under_way: false,
        }
    }

    /// Whether it would send an event again, of itself.
    pub(super) fn holds(&self, device: DeviceId, seq: DeviceSeq) -> bool {
        self.device == device
            && (self.queue.iter().any(|scan| scan.device_seq == seq)
                || (self.keeps && self.answered.iter().any(|(_, scan)| scan.device_seq == seq)))
    }

    /// How many events wait.
    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }
}

impl World {
    /// A person scans.
    pub(super) fn scan(&mut self, number: usize, command: Command, late_ms: u32) {
        let occurred_at = self.clock(0).shifted(-i64::from(late_ms));
        if late_ms > 0 {
            self.coverage.reach("agent: late event");
        }
        let Some(handheld) = self.handhelds.get_mut(number) else { return };
        let scan = Scan { device: handheld.device, device_seq: handheld.next, command, occurred_at };
        handheld.next = handheld.next.next();
        handheld.queue.push_back(scan.clone());
        let Some(store) = self.sites.get(handheld.site).map(|site| site.store) else { return };
        self.said.insert((scan.device, scan.device_seq), (store, scan));
        self.at(self.now, Event::Send { handheld: number });
    }

    /// It crashed after it was answered, and remembers only that it sent.
    pub(super) fn repeat(&mut self, number: usize) {
        let Some(handheld) = self.handhelds.get_mut(number) else { return };
        for (_, scan) in handheld.answered.iter().rev().take(2) {
            handheld.queue.push_front(scan.clone());
        }
        handheld.under_way = false;
        self.at(self.now, Event::Send { handheld: number });
    }

    /// It goes on with the machine before the store's own.
    pub(super) fn lag(&mut self, number: usize) {
        let Some(handheld) = self.handhelds.get_mut(number) else { return };
        let Some(site) = self.sites.get(handheld.site) else { return };
        let earlier = self.machines.iter().enumerate().rev().find_map(|(other, machine)| {
            (machine.store == site.store && other < site.active && machine.up).then_some(other)
        });
        if let Some(earlier) = earlier {
            handheld.target = earlier;
        }
    }

    /// Another machine serves the store, or the same one with an older disk: what the hub is not known to have is sent
    /// again by the handhelds that keep it.
    pub(super) fn retarget(&mut self, site: usize, machine: usize) {
        for number in 0..self.handhelds.len() {
            let Some(handheld) = self.handhelds.get_mut(number).filter(|one| one.site == site) else {
                continue;
            };
            handheld.target = machine;
            if handheld.keeps {
                for (_, scan) in std::mem::take(&mut handheld.answered).into_iter().rev() {
                    handheld.queue.push_front(scan);
                }
            }
            handheld.under_way = false;
            self.at(self.now, Event::Send { handheld: number });
        }
    }

    pub(super) fn send_scan(&mut self, number: usize) {
        let lost = self.dice.chance(30);
        let span = self.dice.number(1..20);
        let Some(handheld) = self.handhelds.get_mut(number) else { return };
        if handheld.under_way {
            return;
        }
        let Some(scan) = handheld.queue.front().cloned() else { return };
        handheld.under_way = true;
        handheld.attempt = handheld.attempt.saturating_add(1);
        let (attempt, machine) = (handheld.attempt, handheld.target);
        if !lost {
            let at = self.now.saturating_add(span);
            self.at(at, Event::Arrive { handheld: number, attempt, machine, scan: scan.clone() });
        }
        // Nobody answered: it gives up on this attempt.
        let late = self.now.saturating_add(1_500);
        let seq = scan.device_seq;
        let outcome = Outcome::Unavailable;
        self.at(late, Event::Reply { handheld: number, machine, seq, outcome, committed: false });
    }

    pub(super) fn scan_arrives(&mut self, handheld: usize, _attempt: u32, number: usize, scan: Scan) {
        let empty_spare = self.is_empty_spare(number);
        let Some(machine) = self.machines.get_mut(number).filter(|machine| machine.up) else { return };
        let Some(disk) = &machine.disk else { return };
        // INVARIANT: places that the journal has taken are not written again, also not after a restart.
        let behind =
            (machine.held || disk.committed > disk.head().seq) && self.bug != Some(Bug::RecordsWhileHeld);
        if disk.stopped.is_some() || behind || empty_spare {
            if behind {
                self.coverage.reach("agent: held an event");
            }
            let (seq, outcome) = (scan.device_seq, Outcome::Unavailable);
            self.later(1..20, Event::Reply { handheld, machine: number, seq, outcome, committed: false });
            return;
        }
        if self.bug == Some(Bug::AnswersBeforeCommit) {
            self.answer(handheld, number, &scan, Outcome::Accepted);
        }
        self.write(number, Write::Record { handheld, scan });
    }

    /// A machine that is to take over and has not begun to.
    fn is_empty_spare(&self, number: usize) -> bool {
        self.machines.get(number).is_some_and(|machine| {
            machine.told && machine.disk.as_ref().is_some_and(|disk| disk.entries.is_empty() && !disk.has_run)
        })
    }

    /// The answer leaves; from here on the store has promised.
    pub(super) fn answer(&mut self, handheld: usize, machine: usize, scan: &Scan, outcome: Outcome) {
        let (device, seq) = (scan.device, scan.device_seq);
        match outcome {
            Outcome::Accepted => {
                // Refused before, the answer lost, sent again when there was stock: the last answer counts.
                self.refused.remove(&(device, seq));
                if let Some((store, _)) = self.said.get(&(device, seq)) {
                    self.open.insert((*store, device, seq));
                }
            }
            Outcome::Refused => {
                self.coverage.reach("agent: refused an event");
                self.refused.insert((device, seq));
            }
            Outcome::Unavailable => {}
        }
        let lost = self.dice.chance(30);
        let committed = self
            .machines
            .get(machine)
            .and_then(|machine| machine.disk.as_ref())
            .is_some_and(|disk| disk.known.get(&(device, seq)).is_some_and(|at| *at <= disk.committed));
        if !lost {
            self.later(1..20, Event::Reply { handheld, machine, seq, outcome, committed });
        }
    }

    pub(super) fn reply(
        &mut self,
        number: usize,
        machine: usize,
        seq: DeviceSeq,
        outcome: Outcome,
        committed: bool,
    ) {
        let Some(handheld) = self.handhelds.get_mut(number) else { return };
        if handheld.queue.front().is_none_or(|scan| scan.device_seq != seq) {
            return;
        }
        handheld.under_way = false;
        match outcome {
            Outcome::Accepted => {
                if let Some(scan) = handheld.queue.pop_front() {
                    if !committed && !handheld.answered.iter().any(|(_, known)| *known == scan) {
                        handheld.answered.push((machine, scan));
                    }
                    self.at(self.now, Event::Send { handheld: number });
                }
                // The answer of a disk that is gone meanwhile.
                if self.machines.get(machine).is_none_or(|machine| machine.disk.is_none() || machine.restored)
                {
                    self.excuse_lost();
                }
            }
            Outcome::Refused => {
                handheld.queue.pop_front();
                self.at(self.now, Event::Send { handheld: number });
            }
            Outcome::Unavailable => {
                if let Some(active) = self.sites.get(handheld.site).map(|site| site.active) {
                    handheld.target = active;
                }
                self.later(100..800, Event::Send { handheld: number });
            }
        }
    }
}
