//! `shelfline-agent`: the store's own server, and the commands that talk to it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod command_line;

use std::io::{self, IsTerminal as _};
use std::num::NonZero;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;
use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::EnvFilter;

use crate::command_line::{Command, Program, feed, import, run, verify};

/// A request allocates some dozens of small pieces on one thread and frees them on another, which is what it is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let program = match Program::try_parse() {
        Ok(program) => program,
        Err(refused) => {
            // Help and version are no mistakes.
            let usage = refused.use_stderr();
            if refused.print().is_err() {
                eprintln!("{refused}");
            }
            return if usage { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new("info"));
    let colours = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(io::stderr).init();
    match perform(program.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(command: Command) -> Result<ExitCode> {
    match command {
        Command::Verify(options) => verify::verify(&options),
        Command::Run(options) => match options.configure() {
            Ok(config) => runtime()?.block_on(run::run(config)),
            Err(bad) => {
                eprintln!("error: {bad:#}");
                Ok(ExitCode::from(EXIT_USAGE))
            }
        },
        Command::Scan(options) => runtime()?.block_on(feed::feed(options)),
        Command::Items(options) => runtime()?.block_on(import::import(options)),
    }
}

/// One thread fewer than processors, because the replica's writer is a busy thread of its own: on a store's small server a
/// thread more takes turns with it and gains nothing.
fn runtime() -> io::Result<Runtime> {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let workers = processors.saturating_sub(1).max(1);
    Builder::new_multi_thread().worker_threads(workers).enable_all().build()
}

/// `EX_USAGE` of sysexits: the command line makes no sense.
const EXIT_USAGE: u8 = 64;
