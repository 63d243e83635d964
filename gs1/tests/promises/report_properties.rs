//! What holds for every scan, label and row: there is a report, or a reason why there is none, and never a panic.

use gs1::report::{Config, Decoder, Report, Row};
use proptest::prelude::*;

/// Bytes with more of what all forms are made of than chance would give.
fn scan() -> impl Strategy<Value = Vec<u8>> {
    #[rustfmt::skip]
    let pieces = vec![
        "]C1", "]E0", "]E4", "]d2", "]Q1", "]X0", "|]e0", "\u{1d}", "\u{2}", "\r\n", "#", "<GS>", "*", " ",
        "https://a/", "01/", "?", "&", "=", "%41", "%", "+", "(", ")", "\\(", "01", "10", "17", "21", "37", "3103", "8008",
        "04006381333931", "2456609708201", "08598295", "261231", "30059E247FAE460A5C6AA743", "F780", "30", "36", "ABCDEF", "ä",
    ];
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        prop::sample::select(pieces).prop_map(|piece| piece.as_bytes().to_vec()),
        "[0-9A-F]{1,30}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn config() -> impl Strategy<Value = Config> {
    let configs = vec![
        "{}",
        r#"{"carrier": "UPC-E", "rcn_region": "se"}"#,
        r##"{"assume": "gs1", "separators": ["#", "<GS>"], "tolerate_repeated_separators": true, "requisites": false}"##,
        r#"{"assume": "whole", "frame": {"prefix": "*", "suffix": "*"}, "reference_date": "1999-12-31", "rcn_region": "de"}"#,
    ];
    prop::sample::select(configs).prop_map(|config| serde_json::from_str(config).unwrap())
}

/// What a report promises: it is JSON, and its places lie inside the scans.
fn is_whole(report: &Report, scans: &[&[u8]]) {
    let json = serde_json::to_value(report).unwrap();
    #[rustfmt::skip]
    let always = [
        "elements", "bracketed", "canonical_scan", "dl_uri", "gtin14", "plain", "gs1", "symbology", "problems", "warnings",
    ];
    assert!(always.iter().all(|key| json.get(key).is_some()), "{json}");
    for problem in &report.problems {
        let scan = scans.get(problem.scan).unwrap();
        assert!(problem.place.0 + problem.place.1 <= scan.len(), "{problem:?}");
        assert!(!problem.message.is_empty() && !problem.hint.is_empty());
    }
    for warning in &report.warnings {
        assert!(warning.place.0 + warning.place.1 <= scans.get(warning.scan).unwrap().len(), "{warning:?}");
    }
}

proptest! {
    #[test]
    fn every_scan_and_label_has_a_report(scans in prop::collection::vec(scan(), 1..4), config in config()) {
        let decoder = Decoder::new(2026);
        let scans: Vec<&[u8]> = scans.iter().map(Vec::as_slice).collect();
        for scan in &scans {
            is_whole(&decoder.scan(&config, scan), &[*scan]);
        }
        is_whole(&decoder.label(&config, &scans), &scans);
    }

    #[test]
    fn what_is_canonical_is_said_again(scan in scan(), config in config()) {
        let decoder = Decoder::new(2026);
        let report = decoder.scan(&config, &scan);
        if let (Some(written), "elements") = (&report.canonical_scan, report.form) {
            // It begins with FNC1 where no identifier came: only a caller knows that this is an element string.
            let said = Config { assume: gs1::Unnamed::Elements, requisites: config.requisites, ..Config::default() };
            let again = decoder.scan(&said, written.as_bytes());
            prop_assert_eq!((again.elements, again.bracketed, again.dl_uri), (report.elements, report.bracketed, report.dl_uri));
            prop_assert_eq!(again.canonical_scan.as_ref(), Some(written));
        }
    }

    #[test]
    fn every_text_is_a_row_or_is_told_why_not(text in ".{0,40}", key in "[a-z_]{0,10}", value in "[0-9a-z\"\\[\\]{}:,]{0,12}") {
        for row in [
            text.clone(),
            serde_json::json!({"input": text, "config": {key.clone(): value.clone()}}).to_string(),
            format!("{{\"input\": \"1\", \"config\": {{\"{key}\": {value}}}}}"),
            format!("{{\"{key}\": {value}, \"inputs\": [\"1\", \"2\"]}}"),
        ] {
            match Row::parse(&row) {
                Ok(row) => prop_assert!(serde_json::to_value(Decoder::new(2026).row(&row)).is_ok()),
                Err(error) => prop_assert!(!error.what.is_empty() && !error.hint.is_empty()),
            }
        }
    }
}
