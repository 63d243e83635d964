//! Who may call, and who may answer: each certificate that should not serve is refused for its own reason, the store that has
//! it trades on, and other stores do not notice.
#![cfg(test)]

use anyhow::{Result, ensure};
use link::{Authority, Bundle, Credentials};
use protocol::frame::frame;
use protocol::{CloseReason, HubMessage, Message as _, Refuse};
use tests::Patience;
use tests::cast::stranger::first_claim;
use tests::cast::{Ending, Hub, Store, Stranger, World};
use time::Duration;

const DAY: Duration = Duration::days(1);

/// A hub, and a store whose session nothing in the story may touch.
struct Scene {
    // Dropped in this order: the programs before their files.
    bystander: Store,
    hub: Hub,
    world: World,
}

#[test]
fn certificates_that_should_not_serve_are_refused_in_the_handshake() {
    let mut scene = Scene::new("identity-handshake");
    let (own, foreign) = (scene.hub.authority().unwrap(), Authority::create("Somebody else").unwrap());
    let trust = own.credentials().certificate_pem.clone();
    #[rustfmt::skip]
    let cases = [
        ("another authority",       foreign.issue_store("s001", DAY),  Ending::UNKNOWN_CA),
        ("run out yesterday",       own.issue_store("s001", -DAY),     Ending::CERTIFICATE_EXPIRED),
        ("a hub's, not a store's",  own.issue_hub(DAY),                Ending::UNSUPPORTED_CERTIFICATE),
    ];
    for (name, credentials, expected) in cases {
        let stranger = Stranger::connect(scene.hub.quic(), &trust, &credentials.unwrap()).unwrap();
        assert_eq!(stranger.ending().unwrap(), expected, "{name}");
    }
    scene.bystander_noticed_nothing();
}

#[test]
fn a_store_with_a_certificate_of_another_authority_trades_alone() {
    let mut scene = Scene::new("identity-foreign");
    let foreign = Authority::create("Somebody else").unwrap();
    let identity = bundle(foreign.issue_store("s002", DAY).unwrap(), &scene.hub.authority().unwrap());
    let mut store = scene.alone(&identity);
    store.trades_while_refused("lost", "invalid peer certificate: UnknownIssuer").unwrap();
    scene.bystander_noticed_nothing();
}

#[test]
fn a_store_with_an_expired_certificate_trades_alone() {
    let mut scene = Scene::new("identity-expired");
    let own = scene.hub.authority().unwrap();
    let identity = bundle(own.issue_store("s002", -DAY).unwrap(), &own);
    let mut store = scene.alone(&identity);
    store.trades_while_refused("lost", "invalid peer certificate: certificate expired").unwrap();
    scene.bystander_noticed_nothing();
}

#[test]
fn a_hub_of_another_authority_gets_nothing_from_a_store() {
    let mut scene = Scene::new("identity-hub");
    let foreign = Authority::create("Somebody else").unwrap();
    let identity = bundle(scene.hub.authority().unwrap().issue_store("s002", DAY).unwrap(), &foreign);
    let mut store = scene.alone(&identity);
    store.trades_while_refused("lost", "UnknownIssuer").unwrap();
    scene.bystander_noticed_nothing();
}

#[test]
fn a_store_that_was_never_enrolled_is_told_so() {
    let mut scene = Scene::new("identity-unknown");
    let own = scene.hub.authority().unwrap();
    let credentials = own.issue_store("s002", DAY).unwrap();
    let mut store = scene.alone(&bundle(credentials.clone(), &own));
    store.trades_while_refused("unknown", "enrol it with `shelfline-hub enrol`").unwrap();
    assert!(scene.hub.refusals("unknown").unwrap() > 0);
    assert_eq!(refusal(&scene.hub, &own, &credentials).unwrap(), Refuse::Unknown);
    // As soon as it is enrolled it syncs, with the certificate it has.
    scene.hub.enrol("s002").unwrap();
    store.stop().unwrap();
    store.start().unwrap();
    store.until_synced(&scene.hub, Patience::LONG).unwrap();
    scene.bystander_noticed_nothing();
}

