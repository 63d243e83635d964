//! Scans and what they say, as tables: a stock controller could review them. `^` stands for FNC1.

use gs1::{Gtin, Problem, Reading, Sscc, read};

/// What is understood, in few words; what is wrong, as `class(AI)@offset+length`.
fn told(reading: &Reading<'_>) -> String {
    let mut words: Vec<String> = Vec::new();
    words.extend(reading.gtin().map(|gtin| gtin.to_string()));
    words.extend(reading.sscc().map(|sscc| format!("sscc {sscc}")));
    words.extend(reading.lot().map(|lot| format!("lot {lot}")));
    words.extend(reading.serial().map(|serial| format!("serial {serial}")));
    words.extend(reading.quantity().map(|quantity| format!("qty {quantity}")));
    words.extend(reading.weight_grams().map(|grams| format!("{grams} g")));
    words.extend(reading.expiry(2026).map(|date| format!("until {date}")));
    words.extend(reading.plain().map(|data| format!("plain {}", data.len())));
    words.extend(reading.problems().map(|problem| short(&problem)));
    words.join(", ")
}

fn short(problem: &Problem<'_>) -> String {
    let ai = problem.ai.map(|ai| format!("({ai})")).unwrap_or_default();
    format!("{}{ai}@{}+{}", problem.class, problem.span.offset(), problem.span.length())
}

fn check(cases: &[(&str, &str)]) {
    for (scan, outcome) in cases {
        let bytes = scan.replace('^', "\u{1d}").into_bytes();
        assert_eq!(told(&read(&bytes)), *outcome, "{scan}");
    }
}

#[test]
fn numbers() {
    #[rustfmt::skip]
    check(&[
        // scan                     outcome
        ("4006381333931",           "04006381333931"),
        ("14006381333938",          "14006381333938"),
        ("036000291452",            "00036000291452"),
        ("96385074",                "00000096385074"),
        ("]E04006381333931",        "04006381333931"),
        ("]E0036000291452",         "primary-length@3+12"),
        ("]E0400638133393x",        "charset@15+1"),
        ("]E496385074",             "00000096385074"),
        ("]E496385075",             "check-digit@10+1"),
        ("]I114006381333938",       "14006381333938"),
        ("]E3400638133393112",      "04006381333931"),
        ("]E3400638133393112345",   "04006381333931"),
        ("]E34006381333931123",     "primary-length@3+16"),
        ("]X04006381333931",        "04006381333931"),
        ("4006381333930",           "check-digit@12+1"),
        ("123456789",               "plain 9, length@0+9"),
        ("340123451234567895",      "sscc 340123451234567895"),
        ("340123451234567894",      "check-digit@17+1"),
        ("4006381333931\r\n",       "04006381333931"),
        (" 4006381333931 ",         "04006381333931"),
        ("\u{2}4006381333931\u{3}", "04006381333931"),
        ("\u{feff}]E04006381333931","04006381333931"),
        ("\0\t\r\n]E04006381333931","04006381333931"),
        ("\n\u{feff} \u{feff}]E04006381333931","04006381333931"),
        ("]E04006381333931|]e01726120310A1", "04006381333931, lot A1, until 2026-12-03"),
    ]);
}

