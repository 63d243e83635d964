//! What agents answer to scans, and whether that is what had to come.

use serde::Deserialize;

use super::scan::Scan;

/// The answer to a batch of `POST /v1/scans`.
#[derive(Debug, Clone, Deserialize)]
pub struct Answer {
    /// One for each event, in their order.
    pub results: Vec<EventResult>,
}

/// What became of one event.
#[derive(Debug, Clone, Deserialize)]
pub struct EventResult {
    /// `accepted`, `duplicate` or `rejected`.
    pub result: String,
    /// The device that it came from.
    pub device: String,
    /// Its number there.
    pub device_seq: u64,
    /// Why it was refused.
    #[serde(default)]
    pub code: Option<String>,
    /// The same in words.
    #[serde(default)]
    pub detail: Option<String>,
    /// What somebody should look at.
    #[serde(default)]
    pub warnings: Vec<serde::de::IgnoredAny>,
}

/// Counts of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Recorded now.
    pub accepted: u64,
    /// Recorded before.
    pub duplicate: u64,
    /// Refused, as it had to be.
    pub refused: u64,
    /// Recorded, but below zero or otherwise worth a look.
    pub warnings: u64,
}

/// Holds every answer against what was expected. Answers that had not to come are returned in words.
#[must_use]
pub fn judge(batch: &[Scan], answer: &Answer) -> (Tally, Vec<String>) {
    let mut tally = Tally::default();
    let mut surprises = Vec::new();
    if batch.len() != answer.results.len() {
        surprises.push(format!("{} results for {} scans", answer.results.len(), batch.len()));
    }
    for (scan, result) in batch.iter().zip(&answer.results) {
        let ours = result.device == scan.event.device && result.device_seq == scan.event.device_seq;
        match (result.result.as_str(), scan.misscan) {
            ("accepted", false) if ours => tally.accepted += 1,
            ("duplicate", false) if ours => tally.duplicate += 1,
            ("rejected", true) if ours => tally.refused += 1,
            _ => surprises.push(surprise(scan, result)),
        }
        tally.warnings += u64::from(!result.warnings.is_empty());
    }
    (tally, surprises)
}

fn surprise(scan: &Scan, result: &EventResult) -> String {
    let event = &scan.event;
    let kind = if scan.misscan { "a wrong scan" } else { "a right scan" };
    let why = match (&result.code, &result.detail) {
        (Some(code), Some(detail)) => format!(": {code}, {detail}"),
        (Some(text), None) | (None, Some(text)) => format!(": {text}"),
        (None, None) => String::new(),
    };
    format!(
        "{} {} (`{}`, {} {}, document {} line {}), {kind}, was answered for {} {} with `{}`{why}",
        event.device,
        event.device_seq,
        event.code.escape_debug(),
        event.intent,
        event.qty,
        event.document,
        event.line,
        result.device,
        result.device_seq,
        result.result,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::scan::Event;

    fn scan(device_seq: u64, misscan: bool) -> Scan {
        let event = Event {
            device: "till-1".to_owned(),
            device_seq,
            code: "96385074".to_owned(),
            intent: "sell",
            qty: 1,
            place: None,
            reason: None,
            document: "7".to_owned(),
            line: 2,
            occurred_at: String::new(),
        };
        Scan { store: 0, misscan, event }
    }

    fn judged(batch: &[Scan], results: &str) -> (Tally, Vec<String>) {
        judge(batch, &serde_json::from_str(&format!(r#"{{"results":[{results}]}}"#)).unwrap())
    }

    const BATCH_OF: fn() -> [Scan; 3] = || [scan(1, false), scan(2, true), scan(3, false)];

    #[test]
    fn expected_answers_are_counted() {
        let results = r#"{"result":"accepted","device":"till-1","device_seq":1,"seq":9,"warnings":[{"code":"below_zero"}]},
            {"result":"rejected","device":"till-1","device_seq":2,"code":"check_digit"},
            {"result":"duplicate","device":"till-1","device_seq":3}"#;
        let (tally, surprises) = judged(&BATCH_OF(), results);
        assert_eq!(surprises, Vec::<String>::new());
        assert_eq!(tally, Tally { accepted: 1, duplicate: 1, refused: 1, warnings: 1 });
    }

    #[test]
    fn everything_else_is_a_surprise_with_its_reason() {
        let results = r#"{"result":"rejected","device":"till-1","device_seq":1,"code":"unknown_item","detail":"no item"},
            {"result":"accepted","device":"till-1","device_seq":2},
            {"result":"accepted","device":"till-1","device_seq":4}"#;
        let (tally, surprises) = judged(&BATCH_OF(), results);
        assert_eq!(tally, Tally::default());
        assert_eq!(
            surprises,
            [
                "till-1 1 (`96385074`, sell 1, document 7 line 2), a right scan, was answered for till-1 1 with \
                 `rejected`: unknown_item, no item",
                "till-1 2 (`96385074`, sell 1, document 7 line 2), a wrong scan, was answered for till-1 2 with \
                 `accepted`",
                "till-1 3 (`96385074`, sell 1, document 7 line 2), a right scan, was answered for till-1 4 with \
                 `accepted`",
            ]
        );
    }

    #[test]
    fn missing_results_are_a_surprise() {
        let (_, surprises) = judged(&BATCH_OF(), "");
        assert_eq!(surprises, ["0 results for 3 scans"]);
    }
}
