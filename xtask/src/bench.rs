//! Builds in release and runs a benchmark: one of the program `bench` of the `tests` package, or that of `gs1` or `planning` alone.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::tools::Tool;
use crate::workspace::{self, Workspace};

/// Runs the benchmark `name`, which gets the arguments in `rest`.
pub(crate) fn run(workspace: &Workspace, name: &str, rest: &[String]) -> Result<()> {
    if ["gs1", "planning"].contains(&name) {
        let mut run =
            workspace.cargo(["run", "--release", "--locked", "--package", name, "--example", "bench", "--"]);
        return workspace::run(run.args(rest)).context("the benchmark failed");
    }
    Tool::CCompiler.provide(workspace)?;
    let mut build = workspace.cargo(["build", "--release", "--locked", "--bins", "--package", "tests"]);
    if name != "disk" {
        // The programs under test: `bench` starts them from the directory it lies in itself.
        build.args(["--package", "agent", "--package", "hub"]);
    }
    if name == "store" {
        // It makes the large replica.
        build.args(["--package", "shelfline"]);
    }
    workspace::run(&mut build)?;
    let program = workspace.target().join("release/bench");
    workspace::run(Command::new(&program).arg(name).args(rest)).context("the benchmark failed")
}

/// Runs the simulator, which gets the arguments in `rest`.
pub(crate) fn simulate(workspace: &Workspace, rest: &[String]) -> Result<()> {
    Tool::CCompiler.provide(workspace)?;
    let mut run =
        workspace.cargo(["run", "--release", "--locked", "--package", "tests", "--bin", "sim", "--"]);
    workspace::run(run.args(rest)).context("the simulator found something")
}
