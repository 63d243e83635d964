//! A line that is slow, loses datagrams and is cut: all arrives in the end, and both sides agree.
#![cfg(test)]

use std::time::Duration;

use link::Relay;
use link::relay::Conditions;
use tests::cast::world::goods;
use tests::cast::{Hub, Store, World};
use tests::{Dice, Patience};
use tokio::runtime::Runtime;

/// A store whose datagrams to and from the hub all go through a relay.
struct Line {
    // Dropped in this order: the programs before their files, the relay before what it runs on.
    store: Store,
    hub: Hub,
    relay: Relay,
    _runtime: Runtime,
    _world: World,
}

#[test]
fn five_thousand_scans_cross_a_slow_line_that_loses_two_percent() {
    let mut line = Line::new("slow-line", 21);
    sell(&line.store, 5_000, 4);
    let synced = line.store.until_synced(&line.hub, Patience::LONG).unwrap();
    assert_eq!(synced.seq, 5_000);
    // A line that lost nothing proves nothing. Scans cost few datagrams, so it may take some more.
    Patience::SHORT
        .until("a datagram is lost", || {
            sell(&line.store, 10, 1);
            let (passed, dropped) = line.relay.counts();
            anyhow::ensure!(dropped > 0, "{passed} have passed");
            Ok(())
        })
        .unwrap();
    line.store.until_synced(&line.hub, Patience::LONG).unwrap();
    assert!(line.hub.verify("s001").unwrap().whole && line.store.verify().unwrap().whole);
}

#[test]
fn a_line_that_is_cut_and_mended_brings_what_was_sold_meanwhile() {
    let mut line = Line::new("cut-line", 22);
    sell(&line.store, 100, 10);
    let before = line.store.until_synced(&line.hub, Patience::LONG).unwrap();
    line.relay.set_cut(true);
    sell(&line.store, 500, 10);
    line.store.until(Patience::SHORT, "notices", |now| now.hub == "offline").unwrap();
    assert_eq!(line.hub.tile("s001").unwrap().committed, before.seq, "nothing came through");
    line.relay.set_cut(false);
    let after = line.store.until_synced(&line.hub, Patience::LONG).unwrap();
    assert_eq!(after.seq, 600);
    assert_eq!(after.hub, "online");
}

#[test]
fn a_line_that_is_cut_for_so_long_that_the_session_ends_recovers() {
    let mut line = Line::new("dead-line", 23);
    sell(&line.store, 100, 10);
    line.store.until_synced(&line.hub, Patience::LONG).unwrap();
    line.relay.set_cut(true);
    sell(&line.store, 100, 10);
    Patience::LONG
        .until("the session is given up", || match line.store.failures("lost")? {
            0 => anyhow::bail!("it is not"),
            _ => Ok(()),
        })
        .unwrap();
    line.relay.set_cut(false);
    line.store.until_synced(&line.hub, Patience::LONG).unwrap();
    assert!(line.store.sessions().unwrap() >= 2);
}

impl Line {
    /// 50 ms each way, 2 % lost.
    fn new(name: &str, seed: u64) -> Self {
        let dice = Dice::for_test(seed).unwrap();
        let world = World::new(name).unwrap();
        let hub = world.hub().unwrap();
        let conditions =
            Conditions { delay: Duration::from_millis(50), loss_permille: 20, seed: dice.seed() };
        let runtime = Runtime::new().unwrap();
        let relay = runtime.block_on(Relay::start(hub.quic(), conditions)).unwrap();
        let store = world.store_at("s001", &hub, relay.address()).unwrap();
        Self { store, hub, relay, _runtime: runtime, _world: world }
    }
}

/// Sells `count` pieces in batches of `batch`, on a device that has sold nothing before.
fn sell(store: &Store, count: usize, batch: usize) {
    let first = store.status().unwrap().seq;
    let mut handheld = store.handheld(&format!("from-{first}"));
    let sold: Vec<_> = goods().into_iter().cycle().take(count).collect();
    for batch in sold.chunks(batch) {
        handheld.sell(batch).unwrap();
    }
}