#[test]
fn element_strings() {
    #[rustfmt::skip]
    check(&[
        // scan                                             outcome
        // E29, E30, E31
        ("]C10114006381333938",                             "14006381333938"),
        ("]C100340123451234567895",                         "sscc 340123451234567895"),
        ("]d2010400638133393117261203107A22^210005",        "04006381333931, lot 7A22, serial 0005, until 2026-12-03"),
        ("]d201040063813339311726020010X",                  "04006381333931, lot X, until 2026-02-28"),
        // FNC1: in front, after a value that needs none, at the end; twice is once too often
        ("^0104006381333931",                               "04006381333931"),
        ("]C1^0104006381333931",                            "04006381333931"),
        ("]C10104006381333931^10A^",                        "04006381333931, lot A"),
        ("10A^0104006381333931",                            "04006381333931, lot A"),
        ("]C110A^^0104006381333931",                        "04006381333931, lot A, ai-unknown@7+1"),
        // without identifier and FNC1: only what is whole
        ("010400638133393110A",                             "04006381333931, lot A"),
        ("00340123451234567895",                            "sscc 340123451234567895"),
        ("010400638133393010A",                             "plain 19, symbology-missing@0+19"),
        ("0104006381333930",                                "plain 16, symbology-missing@0+16"),
        ("10D9T",                                           "plain 5, symbology-missing@0+5"),
        // content of a pallet, counts and weights
        ("]C102040063813339313712",                         "04006381333931, qty 12"),
        ("]C101040063813339313005",                         "04006381333931, qty 5"),
        ("]C101040063813339313103000500",                   "04006381333931, 500 g"),
        ("]C101040063813339313100000002",                   "04006381333931, 2000 g"),
        ("]C101040063813339313104000015",                   "04006381333931"),
        ("]C101040063813339313105000500",                   "04006381333931, 5 g"),
        ("]C1010400638133393115261203",                     "04006381333931, until 2026-12-03"),
        ("]C101040063813339311726120315261101",             "04006381333931, until 2026-12-03"),
        ("]C1010400638133393170032612031245",               "04006381333931, until 2026-12-03"),
        ("]C1010400638133393170032612031245^15261101",      "04006381333931, until 2026-12-03"),
        ("]C18006040063813339310102^21B",                    "04006381333931, serial B"),
        // the rest of a label is read when a part is wrong
        ("]C1010400638133393010A",                          "lot A, check-digit(01)@18+1"),
        ("]C1010400638133393117261303",                     "04006381333931, date(17)@23+2"),
        ("]C1010400638133393117260431",                     "04006381333931, date(17)@25+2"),
        ("]C10104006381333931172612",                       "04006381333931, length(17)@21+4"),
        ("]C10104006381333931172612^10A",                   "04006381333931, lot A, length(17)@21+4"),
        ("]C1010400638133393117",                           "04006381333931, ai-empty(17)@21+0"),
        ("]C1010400638133393110^21B",                       "04006381333931, serial B, ai-empty(10)@21+0"),
        ("]C1010400638133393110A#",                         "04006381333931, charset(10)@22+1"),
        ("]C101040063813339311012345678901234567890X",      "04006381333931, length(10)@21+21"),
        ("]C1010400638133393130A",                          "04006381333931, charset(30)@21+1"),
        // behind an identifier, spaces are data; line ends are not
        ("]C1010400638133393110A ",                         "04006381333931, charset(10)@22+1"),
        ("]C1010400638133393110A \t\r\n",                   "04006381333931, charset(10)@22+1"),
        ("]C1010400638133393110A\t\r\n",                    "04006381333931, lot A"),
        ("]C1 0104006381333931",                            "ai-unknown@3+1"),
        (" ]C10104006381333931",                            "04006381333931"),
        ("]C101040063813339313960100^10A",                  "04006381333931, lot A, ai-unknown(3960)@19+4"),
        ("]C13259123456^0104006381333931",                  "04006381333931, ai-unknown(3259)@3+4"),
        ("]C10104006381333931AB^10A",                       "04006381333931, lot A, ai-unknown@19+1"),
        ("]C110A^10A^0104006381333931",                     "04006381333931, lot A"),
        ("]C110A^10B^0104006381333931",                     "04006381333931, repeat(10)@9+1"),
        ("]C101040063813339310114006381333938",             "repeat(01)@21+14"),
        ("]C101040063813339313712",                         "04006381333931, qty 12, mutex(01)@5+14"),
        ("]C101040063813339310214006381333938",             "04006381333931, mutex(02)@21+14"),
        ("]C1010400638133393131030005003102000050",         "04006381333931, mutex(3102)@33+6"),
        ("]C100340123451234567894",                         "check-digit(00)@22+1"),
    ]);
}

