//! The proof at the end: for each store, what the agent's ledger folds to, what the hub's journal folds to, what the hub's
//! positions say, and what the demo counted. All must agree, or it says what differs with both numbers.

use serde::Deserialize;

/// The line that says so.
pub const PROVEN: &str = "proof: agents = journal = positions";

/// The agent's `GET /v1/verify`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AgentFold {
    /// Whether the whole ledger folds to what is stored beside it.
    pub whole: bool,
    /// Its last seq.
    pub seq: u64,
    /// The chain hash there.
    pub hash: String,
    /// The digest of the positions.
    pub digest: String,
    /// What is wrong.
    #[serde(default)]
    pub findings: Vec<serde_json::Value>,
}

/// The hub's `GET /v1/stores/{store}/verify`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HubFold {
    /// Whether the whole journal folds, and to what the positions say.
    pub whole: bool,
    /// The journal's last seq.
    pub seq: u64,
    /// The chain hash there.
    pub hash: String,
    /// The digest that the journal folds to.
    pub digest: String,
    /// The digest of the positions as they are stored.
    pub positions_digest: String,
    /// How far the positions are.
    pub reconciled: u64,
    /// What is wrong.
    #[serde(default)]
    pub findings: Vec<serde_json::Value>,
}

/// What the demo knows of a store by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Right scans in the stream.
    pub planned: u64,
    /// Of these, answered as recorded, now or in an earlier run.
    pub answered: u64,
    /// Movements that the agent's ledger has of the demo's devices.
    pub of_devices: u64,
}

/// Everything that differs, with both numbers; empty when the store is proven.
#[must_use]
pub fn differences(counted: Counted, agent: &AgentFold, hub: &HubFold) -> Vec<String> {
    let mut found = Vec::new();
    let mut same = |what: [&str; 2], values: [&dyn std::fmt::Display; 2]| {
        let [left, right] = values.map(ToString::to_string);
        if left != right {
            found.push(format!("{} {left}, {} {right}", what[0], what[1]));
        }
    };
    same(["right scans planned:", "answered as recorded:"], [&counted.planned, &counted.answered]);
    same(["answered as recorded:", "in the agent's ledger:"], [&counted.answered, &counted.of_devices]);
    same(["the agent's last seq:", "the journal's:"], [&agent.seq, &hub.seq]);
    same(["the agent's chain hash:", "the journal's:"], [&agent.hash, &hub.hash]);
    same(["the agent's positions fold to", "the journal's to"], [&agent.digest, &hub.digest]);
    same(["the journal folds to", "the hub's positions to"], [&hub.digest, &hub.positions_digest]);
    same(["the journal's last seq:", "the positions' watermark:"], [&hub.seq, &hub.reconciled]);
    if counted.of_devices > agent.seq {
        found.push(format!("movements of the demo's devices: {}, of all: {}", counted.of_devices, agent.seq));
    }
    found.extend(not_whole("the agent's ledger", agent.whole, &agent.findings));
    found.extend(not_whole("the hub's journal", hub.whole, &hub.findings));
    found
}

fn not_whole(what: &str, whole: bool, findings: &[serde_json::Value]) -> Option<String> {
    if whole {
        return None;
    }
    let shown: Vec<_> = findings.iter().take(3).map(ToString::to_string).collect();
    Some(format!("{what} is not whole, {} findings: {}", findings.len(), shown.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreeing() -> (Counted, AgentFold, HubFold) {
        let counted = Counted { planned: 7, answered: 7, of_devices: 7 };
        let agent = AgentFold {
            whole: true,
            seq: 7,
            hash: "aa".to_owned(),
            digest: "bb".to_owned(),
            findings: Vec::new(),
        };
        let hub = HubFold {
            whole: true,
            seq: 7,
            hash: "aa".to_owned(),
            digest: "bb".to_owned(),
            positions_digest: "bb".to_owned(),
            reconciled: 7,
            findings: Vec::new(),
        };
        (counted, agent, hub)
    }

    fn check(change: impl FnOnce(&mut Counted, &mut AgentFold, &mut HubFold), expected: &[&str]) {
        let (mut counted, mut agent, mut hub) = agreeing();
        change(&mut counted, &mut agent, &mut hub);
        assert_eq!(differences(counted, &agent, &hub), expected);
    }

    #[test]
    fn agreement_is_proven() {
        check(|_, _, _| {}, &[]);
    }

    #[test]
    fn scans_of_others_are_no_difference() {
        check(
            |_, agent, hub| {
                agent.seq = 9;
                hub.seq = 9;
                hub.reconciled = 9;
            },
            &[],
        );
    }

    #[test]
    fn each_difference_is_found_with_both_numbers() {
        check(
            |counted, _, _| counted.answered = 6,
            &[
                "right scans planned: 7, answered as recorded: 6",
                "answered as recorded: 6, in the agent's ledger: 7",
            ],
        );
        check(
            |counted, _, _| counted.of_devices = 8,
            &[
                "answered as recorded: 7, in the agent's ledger: 8",
                "movements of the demo's devices: 8, of all: 7",
            ],
        );
        check(|_, agent, _| agent.hash = "cc".to_owned(), &["the agent's chain hash: cc, the journal's: aa"]);
        check(
            |_, agent, _| agent.digest = "cc".to_owned(),
            &["the agent's positions fold to cc, the journal's to bb"],
        );
        check(
            |_, _, hub| hub.positions_digest = "cc".to_owned(),
            &["the journal folds to bb, the hub's positions to cc"],
        );
        check(|_, _, hub| hub.reconciled = 6, &["the journal's last seq: 7, the positions' watermark: 6"]);
        check(
            |_, _, hub| {
                hub.whole = false;
                hub.findings = vec![serde_json::json!({"code": "chain"})];
            },
            &[r#"the hub's journal is not whole, 1 findings: {"code":"chain"}"#],
        );
        check(|_, agent, _| agent.seq = 8, &["the agent's last seq: 8, the journal's: 7"]);
    }
}
