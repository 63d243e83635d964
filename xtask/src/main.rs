//! The chores of this workspace: `cargo xtask test`, `cargo xtask openapi`, `cargo xtask sim` and `cargo xtask bench`.
//!
//! - [`args`]: what was asked for.
//! - [`workspace`]: where the checkout is, where builds go, how cargo is called.
//! - [`tools`]: installs what a step needs, when it is missing.
//! - [`steps`]: the steps of `test`, in order.
//! - [`tally`]: counts the tests that ran.
//! - [`openapi`]: writes the description of the API.
//! - [`mod@bench`]: builds and runs the benchmarks and the simulator.
//!
//! What is a `#[test]` elsewhere is not repeated here.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod args;
mod bench;
mod openapi;
mod steps;
mod tally;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Request;
use crate::workspace::Workspace;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let request = match args::parse(&arguments) {
        Ok(request) => request,
        Err(error) => {
            eprintln!("error: {error:#}\n\n{}", args::USAGE);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match run(&request) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(request: &Request) -> Result<()> {
    match request {
        Request::Help => println!("{}", args::USAGE),
        Request::List => steps::list(),
        Request::Test { only } => steps::run(&Workspace::find()?, only)?,
        Request::OpenApi => openapi::write(&Workspace::find()?)?,
        Request::Sim(rest) => bench::simulate(&Workspace::find()?, rest)?,
        Request::Bench { name, rest } => bench::run(&Workspace::find()?, name, rest)?,
    }
    Ok(())
}

/// `EX_USAGE` of sysexits: the command line makes no sense.
const EXIT_USAGE: u8 = 64;
