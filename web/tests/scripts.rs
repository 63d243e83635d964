//! The scripts' own tests (`tests/js/`), run under Node.js where it is installed: building and running the product
//! needs no more than the Rust toolchain, and neither does this test suite.

use std::path::Path;
use std::process::Command;

#[test]
fn the_scripts_pass_their_own_tests() {
    // Asked for when it runs: what was built in another clone may run in this one.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    let folder = Path::new(&package).join("tests/js");
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.to_string_lossy().ends_with(".test.mjs")).collect();
    assert!(!files.is_empty());
    if !node_is_new_enough() {
        println!("not run: there is no Node.js {OLDEST_NODE} or newer on the path");
        return;
    }
    let ran = Command::new("node").arg("--test").args(&files).output().unwrap();
    assert!(
        ran.status.success(),
        "{}{}",
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr)
    );
}

/// The first whose test runner has a clock that can be stopped.
const OLDEST_NODE: u32 = 20;

fn node_is_new_enough() -> bool {
    let Ok(said) = Command::new("node").arg("--version").output() else { return false };
    let version = String::from_utf8_lossy(&said.stdout).into_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    major.is_some_and(|major| major >= OLDEST_NODE)
}
