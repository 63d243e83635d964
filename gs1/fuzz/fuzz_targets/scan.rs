//! Any bytes as a scan: places lie inside it, and what reads with nothing wrong reads the same when it is written again.
#![no_main]

use gs1::{Reader, Unnamed};
use libfuzzer_sys::fuzz_target;

const READERS: [Reader<'static>; 3] = [
    Reader::new(),
    Reader::new().requisites(true).unnamed(Unnamed::Elements).separators(&[b"#", b"<GS>"]),
    Reader::new().unnamed(Unnamed::Keys).repeated_separators(true).frame(b"*", b"*"),
];

fuzz_target!(|scan: &[u8]| {
    for reader in &READERS {
        let reading = reader.read(scan);
        let problems = reading.problems().chain(reading.missing());
        problems.for_each(|problem| {
            assert!(problem.span.range().end <= scan.len() && !problem.to_string().is_empty());
        });
        for lost in reading.lost_separators() {
            assert!(lost.alternatives().all(|other| other.rest().next().is_some()));
        }
        for element in reading.elements() {
            let _meanings = (
                element.moment(2026),
                element.decimal(),
                element.money(),
                element.measure(),
                element.count(),
            );
        }
        if reading.form() == gs1::Form::Elements && reading.problems().next().is_none() {
            let written = reading.canonical_scan().to_string();
            let again = gs1::read(written.as_bytes());
            let pairs = |reading: &gs1::Reading<'_>| {
                reading.elements().map(|element| (element.ai, element.value.to_owned())).collect::<Vec<_>>()
            };
            assert_eq!(pairs(&again), pairs(&reading));
        }
    }
});
