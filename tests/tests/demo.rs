//! `shelfline demo` as a person runs it: it ends with its proof, also when it was stopped or killed in between.
#![cfg(test)]

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use tests::{Patience, Program, Running, Scratch};

const PROOF: &str = "proof: agents = journal = positions";

fn demo(scratch: &Scratch, arguments: &[&str]) -> Program {
    let program = Program::of_workspace("shelfline", scratch.join("log")).unwrap();
    program.arg("demo").args(arguments).arg("--data-dir").arg(scratch.join("data"))
}

/// Lets a demo run until its stores have told of scans that are durable.
fn begun(program: &Program, log: &Path) -> Running {
    let mut running = program.start().unwrap();
    let told = || -> Result<()> {
        let text = fs::read_to_string(log)?;
        ensure!(text.contains("0:05 s001"), "it has just begun");
        Ok(())
    };
    running.wait_until(Patience::LONG, "is under way", told).unwrap();
    running
}

#[test]
fn drawn_trade_is_replayed_and_proven() {
    let scratch = Scratch::new("demo-drawn").unwrap();
    let said = demo(&scratch, &["--days", "1", "--rate", "max", "--seed", "7"]).output().unwrap();
    assert!(said.trim_end().ends_with(PROOF), "{said}");
}

#[test]
fn a_file_is_replayed_with_its_returns_and_bad_rows_are_told() {
    let scratch = Scratch::new("demo-file").unwrap();
    let rows = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice\n\
        1,85123A,HOLDER,6,2010-12-01 08:26:00,2.55\n\
        1,71053,LANTERN,6,2010-12-01 08:26:00,3.39\n\
        C2,85123A,HOLDER,-1,2010-12-01 09:41:00,2.55\n\
        3,85123A,HOLDER,many,2010-12-01 09:50:00,2.55\n\
        4,22139,broken,-3,2010-12-01 10:00:00,0.0\n";
    let file = scratch.join("trade.csv");
    fs::write(&file, rows).unwrap();
    let file = file.to_str().unwrap();
    let said = demo(&scratch, &["--transactions", file, "--rate", "max", "--stores", "2"]).output().unwrap();
    assert!(said.contains("line 5") && said.contains("many"), "{said}");
    assert!(said.trim_end().ends_with(PROOF), "{said}");
}

#[test]
fn a_demo_that_was_stopped_or_killed_goes_on_where_it_was() {
    let scratch = Scratch::new("demo-resumed").unwrap();
    let slow = demo(&scratch, &["--rate", "600"]);
    let mut running = begun(&slow, &scratch.join("log"));
    assert_eq!(running.stop(Patience::LONG).unwrap().code(), Some(130));
    fs::remove_file(scratch.join("log")).unwrap();
    let mut running = begun(&slow, &scratch.join("log"));
    running.kill().unwrap();
    let said = demo(&scratch, &["--rate", "max"]).output().unwrap();
    assert!(said.trim_end().ends_with(PROOF), "{said}");
    // Another trade on the same directory would mix two histories.
    let other = demo(&scratch, &["--rate", "max", "--seed", "2"]).output().unwrap_err().to_string();
    assert!(other.contains("--seed was 1 and is 2"), "{other}");
}
