//! How much reading looks at, counted in tests: so that it can be told, without a clock, that no input takes more than linear
//! time.
//!
//! Every loop over the bytes of an input, over elements or over rules tells [`step!`] how many of them it goes through; where
//! nothing is tested, that is nothing. A new loop has to do so too.

/// Counts so many looks; nothing outside tests.
macro_rules! step {
    ($count:expr) => {
        #[cfg(test)]
        crate::work::add($count);
    };
}

pub(crate) use step;

#[cfg(test)]
extern crate std;

#[cfg(test)]
std::thread_local! {
    static STEPS: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

#[cfg(test)]
pub(crate) fn add(count: usize) {
    STEPS.set(STEPS.get() + count);
}

#[cfg(test)]
mod tests {
    use super::std::format;
    use super::std::string::{String, ToString as _};
    use super::std::vec::Vec;

    use super::STEPS;
    use crate::reading::MAX_BYTES;
    use crate::report::{Config, Decoder, Separators};
    use crate::{Reader, Unnamed, bracketed, epc, uri};

    fn steps(work: impl FnOnce()) -> usize {
        STEPS.set(0);
        work();
        STEPS.get()
    }

    /// A beginning, and what is said after it again and again, up to so many bytes.
    fn input(beginning: &str, again: &str, length: usize) -> String {
        let mut text = beginning.to_string();
        while text.len() + again.len() <= length {
            text += again;
        }
        text
    }

    /// What could make a reader go over the same bytes, elements or rules again and again.
    #[rustfmt::skip]
    const ADVERSARIES: &[(&str, &str)] = &[
        // beginning                         and again
        ("]C1",                              "\u{1d}"),
        ("]C1",                              "10A\u{1d}"),
        ("]C1",                              "91A\u{1d}91B\u{1d}"),
        ("]C1",                              "89"),
        ("]C1",                              "30"),
        ("]C1",                              "9"),
        ("]C110",                            "7"),
        ("]C110",                            "17261231"),
        ("]C1",                              "10A17261231172612311726123117261231\u{1d}"),
        ("]C1",                              "240A1726123111260101130040063813339311126010113260101152601011626010117260101\u{1d}"),
        ("]C1",                              "01040063813339310204006381333931371\u{1d}3922199\u{1d}39121\u{1d}3103000500"),
        ("]C1",                              "8030A\u{1d}2534006381333931\u{1d}2554006381333931\u{1d}"),
        ("]C1",                              "4300%20%20%20%20\u{1d}4301%\u{1d}4302A\u{1d}4303B\u{1d}4304C\u{1d}"),
        ("]C18110",                          "1"),
        ("]C18013",                          "A"),
        ("]E04006381333931",                 "|]e"),
        ("]E04006381333931|]e0",             "10A\u{1d}21B\u{1d}"),
        ("",                                 "#"),
        ("]C1",                              "10A#"),
        ("]C110",                            "<GS<GS"),
        ("",                                 "1"),
        ("",                                 "A"),
        ("30",                               "A"),
        ("F7",                               "0"),
        ("",                                 " "),
        ("",                                 "\u{2}"),
        ("4006381333931",                    "\r\n"),
        ("(",                                "("),
        ("(01",                              "(01"),
        ("(10)A",                            "\\("),
        ("",                                 "(10)A"),
        ("",                                 "(91)\\(\\(\\(\\(\\("),
        ("",                                 "(89)A"),
        ("(1",                               ")"),
        ("https://a/",                       "/"),
        ("https://a/",                       "01/"),
        ("https://a/",                       "01/04006381333931/"),
        ("https://a/01/04006381333931",      "/10/A"),
        ("https://a/01/04006381333931/10/",  "%41"),
        ("https://a/01/04006381333931/10/",  "%"),
        ("https://a/01/04006381333931?",     "&"),
        ("https://a/01/04006381333931?",     "x&"),
        ("https://a/01/04006381333931?",     "99=A&"),
        ("https://a/01/04006381333931?",     "91=%41%42&92=+++&240=A&"),
        ("https://a/01/04006381333931?",     "12345=A&"),
        ("https://a",                        "?"),
        ("https://a/#",                      "#"),
    ];

    /// Everything that can be done with a scan.
    fn all_of_it(scan: &str) -> usize {
        let config = Config {
            separators: Separators::new(["#", "<GS>", "<GS<GS<G"].map(String::from).to_vec()).unwrap(),
            tolerate_repeated_separators: scan.len().is_multiple_of(2),
            assume: if scan.starts_with('#') { Unnamed::Elements } else { Unnamed::WhenWhole },
            ..Config::default()
        };
        steps(|| {
            let report = Decoder::new(2026).scan(&config, scan.as_bytes());
            assert!(report.elements.len() <= crate::MAX_ELEMENTS);
            let (uri, text) = (uri::parse(scan.as_bytes()), bracketed::parse(scan.as_bytes()));
            assert!(uri.parts().chain(text.parts()).count() <= 2 * crate::MAX_ELEMENTS);
            assert!(epc::decode(scan.as_bytes()).is_err() || scan.len() < 150);
        })
    }

    #[test]
    fn twice_the_input_is_twice_the_work_at_most() {
        for (beginning, again) in ADVERSARIES {
            for length in [1024, 2048, MAX_BYTES / 2] {
                let (once, twice) = (
                    all_of_it(&input(beginning, again, length)),
                    all_of_it(&input(beginning, again, 2 * length)),
                );
                // Some work is the same for all lengths, so twice is the most. An eighth is for where pieces end.
                assert!(
                    once > 0 && twice <= 2 * once + once / 8,
                    "{beginning}{again}: {once} to {twice} at {length}"
                );
            }
        }
    }

    /// Most are looked at some ten times. An address may hold as many elements as a reading has room for, each of which is
    /// compared with all others, several times over.
    const LOOKS_MAX: usize = 600;

    #[test]
    fn every_byte_is_looked_at_a_bounded_number_of_times() {
        for (beginning, again) in ADVERSARIES {
            for length in [64, 128, 200, 256, 300, 512, 1000, MAX_BYTES] {
                let scan = input(beginning, again, length);
                let looks = all_of_it(&scan) / scan.len();
                assert!(looks <= LOOKS_MAX, "{beginning}{again}: {looks} a byte at {length}");
            }
        }
    }

    #[test]
    fn too_long_a_scan_is_not_looked_into() {
        let reader = Reader::new();
        for (beginning, again) in ADVERSARIES {
            let scan = input(beginning, again, 4 * MAX_BYTES);
            // One look at what is wrong.
            assert_eq!(steps(|| assert!(reader.read(scan.as_bytes()).strict().is_err())), 1);
        }
    }

    #[test]
    fn twice_the_scans_of_a_label_are_twice_the_work_at_most() {
        let ais = [
            "10", "21", "240", "241", "250", "251", "30", "37", "90", "91", "92", "93", "400", "403", "8020",
        ];
        let scan = |place: usize| {
            let elements = ais.iter().map(|ai| format!("{ai}{place}\u{1d}"));
            format!("]C1{}", elements.collect::<String>())
        };
        let label = |count: usize| {
            let scans: Vec<_> = (0..count).map(scan).collect();
            let scans: Vec<_> = scans.iter().map(String::as_bytes).collect();
            steps(|| assert!(!Decoder::new(2026).label(&Config::default(), &scans).problems.is_empty()))
        };
        for count in [8, 16, 32] {
            let (once, twice) = (label(count), label(2 * count));
            assert!(once > 0 && twice <= 2 * once + once / 8, "{once} to {twice} of {count} scans");
        }
    }
}
