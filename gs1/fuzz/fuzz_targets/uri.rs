//! Any bytes as a web address: an address that is sound comes back from its elements.
#![no_main]

use gs1::uri::{self, Gtins};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for front in ["", "https://a/", "https://a/01/04006381333931"] {
        let address = [front.as_bytes(), bytes].concat();
        for gtins in [Gtins::AsWritten, Gtins::FilledUp] {
            let uri = uri::parse_with(&address, gtins);
            assert!(uri.problems().all(|problem| problem.span.range().end <= address.len()));
            let mut written = String::new();
            let parts = uri.parts().map(|part| (part.ai, part.value));
            if uri.problems().next().is_none() && uri::write(&mut written, uri::STEM, parts).is_ok() {
                let again = uri::parse(written.as_bytes());
                assert_eq!(again.problems().next(), None, "{written}");
                assert_eq!(again.parts().count(), uri.parts().count(), "{written}");
            }
        }
    }
});
