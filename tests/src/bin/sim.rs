//! Runs the simulator over many seeds: `sim --seeds N --from S`. `cargo xtask sim` builds and starts it.
#![expect(clippy::print_stdout, reason = "a program for a terminal")]

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use tests::sim::{Coverage, Plan, Report, run, shrink};

/// Runs that have to reach every place: fewer prove nothing of what they did not reach.
const REACHES_ALL: u64 = 1_000;

/// Agents, hubs and journal over virtual time, with faults that follow from a seed.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Show all that happens, also when nothing breaks.
    #[arg(long)]
    trace: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (began, mut coverage, mut faults) = (Instant::now(), Coverage::default(), 0_u64);
    for seed in arguments.from..arguments.from.saturating_add(arguments.seeds) {
        let plan = Plan::new(seed);
        let report = run(&plan, None, arguments.trace);
        report.trace.iter().for_each(|line| println!("{line}"));
        if report.broken.is_some() {
            tell(&plan, &report);
            return ExitCode::FAILURE;
        }
        coverage.add(&report.coverage);
        faults = faults.saturating_add(report.faults);
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{} seeds, {faults} faults, {seconds:.1} s, nothing broke", arguments.seeds);
    for (place, count) in coverage.iter() {
        println!("{count:>9} {place}");
    }
    let missing = coverage.missing();
    if arguments.seeds >= REACHES_ALL && !missing.is_empty() {
        println!("never reached: {}; the plans or the simulator are too tame", missing.join(", "));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// The line to run it again, what broke, and the smallest plan found with its trace.
fn tell(plan: &Plan, report: &Report) {
    let small = shrink::shrink(plan, None);
    let again = run(&small, None, true);
    again.trace.iter().for_each(|line| println!("{line}"));
    for (at, step) in &small.steps {
        println!("step at {at:>6} ms: {step:?}");
    }
    if let Some((invariant, detail)) = &report.broken {
        println!("broken: {invariant}: {detail}");
    }
    if let Some((invariant, detail)) = &again.broken {
        println!("shrunk from {} steps to {}: {invariant}: {detail}", plan.steps.len(), small.steps.len());
    }
    println!("run it again: cargo xtask sim --seeds 1 --from {}", plan.seed);
}
