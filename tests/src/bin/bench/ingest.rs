//! `bench ingest`: what a hub takes in on one core, with the embedded journal: frames are decoded, their chain verified,
//! written to the journal and synced, folded into positions and compared with the agent's digest. No network, no agent:
//! the frames were packed before the clock starts. The whole process is kept on one core.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hub::session::{Conversation, Event};
use ledger::{Digest, Epoch, Head, Seq, StoreId, Timestamp};
use protocol::limits::FRAME_ENTRIES_MAX;
use protocol::v1::messages::Entries;
use protocol::{AgentMessage, AgentSession, AgentSnapshot, HubMessage, Message as _};
use rustix::thread::{CpuSet, sched_setaffinity};
use tests::measure::report::Limit;
use tests::measure::{Latencies, Report};

use crate::trade::Trade;

/// Full frames that are taken in: about a million movements.
const FRAMES: usize = 61;

pub(crate) fn measure(directory: &Path) -> Result<Report> {
    let mut report = Report::begin("ingest");
    let (frames, digest) = frames()?;
    let bytes: usize = frames.iter().map(|frame| frame.packed.len()).sum();
    let movements: u64 = frames.iter().map(|frame| u64::from(frame.count)).sum();
    // Threads that begin from here on inherit it.
    let mut core = CpuSet::new();
    core.set(0);
    sched_setaffinity(None, &core).context("this process cannot be kept on one core")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (elapsed, commits) = runtime.block_on(take_in(directory, frames, digest))?;
    let rate = movements as f64 / elapsed.as_secs_f64();
    report.measured("frames of 16,384 movements (latency: frame to durable)", rate, commits.summary());
    report.compared("movements/s on one core, verified, durable and folded", rate, Limit::AtLeast(100_000.0));
    report.compared("packed bytes per movement", bytes as f64 / movements as f64, Limit::AtMost(12.0));
    Ok(report)
}

fn frames() -> Result<(Vec<Entries>, Digest)> {
    let mut trade = Trade::open(1)?;
    let mut frames = Vec::with_capacity(FRAMES);
    for _ in 0..FRAMES {
        let entries = trade.entries(FRAME_ENTRIES_MAX)?;
        let frame = protocol::agent::tail_frame(&entries, trade.digest()).context("an empty frame")?;
        frames.push(frame);
    }
    Ok((frames, trade.digest()))
}

async fn take_in(directory: &Path, frames: Vec<Entries>, digest: Digest) -> Result<(Duration, Latencies)> {
    let store = StoreId::new("bench")?;
    let (services, _positions) = hub::program::open(directory).await?;
    services.registry.enrol(store, None, Timestamp::default())?;
    let mut mark = services.projector.watch(store);
    let mut conversation = Conversation::new(Arc::new(services), store);
    greet(&mut conversation, store).await?;
    let mut under_way = std::collections::VecDeque::new();
    let mut latencies = Latencies::default();
    let mut end = Seq::ZERO;
    let start = Instant::now();
    for frame in frames {
        while !conversation.has_room() {
            let event = conversation.event().await;
            conversation.handle(event).await?;
            acknowledged(&mut conversation, &mut under_way, &mut latencies);
        }
        end = Seq::new(frame.first + u64::from(frame.count) - 1);
        under_way.push_back((end, Instant::now()));
        // As bytes, as they come off the wire.
        let message = AgentMessage::from_bytes(&AgentMessage::Entries(frame).to_bytes())?;
        conversation.handle(Event::Message(message)).await?;
    }
    while !under_way.is_empty() {
        let event = conversation.event().await;
        conversation.handle(event).await?;
        acknowledged(&mut conversation, &mut under_way, &mut latencies);
    }
    let mark = *mark.wait_for(|mark| mark.head.seq >= end).await?;
    let elapsed = start.elapsed();
    ensure!(mark.digest == digest, "the hub's positions are others than the ledger's");
    Ok((elapsed, latencies))
}

/// Claims the store, until movements may flow.
async fn greet(conversation: &mut Conversation, store: StoreId) -> Result<()> {
    let mut session = AgentSession::start(AgentSnapshot {
        store,
        epoch: Epoch::ZERO,
        claim: (Epoch::ZERO, [1; 16]),
        head: Head::START,
        feed_cursor: 0,
        agent_version: "bench".to_owned(),
        now: Timestamp::default(),
    });
    let claim = session.poll_message().context("a session begins with a claim")?;
    conversation.handle(Event::Message(claim)).await?;
    let said: Vec<HubMessage> = std::iter::from_fn(|| conversation.poll_message()).collect();
    ensure!(matches!(said.last(), Some(HubMessage::Resume(_))), "the hub answered {said:?}");
    Ok(())
}

fn acknowledged(
    conversation: &mut Conversation,
    under_way: &mut std::collections::VecDeque<(Seq, Instant)>,
    latencies: &mut Latencies,
) {
    while let Some(message) = conversation.poll_message() {
        if let HubMessage::Ack(ack) = message {
            while under_way.front().is_some_and(|(last, _)| last.get() <= ack.committed) {
                if let Some((_, sent)) = under_way.pop_front() {
                    latencies.record(sent.elapsed());
                }
            }
        }
    }
}
