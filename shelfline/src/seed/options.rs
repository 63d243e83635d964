//! What `shelfline seed` can be told.

use std::path::PathBuf;

use clap::Args;
use ledger::StoreId;
use ledger::catalogue::Currency;

use crate::demo::options::{currency, zone};

/// Makes the replica of a large store: items, and years of trade drawn from a seed, with the figures of a real shop.
///
/// Run `shelfline-agent run --store STORE --data-dir DIR` on it then.
#[derive(Debug, Clone, Args)]
pub struct SeedOptions {
    /// Where the replica is made; the directory must not have one
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,

    /// The store
    #[arg(long, value_name = "ID", default_value = "s001")]
    pub store: StoreId,

    /// How many items
    #[arg(long, value_name = "N", default_value_t = 250_000, value_parser = clap::value_parser!(u32).range(1..=5_000_000))]
    pub items: u32,

    /// How many movements, to the next whole day of trade
    #[arg(long, value_name = "N", default_value_t = 5_000_000)]
    pub movements: u64,

    /// Another seed draws another shop; the same seed always the same
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// The store's time zone
    #[arg(long, value_name = "ZONE", default_value = "Europe/London", value_parser = zone)]
    pub time_zone: String,

    /// Currency of the prices
    #[arg(long, value_name = "CODE", default_value = "GBP", value_parser = currency)]
    pub currency: Currency,
}
