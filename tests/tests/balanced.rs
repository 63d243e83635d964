//! Hubs behind a load balancer: agents that move to another address keep their connection and their hub.
#![cfg(test)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use link::{Authority, HubEndpoint, HubLink};
use protocol::v1::messages::{Ack, Drift};
use protocol::{AgentMessage, HubMessage};
use tests::router::Router;

const HUBS: u8 = 3;
const AGENTS: u64 = 30;
const MOVES: u64 = 6;

/// How long an answer may take before the test gives up; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_agents_move_six_times_each_and_no_connection_is_lost() {
    let authority = Authority::create("Test").unwrap();
    let trust = authority.credentials().certificate_pem.clone();
    let handshakes = Arc::new(AtomicU64::new(0));
    let mut hubs = BTreeMap::new();
    for number in 1..=HUBS {
        let server_id = [b'h', b'u', b'b', b'-', b'0', b'0', b'0', b'0' + number];
        let own = authority.issue_hub(time::Duration::days(1)).unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let endpoint = HubEndpoint::listen(any, &trust, &own, server_id, b"the same secret").unwrap();
        hubs.insert(server_id, endpoint.local_addr().unwrap());
        tokio::spawn(serve(endpoint, u64::from(number), Arc::clone(&handshakes)));
    }
    let router = Router::start(hubs).await.unwrap();

    let agents = (0..AGENTS).map(|number| {
        let store = authority.issue_store(&format!("s{number:03}"), time::Duration::days(1)).unwrap();
        let (trust, address) = (trust.clone(), router.address());
        tokio::spawn(async move { move_about(address, &trust, &store).await })
    });
    let agents: Vec<_> = agents.collect();
    let mut served = BTreeMap::<u64, u64>::new();
    for agent in agents {
        *served.entry(agent.await.unwrap()).or_default() += 1;
    }
    assert_eq!(handshakes.load(Ordering::Relaxed), AGENTS, "nobody had to connect again");
    assert!(served.len() > 1, "one hub for all proves nothing: {served:?}");
    let (by_id, by_address) = router.counts();
    assert!(by_id > by_address, "{by_id} by connection id, {by_address} by address");
}

/// Talks to its hub, moves, and talks again; answers with the hub's number, which never changed.
async fn move_about(router: SocketAddr, trust: &str, store: &link::Credentials) -> u64 {
    let mut agent = link::connect(router, trust, store).await.unwrap();
    let mut hub = None;
    for round in 0..=MOVES {
        if round > 0 {
            agent.rebind().unwrap();
        }
        agent.sender.send(&AgentMessage::Drift(Drift { seq: round, ours: [0; 16], theirs: [1; 16] }));
        let answer = tokio::time::timeout(PATIENCE, agent.receiver.recv()).await.expect("an answer").unwrap();
        let HubMessage::Ack(Ack { committed, reconciled, .. }) = answer else { panic!("{answer:?}") };
        assert_eq!(reconciled, round);
        assert_eq!(*hub.get_or_insert(committed), committed, "another hub answered after move {round}");
    }
    hub.unwrap()
}

/// A hub that echoes, and says which one it is.
async fn serve(endpoint: HubEndpoint, number: u64, handshakes: Arc<AtomicU64>) {
    while let Some(incoming) = endpoint.accept().await {
        let handshakes = Arc::clone(&handshakes);
        tokio::spawn(async move {
            let mut link: HubLink = incoming.greet().await.unwrap();
            handshakes.fetch_add(1, Ordering::Relaxed);
            while let Ok(AgentMessage::Drift(said)) = link.receiver.recv().await {
                link.sender.send(&HubMessage::Ack(Ack {
                    committed: number,
                    reconciled: said.seq,
                    digest: said.ours,
                }));
            }
        });
    }
}
