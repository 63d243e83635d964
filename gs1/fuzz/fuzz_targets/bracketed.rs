//! Any bytes as bracketed text: what is sound comes back from its elements.
#![no_main]

use gs1::bracketed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for front in ["", "(01)04006381333931"] {
        let text = [front.as_bytes(), bytes].concat();
        let parsed = bracketed::parse(&text);
        assert!(parsed.problems().all(|problem| problem.span.range().end <= text.len()));
        let reading = gs1::read(&text);
        if reading.form() == gs1::Form::Bracketed && reading.problems().next().is_none() {
            let mut written = String::new();
            bracketed::write(&mut written, parsed.parts().map(|part| (part.ai, part.value))).expect("a string takes all");
            assert_eq!(written.as_bytes(), text.trim_ascii_end().strip_suffix(b"\x03").unwrap_or(text.trim_ascii_end()));
        }
    }
});
