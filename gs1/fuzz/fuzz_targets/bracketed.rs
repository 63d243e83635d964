//! Any bytes as bracketed text: what is sound comes back from its elements.
#![no_main]

use gs1::{Reading, Text, bracketed};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for front in ["", "(01)04006381333931"] {
        let text = [front.as_bytes(), bytes].concat();
        let parsed = bracketed::parse(&text);
        assert!(parsed.problems().all(|problem| problem.span.range().end <= text.len()));
        let reading = gs1::read(&text);
        if reading.form() == gs1::Form::Bracketed && reading.problems().next().is_none() {
            let mut written = String::new();
            let elements = reading.elements().map(|element| (element.ai, Text::plain(element.value)));
            bracketed::write(&mut written, elements).expect("a string takes all");
            let again = gs1::read(written.as_bytes());
            let pairs = |reading: &Reading<'_>| {
                reading.elements().map(|element| (element.ai, element.value.to_owned())).collect::<Vec<_>>()
            };
            assert_eq!(pairs(&again), pairs(&reading));
        }
    }
});
