//! `shelfline`: all of it in one program.

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use shelfline::demo::options::DemoOptions;
use shelfline::demo::{self, Outcome};
use shelfline::gs1::options::{Gs1Command, Gs1Options};
use shelfline::ledger_run::options::{LedgerCommand, LedgerOptions};
use shelfline::seed::options::SeedOptions;

/// Retail inventory that keeps counting when the network does not.
#[derive(Debug, Parser)]
#[command(version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(Box<DemoOptions>),
    Gs1(Gs1Options),
    Ledger(LedgerOptions),
    Seed(SeedOptions),
}

/// As `sysexits.h` numbers it: the command was used wrongly.
const USAGE: u8 = 64;
/// As `sysexits.h` numbers it: a file that was given is not what it should be.
const DATA: u8 = 65;
/// As shells number it: ended by an interrupt.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(wrong) => {
            let help = !wrong.use_stderr();
            let _unseen = wrong.print();
            return if help { ExitCode::SUCCESS } else { ExitCode::from(USAGE) };
        }
    };
    match line.command {
        Command::Demo(options) => run_demo(*options),
        Command::Seed(options) => run_seed(&options),
        Command::Ledger(LedgerOptions { command: LedgerCommand::Run(options) }) => {
            match shelfline::ledger_run::run(&options) {
                Ok(shelfline::ledger_run::Outcome::Holds) => ExitCode::SUCCESS,
                Ok(shelfline::ledger_run::Outcome::Differs) => ExitCode::FAILURE,
                Ok(shelfline::ledger_run::Outcome::NotUnderstood) => ExitCode::from(DATA),
                Err(error) => failed(&error),
            }
        }
        Command::Gs1(Gs1Options { command: Gs1Command::Decode(options) }) => {
            match shelfline::gs1::decode(&options) {
                Ok(shelfline::gs1::Outcome::AllRead) => ExitCode::SUCCESS,
                Ok(shelfline::gs1::Outcome::Unreadable(_)) => ExitCode::FAILURE,
                Err(error) => failed(&error),
            }
        }
    }
}

fn run_demo(options: DemoOptions) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match runtime.block_on(demo::run(options)) {
        Ok(Outcome::Proven) => ExitCode::SUCCESS,
        Ok(Outcome::Differs) => ExitCode::FAILURE,
        Ok(Outcome::Stopped) => ExitCode::from(INTERRUPTED),
        Err(error) => failed(&error),
    }
}

fn run_seed(options: &SeedOptions) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match runtime.block_on(shelfline::seed::seed(options)) {
        Ok(made) => {
            let told = writeln!(
                stdout(),
                "\nstore {}: {} items, {} movements in {}",
                options.store,
                made.items,
                made.movements,
                options.data_dir.display()
            );
            if told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    let _unseen = stdout().flush().and_then(|()| writeln!(stderr(), "shelfline: {error:#}"));
    ExitCode::FAILURE
}
