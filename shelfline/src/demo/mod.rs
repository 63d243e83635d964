//! `shelfline demo`: a hub, store agents and trade, on one machine, with a proof at the end.
//!
//! Reading order:
//! - [`options`]: what it is told; [`settings`]: what a directory was made with;
//! - [`source`]: the trade and how much of it there is; [`scan`]: its scans, numbered;
//! - [`cast`]: hub and agents, started and stopped;
//! - [`replay`]: scans go to the agents; [`answers`]: what comes back;
//! - [`watch`] and [`progress`]: what is seen meanwhile;
//! - [`steps`] and [`proof`]: what is waited for, and the proof.
//!
//! Everything but starting and stopping goes over HTTP, as a scanner or a page does it.

pub mod answers;
pub mod cast;
pub mod options;
pub mod progress;
pub mod proof;
pub mod replay;
pub mod scan;
pub mod settings;
pub mod source;
pub mod steps;
pub mod watch;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use web::Shutdown;

use cast::Cast;
use options::{DemoOptions, Rate};
use progress::{Screen, grouped};
use replay::{Cut, Meters, Replay, Surprises};
use settings::{Directory, Settings};
use source::Source;
use watch::Watch;

/// How a demo ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything agrees.
    Proven,
    /// Something differs, or an agent answered what it should not have.
    Differs,
    /// Somebody stopped it before the proof.
    Stopped,
}

/// The link is cut from this share of the scans on ...
const CUT_FROM_PERCENT: u64 = 30;
/// ... until this one.
const CUT_UNTIL_PERCENT: u64 = 60;

/// Runs a demo from the first scan, or from where an earlier run stopped, to the proof.
///
/// # Errors
/// Whatever keeps it from getting there: files, ports, agents that do not answer.
pub async fn run(options: DemoOptions) -> anyhow::Result<Outcome> {
    let stop = stop_on_signals()?;
    let (settings, source) = tokio::task::spawn_blocking({
        let options = options.clone();
        move || anyhow::Ok((Settings::new(&options)?, Source::open(&options)?))
    })
    .await??;
    let place = Place::choose(&options)?;
    let directory = Directory::open(place.path(), &settings)?;
    log_to(&directory.path().join("demo.log"))?;
    let mut screen = Screen::stdout();
    introduce(&mut screen, &options, &source, &directory, &place);
    let cast = Cast::start(directory.path(), options.stores, &options.time_zone).await?;
    for (name, page) in cast.pages() {
        screen.say(&format!("  {name:<18} {page}"));
    }
    let cast = Arc::new(cast);
    let played = play(&options, &source, &cast, &stop).await;
    if played.as_ref().is_ok_and(|outcome| *outcome != Outcome::Stopped) && options.keep {
        screen.say("hub and stores keep running; Ctrl-C ends them");
        stop.wait().await;
    }
    if let Some(cast) = Arc::into_inner(cast) {
        cast.stop().await;
    }
    let outcome = played?;
    drop(directory);
    place.leave(&mut screen, outcome, options.keep);
    Ok(outcome)
}

/// Catalogue, scans, catching up, proof.
async fn play(
    options: &DemoOptions,
    source: &Source,
    cast: &Arc<Cast>,
    stop: &Shutdown,
) -> anyhow::Result<Outcome> {
    let meters = Arc::new(Meters::new(cast.stores.len()));
    let mut watch = Watch::new(Arc::clone(cast), Arc::clone(&meters), source.scans());
    steps::load_catalogue(cast, &source.catalogue, stop).await.context("the catalogue")?;
    if stop.is_triggered() {
        return Ok(Outcome::Stopped);
    }
    let items = grouped(u64::try_from(source.catalogue.len()).unwrap_or_default());
    watch.screen.say(&format!("catalogue: {items} items at the hub and, by its feed, in every store"));
    let replay = replay(options, source, cast, stop, &meters).await?;
    let begun = Instant::now();
    let surprises = watch.during(replay.run()).await?;
    if stop.is_triggered() {
        watch.screen.leave();
        return Ok(Outcome::Stopped);
    }
    let lasted = begun.elapsed();
    watch.during(steps::catch_up(cast, stop)).await?;
    watch.screen.leave();
    if stop.is_triggered() {
        return Ok(Outcome::Stopped);
    }
    watch.screen.say(&summary(&meters, lasted));
    conclude(&mut watch.screen, source, cast, &meters, &surprises).await
}

async fn replay(
    options: &DemoOptions,
    source: &Source,
    cast: &Cast,
    stop: &Shutdown,
    meters: &Arc<Meters>,
) -> anyhow::Result<Replay> {
    let done = steps::done(cast).await?;
    // A device's last number is how many of its scans are done.
    let left = source.scans().saturating_sub(done.values().sum());
    // The second store, if there is one: the first is what people look at first.
    let unlucky = cast.stores.get(1).or_else(|| cast.stores.first()).context("there is no store")?;
    let cut = Cut {
        relay: Arc::clone(&unlucky.relay),
        from: left * CUT_FROM_PERCENT / 100,
        until: left * CUT_UNTIL_PERCENT / 100,
    };
    Ok(Replay {
        trade: source.stream()?,
        done,
        clients: cast.stores.iter().map(|member| member.client.clone()).collect(),
        rate: options.rate,
        cut,
        stop: stop.clone(),
        meters: Arc::clone(meters),
    })
}

