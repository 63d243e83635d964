//! What appending and syncing a file costs here: the floor under anything that answers only after it is durable.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::latency::Latencies;

/// Appends 4 KiB to a new file in `directory` and syncs its data (`fdatasync`), `times` over, and returns how long each
/// append with its sync took.
///
/// # Errors
/// When the file cannot be written.
pub fn append_and_sync(directory: &Path, times: u32) -> Result<Latencies> {
    let path = directory.join("raw-sync");
    let mut file = OpenOptions::new()
        .create_new(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("`{}` cannot be created", path.display()))?;
    let mut latencies = Latencies::default();
    for _ in 0..times {
        let start = Instant::now();
        file.write_all(&[0x5a; PAGE_BYTES]).context("appending failed")?;
        file.sync_data().context("syncing failed")?;
        latencies.record(start.elapsed());
    }
    std::fs::remove_file(&path).with_context(|| format!("`{}` cannot be removed", path.display()))?;
    Ok(latencies)
}

/// A page of SQLite, and of most file systems.
const PAGE_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn every_append_is_measured_and_nothing_is_left() {
        let scratch = Scratch::new("disk").unwrap();
        assert_eq!(append_and_sync(scratch.path(), 3).unwrap().count(), 3);
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
}
