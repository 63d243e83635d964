//! Any text as a row, and any bytes as a scan that a row asks for: a report is always JSON.
#![no_main]

use gs1::report::{Config, Decoder, Row};
use libfuzzer_sys::fuzz_target;

const CONFIGS: [&str; 4] = [
    "{}",
    r#"{"carrier": "UPC-E", "rcn_region": "se"}"#,
    r##"{"assume": "gs1", "separators": ["#"], "tolerate_repeated_separators": true, "requisites": false}"##,
    r#"{"assume": "whole", "frame": {"prefix": "*"}, "reference_date": "1999-12-31", "rcn_region": "de"}"#,
];

fuzz_target!(|bytes: &[u8]| {
    let decoder = Decoder::new(2026);
    let text = String::from_utf8_lossy(bytes);
    match Row::parse(&text) {
        Ok(row) => assert!(serde_json::to_value(decoder.row(&row)).is_ok()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let scans: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    for config in CONFIGS {
        let config: Config = serde_json::from_str(config).expect("a configuration that is right");
        let report = decoder.scan(&config, bytes);
        assert!(report.problems.iter().all(|problem| problem.place.0 <= bytes.len()));
        assert!(serde_json::to_value(&report).is_ok());
        assert!(serde_json::to_value(decoder.label(&config, &scans)).is_ok());
    }
});