#[test]
fn a_suspended_store_trades_alone_until_it_is_let_in_again() {
    let mut scene = Scene::new("identity-suspended");
    let mut store = scene.world.store("s002", &scene.hub).unwrap();
    store.sell("till", 5).unwrap();
    let before = store.until_synced(&scene.hub, Patience::SHORT).unwrap();
    scene.hub.set_suspended("s002", true).unwrap();
    // The session that is up is closed too.
    store.until(Patience::SHORT, "is cut off", |now| now.hub == "offline").unwrap();
    store.trades_while_refused("suspended", "an operator suspended this store").unwrap();
    assert!(scene.hub.tile("s002").unwrap().suspended);
    assert_eq!(scene.hub.tile("s002").unwrap().committed, before.seq);
    scene.hub.set_suspended("s002", false).unwrap();
    store.until_synced(&scene.hub, Patience::LONG).unwrap();
    scene.bystander_noticed_nothing();
}

// === impl Scene ===

impl Scene {
    fn new(name: &str) -> Self {
        let world = World::new(name).unwrap();
        let hub = world.hub().unwrap();
        let bystander = world.store("s001", &hub).unwrap();
        Self { bystander, hub, world }
    }

    /// A store that gets its goods from nobody else, with this identity.
    fn alone(&self, identity: &Bundle) -> Store {
        let mut store = self.world.box_of("s002", "s002", identity, self.hub.quic()).unwrap();
        store.start().unwrap();
        store.import().unwrap();
        store
    }

    fn bystander_noticed_nothing(&mut self) {
        self.bystander.sell("bystander", 5).unwrap();
        self.bystander.until_synced(&self.hub, Patience::SHORT).unwrap();
        assert_eq!(self.bystander.sessions().unwrap(), 1, "the bystander's session went on");
    }
}

/// What a store does whose hub refuses it.
trait TradesAlone {
    /// Waits until it was refused for `reason`, with `said` in its log, and sells meanwhile.
    fn trades_while_refused(&mut self, reason: &str, said: &str) -> Result<()>;
}

impl TradesAlone for Store {
    fn trades_while_refused(&mut self, reason: &str, said: &str) -> Result<()> {
        let before = self.status()?;
        self.sell("alone-1", 3)?;
        Patience::SHORT.until(&format!("it is refused as {reason}"), || {
            let failures = self.failures(reason)?;
            ensure!(failures > 0, "it was not");
            Ok(())
        })?;
        ensure!(self.log()?.contains(said), "the log does not say `{said}`:\n{}", self.log()?);
        self.sell("alone-2", 3)?;
        let after = self.status()?;
        ensure!(after.seq == before.seq + 6, "{before:?}, {after:?}");
        ensure!(after.committed == before.committed && after.hub == "offline", "{after:?}");
        ensure!(after.read_only.is_none(), "{after:?}");
        ensure!(self.verify()?.whole, "its ledger is whole");
        Ok(())
    }
}

fn bundle(credentials: Credentials, trusted: &Authority) -> Bundle {
    let Credentials { certificate_pem, key_pem } = credentials;
    Bundle { certificate_pem, key_pem, trust_pem: trusted.credentials().certificate_pem.clone() }
}

/// What the hub answers to the first claim of store `s002` with these credentials.
fn refusal(hub: &Hub, trusted: &Authority, credentials: &Credentials) -> Result<Refuse> {
    let trust = &trusted.credentials().certificate_pem;
    let mut stranger = Stranger::connect(hub.quic(), trust, credentials)?;
    stranger.control(&frame(&first_claim("s002").to_bytes()))?;
    let heard = stranger.hear()?;
    let HubMessage::Refuse(why) = heard else { anyhow::bail!("not refused: {heard:?}") };
    ensure!(stranger.ending()? == Ending::Closed(CloseReason::Refused), "closed for another reason");
    Ok(why)
}
