//! Any bytes as the content of a tag: what is read is written again as it was.
#![no_main]

use gs1::epc;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(problem) = epc::decode(bytes) {
        assert!(problem.span.offset() <= bytes.len());
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    if let Ok(tag) = epc::decode(hex.as_bytes()) {
        assert!(!tag.uri().to_string().is_empty() && tag.elements().next().is_some());
        let again = epc::decode(tag.hex().to_string().as_bytes()).expect("what was written is a tag");
        assert!(tag.elements().eq(again.elements()));
        assert_eq!((tag.scheme(), tag.filter()), (again.scheme(), again.filter()));
    }
});
