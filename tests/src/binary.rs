//! Finds the programs of this workspace that were built beside the one that runs now.
//!
//! Cargo tells a test only where the programs of its own package are. All programs of one build lie in one directory, though,
//! and test programs one below it.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The program `name` of the build (debug or release) that the running program belongs to.
///
/// # Errors
/// When it has not been built; the message says how to build it.
pub fn find(name: &str) -> Result<PathBuf> {
    find_beside(&env::current_exe().context("the path of the running program is not known")?, name)
}

fn find_beside(own: &Path, name: &str) -> Result<PathBuf> {
    let directory = own.parent().context("the running program is in no directory")?;
    let directory = match directory.file_name() {
        Some(last) if last == "deps" || last == "examples" => directory.parent().unwrap_or(directory),
        _ => directory,
    };
    let path = directory.join(name);
    if !path.is_file() {
        bail!(
            "the program `{name}` is not in `{}`: run `cargo xtask test`, or `cargo build --workspace --bins` with the \
             same target directory and profile",
            directory.display()
        );
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_from_a_test_and_from_a_program() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("deps")).unwrap();
        std::fs::write(root.path().join("agent"), "").unwrap();
        for own in ["deps/arrows-0123", "bench"] {
            let found = find_beside(&root.path().join(own), "agent").unwrap();
            assert_eq!(found, root.path().join("agent"));
        }
    }

    #[test]
    fn a_missing_program_says_how_to_build_it() {
        let error =
            find_beside(Path::new("/builds/debug/deps/arrows-0123"), "agent").unwrap_err().to_string();
        assert_eq!(
            error,
            "the program `agent` is not in `/builds/debug`: run `cargo xtask test`, or `cargo build --workspace --bins` \
             with the same target directory and profile"
        );
    }
}
