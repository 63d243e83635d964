//! `shelfline-agent scan -`: lines of standard input, each a scanned code, sent to a running agent one after the other.
//!
//! A line is sent again until the agent answers, with the same number, so that a restart in between loses and doubles
//! nothing. The numbers go on after what the agent has of the device.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use web::{CallError, Client};

use super::AGENT;

/// Pause before a line is sent again.
const RETRY: Duration = Duration::from_millis(500);

/// Attempts before giving up: about a minute.
const ATTEMPTS_MAX: u32 = 120;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where lines come from: `-` for standard input
    #[arg(value_name = "-")]
    source: String,
    /// The id of the device that the lines are scans of; it keeps one count of its own
    #[arg(long, value_name = "ID")]
    device: String,
    /// What happens to the goods: sell, receive, return, open
    #[arg(long, value_name = "WHAT", default_value = "sell")]
    intent: String,
    /// Who scans; the device when nobody is named
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// The running agent
    #[arg(long, value_name = "URL", default_value = AGENT, env = "SHELFLINE_AGENT")]
    agent: String,
}

#[derive(Debug, Deserialize)]
struct Device {
    last: u64,
}

#[derive(Debug, Deserialize)]
struct Answer {
    result: String,
    name: Option<String>,
    on_hand: Option<i64>,
    detail: Option<String>,
    hint: Option<String>,
}

/// Feeds the lines; the exit code tells whether all of them were recorded.
pub(crate) async fn feed(options: Options) -> Result<ExitCode> {
    if options.source != "-" {
        bail!("`{}` is no source of scans: give `-` and feed lines to standard input", options.source);
    }
    let client = Client::new(&options.agent)?;
    let device: Device = client.get_json(&format!("/v1/devices/{}", options.device)).await?;
    let mut seq = device.last;
    let (mut recorded, mut rejected) = (0_u64, 0_u64);
    // As bytes: a reader set wrongly sends what is no text, and the lines behind it are scans like any other.
    let mut lines = BufReader::new(tokio::io::stdin()).split(b'\n');
    while let Some(line) = lines.next_segment().await? {
        let line = String::from_utf8_lossy(&line);
        let code = line.trim_end_matches('\r');
        if code.trim().is_empty() {
            continue;
        }
        seq = seq.saturating_add(1);
        let event = serde_json::json!({
            "device": options.device, "device_seq": seq, "code": code, "intent": options.intent, "user": options.user,
        });
        let answer = send(&client, &event).await?;
        if answer.result == "rejected" {
            rejected += 1
        } else {
            recorded += 1
        }
        println!("{}", line_of(seq, code, &answer));
    }
    println!("{recorded} recorded, {rejected} rejected");
    Ok(if rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn send(client: &Client, event: &serde_json::Value) -> Result<Answer, CallError> {
    let mut attempt = 0;
    loop {
        match client.post_json("/v1/scans", event).await {
            Err(failed) if failed.is_retryable() && attempt < ATTEMPTS_MAX => {
                if attempt == 0 {
                    eprintln!("waiting: {failed}");
                }
                attempt += 1;
                tokio::time::sleep(RETRY).await;
            }
            answered => return answered,
        }
    }
}

fn line_of(seq: u64, code: &str, answer: &Answer) -> String {
    let shown = code.escape_debug();
    let mut line = format!("{seq:>6}  {:<9}  {shown}", answer.result);
    if let Some(name) = &answer.name {
        line.push_str(&format!("  {name}"));
    }
    if let Some(on_hand) = answer.on_hand {
        line.push_str(&format!("  on hand {on_hand}"));
    }
    if let Some(detail) = &answer.detail {
        let hint = answer.hint.as_deref().unwrap_or("see the quarantine");
        line.push_str(&format!("  {detail}: {hint}"));
    }
    line
}
