//! Keeps the arrows between the crates true: who may know whom, and what pure crates and the agent never reach.
//!
//! `docs/ARCHITECTURE.md` draws the same picture for people. A new arrow between our crates is a decision: write it down in
//! `docs/decisions/`, then add it to `ALLOWED` and to that page.

#[cfg(test)]
#[path = "arrows/workspace.rs"]
mod workspace;

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::{bans, members, reached_by, read_toml, root};

/// Who may name whom as a dependency. Being reached through another crate needs no arrow.
#[rustfmt::skip]
const ALLOWED: &[(&str, &[&str])] = &[
    ("gs1",       &[]),
    ("ledger",    &["gs1"]),
    ("protocol",  &["ledger", "gs1"]),
    ("planning",  &["ledger", "gs1"]),
    ("link",      &["protocol"]),
    ("web",       &[]),
    ("agent",     &["link", "web", "protocol", "ledger", "gs1"]),
    ("hub",       &["link", "web", "protocol", "ledger", "gs1"]),
    ("shelfline", &["agent", "hub", "link", "web", "ledger", "gs1"]),
    ("tests",     &["agent", "hub", "shelfline", "link", "web", "protocol", "ledger", "gs1"]),
    ("xtask",     &[]),
];

/// Values in, values out.
const PURE: &[&str] = &["gs1", "ledger", "protocol", "planning"];

/// What no pure crate reaches: runtimes, sockets, databases, servers. A name that ends in `-` stands for all that begin so.
const IMPURE: &[&str] = &[
    "tokio",
    "mio",
    "socket2",
    "async-std",
    "smol",
    "quinn",
    "quinn-proto",
    "quinn-udp",
    "rustls",
    "hyper",
    "axum",
    "tower",
    "rusqlite",
    "libsqlite3-sys",
    "sqlx",
    "tokio-postgres",
    "postgres",
    "aws-",
    "rand",
    "getrandom",
];

#[test]
fn crates_name_only_whom_they_may() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ALLOWED.iter().map(|(name, whom)| (*name, whom.iter().copied().collect())).collect();
    let members = members();
    let ours: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(ours, allowed.keys().copied().collect(), "a crate came or went: decide its arrows here");
    let mut wrong = Vec::new();
    for member in &members {
        for dependency in &member.dependencies {
            let whom = dependency.name.as_str();
            // A crate may name itself for its tests, to switch its own `testing` feature on.
            let itself = whom == member.name && dependency.kind.as_deref() == Some("dev");
            let known = allowed.get(member.name.as_str()).is_some_and(|names| names.contains(whom));
            if ours.contains(whom) && !itself && !known {
                wrong.push(format!("{} -> {whom}", member.name));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that nobody decided on: {wrong:?}");
}

#[test]
fn pure_crates_reach_no_runtime_socket_or_database() {
    for name in PURE {
        let reached = reached_by(name);
        assert!(reached.contains(*name), "cargo tree names the crate itself: {reached:?}");
        let wrong: Vec<_> = reached.iter().filter(|other| is_any_of(other, IMPURE)).collect();
        assert!(
            wrong.is_empty(),
            "the pure crate {name} reaches {wrong:?}: `cargo tree -e normal -p {name} -i THAT`"
        );
    }
}

#[test]
fn link_reaches_no_database_and_no_server() {
    assert_reaches_none_of(
        "link",
        &["rusqlite", "libsqlite3-sys", "axum", "hyper", "aws-", "web", "agent", "hub"],
    );
}

#[test]
fn the_agent_carries_no_hub_and_nothing_of_a_cloud() {
    assert_reaches_none_of("agent", &["hub", "planning", "aws-", "tokio-postgres", "sqlx"]);
    assert_reaches_none_of("hub", &["agent"]);
}

#[test]
fn only_protocol_names_the_serialiser() {
    let named: Vec<String> = members()
        .into_iter()
        .filter(|member| member.dependencies.iter().any(|dependency| dependency.name == "bincode"))
        .map(|member| member.name)
        .collect();
    assert_eq!(named, ["protocol"]);
}

#[test]
fn testing_features_are_for_tests_only() {
    for member in members().iter().filter(|member| member.name != "tests") {
        for dependency in &member.dependencies {
            let testing = dependency.features.iter().any(|feature| feature == "testing");
            let product = dependency.kind.as_deref() != Some("dev");
            assert!(
                !(testing && product),
                "{} is built with the feature `testing` of {}: only tests may",
                member.name,
                dependency.name
            );
        }
    }
}

#[test]
fn crates_take_lints_and_versions_from_the_workspace() {
    for member in members() {
        let manifest = read_toml(&member.manifest_path);
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        assert_eq!(lints, Some(&true.into()), "{} does not say `[lints] workspace = true`", member.name);
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, wanted) in manifest.get(kind).and_then(toml::Value::as_table).into_iter().flatten() {
                let itself = *name == member.name;
                assert!(
                    itself || wanted.get("workspace") == Some(&true.into()),
                    "{} asks for its own version of {name}: put it in the workspace's dependencies",
                    member.name
                );
            }
        }
    }
}

#[test]
fn pure_crates_ban_clock_disk_environment_and_unordered_maps() {
    let methods =
        ["std::time::Instant::now", "std::time::SystemTime::now", "std::env::var", "std::fs::File::open"];
    let types = ["std::fs::File", "std::collections::HashMap", "std::collections::HashSet"];
    let shared = read_toml(&root().join("clippy.toml"));
    for name in PURE {
        let own = read_toml(&root().join(name).join("clippy.toml"));
        for (list, paths) in
            [("disallowed-methods", methods.as_slice()), ("disallowed-types", types.as_slice())]
        {
            let banned = bans(&own, list);
            for path in paths {
                let reason = banned.get(*path);
                assert!(
                    reason.is_some_and(|reason| !reason.is_empty()),
                    "{name}/clippy.toml does not ban `{path}` with a reason"
                );
            }
        }
        // The crate's own file replaces the root's, so what is shared must be said again.
        for (key, value) in
            shared.iter().filter(|(key, value)| key.starts_with("allow-") && **value == true.into())
        {
            assert_eq!(own.get(key), Some(value), "{name}/clippy.toml does not repeat `{key}` of the root");
        }
    }
}

fn assert_reaches_none_of(package: &str, unwanted: &[&str]) {
    let reached = reached_by(package);
    let wrong: Vec<_> = reached.iter().filter(|other| is_any_of(other, unwanted)).collect();
    assert!(wrong.is_empty(), "{package} reaches {wrong:?}: `cargo tree -e normal -p {package} -i THAT`");
}

fn is_any_of(name: &str, patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| name == *pattern || pattern.ends_with('-') && name.starts_with(pattern))
}