#[test]
fn what_is_not_gs1() {
    #[rustfmt::skip]
    check(&[
        // scan                outcome
        ("",                   "plain 0, empty@0+0"),
        ("\r\n",               "plain 0, empty@2+0"),
        ("]C1",                "plain 0, empty@3+0"),
        ("]C1^",               "empty@4+0"),
        ("]C0ABC",             "plain 3"),
        ("]y0ABC",             "plain 3, symbology-unsupported@0+3"),
        ("]z30104006381333931","plain 16"),
        ("]Q1hello",           "plain 5"),
        ("]E112",              "plain 2"),
        ("hello",              "plain 5, symbology-missing@0+5"),
        ("]",                  "plain 1, symbology-missing@0+1"),
        ("^",                  "empty@1+0"),
    ]);
    let long = vec![b'1'; gs1::MAX_BYTES + 1];
    assert_eq!(told(&read(&long)), "plain 8193, length@0+8193");
    assert_eq!(told(&read(b"]C110\xff\x1d21B")), "serial B, charset(10)@5+1");
    let many = format!("]C1{}", "2001".repeat(gs1::MAX_ELEMENTS + 1));
    assert_eq!(told(&read(many.as_bytes())), "length@259+4");
    assert_eq!(read(many.as_bytes()).elements().count(), gs1::MAX_ELEMENTS);
}

#[test]
fn partners_are_missed_apart_from_problems() {
    #[rustfmt::skip]
    let cases = [
        // scan                                 what is missing
        ("]C102040063813339313712",             "AI `37` needs AI `00` beside it"),
        ("]C10204006381333931",                 "AI `02` needs AI `37` beside it"),
        ("]C1003401234512345678953712",         "AI `37` needs AI `02` or `8026` beside it"),
        ("]C10034012345123456789502040063813339313712", ""),
        ("]C121B",                              "AI `21` needs AI `01` or `03` or `8006` beside it"),
        ("]E04006381333931|]e021B",             ""),
    ];
    for (scan, missing) in cases {
        let reading = read(scan.as_bytes());
        let sentences: Vec<String> = reading.missing().map(|problem| problem.what().to_string()).collect();
        assert_eq!(sentences.join("; "), missing, "{scan}");
        assert_eq!(reading.problems().next(), None, "{scan}");
    }
}

#[test]
fn problems_say_what_is_wrong_and_what_to_do() {
    #[rustfmt::skip]
    let cases = [
        // scan                              sentence
        ("4006381333930",                    "check digit `0` of the number should be `1`: scan again; if it stays, key the number from the label"),
        ("123456789",                        "the number has 9 characters, 8, 12, 13, 14 or 18 are expected: scan again, and check that the scanner sends FNC1 as ASCII 29"),
        ("]C110A#",                          "AI `10` may not hold `#` (byte 7 of the scan): check the scanner's keyboard layout, or correct the label"),
        ("]C13960100",                       "AI `3960` is not known (byte 4 of the scan): check that the scanner sends FNC1 as ASCII 29; the rest of the label was read"),
        ("]C117261303",                      "AI `17` is no day of the calendar: read the date from the label, and tell its maker"),
        ("]C110A\u{1d}10B",                  "AI `10` stands there twice, with different values: scan one label at a time"),
        ("]C101040063813339313712",          "AI `01` contradicts AI `37`: count this label by hand, and tell its maker"),
        ("]y0ABC",                           "symbology `]y0` holds nothing that is read here: scan a symbol that holds a GTIN, or key the GTIN"),
        ("",                                 "the scan is empty: scan again"),
    ];
    for (scan, sentence) in cases {
        let problem = read(scan.as_bytes()).strict().unwrap_err();
        assert_eq!(problem.to_string(), sentence, "{scan}");
    }
}

#[test]
fn e29_each_and_case_share_an_item_reference() {
    let each: Gtin = "4006381333931".parse().unwrap();
    let case: Gtin = "14006381333938".parse().unwrap();
    assert_eq!(Gtin::with_check_digit(1_000_000_000_000 + each.as_u64() / 10), Ok(case));
}

#[test]
fn e30_sscc_in_parts() {
    let sscc: Sscc = "340123451234567895".parse().unwrap();
    assert_eq!((sscc.extension(), sscc.as_u64() % 10), (3, 5));
    #[rustfmt::skip]
    let cases = [
        ("34012345123456789",   "17 characters are no SSCC: 18 digits are expected"),
        ("34012345123456789x",  "character 18 is no digit"),
        ("340123451234567894",  "check digit 4 should be 5"),
    ];
    for (text, why) in cases {
        assert_eq!(text.parse::<Sscc>().unwrap_err().to_string(), why);
    }
    assert_eq!(Sscc::new(1_000_000_000_000_000_000), Err(gs1::SsccError::TooLarge));
}
