//! A handheld: numbers its events, posts them until they are answered, and remembers what was acknowledged.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};
use gs1::Gtin;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{Client, Response};
use crate::patience::Patience;

/// A device with its own count of events.
#[derive(Debug)]
pub struct Handheld {
    device: String,
    client: Client,
    last: u64,
    /// What was sent under each number.
    sent: BTreeMap<u64, Gtin>,
    /// The ledger entry that each acknowledged number is.
    acknowledged: BTreeMap<u64, u64>,
    /// Requests that were sent again.
    repeats: u64,
    /// Events that turned out to have been recorded before.
    duplicates: u64,
}

/// What became of an event, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Recorded now.
    Accepted,
    /// Recorded before.
    Duplicate,
    /// Not recorded.
    Rejected,
}

#[derive(Debug, Deserialize)]
struct Answer {
    result: Verdict,
    device: Option<String>,
    device_seq: Option<u64>,
    seq: Option<u64>,
    detail: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Batch {
    results: Vec<Answer>,
}

impl Handheld {
    /// A device that has sent nothing yet.
    #[must_use]
    pub fn new(device: &str, agent: SocketAddr) -> Self {
        Self {
            device: device.to_owned(),
            client: Client::new(agent),
            last: 0,
            sent: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            repeats: 0,
            duplicates: 0,
        }
    }

    /// Its id.
    #[must_use]
    pub fn device(&self) -> &str {
        &self.device
    }

    /// The items it sent, by number.
    #[must_use]
    pub fn sent(&self) -> &BTreeMap<u64, Gtin> {
        &self.sent
    }

    /// The ledger entries it was told of, by number.
    #[must_use]
    pub fn acknowledged(&self) -> &BTreeMap<u64, u64> {
        &self.acknowledged
    }

    /// How many requests it sent again.
    #[must_use]
    pub fn repeats(&self) -> u64 {
        self.repeats
    }

    /// How many events were answered as recorded before: their first answer was lost.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Sells one of each: a single event as such, more as a batch. What is not answered, or answered with 503, is sent again
    /// with the same numbers.
    ///
    /// # Errors
    /// When it is never answered, is rejected, or the answers are not those of the events.
    pub fn sell(&mut self, items: &[Gtin]) -> Result<()> {
        let (body, numbers) = self.number(items);
        let client = &mut self.client;
        let mut attempts = 0_u64;
        let answers = Patience::SHORT.until("a scan is answered", || {
            attempts += 1;
            let response = client.post_json("/v1/scans", &body)?;
            match response.status {
                503 => bail!("{}", response.text()),
                _ => Ok(answers(response, numbers.len())),
            }
        })??;
        self.repeats += attempts.saturating_sub(1);
        ensure!(answers.len() == numbers.len(), "{} answers to {} events", answers.len(), numbers.len());
        for (answer, number) in answers.into_iter().zip(numbers) {
            self.remember(answer, number)?;
        }
        Ok(())
    }

    fn number(&mut self, items: &[Gtin]) -> (Value, Vec<u64>) {
        let mut numbers = Vec::new();
        let mut events = Vec::new();
        for item in items {
            self.last += 1;
            self.sent.insert(self.last, *item);
            numbers.push(self.last);
            events.push(json!({"device": self.device, "device_seq": self.last, "code": item.to_string()}));
        }
        match events.as_slice() {
            [single] => (single.clone(), numbers),
            _ => (json!({ "events": events }), numbers),
        }
    }

    fn remember(&mut self, answer: Answer, number: u64) -> Result<()> {
        ensure!(
            answer.device.as_deref() == Some(&self.device) && answer.device_seq == Some(number),
            "event {}:{number} was answered as {answer:?}",
            self.device
        );
        match (answer.result, answer.seq) {
            (Verdict::Accepted | Verdict::Duplicate, Some(seq)) => {
                self.acknowledged.insert(number, seq);
                self.duplicates += u64::from(answer.result == Verdict::Duplicate);
                Ok(())
            }
            (Verdict::Accepted | Verdict::Duplicate, None) => {
                bail!("event {}:{number} is said to be recorded, not where", self.device)
            }
            (Verdict::Rejected, _) => {
                let detail = answer.detail.unwrap_or_default();
                bail!("event {}:{number} was rejected: {detail}", self.device)
            }
        }
    }
}

fn answers(response: Response, count: usize) -> Result<Vec<Answer>> {
    if count == 1 { Ok(vec![response.json()?]) } else { Ok(response.json::<Batch>()?.results) }
}
