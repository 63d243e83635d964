//! What appending and syncing a file costs here: the floor under anything that answers only after it is durable.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};

use super::latency::Latencies;

/// Appends 4 KiB to a new file in `directory` and syncs its data (`fdatasync`), `times` over, and returns how long each
/// append with its sync took.
///
/// # Errors
/// When the file cannot be written.
pub fn append_and_sync(directory: &Path, times: u32) -> Result<Latencies> {
    append_and_sync_paced(directory, times, Duration::ZERO)
}

/// The same, but one every `pace`, as scans come in a shop, and not as fast as the disk allows. One that was due while the
/// one before still waited has waited since then: while the disk stalls, all wait who come, not only the first.
///
/// # Errors
/// When the file cannot be written.
pub fn append_and_sync_paced(directory: &Path, times: u32, pace: Duration) -> Result<Latencies> {
    let path = directory.join("raw-sync");
    let mut file = OpenOptions::new()
        .create_new(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("`{}` cannot be created", path.display()))?;
    let mut latencies = Latencies::default();
    let mut due = Instant::now();
    for _ in 0..times {
        let early = due.saturating_duration_since(Instant::now());
        thread::sleep(early);
        let begun = if early.is_zero() { due } else { Instant::now() };
        file.write_all(&[0x5a; PAGE_BYTES]).context("appending failed")?;
        file.sync_data().context("syncing failed")?;
        latencies.record(begun.elapsed());
        due = if pace.is_zero() { Instant::now() } else { due + pace };
    }
    std::fs::remove_file(&path).with_context(|| format!("`{}` cannot be removed", path.display()))?;
    Ok(latencies)
}

/// The same by so many threads at once, each with a file of its own: what durable scans cost that do not share a commit.
/// Returns how long all of it took together, too.
///
/// # Errors
/// When a file cannot be written.
pub fn append_and_sync_at_once(
    directory: &Path,
    threads: usize,
    times: u32,
) -> Result<(Duration, Latencies)> {
    let place = |number: usize| directory.join(format!("raw-sync-{number}"));
    (0..threads).try_for_each(|number| std::fs::create_dir_all(place(number)))?;
    let start = Instant::now();
    let latencies = thread::scope(|scope| {
        let begin = |number| scope.spawn(move || append_and_sync(&place(number), times));
        let running: Vec<_> = (0..threads).map(begin).collect();
        let mut all = Latencies::default();
        for thread in running {
            all.append(thread.join().map_err(|_panic| anyhow!("a syncing thread panicked"))??);
        }
        Ok::<_, anyhow::Error>(all)
    })?;
    let elapsed = start.elapsed();
    (0..threads).try_for_each(|number| std::fs::remove_dir(place(number)))?;
    Ok((elapsed, latencies))
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
        assert_eq!(append_and_sync_at_once(scratch.path(), 2, 3).unwrap().1.count(), 6);
        assert_eq!(append_and_sync_paced(scratch.path(), 3, Duration::ZERO).unwrap().count(), 3);
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
}
