//! Agent and hub are killed in the middle of the trade, again and again: what was acknowledged is there, once, on both sides.
//!
//! The moments follow from a seed; `SHELFLINE_SEED` repeats a run. What the threads of the system make of them does not.
#![cfg(test)]

use std::thread;
use std::time::Duration;

use anyhow::Result;
use tests::cast::{Handheld, Hub, Store, Trade, World, audit};
use tests::{Dice, Patience};

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Agent,
    Hub,
    Both,
}

const KILLS: usize = 10;
const HANDHELDS: u64 = 4;

#[test]
fn an_agent_killed_ten_times_loses_and_doubles_nothing() {
    survive("agent-killed", 1, |_| Victim::Agent);
}

#[test]
fn a_hub_killed_ten_times_loses_and_doubles_nothing() {
    survive("hub-killed", 2, |_| Victim::Hub);
}

#[test]
fn agent_and_hub_killed_in_turn_and_together_lose_and_double_nothing() {
    survive("both-killed", 3, |round| match round % 3 {
        0 => Victim::Both,
        1 => Victim::Agent,
        _ => Victim::Hub,
    });
}

fn survive(name: &str, seed: u64, victim: impl Fn(usize) -> Victim) {
    let mut dice = Dice::for_test(seed).unwrap();
    let world = World::new(name).unwrap();
    let mut hub = world.hub().unwrap();
    let mut store = world.store("s001", &hub).unwrap();
    let trade = Trade::begin(&store, HANDHELDS, &dice);
    for round in 0..KILLS {
        // Only a session that moves something is worth cutting.
        let mark = trade.acknowledged();
        store.until(Patience::LONG, "syncs", |now| now.hub == "online" && now.committed >= mark).unwrap();
        trade.until_more(dice.number(20..300)).unwrap();
        thread::sleep(dice.span(Duration::ZERO..Duration::from_millis(50)));
        kill(victim(round), &mut store, &mut hub, &trade, &mut dice).unwrap();
    }
    let handhelds = trade.end().unwrap();
    audit(&mut store, &hub, &handhelds).unwrap();
    let sum = |count: fn(&Handheld) -> u64| handhelds.iter().map(count).sum::<u64>();
    let (repeats, duplicates) = (sum(Handheld::repeats), sum(Handheld::duplicates));
    let kept = store.status().unwrap().seq;
    eprintln!(
        "{kept} scans kept; {repeats} requests were sent again, {duplicates} events of them had been kept"
    );
    // A run in which the kills met nothing proves nothing.
    if (0..KILLS).all(|round| victim(round) == Victim::Hub) {
        assert!(store.sessions().unwrap() > KILLS.try_into().unwrap(), "each kill cut a session");
    } else {
        assert!(repeats > 0, "a kill came while a handheld waited for its answer");
    }
}

/// Kills and starts again. While the hub is gone the store trades on.
fn kill(victim: Victim, store: &mut Store, hub: &mut Hub, trade: &Trade, dice: &mut Dice) -> Result<()> {
    match victim {
        Victim::Agent => {
            store.kill()?;
            store.start()
        }
        Victim::Hub => {
            hub.kill()?;
            trade.until_more(dice.number(10..200))?;
            hub.start()
        }
        Victim::Both => {
            let hub_first = dice.chance(500);
            if hub_first {
                hub.kill()?;
            }
            store.kill()?;
            if !hub_first {
                hub.kill()?;
            }
            store.start()?;
            trade.until_more(dice.number(10..200))?;
            hub.start()
        }
    }
}
