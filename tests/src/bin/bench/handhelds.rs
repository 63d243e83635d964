//! Handhelds that scan at an agent, each with a connection of its own and one scan at a time.
//!
//! All of them run on one thread of this program: real handhelds are machines of their own, so what plays them may take
//! as little as possible of the processors that the agent is measured on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tests::measure::Latencies;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::agent::gtin;

/// Who scans, how much, and how fast.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Keeps the devices apart from those of other plans.
    pub(crate) round: usize,
    /// Handhelds at once.
    pub(crate) handhelds: usize,
    /// Scans of each.
    pub(crate) each: u64,
    /// Items that are scanned.
    pub(crate) items: u64,
    /// From one scan of a handheld to its next; `None` scans as soon as the one before is answered.
    pub(crate) pace: Option<Duration>,
}

/// What scanning came to.
#[derive(Debug, Default)]
pub(crate) struct Scanned {
    pub(crate) elapsed: Duration,
    pub(crate) latencies: Latencies,
}

/// Scans by the plan, and fails when an answer is anything but `accepted`.
pub(crate) fn scan(agent: SocketAddr, plan: Plan) -> Result<Scanned> {
    let codes = (0..plan.items).map(|number| Ok(gtin(number)?.as_u64())).collect::<Result<Vec<_>>>()?;
    scan_of(agent, plan, &codes.into())
}

/// The same with items of these codes, whatever the plan says of items.
pub(crate) fn scan_of(agent: SocketAddr, plan: Plan, codes: &Arc<[u64]>) -> Result<Scanned> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connections = Vec::with_capacity(plan.handhelds);
        for _ in 0..plan.handhelds {
            let stream = TcpStream::connect(agent).await.context("no connection to the agent")?;
            stream.set_nodelay(true)?;
            connections.push(stream);
        }
        let start = Instant::now();
        let mut hands = JoinSet::new();
        for (hand, stream) in connections.into_iter().enumerate() {
            hands.spawn(handheld(stream, plan, Arc::clone(codes), hand));
        }
        let mut scanned = Scanned::default();
        while let Some(hand) = hands.join_next().await {
            scanned.latencies.append(hand.context("a handheld panicked")??);
        }
        scanned.elapsed = start.elapsed();
        Ok(scanned)
    })
}

async fn handheld(mut stream: TcpStream, plan: Plan, codes: Arc<[u64]>, hand: usize) -> Result<Latencies> {
    let device = format!("handheld-{}-{hand}", plan.round);
    let spread = u64::try_from(hand)? * 7_919;
    let mut latencies = Latencies::default();
    let mut answer = Vec::with_capacity(1_024);
    // Handhelds do not scan in step.
    let mut next = tokio::time::Instant::now()
        + plan.pace.unwrap_or_default().mul_f64(hand as f64 / plan.handhelds as f64);
    for seq in 1..=plan.each {
        if let Some(pace) = plan.pace {
            tokio::time::sleep_until(next).await;
            next += pace;
        }
        // Spread over the catalogue as the raw rows are.
        let place = usize::try_from(spread + seq * 7_919)? % codes.len();
        let code = codes.get(place).context("no items to scan")?;
        let body = format!(r#"{{"device":"{device}","device_seq":{seq},"code":"]E0{code:013}"}}"#);
        let request = format!(
            "POST /v1/scans HTTP/1.1\r\nhost: store\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let begun = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        let said = exchange(&mut stream, &mut answer).await?;
        latencies.record(begun.elapsed());
        ensure!(said.starts_with(br#"{"result":"accepted""#), "{device}: {}", String::from_utf8_lossy(said));
    }
    Ok(latencies)
}

/// Reads one answer with status 200 and returns its body.
async fn exchange<'a>(stream: &mut TcpStream, into: &'a mut Vec<u8>) -> Result<&'a [u8]> {
    into.clear();
    loop {
        if stream.read_buf(into).await? == 0 {
            bail!("the agent closed the connection after `{}`", String::from_utf8_lossy(into));
        }
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(start) = head.parse(into)? else { continue };
        let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length = length.context("an answer without a length")?;
        let length: usize = std::str::from_utf8(length.value)?.parse()?;
        if into.len() >= start + length {
            ensure!(head.code == Some(200), "status {:?}: {}", head.code, String::from_utf8_lossy(into));
            return Ok(into.get(start..start + length).unwrap_or_default());
        }
    }
}

// === impl Scanned ===

impl Scanned {
    /// Scans each second.
    pub(crate) fn per_second(&self) -> f64 {
        self.latencies.count() as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// What 99 of 100 scans took at most.
    pub(crate) fn p99_ms(&self) -> f64 {
        self.latencies.summary().p99_ms
    }

    /// Adds what came after it.
    pub(crate) fn add(&mut self, other: Self) {
        self.elapsed += other.elapsed;
        self.latencies.append(other.latencies);
    }
}
