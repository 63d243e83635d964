//! `shelfline-agent run`.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use agent::{Agent, Config, Uplink};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use ledger::{StoreId, TradingDay};
use link::Bundle;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Keeps the store's ledger here
    #[arg(long, value_name = "DIR", env = "SHELFLINE_DATA_DIR")]
    data_dir: PathBuf,
    /// The file that `shelfline-hub enrol` wrote; it names the store
    #[arg(long, value_name = "FILE", env = "SHELFLINE_IDENTITY")]
    identity: Option<PathBuf>,
    /// The store, when there is no identity: it then counts alone
    #[arg(long, value_name = "ID", env = "SHELFLINE_STORE")]
    store: Option<StoreId>,
    /// The hub's QUIC address; without it the store counts alone
    #[arg(long, value_name = "HOST:PORT", env = "SHELFLINE_HUB")]
    hub: Option<String>,
    /// Where to serve handhelds and pages; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", env = "SHELFLINE_LISTEN")]
    listen: SocketAddr,
    /// What people call the store, such as `High Street`
    #[arg(long, value_name = "NAME", default_value = "", env = "SHELFLINE_PLACE")]
    place: String,
    /// The store's time zone
    #[arg(long, value_name = "ZONE", default_value = "UTC", env = "SHELFLINE_TIME_ZONE")]
    time_zone: String,
    /// When the trading day begins, local time: what is sold before belongs to the day before
    #[arg(long, value_name = "HH:MM", default_value = "00:00", env = "SHELFLINE_DAY_STARTS")]
    day_starts: String,
    /// Takes the store over from the replica that has it, if this one is empty: for a spare machine
    #[arg(long, env = "SHELFLINE_TAKE_OVER")]
    take_over: bool,
}

impl Options {
    /// What the options mean on this machine. Each refusal names its option.
    pub(crate) fn configure(self) -> Result<Config> {
        let identity = self.identity.as_ref().map(|file| {
            let text = fs::read_to_string(file)
                .with_context(|| format!("--identity: `{}` cannot be read", file.display()))?;
            Bundle::parse(&text).with_context(|| format!("--identity: `{}` cannot be used", file.display()))
        });
        let identity = identity.transpose()?;
        let store = match (self.store, &identity) {
            (Some(store), _) => store,
            (None, Some(identity)) => {
                StoreId::new(&identity.store().context("--identity")?).context("--identity")?
            }
            (None, None) => bail!("--identity or --store: say which store this is"),
        };
        let uplink = match (self.hub, identity) {
            (Some(hub), Some(identity)) => Some(Uplink { hub, identity, take_over: self.take_over }),
            (Some(_), None) => bail!("--hub: a hub asks who calls, so give --identity too"),
            (None, _) => None,
        };
        let zone = TradingDay::new(&self.time_zone, 0).context("--time-zone")?;
        let trading_day =
            TradingDay::new(zone.zone_name(), minutes(&self.day_starts)?).context("--day-starts")?;
        let Self { data_dir, place, listen, .. } = self;
        Ok(Config { data_dir, store, place, trading_day, listen, uplink })
    }
}

fn minutes(text: &str) -> Result<u16> {
    let wrong = || format!("--day-starts: `{text}` is no time of day: write it like `03:00`");
    let (hours, minutes) = text.split_once(':').with_context(wrong)?;
    let number = |part: &str| part.parse::<u16>().ok().filter(|_| part.len() == 2);
    match (number(hours), number(minutes)) {
        (Some(hours @ 0..24), Some(minutes @ 0..60)) => Ok(hours.saturating_mul(60).saturating_add(minutes)),
        _ => bail!(wrong()),
    }
}

/// Runs an agent until it is asked to end.
pub(crate) async fn run(config: Config) -> Result<ExitCode> {
    // Before anything else: whoever asks early is not ignored.
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let store = config.store;
    let agent = Agent::start(config).await?;
    println!("store {store}: http://{}/", agent.http_addr());
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    agent.stop().await;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_read_or_named() {
        assert_eq!(minutes("03:30").unwrap(), 210);
        for bad in ["", "3:00", "24:00", "12:60", "noon", "-1:00", "12:00:00"] {
            let refused = minutes(bad).unwrap_err().to_string();
            assert_eq!(refused, format!("--day-starts: `{bad}` is no time of day: write it like `03:00`"));
        }
    }
}
