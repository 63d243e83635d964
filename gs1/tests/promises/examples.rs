//! The example vectors of the project (`tests/examples.jsonl`), each through the one call that takes a row: every key that a
//! row claims, and of a row with one fault that fault first (what follows from it comes behind).

use gs1::report::{Decoder, Row};
use serde_json::Value;

/// What a scan or a label is said to be.
fn reported(line: &str) -> Value {
    let row = Row::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    serde_json::to_value(Decoder::new(2026).row(&row)).unwrap()
}

#[test]
fn every_example_is_reported_as_expected() {
    let mut rows = 0;
    for line in include_str!("../examples.jsonl").lines() {
        let (row, report): (Value, Value) = (serde_json::from_str(line).unwrap(), reported(line));
        rows += 1;
        assert_eq!(row["id"], report["id"]);
        if row["error"].is_null() {
            expected(&row, &report);
        } else {
            refused(&row, &report);
        }
    }
    assert_eq!(rows, 66);
}

fn expected(row: &Value, report: &Value) {
    let id = &row["id"];
    assert_eq!(report["problems"], Value::Array(Vec::new()), "{id}");
    for (key, value) in row["expect"].as_object().unwrap() {
        assert_eq!(report.get(key), Some(value), "{id} {key}: {report:#}");
    }
}

fn refused(row: &Value, report: &Value) {
    let (id, problems) = (&row["id"], report["problems"].as_array().unwrap());
    assert!(!problems.is_empty(), "{id}: nothing is wrong");
    if row["strict"] != true {
        return;
    }
    for (key, value) in row["error"].as_object().unwrap() {
        assert_eq!(problems[0][key], *value, "{id} {key}: {report:#}");
    }
}
