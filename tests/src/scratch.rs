//! Directories for one test. They go when the test passes and stay when it fails.

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context as _, Result};

/// A directory for one test.
#[derive(Debug)]
pub struct Scratch {
    directory: Option<tempfile::TempDir>,
    path: PathBuf,
}

impl Scratch {
    /// A new, empty directory among the temporary files of this system; `name` is part of its name.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn new(name: &str) -> Result<Self> {
        Self::inside(&std::env::temp_dir(), name)
    }

    /// A new, empty directory inside `parent`, which is created if need be: for what must lie on a certain disk.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn inside(parent: &Path, name: &str) -> Result<Self> {
        std::fs::create_dir_all(parent)
            .with_context(|| format!("`{}` cannot be created", parent.display()))?;
        let directory = tempfile::Builder::new()
            .prefix(&format!("shelfline-{name}-"))
            .tempdir_in(parent)
            .with_context(|| format!("no directory can be created in `{}`", parent.display()))?;
        Ok(Self { path: directory.path().to_owned(), directory: Some(directory) })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path inside the directory.
    #[must_use]
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Scratch {
    #[expect(clippy::print_stderr, reason = "a failed test says where its files are")]
    fn drop(&mut self) {
        if thread::panicking()
            && let Some(directory) = self.directory.take()
        {
            eprintln!("the files of this test are kept in `{}`", directory.keep().display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_goes_with_its_owner() {
        let scratch = Scratch::new("goes").unwrap();
        let path = scratch.path().to_owned();
        std::fs::write(scratch.join("file"), "content").unwrap();
        drop(scratch);
        assert!(!path.exists());
    }

    #[test]
    fn the_directory_stays_when_the_test_fails() {
        let kept = thread::spawn(|| {
            let scratch = Scratch::new("stays").unwrap();
            let path = scratch.path().to_owned();
            let failure = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
                let _owner = scratch;
                panic!("as a failing test does");
            }));
            assert!(failure.is_err());
            path
        })
        .join()
        .unwrap();
        assert!(kept.is_dir());
        std::fs::remove_dir_all(kept).unwrap();
    }
}