/// The proof of every store, and what came of it.
async fn conclude(
    screen: &mut Screen,
    source: &Source,
    cast: &Cast,
    meters: &Meters,
    surprises: &Surprises,
) -> anyhow::Result<Outcome> {
    let mut agree = surprises.count == 0;
    for ((member, planned), meter) in cast.stores.iter().zip(&source.planned).zip(&meters.stores) {
        let proof = steps::prove(cast, member, *planned, meter).await.context("the proof")?;
        if proof.differences.is_empty() {
            let hash: String = proof.agent.hash.chars().take(12).collect();
            let digest: String = proof.agent.digest.chars().take(12).collect();
            let others = match proof.of_others {
                0 => String::new(),
                more => format!(", {} of them not the demo's", grouped(more)),
            };
            screen.say(&format!(
                "{}: {} movements{others}, chain {hash}.., positions {digest}..: the same at agent and hub",
                proof.store,
                grouped(proof.agent.seq)
            ));
        } else {
            agree = false;
            for difference in &proof.differences {
                screen.say(&format!("{}: DIFFERS: {difference}", proof.store));
            }
        }
    }
    if surprises.count > 0 {
        screen
            .say(&format!("{} scans were answered otherwise than they had to be:", grouped(surprises.count)));
        surprises.first.iter().for_each(|surprise| screen.say(&format!("  {surprise}")));
    }
    if agree {
        screen.say(proof::PROVEN);
        Ok(Outcome::Proven)
    } else {
        screen.say("no proof: see above what differs");
        Ok(Outcome::Differs)
    }
}

fn introduce(
    screen: &mut Screen,
    options: &DemoOptions,
    source: &Source,
    directory: &Directory,
    place: &Place,
) {
    let trade = match &options.transactions {
        Some(path) => format!("the transactions of {}", path.display()),
        None if options.days == 1 => format!("a day of trade drawn from seed {}", options.seed),
        None => format!("{} days of trade drawn from seed {}", options.days, options.seed),
    };
    let rate = match options.rate {
        Rate::Max => "as fast as it goes".to_owned(),
        Rate::PerSecond(rate) => format!("at {} a second", grouped(u64::from(rate))),
    };
    let scans = grouped(source.scans());
    screen.say(&format!("a hub, {} stores, {trade}: {scans} scans, {rate}", options.stores));
    source.notes.iter().for_each(|note| screen.say(note));
    let path = directory.path().display();
    screen.say(&match (place, directory.is_resumed()) {
        (Place::Given(_), true) => format!("going on in {path}: what is recorded there is not sent again"),
        (Place::Given(_), false) => format!("everything is kept in {path}"),
        (Place::Temporary(_), _) if options.keep => {
            format!("everything is kept in {path}, for --keep was given")
        }
        (Place::Temporary(_), _) => {
            format!("everything is in {path} and removed at the end; name a --data-dir to keep it")
        }
    });
}

fn summary(meters: &Meters, lasted: std::time::Duration) -> String {
    let answered = meters.sum(|meter| &meter.answered);
    let millis = u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX).max(1);
    let mut text = format!(
        "{} scans answered in {}.{} s ({} a second), {} wrong ones refused",
        grouped(answered),
        millis / 1000,
        millis % 1000 / 100,
        grouped(answered * 1000 / millis),
        grouped(meters.sum(|meter| &meter.refused)),
    );
    let mut also = |count: u64, what: &str| {
        if count > 0 {
            text.push_str(&format!(", {} {what}", grouped(count)));
        }
    };
    also(meters.sum(|meter| &meter.warnings), "sold below zero for want of a recorded delivery");
    also(meters.sum(|meter| &meter.skipped), "recorded before");
    also(meters.sum(|meter| &meter.retries), "batches sent again");
    text
}

/// The directory of a demo.
#[derive(Debug)]
enum Place {
    Given(PathBuf),
    Temporary(TempDir),
}

// === impl Place ===

impl Place {
    fn choose(options: &DemoOptions) -> anyhow::Result<Self> {
        match &options.data_dir {
            Some(path) => Ok(Self::Given(path.clone())),
            None => {
                let temporary = tempfile::Builder::new().prefix("shelfline-demo-").tempdir();
                temporary.map(Self::Temporary).context("no temporary directory: name one with --data-dir")
            }
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Given(path) => path,
            Self::Temporary(directory) => directory.path(),
        }
    }

    /// Says what is left behind, and removes what is not wanted.
    fn leave(self, screen: &mut Screen, outcome: Outcome, keep: bool) {
        let stopped = outcome == Outcome::Stopped;
        match self {
            Self::Given(path) if stopped => screen.say(&format!(
                "stopped; what was answered is safe in {}: the same command goes on from there",
                path.display()
            )),
            Self::Given(_) => {}
            Self::Temporary(directory) if keep => {
                let path = directory.keep();
                screen.say(&format!("kept: {0}; `--data-dir {0}` goes on from there", path.display()));
            }
            Self::Temporary(_) if stopped => {
                screen.say(
                    "stopped; its temporary directory is removed: with --data-dir a demo can go on later",
                );
            }
            Self::Temporary(_) => {}
        }
    }
}

/// Triggered by Ctrl-C and SIGTERM.
fn stop_on_signals() -> anyhow::Result<Shutdown> {
    let stop = Shutdown::new();
    let mut interrupt = signal(SignalKind::interrupt()).context("signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("signals")?;
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        told.trigger();
    });
    Ok(stop)
}

/// Agents and hub write their log beside their data, so that the table stays whole.
fn log_to(path: &Path) -> anyhow::Result<()> {
    let file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("log `{}`", path.display()))?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Arc::new(file));
    // Tests run several demos in one process; the first one's log takes them all.
    let _already = log.try_init();
    Ok(())
}
