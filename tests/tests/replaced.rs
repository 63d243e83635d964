//! A store's machine is lost and another takes its place: the ledger comes back from the hub, and one machine writes.
#![cfg(test)]

use tests::Patience;
use tests::cast::world::goods;
use tests::cast::{Status, Store, World};

const SOLD: usize = 300;

#[test]
fn a_spare_machine_takes_the_store_over_only_when_told_to() {
    let world = World::new("replaced").unwrap();
    let hub = world.hub().unwrap();
    let mut old = world.store("s001", &hub).unwrap();
    old.sell("till", SOLD).unwrap();
    let before = old.until_synced(&hub, Patience::SHORT).unwrap();
    let ledger = old.movements().unwrap();
    old.kill().unwrap();

    // Somebody plugs a second machine in, and says nothing: it must not count beside the first.
    let identity = hub.enrol("s001").unwrap();
    let mut second = world.box_of("s001", "second", &identity, hub.quic()).unwrap();
    second.start().unwrap();
    let fenced = until_read_only(&mut second);
    assert!(fenced.read_only.is_some_and(|why| why.contains("--take-over")), "it says what to do");
    assert_eq!(fenced.seq, 0);
    assert_refuses(&second);
    second.stop().unwrap();

    // Told to take over, the same machine gets the whole ledger back, knows that the hub has it, and goes on behind it.
    let mut spare = world.box_of("s001", "second", &identity, hub.quic()).unwrap().taking_over();
    spare.start().unwrap();
    let back =
        spare.until(Patience::SHORT, "has the ledger back", |now| now.committed >= before.seq).unwrap();
    assert_eq!((back.seq, &back.hash, &back.digest), (before.seq, &before.hash, &before.digest));
    assert_eq!(back.epoch, before.epoch + 1);
    assert_eq!(spare.movements().unwrap(), ledger);
    spare.until_stocked().unwrap();
    spare.sell("new-till", 10).unwrap();
    let after = spare.until_synced(&hub, Patience::SHORT).unwrap();
    assert_eq!(after.seq, before.seq + 10);
    assert_eq!(hub.movements("s001").unwrap(), spare.movements().unwrap());

    // The old one is found and plugged in again: it is fenced, and the spare does not notice.
    old.start().unwrap();
    let fenced = until_read_only(&mut old);
    assert!(fenced.read_only.is_some_and(|why| why.contains("a newer replica owns the store")));
    assert_eq!((fenced.seq, fenced.hash), (before.seq, before.hash));
    assert_refuses(&old);
    spare.sell("newest-till", 5).unwrap();
    spare.until_synced(&hub, Patience::SHORT).unwrap();
    assert!(spare.verify().unwrap().whole && hub.verify("s001").unwrap().whole);

    // Fenced once is fenced for good, hub or no hub.
    old.kill().unwrap();
    old.start().unwrap();
    assert!(old.status().unwrap().read_only.is_some());
    assert_refuses(&old);
}

#[test]
fn a_repeat_of_what_the_lost_machine_had_recorded_is_a_duplicate_on_the_spare() {
    let world = World::new("replaced-repeats").unwrap();
    let hub = world.hub().unwrap();
    let mut old = world.store("s001", &hub).unwrap();
    old.sell("till", 20).unwrap();
    old.until_synced(&hub, Patience::SHORT).unwrap();
    old.kill().unwrap();
    let identity = hub.enrol("s001").unwrap();
    let mut spare = world.box_of("s001", "spare", &identity, hub.quic()).unwrap().taking_over();
    spare.start().unwrap();
    spare.until(Patience::SHORT, "has the ledger back", |now| now.seq == 20).unwrap();
    spare.until_stocked().unwrap();
    // A till that lost its answers sends all of them again.
    spare.sell("till", 25).unwrap();
    assert_eq!(spare.until_synced(&hub, Patience::SHORT).unwrap().seq, 25);
}

fn until_read_only(store: &mut Store) -> Status {
    store.until(Patience::SHORT, "stops recording", |now| now.read_only.is_some()).unwrap()
}

/// Nothing is recorded, and whoever asks is told that it may be sent again elsewhere.
fn assert_refuses(store: &Store) {
    let code = goods()[0].to_string();
    let event = serde_json::json!({"device": "lost", "device_seq": 1, "code": code});
    let mut client = store.client();
    // An item that is not known is refused before the ledger is asked, so it has to be known.
    store.import().unwrap();
    let response = client.post_json("/v1/scans", &event).unwrap();
    assert_eq!(response.status, 503, "{}", response.text());
    assert!(response.text().contains("read_only"), "{}", response.text());
    assert_eq!(client.get("/health/ready").unwrap().status, 503);
}
