//! What reading a scan costs: time, allocations and, where valgrind is installed, instructions.
//!
//! `cargo run --release -p gs1 --example bench`, or `cargo xtask bench gs1`. With `--enforce` it fails when a limit is
//! missed, with `--json FILE` it writes the figures there too.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]
#![expect(
    clippy::disallowed_methods,
    reason = "a program that measures needs a clock, and writes what it found"
)]

use std::alloc::System;
use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::time::Instant;

use gs1::{Reader, epc, read};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Scans of a kind, and what reading one may cost.
struct Case {
    name: &'static str,
    scan: &'static [u8],
    ns_max: Option<f64>,
    instructions_max: Option<u64>,
}

const CASES: &[Case] = &[
    Case {
        name: "GS1-128, 01 17 10 21",
        scan: b"]C10104006381333931172612311012A-7\x1d2100045",
        ns_max: Some(300.0),
        instructions_max: Some(2500),
    },
    Case { name: "EAN-13", scan: b"]E04006381333931", ns_max: Some(40.0), instructions_max: None },
    Case {
        name: "GS1 DataMatrix, 11 AIs",
        scan: b"]d201040063813339311126010117261231310300050032020012343922129910LOT-77\x1d21SERIAL-0001\x1d\
                240ADD-1\x1d422276\x1d7240PROTO\x1d911",
        ns_max: Some(1000.0),
        instructions_max: None,
    },
    Case {
        name: "wrong check digit",
        scan: b"]C10104006381333930172612311012A-7\x1d2100045",
        ns_max: None,
        instructions_max: None,
    },
    Case { name: "EAN-13 without identifier", scan: b"4006381333931", ns_max: None, instructions_max: None },
    Case {
        name: "Digital Link, 4 AIs",
        scan: b"https://id.gs1.org/01/04006381333931/10/12A-7/21/00045?17=261231",
        ns_max: None,
        instructions_max: None,
    },
    Case { name: TAG, scan: b"30059E247FAE460A5C6AA743", ns_max: Some(60.0), instructions_max: None },
    Case { name: "plain text", scan: b"]Q1hello, world", ns_max: None, instructions_max: None },
];

/// The one case that is no scan: it is decoded, not read.
const TAG: &str = "SGTIN-96 tag";

/// Scans in one go, and how often that is done: the best go counts, as this machine has other work too.
const SCANS: u32 = 20_000;
const GOES: u32 = 50;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, case, count] = arguments.as_slice()
        && flag == "--count"
    {
        return run_counted(case, count);
    }
    let enforce = arguments.iter().any(|argument| argument == "--enforce");
    let json =
        arguments.iter().position(|argument| argument == "--json").and_then(|at| arguments.get(at + 1));
    let (mut missed, mut rows) = (0, Vec::new());
    println!("{:<28} {:>10} {:>14} {:>12}", "one scan", "ns", "instructions", "allocations");
    for case in CASES {
        let (ns, allocations) = measure(case);
        let instructions = instructions(case.name);
        let over = case.ns_max.is_some_and(|max| ns > max)
            || case.instructions_max.zip(instructions).is_some_and(|(max, instructions)| instructions > max)
            || allocations > 0;
        missed += u32::from(over);
        let shown = instructions.map_or_else(|| "-".to_owned(), |instructions| instructions.to_string());
        println!("{:<28} {ns:>10.1} {shown:>14} {allocations:>12}  {}", case.name, limit(case, over));
        rows.push(format!(
            r#"{{"scan":"{}","ns":{ns:.1},"instructions":{},"allocations":{allocations}}}"#,
            case.name,
            instructions.map_or_else(|| "null".to_owned(), |instructions| instructions.to_string()),
        ));
    }
    println!("{:<28} {:>10}", "bytes of a reading", size_of::<gs1::Reading<'_>>());
    if let Some(path) = json
        && let Err(error) = std::fs::write(path, format!("[{}]\n", rows.join(",\n")))
    {
        eprintln!("error: `{path}` cannot be written: {error}");
        return ExitCode::FAILURE;
    }
    if enforce && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn limit(case: &Case, over: bool) -> String {
    let ns = case.ns_max.map(|max| format!("{max} ns"));
    let instructions = case.instructions_max.map(|max| format!("{max} instructions"));
    let limits: Vec<_> = ns.into_iter().chain(instructions).collect();
    let verdict = if over { ": missed" } else { "" };
    if limits.is_empty() { verdict.to_owned() } else { format!("limit {}{verdict}", limits.join(", ")) }
}

/// With partners called for, too: all checks that there are.
fn scan_once(reader: &Reader<'_>, case: &Case) {
    if case.name == TAG {
        black_box(&epc::decode(black_box(case.scan)));
    } else {
        black_box(&reader.read(black_box(case.scan)));
    }
}

fn measure(case: &Case) -> (f64, usize) {
    let reader = Reader::new().requisites(true);
    black_box(&read(case.scan));
    let region = Region::new(ALLOCATOR);
    let mut best = f64::INFINITY;
    for _ in 0..GOES {
        let start = Instant::now();
        for _ in 0..SCANS {
            scan_once(&reader, case);
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(SCANS));
    }
    (best, region.change().allocations)
}

// === instructions ===

/// What valgrind counts for one scan: the difference between many and more, so that the start does not count.
fn instructions(case: &str) -> Option<u64> {
    let (few, many) = (1000, 3000);
    Some((collected(case, many)? - collected(case, few)?) / (many - few))
}

fn collected(case: &str, count: u64) -> Option<u64> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--count", case, &count.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stderr).ok()?;
    text.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
}

fn run_counted(case: &str, count: &str) -> ExitCode {
    let found = CASES.iter().find(|one| one.name == case).zip(count.parse::<u32>().ok());
    let Some((case, count)) = found else {
        eprintln!("error: `--count` needs the name of a case and a number");
        return ExitCode::from(64);
    };
    let reader = Reader::new().requisites(true);
    for _ in 0..count {
        scan_once(&reader, case);
    }
    ExitCode::SUCCESS
}
