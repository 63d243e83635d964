//! Where the checkout is, where builds go, and how programs are called from here.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// The checkout and the directory that builds go to.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The workspace that cargo runs this program in, which may have been built in another clone. Builds go to `CARGO_TARGET_DIR`, or else to one directory for all
    /// checkouts of this user: a fresh clone then starts with what earlier ones have built.
    pub(crate) fn find() -> Result<Self> {
        let package = env::var_os("CARGO_MANIFEST_DIR").context("run it as `cargo xtask`")?;
        let root = Path::new(&package).parent().context("xtask has no parent directory")?;
        let target = match env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty()) {
            Some(chosen) => env::current_dir().context("the current directory is gone")?.join(chosen),
            None => PathBuf::from(
                env::var_os("HOME").context("neither CARGO_TARGET_DIR nor HOME is set: set one of them")?,
            )
            .join(".cache/shelfline/target"),
        };
        Ok(Self { root: root.to_owned(), target })
    }

    /// The directory of the root `Cargo.toml`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The directory that builds go to.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Where programs are installed that only these chores need.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// A call of the cargo that runs this program, at the root, with the chosen target directory.
    pub(crate) fn cargo<I: IntoIterator<Item: AsRef<OsStr>>>(&self, arguments: I) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        command.args(arguments).current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        command
    }
}

/// The command as a person would type it, without paths and environment.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    std::iter::once(program)
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs the command with our own terminal and fails when it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("`{}` could not be started", shown(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Whether the command runs and succeeds; nothing is shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}
