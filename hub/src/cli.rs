//! The command line: reads it, says what is wrong with it, and carries it out.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use ledger::StoreId;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;
use tracing_subscriber::EnvFilter;

use crate::registry::Registry;
use crate::{Config, Hub, ca, upload};

/// What a wrong command line exits with (`EX_USAGE`).
const USAGE: u8 = 64;

#[derive(Debug, Parser)]
#[command(name = "shelfline-hub", version, about = "The hub that the agents of all stores talk to")]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The certificate authority of this hub
    #[command(subcommand)]
    Ca(CaVerb),
    /// Let a store in: writes the identity file for its agent
    Enrol(Enrol),
    /// Shut a store out until it is resumed
    Suspend(OneStore),
    /// Let a suspended store in again
    Resume(OneStore),
    /// Run the hub
    Run(Run),
    /// Import items from CSV into a running hub, which feeds them to all agents
    Items(Items),
}

#[derive(Debug, Subcommand)]
enum CaVerb {
    /// Make the authority
    Init(Init),
}

#[derive(Debug, Args)]
struct DataDir {
    /// Where the hub's files are
    #[arg(long, value_name = "DIR", env = "SHELFLINE_DATA_DIR")]
    data_dir: PathBuf,
}

#[derive(Debug, Args)]
struct Init {
    #[command(flatten)]
    data: DataDir,
    /// What the authority is called in its certificate
    #[arg(long, default_value = "Shelfline authority")]
    name: String,
}

#[derive(Debug, Args)]
struct Enrol {
    /// The store's id: letters, digits, `-`, `_`, `.`
    #[arg(value_parser = StoreId::new)]
    store: StoreId,
    #[command(flatten)]
    data: DataDir,
    /// Where to write the identity file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How many days the certificate is valid
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(i64).range(1..=3650))]
    days: i64,
    /// What people call the store
    #[arg(long)]
    name: Option<String>,
}

#[derive(Debug, Args)]
struct OneStore {
    /// The store's id
    #[arg(value_parser = StoreId::new)]
    store: StoreId,
    #[command(flatten)]
    data: DataDir,
}

#[derive(Debug, Args)]
struct Run {
    #[command(flatten)]
    data: DataDir,
    /// Where agents connect (UDP)
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4433", env = "SHELFLINE_QUIC")]
    quic: SocketAddr,
    /// Where API and console listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090", env = "SHELFLINE_LISTEN")]
    listen: SocketAddr,
    /// What people call this hub
    #[arg(long, default_value = "hub", env = "SHELFLINE_PLACE")]
    place: String,
}

#[derive(Debug, Args)]
struct Items {
    /// The CSV file
    file: PathBuf,
    /// The running hub
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8090", env = "SHELFLINE_HUB")]
    hub: String,
}

/// Runs the program with its arguments and environment.
pub async fn main() -> ExitCode {
    let command = match parse(std::env::args_os()) {
        Ok(command) => command,
        Err(code) => return code,
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    match carry_out(command.verb).await {
        Ok(code) => code,
        Err(failed) => {
            say(io::stderr(), &format!("shelfline-hub: {failed:#}"));
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, ExitCode> {
    Command::try_parse_from(arguments).map_err(|refused| {
        let help = matches!(refused.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        // A closed terminal cannot be told anything.
        let _closed = refused.print();
        if help { ExitCode::SUCCESS } else { ExitCode::from(USAGE) }
    })
}

async fn carry_out(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Ca(CaVerb::Init(Init { data, name })) => ca::init(&data.data_dir, &name)?,
        Verb::Enrol(Enrol { store, data, out, days, name }) => {
            ca::check_place(&out)?;
            let bundle = ca::enrol(&data.data_dir, store, name.as_deref(), days)?;
            ca::write_bundle(&out, &bundle)?;
        }
        Verb::Suspend(OneStore { store, data }) => registry(&data)?.set_suspended(store, true)?,
        Verb::Resume(OneStore { store, data }) => registry(&data)?.set_suspended(store, false)?,
        Verb::Run(run) => self::run(run).await?,
        Verb::Items(Items { file, hub }) => return items(file, &hub).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn registry(data: &DataDir) -> anyhow::Result<Registry> {
    Ok(Registry::open(&data.data_dir.join(Registry::FILE))?)
}

async fn run(run: Run) -> anyhow::Result<()> {
    let Run { data, quic, listen, place } = run;
    // Before anything is started, so that an early signal is not lost.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let hub = Hub::start(Config { data_dir: data.data_dir, quic, listen, place }).await?;
    say(io::stdout(), &format!("hub: http://{}/ quic {}", hub.http_addr(), hub.quic_addr()));
    tokio::select! {
        _asked = terminate.recv() => {}
        _asked = interrupt.recv() => {}
    }
    info!("stopping: what is under way is finished first");
    hub.stop().await;
    Ok(())
}

async fn items(file: PathBuf, hub: &str) -> anyhow::Result<ExitCode> {
    let csv = std::fs::read(&file).with_context(|| format!("`{}` cannot be read", file.display()))?;
    let report = upload::items(hub, csv).await?;
    for error in &report.errors {
        say(io::stdout(), &error.to_string());
    }
    say(io::stdout(), &format!("{} items accepted, {} rows refused", report.accepted, report.rejected));
    Ok(if report.rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One line. A reader that went away does not stop the program.
fn say(mut to: impl io::Write, line: &str) {
    let _gone = writeln!(to, "{line}").and_then(|()| to.flush());
}
