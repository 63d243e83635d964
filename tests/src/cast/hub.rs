//! A hub: its authority, the running program, and what its API says.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use link::{Authority, Bundle, Credentials};

use super::answers::{Proof, Recorded, Tile, metric, whole_ledger};
use super::world::World;
use crate::http::Client;
use crate::patience::Patience;
use crate::process::{Program, Running};

/// A hub on fixed addresses, so that stores find it again when it is started again.
#[derive(Debug)]
pub struct Hub {
    data_dir: PathBuf,
    log: PathBuf,
    program: Program,
    running: Option<Running>,
    http: SocketAddr,
    quic: SocketAddr,
}

impl Hub {
    /// A hub with a new authority, not started.
    ///
    /// # Errors
    /// When the authority cannot be made.
    pub(super) fn new(world: &World) -> Result<Self> {
        let (data_dir, log) = (world.path("hub"), world.path("hub.log"));
        let (http, quic) = (world.address()?, world.address()?);
        let program = Program::of_workspace(HUB, &log)?
            .args(["run", "--quic", &quic.to_string(), "--listen", &http.to_string(), "--data-dir"])
            .arg(&data_dir);
        let hub = Self { data_dir, log, program, running: None, http, quic };
        hub.command(&["ca", "init"])?;
        Ok(hub)
    }

    /// Starts it and waits until it serves.
    ///
    /// # Errors
    /// When it ends or does not serve.
    pub fn start(&mut self) -> Result<()> {
        let mut running = self.program.start()?;
        let mut client = self.client();
        running.wait_until(Patience::SHORT, "serves", || client.get("/health/ready")?.success())?;
        self.running = Some(running);
        Ok(())
    }

    /// Ends it without warning.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self) -> Result<()> {
        self.running.take().context("the hub does not run")?.kill()
    }

    /// Asks it to end and waits until it has.
    ///
    /// # Errors
    /// When it does not run, does not end or ends with a failure.
    pub fn stop(&mut self) -> Result<()> {
        let status = self.running.take().context("the hub does not run")?.stop(Patience::SHORT)?;
        anyhow::ensure!(status.success(), "the hub ended with {status}");
        Ok(())
    }

    /// Where agents connect to.
    #[must_use]
    pub fn quic(&self) -> SocketAddr {
        self.quic
    }

    /// A client of its API.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(self.http)
    }

    /// Enrols a store.
    ///
    /// # Errors
    /// When the hub's command fails.
    pub fn enrol(&self, store: &str) -> Result<Bundle> {
        let file = self.data_dir.join(format!("{store}.enrolled.pem"));
        let out = file.to_string_lossy().into_owned();
        self.command(&["enrol", store, "--out", &out])?;
        let text = fs::read_to_string(&file).with_context(|| format!("`{out}` cannot be read"))?;
        Bundle::parse(&text).with_context(|| format!("`{out}` is no identity"))
    }

    /// Suspends a store, or lets it in again.
    ///
    /// # Errors
    /// When the hub's command fails.
    pub fn set_suspended(&self, store: &str, suspended: bool) -> Result<()> {
        self.command(&[if suspended { "suspend" } else { "resume" }, store])
    }

    /// Its authority, for certificates that the hub itself would not issue.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn authority(&self) -> Result<Authority> {
        let read = |name| fs::read_to_string(self.data_dir.join("ca").join(name));
        let credentials =
            Credentials { certificate_pem: read("certificate.pem")?, key_pem: read("key.pem")? };
        Ok(Authority::load(credentials)?)
    }

    /// Imports an items file through the API.
    ///
    /// # Errors
    /// When it is refused.
    pub fn import(&self, csv: &str) -> Result<()> {
        let headers = [("content-type", "text/csv")];
        self.client().send("POST", "/v1/items", &headers, csv.as_bytes())?.success()?;
        Ok(())
    }

    /// How it sees a store.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn tile(&self, store: &str) -> Result<Tile> {
        self.client().get_json(&format!("/v1/stores/{store}"))
    }

    /// The whole journal of a store.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn movements(&self, store: &str) -> Result<Vec<Recorded>> {
        whole_ledger(&mut self.client(), &format!("/v1/stores/{store}/movements"))
    }

    /// Folds the whole journal of a store.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn verify(&self, store: &str) -> Result<Proof> {
        self.client().get_json(&format!("/v1/stores/{store}/verify"))
    }

    /// How many sessions ended for this reason.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn closes(&self, reason: &str) -> Result<u64> {
        metric(&mut self.client(), &format!("shelfline_hub_closes_total{{reason=\"{reason}\"}}"))
    }

    /// How many sessions were refused for this reason.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn refusals(&self, reason: &str) -> Result<u64> {
        metric(&mut self.client(), &format!("shelfline_hub_refusals_total{{reason=\"{reason}\"}}"))
    }

    /// All that it has logged.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.log)?)
    }

    /// Runs a command of the hub's program beside the hub.
    fn command(&self, arguments: &[&str]) -> Result<()> {
        let program = Program::of_workspace(HUB, &self.log)?.args(arguments).arg("--data-dir");
        program.arg(&self.data_dir).output()?;
        Ok(())
    }
}

const HUB: &str = "shelfline-hub";
