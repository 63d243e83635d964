//! A store: its machine with the running agent, and what its API says.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};

use super::answers::{Proof, Recorded, Status, metric, whole_ledger};
use super::handheld::Handheld;
use super::hub::Hub;
use super::world::{World, goods, items_csv};
use crate::http::Client;
use crate::patience::Patience;
use crate::process::{Program, Running};

/// A store's machine on a fixed address, so that handhelds find it again when it is started again.
#[derive(Debug)]
pub struct Store {
    id: String,
    log: PathBuf,
    program: Program,
    running: Option<Running>,
    http: SocketAddr,
}

impl Store {
    /// A machine called `name` that serves as store `id`; `uplink` is what follows `--identity`.
    pub(super) fn new<const N: usize>(
        world: &World,
        id: &str,
        name: &str,
        uplink: [OsString; N],
    ) -> Result<Self> {
        let (log, http) = (world.path(&format!("{name}.log")), world.address()?);
        let program = Program::of_workspace("shelfline-agent", &log)?
            .called(format!("the agent of {name}"))
            .args(["run", "--listen", &http.to_string(), "--data-dir"])
            .arg(world.path(name))
            .arg("--identity")
            .args(uplink);
        Ok(Self { id: id.to_owned(), log, program, running: None, http })
    }

    /// As an empty machine that takes the store over.
    #[must_use]
    pub fn taking_over(mut self) -> Self {
        self.program = self.program.arg("--take-over");
        self
    }

    /// The store's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Starts it and waits until it serves, whether or not it records.
    ///
    /// # Errors
    /// When it ends or does not serve.
    pub fn start(&mut self) -> Result<()> {
        let mut running = self.program.start()?;
        let mut client = self.client();
        running.wait_until(Patience::SHORT, "serves", || client.get("/health/live")?.success())?;
        self.running = Some(running);
        Ok(())
    }

    /// Ends it without warning.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self) -> Result<()> {
        self.running.take().context("the agent does not run")?.kill()
    }

    /// Asks it to end and waits until it has.
    ///
    /// # Errors
    /// When it does not run, does not end or ends with a failure.
    pub fn stop(&mut self) -> Result<()> {
        let status = self.running.take().context("the agent does not run")?.stop(Patience::SHORT)?;
        ensure!(status.success(), "the agent ended with {status}");
        Ok(())
    }

    /// Where its API is.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.http
    }

    /// A client of its API.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(self.http)
    }

    /// A handheld of its own count, not used before.
    #[must_use]
    pub fn handheld(&self, device: &str) -> Handheld {
        Handheld::new(device, self.http)
    }

    /// Imports [`items_csv`] at the store itself, for one that never hears of a hub.
    ///
    /// # Errors
    /// When it is refused.
    pub fn import(&self) -> Result<()> {
        let headers = [("content-type", "text/csv")];
        self.client().send("POST", "/v1/items", &headers, items_csv().as_bytes())?.success()?;
        Ok(())
    }

    /// Records `count` sales on a new device, one by one.
    ///
    /// # Errors
    /// When one of them is not accepted.
    pub fn sell(&self, device: &str, count: usize) -> Result<()> {
        let mut handheld = self.handheld(device);
        for gtin in goods().into_iter().cycle().take(count) {
            handheld.sell(&[gtin])?;
        }
        Ok(())
    }

    /// How far it has come.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn status(&self) -> Result<Status> {
        self.client().get_json("/v1/status")
    }

    /// Its whole ledger.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn movements(&self) -> Result<Vec<Recorded>> {
        whole_ledger(&mut self.client(), "/v1/movements")
    }

    /// Folds its whole ledger.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn verify(&self) -> Result<Proof> {
        self.client().get_json("/v1/verify")
    }

    /// How many sessions with the hub failed for this reason.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn failures(&self, reason: &str) -> Result<u64> {
        metric(&mut self.client(), &format!("shelfline_agent_hub_failures_total{{reason=\"{reason}\"}}"))
    }

    /// How many sessions with the hub began.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn sessions(&self) -> Result<u64> {
        metric(&mut self.client(), "shelfline_agent_hub_sessions_total")
    }

    /// All that it has logged.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.log)?)
    }

    /// Waits until its status is as `wanted` says.
    ///
    /// # Errors
    /// When it does not become so; the message has the status seen last, and the end of the log.
    pub fn until(
        &mut self,
        patience: Patience,
        what: &str,
        wanted: impl Fn(&Status) -> bool,
    ) -> Result<Status> {
        let mut client = self.client();
        let running = self.running.as_mut().context("the agent does not run")?;
        running.wait_until(patience, what, || {
            let status: Status = client.get_json("/v1/status")?;
            if wanted(&status) { Ok(status) } else { bail!("{status:?}") }
        })
    }

    /// Waits until the catalogue has come from the hub.
    ///
    /// # Errors
    /// When it does not come.
    pub fn until_stocked(&mut self) -> Result<()> {
        let count = goods().len();
        self.until(Patience::SHORT, "has the catalogue", |status| status.items >= count)?;
        Ok(())
    }

    /// Waits until the hub holds all that is recorded here, durably and in its positions, and both sides say so.
    ///
    /// # Errors
    /// When it does not come so far, or both sides' hash or digest differ then.
    pub fn until_synced(&mut self, hub: &Hub, patience: Patience) -> Result<Status> {
        let seq = self.status()?.seq;
        let synced = self.until(patience, "is synced", |status| {
            status.seq == seq && status.committed == seq && status.reconciled == seq
        })?;
        // The hub's picture of its stores follows its journal a moment later.
        let tile = patience.until("the hub says so too", || {
            let tile = hub.tile(&self.id)?;
            ensure!((tile.committed, tile.reconciled) == (seq, seq), "it says {tile:?}");
            Ok(tile)
        })?;
        ensure!(tile.committed_hash == synced.hash, "the hashes differ: {synced:?}, {tile:?}");
        ensure!(tile.reconciled_digest == synced.digest, "the digests differ: {synced:?}, {tile:?}");
        Ok(synced)
    }
}
