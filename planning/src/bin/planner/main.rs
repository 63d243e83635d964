//! `planner`: forecasts, orders and simulations from the command line, and the container contract of SageMaker.
//!
//! Reads its arguments, hands them to the command, prints the error once. Exit codes: 0 done, 1 failed, 2 wrong usage.

mod files;
mod forecast;
mod report;
mod serve;
mod simulate;
mod solve;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Forecasts, replenishment, optimisation and simulation.
#[derive(Debug, Parser)]
#[command(name = "planner", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer a file of inventory instances.
    Solve(solve::Solve),
    /// Learns as a SageMaker training container does.
    Train(train::Train),
    /// Answers as a SageMaker hosting container does.
    Serve(serve::Serve),
    /// Play a model of one warehouse and its stores.
    Simulate(simulate::Simulate),
    /// Forecasts demand with nine quantiles.
    Forecast(forecast::ForecastArguments),
    /// Tries the forecast on the past.
    Backtest(forecast::BacktestArguments),
    /// Shows what a forecast is made of.
    Explain(forecast::ExplainArguments),
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            #[expect(clippy::print_stderr, reason = "a command's last word goes to the terminal")]
            {
                eprintln!("planner: {problem:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Solve(solve) => solve::run(solve),
        Command::Train(train) => train::run(train),
        Command::Serve(serve) => serve::run(serve),
        Command::Simulate(simulate) => simulate::run(simulate),
        Command::Forecast(arguments) => forecast::forecast(arguments),
        Command::Backtest(arguments) => forecast::backtest(arguments),
        Command::Explain(arguments) => forecast::explain(arguments),
    }
}
