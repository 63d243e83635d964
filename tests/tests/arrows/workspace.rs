//! The workspace as cargo and its files tell it.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Member>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for a normal dependency.
    pub(crate) kind: Option<String>,
    pub(crate) features: Vec<String>,
}

/// Our own crates, with what their manifests name.
pub(crate) fn members() -> Vec<Member> {
    let text = cargo(&["metadata", "--locked", "--no-deps", "--format-version", "1"]);
    let metadata: Metadata = serde_json::from_str(&text).unwrap();
    metadata.packages
}

/// The names of all crates that a build of `package` takes in, itself included. Of `planning` only the library: its default
/// feature is the program, and nobody who depends on the library switches it on.
pub(crate) fn reached_by(package: &str) -> BTreeSet<String> {
    let mut arguments = vec![
        "tree",
        "--locked",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--package",
        package,
    ];
    if package == "planning" {
        arguments.push("--no-default-features");
    }
    let text = cargo(&arguments);
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn cargo(arguments: &[&str]) -> String {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn root() -> PathBuf {
    // Asked for when it runs: what was built in another clone may run in this one.
    let package = env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    Path::new(&package).parent().unwrap().to_owned()
}

pub(crate) fn read_toml(path: &Path) -> toml::Table {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
}

/// Path to reason.
pub(crate) fn bans(clippy: &toml::Table, list: &str) -> BTreeMap<String, String> {
    let entries = clippy.get(list).and_then(toml::Value::as_array).into_iter().flatten();
    let text =
        |entry: &toml::Value, key: &str| entry.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    entries.filter_map(|entry| Some((text(entry, "path")?, text(entry, "reason")?))).collect()
}
