//! Any text as a dictionary, and a scan read by it.
#![no_main]

use gs1::Dictionary;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    match Dictionary::parse(&text) {
        Ok(dictionary) => {
            let reader = dictionary.reader().requisites(true);
            for scan in
                [b"]C10104006381333931\x1d10A\x1d21B".as_slice(), b"https://a/01/04006381333931/10/A", bytes]
            {
                let reading = reader.read(scan);
                assert!(reading.problems().all(|problem| !problem.to_string().is_empty()));
            }
        }
        Err(error) => assert!(error.line() >= 1 && !error.to_string().is_empty()),
    }
});
