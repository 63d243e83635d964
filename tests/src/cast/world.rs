//! The place where one story plays: its files, its addresses, its goods.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use gs1::Gtin;
use link::Bundle;

use super::hub::Hub;
use super::store::Store;
use crate::loopback::Loopback;
use crate::scratch::Scratch;

/// Files and addresses of one story. Keep it until the programs of the story are gone.
#[derive(Debug)]
pub struct World {
    scratch: Scratch,
}

impl World {
    /// An empty place; `name` is part of its directory's name.
    ///
    /// # Errors
    /// When the directory cannot be created.
    pub fn new(name: &str) -> Result<Self> {
        Ok(Self { scratch: Scratch::new(name)? })
    }

    /// An empty place inside `parent`, for what must lie on a certain disk.
    ///
    /// # Errors
    /// When the directory cannot be created.
    pub fn inside(parent: &Path, name: &str) -> Result<Self> {
        Ok(Self { scratch: Scratch::inside(parent, name)? })
    }

    /// A path in the story's directory.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    /// An address that is free and stays the same when a program is started again.
    ///
    /// # Errors
    /// When none is left.
    pub fn address(&self) -> Result<SocketAddr> {
        Loopback::of_this_process().free()
    }

    /// A running hub with an authority of its own, which knows [`goods`].
    ///
    /// # Errors
    /// When it does not come up.
    pub fn hub(&self) -> Result<Hub> {
        let mut hub = Hub::new(self)?;
        hub.start()?;
        hub.import(&items_csv())?;
        Ok(hub)
    }

    /// A running store that is enrolled at the hub and knows [`goods`] from it.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn store(&self, id: &str, hub: &Hub) -> Result<Store> {
        self.store_at(id, hub, hub.quic())
    }

    /// As [`World::store`], but the store is told another address of the hub: that of a relay.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn store_at(&self, id: &str, hub: &Hub, quic: SocketAddr) -> Result<Store> {
        let mut store = self.box_of(id, id, &hub.enrol(id)?, quic)?;
        store.start()?;
        store.until_stocked()?;
        Ok(store)
    }

    /// A machine, not started, that is to serve as store `id` and finds its hub at `quic`. `name` is that of the machine: a
    /// store that is replaced has two.
    ///
    /// # Errors
    /// When the identity cannot be written.
    pub fn box_of(&self, id: &str, name: &str, identity: &Bundle, quic: SocketAddr) -> Result<Store> {
        let file = self.path(&format!("{name}.pem"));
        fs::write(&file, identity.to_pem())
            .with_context(|| format!("`{}` cannot be written", file.display()))?;
        let hub = quic.to_string();
        Store::new(self, id, name, [file.into_os_string(), "--hub".into(), hub.into()])
    }
}

/// What stories sell.
#[must_use]
pub fn goods() -> Vec<Gtin> {
    (0..GOODS_COUNT).filter_map(|number| Gtin::with_check_digit(GOODS_FIRST + number).ok()).collect()
}

/// [`goods`] as an items file.
#[must_use]
pub fn items_csv() -> String {
    let rows = goods().into_iter().enumerate().map(|(number, gtin)| format!("{gtin},Item {number}\n"));
    std::iter::once("gtin,name\n".to_owned()).chain(rows).collect()
}

const GOODS_COUNT: u64 = 50;
/// Without the check digit; the prefix 952 is the one that GS1 keeps for examples.
const GOODS_FIRST: u64 = 952_000_000_000;
